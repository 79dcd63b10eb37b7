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

BY = Actor("system:bench", "job")


class Bank(msgspec.Struct, frozen=True):
    """Its accounts."""

    account_ids: list[UUID]

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
    """Open that many accounts, each with 1,000.00."""
    now, customer_id = datetime.now(UTC), new_id()
    handle(RegisterCustomer(command_id=new_id(), at=now, customer_id=customer_id, name="Bench"), by=BY)
    ids = [new_id() for _ in range(accounts)]
    opened = [
        OpenAccount(
            command_id=new_id(),
            at=now,
            account_id=i,
            customer_id=customer_id,
            iban=iban_for(i),
            name="E",
            currency="EUR",
        )
        for i in ids
    ]
    paid_in = [Deposit(command_id=new_id(), at=now, account_id=i, amount=Money(100_000, "EUR")) for i in ids]
    handle_all([*opened, *paid_in], by=BY)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return Bank(ids)
