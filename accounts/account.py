"""The account: its events, its state, and how the one becomes the other."""

from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

import msgspec

from ledger.codec import event

CATEGORY = "account"


@event("AccountOpened", version=1)
class AccountOpened(msgspec.Struct, frozen=True, kw_only=True):
    """An account was opened for a customer, in one currency for ever."""

    customer_id: UUID
    iban: str
    name: str
    currency: str
    overdraft_limit_minor: int
    occurred_at: datetime


@event("DepositMade", version=1)
class DepositMade(msgspec.Struct, frozen=True, kw_only=True):
    """Money came in from outside this bank's accounts."""

    amount_minor: int
    currency: str
    reference: str
    occurred_at: datetime
    operation: str = ""
    purpose: str = ""
    counterparty: str = ""


@event("WithdrawalMade", version=1)
class WithdrawalMade(msgspec.Struct, frozen=True, kw_only=True):
    """Money left for outside this bank's accounts."""

    amount_minor: int
    currency: str
    reference: str
    occurred_at: datetime
    operation: str = ""
    purpose: str = ""
    counterparty: str = ""


@event("TransferSent", version=1)
class TransferSent(msgspec.Struct, frozen=True, kw_only=True):
    """Money went to another account of this bank; its `TransferReceived` has the same `transfer_id`."""

    transfer_id: UUID
    to_account_id: UUID
    amount_minor: int
    currency: str
    reference: str
    occurred_at: datetime


@event("TransferReceived", version=1)
class TransferReceived(msgspec.Struct, frozen=True, kw_only=True):
    """Money came from another account of this bank."""

    transfer_id: UUID
    from_account_id: UUID
    amount_minor: int
    currency: str
    reference: str
    occurred_at: datetime


@event("AccountFrozen", version=1)
class AccountFrozen(msgspec.Struct, frozen=True, kw_only=True):
    """Debits were stopped; credits go on."""

    reason: str
    occurred_at: datetime


@event("AccountUnfrozen", version=1)
class AccountUnfrozen(msgspec.Struct, frozen=True, kw_only=True):
    """Debits are allowed again."""

    reason: str
    occurred_at: datetime


@event("OverdraftLimitSet", version=1)
class OverdraftLimitSet(msgspec.Struct, frozen=True, kw_only=True):
    """The overdraft limit has this value from now on."""

    overdraft_limit_minor: int
    occurred_at: datetime


@event("AccountClosed", version=1)
class AccountClosed(msgspec.Struct, frozen=True, kw_only=True):
    """The account is closed for ever."""

    reason: str
    occurred_at: datetime


@event("AccountRenamed", version=1)
class AccountRenamed(msgspec.Struct, frozen=True, kw_only=True):
    """The account has this name from now on."""

    name: str
    occurred_at: datetime


AccountEvent = (
    AccountOpened
    | DepositMade
    | WithdrawalMade
    | TransferSent
    | TransferReceived
    | AccountFrozen
    | AccountUnfrozen
    | OverdraftLimitSet
    | AccountClosed
    | AccountRenamed
)


class Status(StrEnum):
    """What an account lets through: open everything, frozen only credits, closed nothing."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


_STATUS_AFTER: Final[dict[type[AccountEvent], Status]] = {
    AccountFrozen: Status.FROZEN,
    AccountUnfrozen: Status.OPEN,
    AccountClosed: Status.CLOSED,
}


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The folded state of an account; also its snapshot. Amounts in minor units of `currency`."""

    account_id: UUID
    customer_id: UUID
    iban: str
    name: str
    currency: str
    status: Status
    balance_minor: int
    held_minor: int
    overdraft_limit_minor: int
    opened_at: datetime

    @property
    def available_minor(self) -> int:
        """What a debit may take: balance - held + overdraft limit; below zero where the limit came under its use.

        Nothing once the account is closed.
        """
        if self.status is Status.CLOSED:
            return 0
        return self.balance_minor - self.held_minor + self.overdraft_limit_minor


def evolve(account: Account | None, event: AccountEvent, account_id: UUID) -> Account:
    """The state after `event`. History has happened: this never refuses."""
    if account is None:
        assert isinstance(event, AccountOpened), "the first event of an account opens it"
        return Account(
            account_id=account_id,
            customer_id=event.customer_id,
            iban=event.iban,
            name=event.name,
            currency=event.currency,
            status=Status.OPEN,
            balance_minor=0,
            held_minor=0,
            overdraft_limit_minor=event.overdraft_limit_minor,
            opened_at=event.occurred_at,
        )
    match event:
        case DepositMade() | TransferReceived():
            return msgspec.structs.replace(account, balance_minor=account.balance_minor + event.amount_minor)
        case WithdrawalMade() | TransferSent():
            return msgspec.structs.replace(account, balance_minor=account.balance_minor - event.amount_minor)
        case AccountFrozen() | AccountUnfrozen() | AccountClosed():
            return msgspec.structs.replace(account, status=_STATUS_AFTER[type(event)])
        case OverdraftLimitSet():
            return msgspec.structs.replace(account, overdraft_limit_minor=event.overdraft_limit_minor)
        case AccountRenamed():
            return msgspec.structs.replace(account, name=event.name)
        case AccountOpened():
            return account
        case _:
            assert_never(event)
