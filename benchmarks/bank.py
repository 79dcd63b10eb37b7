"""The bank that is measured: one customer, thousands of accounts with money on them."""

import random
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from django.db import connection

from accounts.account_commands import Deposit, OpenAccount, Transfer
from accounts.customer import RegisterCustomer
from accounts.handler import Actor, handle, handle_all
from accounts.iban import iban_for
from accounts.money import Money
from ledger.ids import new_id
from readmodels.balances import AccountRow

BY = Actor("system:bench", "job")
_OURS, _FLOOR = "ours", "floor"


class Bank(msgspec.Struct, frozen=True):
    """Its accounts, and as many others that only the floor writes: to the handler, the floor would be a competitor."""

    account_ids: list[UUID]
    floor_ids: list[UUID]

    def deposit(self, account_id: UUID | None = None) -> Deposit:
        """A deposit of 1.00 to that account, or to any."""
        return Deposit(
            command_id=new_id(),
            at=datetime.now(UTC),
            account_id=account_id or random.choice(self.account_ids),  # noqa: S311 - not a secret
            amount=Money(100, "EUR"),
            reference="salary",
        )

    def transfer(self) -> Transfer:
        """A transfer of 0.01 between any two accounts."""
        source, target = random.sample(self.account_ids, 2)
        return Transfer(
            command_id=new_id(),
            at=datetime.now(UTC),
            from_account_id=source,
            to_account_id=target,
            amount=Money(1, "EUR"),
            reference="rent",
        )


def make_bank(accounts: int) -> Bank:
    """Open that many accounts, and as many for the floor, each with 1,000.00."""
    customer_id = new_id()
    register = RegisterCustomer(command_id=new_id(), at=datetime.now(UTC), customer_id=customer_id, name="Bench")
    handle(register, by=BY)
    bank = Bank(*(_open(accounts, customer_id, name) for name in (_OURS, _FLOOR)))
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return bank


def find_bank() -> Bank:
    """The bank that another process made."""
    rows = AccountRow.objects.filter(name__in=(_OURS, _FLOOR)).values_list("account_id", "name")
    ids = {name: [account_id for account_id, its_name in rows if its_name == name] for name in (_OURS, _FLOOR)}
    return Bank(ids[_OURS], ids[_FLOOR])


def _open(accounts: int, customer_id: UUID, name: str) -> list[UUID]:
    now = datetime.now(UTC)
    ids = [new_id() for _ in range(accounts)]
    opened = [
        OpenAccount(
            command_id=new_id(),
            at=now,
            account_id=i,
            customer_id=customer_id,
            iban=iban_for(i),
            name=name,
            currency="EUR",
        )
        for i in ids
    ]
    paid_in = [Deposit(command_id=new_id(), at=now, account_id=i, amount=Money(100_000, "EUR")) for i in ids]
    handle_all([*opened, *paid_in], by=BY)
    return ids
