"""The files' rows as commands of this bank, with ids derived from the files' own: the same row asks for the same thing.

What makes a row the same is told by its own values, not by the command's fields: a later version of this bank, whose
commands may have more fields, still knows what it imported.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final
from uuid import UUID

from accounts.account_commands import Deposit, OpenAccount, Withdraw
from accounts.command import Command
from accounts.customer import RegisterCustomer
from accounts.iban import iban_for
from accounts.money import Money
from bank.ops.pkdd99.files import CURRENCY, ListedAccount
from bank.ops.pkdd99.spool import Spooled
from ledger.ids import derived_id

NAMESPACE: Final = UUID("4b1f7d0e-6f0f-5f0c-9b39-1f3a5d2c7e99")
# The files' balances go some 40,000 below zero. The limit does not follow the files: opening an account has to ask for
# the same when more movements have been put beside it.
OVERDRAFT_LIMIT_MINOR: Final = 1_000_000_00


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, and the row that it comes from: its fingerprint and its place."""

    command: Command
    fingerprint: bytes
    file: str
    line: int


@lru_cache(maxsize=10_000)
def account_uuid(account_id: int) -> UUID:
    """This bank's id of an account of the files."""
    return derived_id(NAMESPACE, "account", str(account_id))


def customer_uuid(client_id: int) -> UUID:
    """This bank's id of a client of the files."""
    return derived_id(NAMESPACE, "client", str(client_id))


def register_owner(account: ListedAccount) -> Asked:
    """Register the account's owner; known to the bank since the day of the account."""
    command = RegisterCustomer(
        command_id=derived_id(NAMESPACE, "register", str(account.client_id)),
        at=_midnight(account.opened_date),
        customer_id=customer_uuid(account.client_id),
        name=f"PKDD99 client {account.client_id}",
    )
    return Asked(command, _fingerprint("register", account.client_id), "account.asc", account.line)


def open_account(account: ListedAccount) -> Asked:
    """Open the account on its own day, with an overdraft far beyond what the files need."""
    account_id = account_uuid(account.account_id)
    command = OpenAccount(
        command_id=derived_id(NAMESPACE, "open", str(account.account_id)),
        at=_midnight(account.opened_date),
        account_id=account_id,
        customer_id=customer_uuid(account.client_id),
        iban=iban_for(account_id),
        name=f"PKDD99 {account.account_id}",
        currency=CURRENCY,
        overdraft_limit_minor=OVERDRAFT_LIMIT_MINOR,
    )
    fingerprint = _fingerprint("open", account.account_id, account.client_id, account.opened_date)
    return Asked(command, fingerprint, "account.asc", account.line)


def book_movement(spooled: Spooled) -> Asked:
    """A deposit or a withdrawal; the files tell of no transfer between two of their own accounts."""
    movement = spooled.movement
    kind = Deposit if movement.change_minor > 0 else Withdraw
    command = kind(
        command_id=derived_id(NAMESPACE, "trans", str(movement.trans_id)),
        at=_midnight(movement.date),
        account_id=account_uuid(movement.account_id),
        amount=Money(abs(movement.change_minor), CURRENCY),
        reference=f"trans {movement.trans_id}",
        operation=movement.operation,
        purpose=movement.purpose,
        counterparty=movement.counterparty,
    )
    # The reported balance is not booked, only compared: where it was corrected, the movement is still the same.
    texts = (movement.operation, movement.purpose, movement.counterparty)
    fingerprint = _fingerprint("trans", movement.account_id, movement.date, movement.change_minor, *texts)
    return Asked(command, fingerprint, spooled.file, spooled.line)


def openings(accounts: dict[int, ListedAccount], first_days: dict[int, date]) -> Iterator[tuple[date, list[Asked]]]:
    """What opens each account and registers its owner, by the day on which it is due.

    That is the account's own day, or that of its first movement where this is earlier.
    """
    due = {a.account_id: min(a.opened_date, first_days.get(a.account_id, date.max)) for a in accounts.values()}
    registered: set[int] = set()
    for account_id in sorted(due, key=lambda account_id: (due[account_id], account_id)):
        account = accounts[account_id]
        commands: list[Asked] = []
        if account.client_id not in registered:
            registered.add(account.client_id)
            commands.append(register_owner(account))
        yield due[account_id], [*commands, open_account(account)]


def _fingerprint(*values: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, values)).encode()).digest()


@lru_cache
def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
