"""From what a request asks for to the command: one function a command, for single calls and for lines of a batch."""

from typing import TypeVar
from uuid import UUID

from accounts.account_commands import (
    CloseAccount,
    Deposit,
    FreezeAccount,
    OpenAccount,
    SetOverdraftLimit,
    Transfer,
    UnfreezeAccount,
    Withdraw,
)
from accounts.customer import RegisterCustomer
from accounts.iban import iban_for
from bank.api.commanding import Intent
from ledger.ids import derived_id

Cash = TypeVar("Cash", Deposit, Withdraw)
WithReason = FreezeAccount | UnfreezeAccount | CloseAccount


def register_customer(intent: Intent) -> RegisterCustomer:
    return RegisterCustomer(
        command_id=intent.command_id,
        at=intent.at,
        customer_id=derived_id(intent.command_id, "customer"),
        name=intent.values["name"],
        email=intent.values["email"],
    )


def open_account(intent: Intent) -> OpenAccount:
    values = intent.values
    limit = values.get("overdraft_limit")
    account_id = derived_id(intent.command_id, "account")
    return OpenAccount(
        command_id=intent.command_id,
        at=intent.at,
        account_id=account_id,
        customer_id=values["customer_id"],
        iban=iban_for(account_id),
        name=values["name"],
        currency=values["currency"],
        overdraft_limit_minor=limit.minor if limit is not None else 0,
        overdraft_limit_currency=limit.currency if limit is not None else None,
    )


def cash(kind: type[Cash], intent: Intent, account_id: UUID) -> Cash:
    """A deposit or a withdrawal."""
    return kind(
        command_id=intent.command_id,
        at=intent.at,
        account_id=account_id,
        amount=intent.values["amount"],
        reference=intent.values.get("reference", ""),
    )


def transfer(intent: Intent, from_account_id: UUID, to_account_id: UUID) -> Transfer:
    return Transfer(
        command_id=intent.command_id,
        at=intent.at,
        from_account_id=from_account_id,
        to_account_id=to_account_id,
        amount=intent.values["amount"],
        reference=intent.values.get("reference", ""),
    )


def with_reason(kind: type[WithReason], intent: Intent, account_id: UUID) -> WithReason:
    """To freeze, unfreeze or close."""
    return kind(
        command_id=intent.command_id,
        at=intent.at,
        account_id=account_id,
        reason=intent.values.get("reason", ""),
    )


def set_overdraft_limit(intent: Intent, account_id: UUID) -> SetOverdraftLimit:
    return SetOverdraftLimit(
        command_id=intent.command_id,
        at=intent.at,
        account_id=account_id,
        overdraft_limit=intent.values["overdraft_limit"],
    )
