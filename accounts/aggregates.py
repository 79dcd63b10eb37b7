"""How each kind of stream is folded, and which streams a command reads and writes: the handler's table of contents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from accounts import account, account_commands, customer, log_in, record_job, webhook_commands, webhook_endpoint
from accounts.account import Account, Status
from accounts.account_commands import (
    CloseAccount,
    Deposit,
    FreezeAccount,
    OpenAccount,
    RenameAccount,
    SetOverdraftLimit,
    Transfer,
    UnfreezeAccount,
    Withdraw,
)
from accounts.command import Command
from accounts.customer import AddPayee, Customer, ErasePersonalData, RegisterCustomer, RemovePayee
from accounts.log_in import (
    ChangeRoles,
    InviteCustomer,
    LogIn,
    NoteFailedSignIn,
    NotePassword,
    NoteSecondFactor,
    NoteSignIn,
    NoteSignOut,
    NoteToken,
    NoteTokenRevoked,
)
from accounts.record_job import (
    NoteExport,
    NoteExportDownload,
    NoteVerification,
    RecordJob,
    RequestExport,
    RequestVerification,
)
from accounts.webhook_commands import (
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    RegisterWebhookEndpoint,
    RemoveWebhookEndpoint,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookTest,
)
from accounts.webhook_endpoint import WebhookEndpoint
from ledger.connections import Cursor
from ledger.reading import read_stream
from ledger.store import Head

State = Account | Customer | WebhookEndpoint | LogIn | RecordJob
States = Callable[[str, UUID], Any]
Decision = list[tuple[str, UUID, list[Any]]]  # (category, stream, its new events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One kind of stream. `snapshot_schema` goes up when the state's class changes: older snapshots are then refolded.

    `memo` keeps what a receipt needs of the state after a command (JSON); `recall` puts it back into a later state.
    """

    category: str
    snapshot_schema: int
    decode: Callable[[bytes], Any]
    evolve: Callable[[Any, Any, UUID], Any]
    memo: Callable[[Any], Any]
    recall: Callable[[Any, Any], Any]


def _recall_account(state: Account, memo: list[Any]) -> Account:
    balance, held, overdraft, status = memo
    return msgspec.structs.replace(
        state, balance_minor=balance, held_minor=held, overdraft_limit_minor=overdraft, status=Status(status)
    )


AGGREGATES: Final = {
    account.CATEGORY: Aggregate(
        category=account.CATEGORY,
        snapshot_schema=1,
        decode=msgspec.json.Decoder(Account).decode,
        evolve=account.evolve,
        memo=lambda a: [a.balance_minor, a.held_minor, a.overdraft_limit_minor, a.status],
        recall=_recall_account,
    ),
    customer.CATEGORY: Aggregate(
        category=customer.CATEGORY,
        snapshot_schema=3,
        decode=msgspec.json.Decoder(Customer).decode,
        evolve=customer.evolve,
        memo=lambda _: None,
        recall=lambda state, _: state,
    ),
    webhook_endpoint.CATEGORY: Aggregate(
        category=webhook_endpoint.CATEGORY,
        snapshot_schema=1,
        decode=msgspec.json.Decoder(WebhookEndpoint).decode,
        evolve=webhook_endpoint.evolve,
        memo=lambda _: None,
        recall=lambda state, _: state,
    ),
    log_in.CATEGORY: Aggregate(
        category=log_in.CATEGORY,
        snapshot_schema=1,
        decode=msgspec.json.Decoder(LogIn).decode,
        evolve=log_in.evolve,
        memo=lambda _: None,
        recall=lambda state, _: state,
    ),
    record_job.CATEGORY: Aggregate(
        category=record_job.CATEGORY,
        snapshot_schema=1,
        decode=msgspec.json.Decoder(RecordJob).decode,
        evolve=record_job.evolve,
        memo=lambda _: None,
        recall=lambda state, _: state,
    ),
}


def state_of(cur: Cursor, category: str, stream_id: UUID, head: Head) -> State:
    """From the snapshot; folded from the events where the snapshot is of another schema."""
    aggregate = AGGREGATES[category]
    if head.snapshot_schema == aggregate.snapshot_schema:
        return cast(State, aggregate.decode(head.snapshot))
    return fold(category, stream_id, to=head.version, on=cur)


def fold(category: str, stream_id: UUID, *, to: int, on: Cursor | None = None) -> State:
    """The state at version `to`, from the events alone; read on a cursor that the caller holds, where it does."""
    evolve, state = AGGREGATES[category].evolve, None
    for event in read_stream(stream_id, to=to, on=on):
        state = evolve(state, event.data, stream_id)
    return cast(State, state)


@dataclass(frozen=True, slots=True)
class Handling:
    """A command's streams (category, id), the one it is about first, and its decider over their states."""

    streams: Callable[[Any], tuple[tuple[str, UUID], ...]]
    decide: Callable[[Any, States], Decision]


def _of_account(decider: Callable[[Account | None, Any], list[Any]]) -> Handling:
    def decide(command: Any, states: States) -> Decision:
        return [(account.CATEGORY, command.account_id, decider(states(account.CATEGORY, command.account_id), command))]

    return Handling(lambda command: ((account.CATEGORY, command.account_id),), decide)


def _of_endpoint(decider: Callable[[WebhookEndpoint | None, Any], list[Any]]) -> Handling:
    category = webhook_endpoint.CATEGORY

    def decide(command: Any, states: States) -> Decision:
        return [(category, command.endpoint_id, decider(states(category, command.endpoint_id), command))]

    return Handling(lambda command: ((category, command.endpoint_id),), decide)


def _note(command: Any, states: States) -> Decision:
    return [
        (log_in.CATEGORY, command.log_in_id, list(log_in.note(states(log_in.CATEGORY, command.log_in_id), command)))
    ]


_OF_LOG_IN: Final = Handling(lambda command: ((log_in.CATEGORY, command.log_in_id),), _note)


def _about_record(command: Any, states: States) -> Decision:
    category = record_job.CATEGORY
    return [(category, command.job_id, list(record_job.decide(states(category, command.job_id), command)))]


_OF_RECORD_JOB: Final = Handling(lambda command: ((record_job.CATEGORY, command.job_id),), _about_record)


def _of_customer(decider: Callable[[Customer | None, Any], list[Any]]) -> Handling:
    category = customer.CATEGORY

    def decide(command: Any, states: States) -> Decision:
        return [(category, command.customer_id, decider(states(category, command.customer_id), command))]

    return Handling(lambda command: ((category, command.customer_id),), decide)


def _register(command: RegisterCustomer, states: States) -> Decision:
    return [
        (
            customer.CATEGORY,
            command.customer_id,
            list(customer.register(states(customer.CATEGORY, command.customer_id), command)),
        ),
    ]


def _erase(command: ErasePersonalData, states: States) -> Decision:
    existing = states(customer.CATEGORY, command.customer_id)
    return [(customer.CATEGORY, command.customer_id, list(customer.erase(existing, command)))]


def _open(command: OpenAccount, states: States) -> Decision:
    existing = states(account.CATEGORY, command.account_id)
    holder = states(customer.CATEGORY, command.customer_id)
    return [(account.CATEGORY, command.account_id, list(account_commands.open_account(existing, holder, command)))]


def _transfer(command: Transfer, states: States) -> Decision:
    source = states(account.CATEGORY, command.from_account_id)
    target = states(account.CATEGORY, command.to_account_id)
    sent, received = account_commands.transfer(source, target, command)
    return [
        (account.CATEGORY, command.from_account_id, list(sent)),
        (account.CATEGORY, command.to_account_id, list(received)),
    ]


COMMANDS: Final[dict[type[Command], Handling]] = {
    RegisterCustomer: Handling(lambda c: ((customer.CATEGORY, c.customer_id),), _register),
    ErasePersonalData: Handling(lambda c: ((customer.CATEGORY, c.customer_id),), _erase),
    AddPayee: _of_customer(customer.add_payee),
    RemovePayee: _of_customer(customer.remove_payee),
    OpenAccount: Handling(
        lambda c: ((account.CATEGORY, c.account_id), (customer.CATEGORY, c.customer_id)),
        _open,
    ),
    Deposit: _of_account(account_commands.deposit),
    Withdraw: _of_account(account_commands.withdraw),
    Transfer: Handling(
        lambda c: ((account.CATEGORY, c.from_account_id), (account.CATEGORY, c.to_account_id)),
        _transfer,
    ),
    FreezeAccount: _of_account(account_commands.freeze),
    UnfreezeAccount: _of_account(account_commands.unfreeze),
    SetOverdraftLimit: _of_account(account_commands.set_overdraft_limit),
    CloseAccount: _of_account(account_commands.close),
    RenameAccount: _of_account(account_commands.rename),
    RegisterWebhookEndpoint: _of_endpoint(webhook_commands.register),
    DisableWebhookEndpoint: _of_endpoint(webhook_commands.disable),
    EnableWebhookEndpoint: _of_endpoint(webhook_commands.enable),
    RotateWebhookSecret: _of_endpoint(webhook_commands.rotate_secret),
    SendWebhookTest: _of_endpoint(webhook_commands.send_test),
    ReplayWebhook: _of_endpoint(webhook_commands.replay),
    RemoveWebhookEndpoint: _of_endpoint(webhook_commands.remove),
    NoteSignIn: _OF_LOG_IN,
    NoteFailedSignIn: _OF_LOG_IN,
    NoteSignOut: _OF_LOG_IN,
    NoteSecondFactor: _OF_LOG_IN,
    NotePassword: _OF_LOG_IN,
    ChangeRoles: _OF_LOG_IN,
    NoteToken: _OF_LOG_IN,
    NoteTokenRevoked: _OF_LOG_IN,
    InviteCustomer: _OF_LOG_IN,
    RequestVerification: _OF_RECORD_JOB,
    NoteVerification: _OF_RECORD_JOB,
    RequestExport: _OF_RECORD_JOB,
    NoteExport: _OF_RECORD_JOB,
    NoteExportDownload: _OF_RECORD_JOB,
}
