"""What happens in the demo bank: months of plausible commands, the same for the same first moment.

Every step has a name of its own, from which its command id and its chance (amount, hour, shop) are derived; nothing
depends on how many steps came before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from uuid import UUID

from accounts.account_commands import OpenAccount
from accounts.command import Command
from accounts.customer import RegisterCustomer
from accounts.iban import iban_for
from bank.ops.demo.people import PEOPLE, DemoPerson
from bank.ops.demo.steps import (
    SEED,
    Book,
    Making,
    Step,
    account_id,
    close,
    command_id,
    customer_id,
    down_to,
    freeze,
    overdraft,
    paid_in,
    paid_out,
    sent,
    sent_all,
    too_late,
    too_much,
    unfreeze,
)
from ledger.ids import derived_id

HISTORY: Final = timedelta(days=210)

_OVERDRAFT_EUROS: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Shop:
    """Where money goes: how likely on a day, between which euros, and how it reads on a statement."""

    chance: float
    least_euros: int
    most_euros: int
    operation: str
    purpose: str
    names: tuple[str, ...]


_CARD: Final = "Card payment"
_CASH: Final = "Cash withdrawal"
_SHOPS: Final = (
    _Shop(0.34, 9, 88, _CARD, "Groceries", ("Corner Market", "Green Basket", "Daily Bread", "Hill Street Foods")),
    _Shop(0.15, 6, 54, _CARD, "Eating out", ("Café Lambda", "Trattoria Pi", "Noodle Loop", "The Null Pointer")),
    _Shop(0.06, 12, 120, _CARD, "Shopping", ("Bookshop Babel", "Thread and Needle", "Fuse and Wire")),
    _Shop(0.05, 20, 65, _CARD, "Travel", ("City Transport", "Northern Rail")),
    _Shop(0.05, 50, 150, _CASH, "", ("Cash machine Market Square", "Cash machine Station")),
)
# (day of the month, purpose, company, least and most euros)
_BILLS: Final = (
    (4, "Electricity", "Volta Energy", 58, 96),
    (6, "Phone and internet", "Hertz Telecom", 39, 45),
    (9, "Insurance", "Fermat Mutual", 31, 31),
)
# (chance on a day, least and most euros, how it came, for what, from whom)
_INCOMES: Final = (
    (0.03, 15, 140, "Cash deposit", "", ""),
    (0.02, 8, 60, "Incoming transfer", "Sold second hand", "Flea Market Online"),
    (0.01, 20, 95, "Card refund", "Shopping", "Thread and Needle"),
)
_TREATS: Final = ("Dinner", "Concert tickets", "Lunch", "Birthday present", "Train to the sea", "Books")


def first_command(begin: datetime) -> Command:
    """The first of the demo: it fixes when the demo's history begins, whoever sends it again later."""
    return _register(PEOPLE[0], begin)


def last_command_id() -> UUID:
    """The id of the last command of every plan."""
    return command_id("the end")


def plan(begin: datetime) -> list[Command]:
    """All commands of the demo in the order of their time, from `begin` until HISTORY later."""
    end = begin + HISTORY
    steps = [step for person in PEOPLE for step in _life_of(person, begin, end)]
    steps += _incidents(end)
    steps.sort(key=lambda step: (step.at, step.name))
    book = Book()
    # A moment apart, so that everybody's first account stays the first; over long before the next day's first step.
    arrivals = ((person, begin + timedelta(milliseconds=100 * n)) for n, person in enumerate(PEOPLE))
    opening = [command for person, at in arrivals for command in _arrive(person, at, book)]
    middle = [command for step in steps if opening[-1].at < step.at < end and (command := step.command(book))]
    refund = Step(end, "the end", paid_in("ada", 19, "Refund", "Card refund", "Shopping", "Bookshop Babel"))
    last = refund.command(book)
    assert last is not None
    return [*opening, *middle, last]


def _arrive(person: DemoPerson, begin: datetime, book: Book) -> Iterator[Command]:
    """The person becomes a customer, opens the accounts and brings the first money."""
    yield _register(person, begin)
    for number, account in enumerate(person.accounts):
        at = begin + timedelta(milliseconds=number)
        yield OpenAccount(
            command_id=derived_id(SEED, "open", account.key),
            at=at,
            account_id=account_id(account.key),
            customer_id=customer_id(person.key),
            iban=iban_for(account_id(account.key)),
            name=account.name,
            currency=account.currency,
        )
        step = Step(at, f"{account.key}/opening", paid_in(account.key, account.opening_euros, "Opening deposit"))
        if command := step.command(book):
            yield command


def _register(person: DemoPerson, at: datetime) -> RegisterCustomer:
    return RegisterCustomer(
        command_id=derived_id(SEED, "register", person.key),
        at=at,
        customer_id=customer_id(person.key),
        name=person.name,
        email=person.email,
    )


def _life_of(person: DemoPerson, begin: datetime, end: datetime) -> Iterator[Step]:
    day = begin.date()
    while day <= end.date():
        yield from _bills_of(person, day)
        yield from _spending_of(person, day)
        day += timedelta(days=1)


def _bills_of(person: DemoPerson, day: date) -> Iterator[Step]:
    """Salary, rent, utilities and savings, each on its day of the month."""
    key, month = person.current.key, f"{day:%B %Y}"
    name = f"{key}/{day}"
    if day.day == person.payday:
        paid = paid_in(key, person.salary_euros, f"Salary {month}", "Incoming transfer", "Salary", person.employer)
        yield Step(_clock(day, 5, 10), f"{name}/salary", paid)
    if day.day == 1:
        rent = paid_out(key, person.rent_euros, f"Rent {month}", "Standing order", "Rent", "Keystone Housing")
        if person.rents_from:
            rent = sent(key, person.rents_from, person.rent_euros, f"Rent {month}")
        yield Step(_clock(day, 6), f"{name}/rent", rent)
    if day.day == 27 and person.saves_to:
        saved = sent(key, person.saves_to, person.savings_euros, f"Savings {month}")
        yield Step(_clock(day, 6, 30), f"{name}/savings", saved)
    for bill_day, purpose, company, least, most in _BILLS:
        if day.day == bill_day:
            euros = _chance(f"{name}/{purpose}").randint(least * 100, most * 100) / 100
            bill = paid_out(key, euros, f"{purpose} {month}", "Direct debit", "Utilities", company)
            yield Step(_clock(day, 7), f"{name}/{purpose}", bill)


def _spending_of(person: DemoPerson, day: date) -> Iterator[Step]:
    """What a day brings: shops, cash, a little money back, something for a friend."""
    key = person.current.key
    for shop in _SHOPS:
        name = f"{key}/{day}/{shop.purpose or shop.operation}"
        chance = _chance(name)
        if chance.random() < shop.chance:
            cents = chance.randint(shop.least_euros * 100, shop.most_euros * 100)
            euros = cents // 1000 * 10 if shop.operation == _CASH else cents / 100
            place = chance.choice(shop.names)
            spent = paid_out(key, euros, place, shop.operation, shop.purpose, place)
            yield Step(_clock(day, chance.randint(8, 20), chance.randint(0, 59)), name, spent)
    for likely, least, most, operation, purpose, payer in _INCOMES:
        name = f"{key}/{day}/{operation}"
        chance = _chance(name)
        if chance.random() < likely:
            got = paid_in(key, chance.randint(least, most), operation, operation, purpose, payer)
            yield Step(_clock(day, chance.randint(8, 20), chance.randint(0, 59)), name, got)
    chance = _chance(f"{key}/{day}/friend")
    if person.friends and chance.random() < 0.05:
        gift = sent(key, chance.choice(person.friends), chance.randint(8, 75), chance.choice(_TREATS))
        yield Step(_clock(day, chance.randint(9, 22), chance.randint(0, 59)), f"{key}/{day}/friend", gift)


def _incidents(end: datetime) -> list[Step]:
    """What makes the demo bank worth a look: refusals, a frozen account, an overdraft in use, a closed account."""

    def step(days_before: float, name: str, making: Making) -> Step:
        return Step(end - timedelta(days=days_before), f"incident/{name}", making)

    bicycle = too_much("alan", "Racing bicycle", _CARD, "Shopping", "Velo Bombe")
    stolen = too_late("kurt", 250, _CASH, "Cash machine Station")
    ferry = paid_out("ada-travel", 180, "Rail pass", _CARD, "Travel", "Tokaido Rail")
    return [
        step(150, "overdraft", overdraft("alan", _OVERDRAFT_EUROS)),
        step(120, "hedy frozen", freeze("hedy", "Card lost")),
        step(116, "hedy unfrozen", unfreeze("hedy", "Card replaced")),
        step(60, "george moves", sent_all("george-old", "george", "Moving my savings")),
        step(59.9, "george closes", close("george-old", "No longer needed")),
        step(45, "rail pass", ferry),
        step(12, "kurt frozen", freeze("kurt", "Card reported stolen")),
        step(11.5, "kurt refused", stolen),
        step(6, "alan refused", bicycle),
        step(0.01, "alan overdrawn", down_to("alan", -380, "Repair of the cipher machine", "Enigma Repairs")),
    ]


def _clock(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def _chance(name: str) -> Random:
    """The chance of one step: a generator of its own, so that no step depends on those before it."""
    return Random(f"{SEED}/{name}")  # noqa: S311 - a demo wants the same every time
