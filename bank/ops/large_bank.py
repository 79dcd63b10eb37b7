"""A large bank, for measuring and for trying pages out: years of movements, through the batch path of the handler.

Batch after batch of 1,000 commands, each batch the same for the same number of events and the same first moment: what
was stopped goes on where it stopped. Real people and their log-ins are none of it.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from accounts.account_commands import (
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
from accounts.customer import RegisterCustomer
from accounts.handler import Actor, find_outcome, handle_all
from accounts.iban import iban_for
from accounts.money import Money
from ledger.ids import derived_id
from ledger.models import Event

HISTORY: Final = timedelta(days=6 * 365)

_SEED: Final = UUID("b36d4b8a-6d6c-5d0b-9a52-0f9f2c1f7c11")
_ACTORS: Final = (
    Actor("system:salaries", "batch"),
    Actor("system:cards", "api"),
    Actor("system:standing-orders", "job"),
    Actor("system:branch", "web"),
)
# What a batch of 1,000 commands is made of.
_CUSTOMERS: Final = 5
_ACCOUNTS: Final = 10
_DEPOSITS: Final = 480
_WITHDRAWALS: Final = 320
_TRANSFERS: Final = 150
_REFUSED: Final = 15
_CHANGES: Final = 10
_COMMANDS: Final = _CUSTOMERS + 2 * _ACCOUNTS + _DEPOSITS + _WITHDRAWALS + _TRANSFERS + _REFUSED + _CHANGES
EVENTS_EACH: Final = _COMMANDS + _TRANSFERS - _REFUSED

# By the last digit of an account's number; money is only sent between accounts of one currency.
_CURRENCIES: Final = ("EUR", "EUR", "EUR", "EUR", "EUR", "EUR", "CZK", "CZK", "USD", "JPY")
_NAMES: Final = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Katherine", "Kurt", "Emmy", "Božena")
_SURNAMES: Final = (
    "Novák",
    "Dvořáková",
    "Meyer",
    "Rossi",
    "Janssen",
    "Kowalska",
    "Silva",
    "Larsen",
    "Moreau",
    "Horvat",
)
_WAYS_IN: Final = (
    ("transfer from outside", "Salary", "Volta Energy"),
    ("transfer from outside", "Pension", "State Pension Office"),
    ("cash desk", "", ""),
    ("transfer from outside", "Refund", "Bookshop Babel"),
)
_WAYS_OUT: Final = (
    ("card payment", "Groceries", "Corner Market"),
    ("card payment", "Travel", "City Transport"),
    ("cash machine", "", "Cash machine Market Square"),
    ("direct debit", "Rent", "Fermat Housing"),
    ("direct debit", "Insurance", "Fermat Mutual"),
)
_WHAT_FOR: Final = ("Rent", "Dinner", "Birthday present", "Concert tickets", "Savings", "Books", "Lunch", "Holidays")

Progress = Callable[[int, int], None]


class OtherEvents(Exception):
    """The bank has events already, and not of such a fill."""


class LargeBank(msgspec.Struct, frozen=True, kw_only=True):
    """The plan: about `events` events (whole batches, so rather more), spread over the years behind `begin`."""

    events: int
    begin: datetime

    @property
    def batches(self) -> int:
        """How many there are."""
        return -(-self.events // EVENTS_EACH)

    def commands(self, batch: int) -> list[Command]:
        """The commands of a batch (from 0), in the order in which they happen."""
        making = _Batch(self, batch)
        commands = [*making.openings(), *making.shuffled_movements(), *making.changes()]
        assert len(commands) == _COMMANDS, "or the batch would not be one transaction"
        return commands

    def moment(self, batch: int, share: float) -> datetime:
        """When something happens that is so far into a batch (0 to 1)."""
        return self.begin + HISTORY * ((batch + share) / self.batches)


def plan(events: int, now: datetime) -> LargeBank:
    """The plan of a fill of that size: its history ends `now`, or when that of the one that was begun does."""
    begun = find_outcome(_first_id(events))
    begin = begun.events[0].data.occurred_at if begun else (now - HISTORY).replace(microsecond=0)
    return LargeBank(events=events, begin=begin)


def fill(bank: LargeBank, *, beside_others: bool = False, progress: Progress | None = None) -> int:
    """Make what is missing of it; how many batches that were. `progress` gets (events there, events in all).

    Raises OtherEvents where the bank is not empty and none of it is there, unless `beside_others`.
    """
    made = _batches_made(bank)
    if made == 0 and not beside_others and Event.objects.exists():
        raise OtherEvents
    for batch in range(made, bank.batches):
        handle_all(bank.commands(batch), by=_ACTORS[batch % len(_ACTORS)])
        if progress is not None:
            progress((batch + 1) * EVENTS_EACH, bank.batches * EVENTS_EACH)
    return bank.batches - made


def _batches_made(bank: LargeBank) -> int:
    """How many of the first batches are there: they were made one after the other, so halving finds it."""
    low, high = 0, bank.batches
    while low < high:
        middle = (low + high) // 2
        if find_outcome(bank.commands(middle)[-1].command_id) is None:
            high = middle
        else:
            low = middle + 1
    return low


def _first_id(events: int) -> UUID:
    return derived_id(_SEED, str(events), "first command")


class _Batch:
    """One batch while it is made. Its chance is its own: nothing depends on the batches before it."""

    def __init__(self, bank: LargeBank, number: int) -> None:
        self._bank = bank
        self._number = number
        self._random = Random(f"{bank.events}/{number}")  # noqa: S311 - not a secret
        self._made = 0

    def openings(self) -> Iterator[Command]:
        """New customers, their accounts, and something on each."""
        numbers = range(self._number * _ACCOUNTS, (self._number + 1) * _ACCOUNTS)
        for number in range(self._number * _CUSTOMERS, (self._number + 1) * _CUSTOMERS):
            command_id, at = self._next()
            name = f"{self._random.choice(_NAMES)} {self._random.choice(_SURNAMES)}"
            yield RegisterCustomer(
                command_id=_first_id(self._bank.events) if number == 0 else command_id,
                at=at,
                customer_id=self._customer_id(number),
                name=name,
                email=f"customer{number}@example.org",
            )
        for number in numbers:
            command_id, at = self._next()
            account_id = self._account_id(number)
            yield OpenAccount(
                command_id=command_id,
                at=at,
                account_id=account_id,
                customer_id=self._customer_id(number * _CUSTOMERS // _ACCOUNTS),
                iban=iban_for(account_id),
                name=f"Account {number}",
                currency=_CURRENCIES[number % 10],
            )
        for number in numbers:
            yield self._deposit(number, 500_000)

    def shuffled_movements(self) -> Iterator[Command]:
        """Deposits, withdrawals and transfers in any order; some withdrawals ask for more than there is."""
        kinds: list[Callable[[], Command]] = [self._usual_deposit] * _DEPOSITS + [self._withdrawal] * _WITHDRAWALS
        kinds += [self._transfer] * _TRANSFERS + [self._too_much] * _REFUSED
        self._random.shuffle(kinds)
        for make in kinds:
            yield make()

    def changes(self) -> Iterator[Command]:
        """What else happens to accounts: other names, limits, a freeze that ends at once."""
        for turn in range(_CHANGES // 2 - 1):
            account_id, number = self._account_id(turn), self._number
            yield RenameAccount(**self._envelope(), account_id=account_id, name=f"Account {turn}, as of batch {number}")
            limit = Money(10_000 + number, _CURRENCIES[turn])
            yield SetOverdraftLimit(**self._envelope(), account_id=account_id, overdraft_limit=limit)
        last = self._account_id(self._number * _ACCOUNTS)
        yield FreezeAccount(**self._envelope(), account_id=last, reason="Card reported lost")
        yield UnfreezeAccount(**self._envelope(), account_id=last, reason="Card found")

    def _usual_deposit(self) -> Command:
        return self._deposit(self._any_account(), self._random.randint(1_00, 900_00))

    def _deposit(self, number: int, minor: int) -> Command:
        operation, purpose, counterparty = self._random.choice(_WAYS_IN)
        return Deposit(
            **self._envelope(),
            account_id=self._account_id(number),
            amount=Money(minor, _CURRENCIES[number % 10]),
            reference=self._reference(),
            operation=operation,
            purpose=purpose,
            counterparty=counterparty,
        )

    def _withdrawal(self, minor: int | None = None) -> Command:
        number = self._any_account()
        operation, purpose, counterparty = self._random.choice(_WAYS_OUT)
        return Withdraw(
            **self._envelope(),
            account_id=self._account_id(number),
            amount=Money(minor or self._random.randint(1_00, 300_00), _CURRENCIES[number % 10]),
            reference=self._reference(),
            operation=operation,
            purpose=purpose,
            counterparty=counterparty,
        )

    def _too_much(self) -> Command:
        return self._withdrawal(10**15)

    def _transfer(self) -> Command:
        """Between accounts whose numbers end in the same digit: they have the same currency."""
        source, accounts = self._any_account(), (self._number + 1) * _ACCOUNTS
        target = (source + 10 * self._random.randrange(1, self._number + 1)) % accounts if self._number else 0
        if not self._number:  # of the first accounts no two end alike, but the first six have one currency
            source = self._random.randrange(1, 6)
        return Transfer(
            **self._envelope(),
            from_account_id=self._account_id(source),
            to_account_id=self._account_id(target),
            amount=Money(self._random.randint(1_00, 50_00), _CURRENCIES[source % 10]),
            reference=self._random.choice(_WHAT_FOR),
        )

    def _any_account(self) -> int:
        """One in fifty movements is of the first account, whose history grows long."""
        if self._random.random() < 0.02:
            return 0
        return self._random.randrange((self._number + 1) * _ACCOUNTS)

    def _reference(self) -> str:
        if self._random.random() < 0.5:
            return self._random.choice(_WHAT_FOR)
        return f"Invoice {self._random.randrange(10**7):07d}"

    def _envelope(self) -> dict[str, Any]:
        command_id, at = self._next()
        return {"command_id": command_id, "at": at}

    def _next(self) -> tuple[UUID, datetime]:
        at = self._bank.moment(self._number, self._made / _COMMANDS).replace(microsecond=0)
        self._made += 1
        return self._id(at, "command", self._number * _COMMANDS + self._made), at

    def _customer_id(self, number: int) -> UUID:
        return self._id(self._bank.moment(number // _CUSTOMERS, 0), "customer", number)

    def _account_id(self, number: int) -> UUID:
        return self._id(self._bank.moment(number // _ACCOUNTS, 0), "account", number)

    def _id(self, at: datetime, kind: str, number: int) -> UUID:
        """A UUIDv7 of that moment, as new ids are, with chance that is always the same."""
        chance = hashlib.sha256(f"{self._bank.events}/{kind}/{number}".encode()).digest()
        head = int(at.timestamp() * 1_000).to_bytes(6, "big")
        return UUID(bytes=head + bytes([0x70 | chance[0] & 0x0F, chance[1], 0x80 | chance[2] & 0x3F]) + chance[3:10])
