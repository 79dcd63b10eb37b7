"""What answers look like: one typed dict a shape, and the functions that fill them from rows and states."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, TypedDict, cast
from uuid import UUID

from accounts.account import Account
from accounts.customer import CustomerRegistered
from accounts.money import format_minor
from accounts.outcome import Outcome
from bank.api.schema import kinds
from ledger.codec import type_of
from ledger.records import RecordedEvent, public_form, rfc3339
from readmodels.balances import AccountRow
from readmodels.customers import CustomerRow
from readmodels.freshness import AsOf
from readmodels.movements import Movement


class MoneyBody(TypedDict):
    """An amount with exactly the currency's decimals; below zero only in answers."""

    amount: kinds.Decimals
    currency: kinds.CurrencyCode


class CustomerReference(TypedDict):
    """Whose it is."""

    id: kinds.Id
    name: str


class AccountBody(TypedDict):
    """An account at one version."""

    id: kinds.Id
    iban: kinds.Iban
    name: str
    currency: kinds.CurrencyCode
    status: kinds.AccountStatus
    customer: CustomerReference
    balance: MoneyBody
    held: MoneyBody
    available: MoneyBody
    overdraft_limit: MoneyBody
    version: kinds.Version
    opened_at: kinds.Moment


class CustomerBody(TypedDict):
    """A customer; name and email read `(erased)` where the person was erased."""

    id: kinds.Id
    name: str
    email: str
    registered_at: kinds.Moment


class EventBody(TypedDict):
    """An event in public form. What `data` holds depends on `type`: the document has each of them."""

    id: kinds.Id
    type: str
    schemaVersion: int
    streamId: kinds.Id
    streamPosition: int
    position: kinds.Position | None
    timestamp: kinds.Moment
    data: dict[str, Any]
    metadata: dict[str, Any]


class ReceiptBody(TypedDict):
    """What came of a command: the account after it and the events, as they were recorded (not yet sealed)."""

    command_id: kinds.Id
    outcome: Literal["accepted"]
    consistency_token: kinds.ConsistencyToken | None
    account: AccountBody
    events: list[EventBody]
    replayed: bool


class MovementBody(TypedDict):
    """One line of an account's statement; `amount` is below zero where money left."""

    event_id: kinds.Id
    version: kinds.Version
    kind: kinds.MovementKind
    amount: MoneyBody
    balance: MoneyBody
    reference: str
    counterparty: str
    counterparty_account_id: kinds.Id | None
    operation: str
    purpose: str
    transfer_id: kinds.Id | None
    occurred_at: kinds.Moment
    recorded_at: kinds.Moment


class RefusalBody(TypedDict):
    """Why a command was refused, as its sender was told."""

    code: kinds.Code
    status: kinds.ProblemStatus
    detail: str


class CommandBody(TypedDict):
    """A row of the command log. `projected`: every report has counted its events."""

    command_id: kinds.Id
    type: str
    outcome: Literal["accepted", "refused"]
    refusal: RefusalBody | None
    actor: kinds.Actor
    channel: kinds.Channel
    correlation_id: kinds.Id
    events: list[EventBody]
    consistency_token: kinds.ConsistencyToken | None
    sealed: bool
    projected: bool
    recorded_at: kinds.Moment


class ChainedBody(TypedDict):
    """A sealed event's link of the hash chain (hexadecimal SHA-256), beside its public form."""

    hash: kinds.Hash
    previous_hash: kinds.Hash
    sealed_at: kinds.Moment


class ChainedEventBody(EventBody, ChainedBody):
    """A sealed event with its link of the hash chain."""


class AsOfBody(TypedDict):
    """How far an asynchronous read model has come."""

    position: kinds.Position
    timestamp: kinds.Moment | None
    lag_events: kinds.Count


class WithAsOfBody(TypedDict):
    """What every answer from an asynchronous read model has besides."""

    as_of: AsOfBody


# The same few amounts (nothing held, no overdraft, all of a balance available) come again and again.
_digits: Final = lru_cache(maxsize=4_096)(format_minor)


def money(minor: int, currency: str) -> MoneyBody:
    return {"amount": _digits(minor, currency), "currency": currency}


def _id(value: UUID) -> str:
    """An id as the encoder takes it: it writes a UUID in the same form as `str`, in a tenth of the time."""
    return cast(str, value)


@lru_cache(maxsize=4_096)
def _repeated(value: datetime) -> str:
    """A moment that many bodies have: of an account's opening, of a batch."""
    return rfc3339(value)


def account_body(account: Account | AccountRow, *, version: int, customer_name: str) -> AccountBody:
    """An account from its row, or from a folded state, which knows its customer by id only."""
    currency = account.currency
    return {
        "id": _id(account.account_id),
        "iban": account.iban,
        "name": account.name,
        "currency": currency,
        "status": str(account.status),
        "customer": {"id": _id(account.customer_id), "name": customer_name},
        "balance": money(account.balance_minor, currency),
        "held": money(account.held_minor, currency),
        "available": money(account.available_minor, currency),
        "overdraft_limit": money(account.overdraft_limit_minor, currency),
        "version": version,
        "opened_at": _repeated(account.opened_at),
    }


def row_body(row: AccountRow) -> AccountBody:
    return account_body(row, version=row.version, customer_name=row.customer_name)


def customer_body(customer: CustomerRow) -> CustomerBody:
    return {
        "id": _id(customer.customer_id),
        "name": customer.name,
        "email": customer.email,
        "registered_at": rfc3339(customer.registered_at),
    }


def registered_body(outcome: Outcome) -> CustomerBody:
    """The customer as registered, from the event: it alone has the name, and loses it where the person is erased."""
    event = outcome.events[0]
    registered = event.data
    assert isinstance(registered, CustomerRegistered)
    return {
        "id": _id(event.stream_id),
        "name": registered.name,
        "email": registered.email,
        "registered_at": rfc3339(registered.occurred_at),
    }


def event_body(event: RecordedEvent) -> EventBody:
    return cast(EventBody, public_form(event))


def recorded_form(event: RecordedEvent) -> EventBody:
    """The event as it was when its command was answered: a replay says the same, though it is sealed by now."""
    return {
        "id": _id(event.id),
        "type": event.type,
        "schemaVersion": type_of(event.data).version,
        "streamId": _id(event.stream_id),
        "streamPosition": event.stream_position,
        "position": None,
        "timestamp": _repeated(event.recorded_at),
        "data": event.data,  # the encoder writes its fields
        "metadata": dict(sorted(event.metadata.items())),
    }


def receipt_body(outcome: Outcome, account_id: UUID, customer_name: str) -> ReceiptBody:
    account = outcome.accounts[account_id]
    return {
        "command_id": _id(outcome.command_id),
        "outcome": "accepted",
        "consistency_token": outcome.consistency_token,
        "account": account_body(account, version=outcome.versions[account_id], customer_name=customer_name),
        "events": [recorded_form(event) for event in outcome.events],
        "replayed": outcome.replayed,
    }


def movement_body(movement: Movement) -> MovementBody:
    currency = movement.currency
    return {
        "event_id": _id(movement.event_id),
        "version": movement.stream_position,
        "kind": movement.kind,
        "amount": money(movement.amount_minor, currency),
        "balance": money(movement.balance_minor, currency),
        "reference": movement.reference,
        "counterparty": movement.counterparty,
        "counterparty_account_id": _id_or_none(movement.counterparty_account_id),
        "operation": movement.operation,
        "purpose": movement.purpose,
        "transfer_id": _id_or_none(movement.transfer_id),
        "occurred_at": rfc3339(movement.occurred_at),
        "recorded_at": rfc3339(movement.recorded_at),
    }


def as_of_body(as_of: AsOf) -> AsOfBody:
    return {"position": as_of.position, "timestamp": moment(as_of.timestamp), "lag_events": as_of.lag_events}


def moment(value: datetime | None) -> str | None:
    return None if value is None else rfc3339(value)


def _id_or_none(value: UUID | None) -> str | None:
    return cast("str | None", value)
