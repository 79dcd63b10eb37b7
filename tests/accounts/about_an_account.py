"""One account: what is asked of it and what happened to it, in few words."""

from typing import Any
from uuid import UUID

from accounts.account import (
    AccountClosed,
    AccountFrozen,
    AccountRenamed,
    AccountUnfrozen,
    OverdraftLimitSet,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
)
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
from accounts.iban import iban_for
from accounts.money import Money
from tests.spec import (
    ACCOUNT_ID,
    AT,
    CUSTOMER_ID,
    OPENED,
    OTHER_ID,
    Given,
    envelope,
    given,
)

FROZEN = AccountFrozen(reason="lost card", occurred_at=AT)
UNFROZEN = AccountUnfrozen(reason="card found", occurred_at=AT)
CLOSED = AccountClosed(reason="moved away", occurred_at=AT)


def withdrawn(minor: int, currency: str = "EUR") -> WithdrawalMade:
    return WithdrawalMade(amount_minor=minor, currency=currency, reference="", occurred_at=AT)


def limited(minor: int) -> OverdraftLimitSet:
    return OverdraftLimitSet(overdraft_limit_minor=minor, occurred_at=AT)


def open_account(**fields: Any) -> OpenAccount:
    asked = {"account_id": ACCOUNT_ID, "customer_id": CUSTOMER_ID, "iban": iban_for(ACCOUNT_ID), "name": "Everyday"}
    return OpenAccount(**{**asked, "currency": "EUR", **envelope(), **fields})


def deposit(minor: int, currency: str = "EUR", **fields: Any) -> Deposit:
    return Deposit(account_id=ACCOUNT_ID, amount=Money(minor, currency), **envelope(), **fields)


def withdraw(minor: int, currency: str = "EUR", **fields: Any) -> Withdraw:
    return Withdraw(account_id=ACCOUNT_ID, amount=Money(minor, currency), **envelope(), **fields)


def transfer(minor: int, currency: str = "EUR", *, to: UUID = OTHER_ID, reference: str = "") -> Transfer:
    return Transfer(
        from_account_id=ACCOUNT_ID,
        to_account_id=to,
        amount=Money(minor, currency),
        reference=reference,
        **envelope(),
    )


def set_limit(minor: int, currency: str = "EUR") -> SetOverdraftLimit:
    return SetOverdraftLimit(account_id=ACCOUNT_ID, overdraft_limit=Money(minor, currency), **envelope())


def freeze() -> FreezeAccount:
    return FreezeAccount(account_id=ACCOUNT_ID, reason="lost card", **envelope())


def unfreeze() -> UnfreezeAccount:
    return UnfreezeAccount(account_id=ACCOUNT_ID, reason="card found", **envelope())


def rename(name: str = "Holidays") -> RenameAccount:
    return RenameAccount(account_id=ACCOUNT_ID, name=name, **envelope())


def renamed(name: str = "Holidays") -> AccountRenamed:
    return AccountRenamed(name=name, occurred_at=AT)


def close() -> CloseAccount:
    return CloseAccount(account_id=ACCOUNT_ID, reason="moved away", **envelope())


ABOUT_ONE_ACCOUNT = [deposit(1), withdraw(1), set_limit(1), freeze(), unfreeze(), close(), rename()]


def given_two(*events: Any, other: tuple[Any, ...] = (OPENED,)) -> Given:
    """The account under test, and another one."""
    return given(*events).and_account(OTHER_ID, *other)


def sent_and_received(command: Transfer) -> tuple[TransferSent, TransferReceived]:
    amount = command.amount
    shared: dict[str, Any] = {
        "transfer_id": command.command_id,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "reference": command.reference,
        "occurred_at": AT,
    }
    return (
        TransferSent(to_account_id=command.to_account_id, **shared),
        TransferReceived(from_account_id=command.from_account_id, **shared),
    )
