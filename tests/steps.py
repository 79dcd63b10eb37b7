"""Steps through the real handler, for tests that need a bank in which something has happened."""

from typing import Any
from uuid import UUID

from accounts.account_commands import Deposit, OpenAccount, Transfer, Withdraw
from accounts.customer import RegisterCustomer
from accounts.handler import Actor, Outcome, handle
from accounts.iban import iban_for
from accounts.money import Money
from ledger.ids import new_id
from tests.spec import envelope

BY = Actor(id="system:test", channel="job")


def register(name: str = "Ada Lovelace", email: str = "") -> RegisterCustomer:
    """A new customer."""
    return RegisterCustomer(customer_id=new_id(), name=name, email=email, **envelope())


def open_for(customer_id: UUID, *, currency: str = "EUR", overdraft_limit_minor: int = 0, **fields: Any) -> OpenAccount:
    """A new account with an IBAN of its own."""
    account_id = fields.pop("account_id", None) or new_id()
    given = {"iban": iban_for(account_id), "name": "Everyday", **envelope(), **fields}
    return OpenAccount(
        account_id=account_id,
        customer_id=customer_id,
        currency=currency,
        overdraft_limit_minor=overdraft_limit_minor,
        **given,
    )


def deposit(account_id: UUID, minor: int, currency: str = "EUR", **fields: Any) -> Deposit:
    """Money comes in."""
    return Deposit(account_id=account_id, amount=Money(minor, currency), **{**envelope(), **fields})


def withdraw(account_id: UUID, minor: int, currency: str = "EUR", **fields: Any) -> Withdraw:
    """Money goes out."""
    return Withdraw(account_id=account_id, amount=Money(minor, currency), **{**envelope(), **fields})


def transfer(from_id: UUID, to_id: UUID, minor: int, currency: str = "EUR", **fields: Any) -> Transfer:
    """Money goes over."""
    return Transfer(
        from_account_id=from_id, to_account_id=to_id, amount=Money(minor, currency), **{**envelope(), **fields}
    )


def a_customer(name: str = "Ada Lovelace", email: str = "") -> UUID:
    """A customer who is registered."""
    command = register(name, email)
    do(command)
    return command.customer_id


def an_account(balance_minor: int = 0, *, customer_id: UUID | None = None, **fields: Any) -> UUID:
    """An account that is open, with this balance."""
    command = open_for(customer_id or a_customer(), **fields)
    do(command)
    if balance_minor:
        do(deposit(command.account_id, balance_minor, command.currency))
    return command.account_id


def do(command: Any) -> Outcome:
    """Carry it out; a refusal is raised."""
    return handle(command, by=BY)
