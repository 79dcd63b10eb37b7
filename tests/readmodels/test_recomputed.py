"""Every report equals, row for row, an independent recomputation from the events: of random and of made-up banks."""

import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.account_commands import CloseAccount, FreezeAccount, UnfreezeAccount
from accounts.customer import ErasePersonalData
from accounts.handler import handle_all
from ledger.ids import new_id
from ledger.rebuilding import rebuild
from ledger.runner import drain
from readmodels import (
    activity,
    average_balances,
    balance_distribution,
    cash_position,
    daily_flows,
    dormant_accounts,
    general_ledger,
    growth,
    largest_movements,
)
from tests.chance import a_seed, chances
from tests.readmodels.comparing import check_every_report
from tests.readmodels.recomputed import Recomputed
from tests.steps import BY, deposit, open_for, register, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = datetime(2024, 9, 20, tzinfo=UTC)
DAYS = 560  # two clock changes of each kind
LAST = (FIRST + timedelta(days=DAYS)).date()
CURRENCIES = ("EUR", "EUR", "JPY", "KWD")
LARGE = int(os.environ.get("PASSBOOK_LARGE_EVENTS", "10000"))
REPORTS = [
    daily_flows.PROJECTION,
    cash_position.PROJECTION,
    average_balances.PROJECTION,
    growth.PROJECTION,
    largest_movements.PROJECTION,
    activity.PROJECTION,
    balance_distribution.PROJECTION,
    dormant_accounts.PROJECTION,
    general_ledger.PROJECTION,
]
# Hours at which clocks are changed, ends of days, of the bank's day and of UTC's.
CLOCK_CHANGES = [
    datetime(2024, 10, 27, tzinfo=UTC),
    datetime(2025, 3, 30, tzinfo=UTC),
    datetime(2025, 10, 26, tzinfo=UTC),
]


class Life:
    """Random lives of some customers and accounts: every movement may be told late."""

    def __init__(self, chance: random.Random, accounts: int) -> None:
        self.chance = chance
        self.customers: list[UUID] = []
        self.accounts: list[tuple[UUID, str]] = []
        for _ in range(accounts):
            self._come()

    def moment(self) -> datetime:
        """Any moment, some of them around midnight and around changes of the clock."""
        day = self.chance.choice([*CLOCK_CHANGES, FIRST + timedelta(days=self.chance.randrange(DAYS))])
        seconds = self.chance.choice([0, 3599, 3600, 7199, 79_200, 82_800, 86_399, self.chance.randrange(86_400)])
        return day + timedelta(seconds=seconds, microseconds=self.chance.choice([0, 1, 999_999]))

    def _come(self) -> None:
        customer = register()
        currency = self.chance.choice(CURRENCIES)
        opened = open_for(customer.customer_id, currency=currency, overdraft_limit_minor=self.chance.choice([0, 5_000]))
        handle_all([customer, opened], by=BY)
        self.customers.append(customer.customer_id)
        self.accounts.append((opened.account_id, currency))

    def go_on(self, count: int) -> None:
        """`count` commands, in batches of random size; many are refused. Somebody comes, and somebody leaves."""
        self._come()
        gone = open_for(self.customers[0], at=self.moment())
        handle_all([gone, CloseAccount(account_id=gone.account_id, command_id=new_id(), at=self.moment())], by=BY)
        commands = [self._command() for _ in range(count)]
        while commands:
            size = self.chance.choice([1, 7, 60])
            handle_all(commands[:size], by=BY)
            commands = commands[size:]

    def _command(self) -> Any:
        account_id, currency = self.chance.choice(self.accounts)
        other_id = self.chance.choice(self.accounts)[0]
        minor = self.chance.choice([1, 99, 100, 999, 1_000, 25_000, self.chance.randrange(1, 200_000)])
        when: dict[str, Any] = {"at": self.moment()}
        envelope: dict[str, Any] = {"account_id": account_id, "command_id": new_id(), **when}
        ways: list[Any] = [
            lambda: deposit(account_id, minor, currency, **when),
            lambda: withdraw(account_id, minor, currency, **when),
            lambda: transfer(account_id, other_id, minor, currency, **when),
            lambda: FreezeAccount(**envelope),
            lambda: UnfreezeAccount(**envelope),
            lambda: CloseAccount(**envelope),
            lambda: ErasePersonalData(customer_id=self.chance.choice(self.customers), command_id=new_id(), **when),
        ]
        return self.chance.choices(ways, weights=[9, 7, 9, 1, 2, 0.6, 0.1])[0]()


def test_after_every_stretch_of_a_random_life_every_report_is_what_the_events_say() -> None:
    life = Life(chances(a_seed())("life"), accounts=9)
    for _ in range(4):
        life.go_on(220)
        drain()
        check_every_report(to_date=LAST)
    true = Recomputed()
    assert len(true.flows) > 50
    assert true.closed
    assert len(true.bands()) > 1
    assert len(true.hours) > 20


def test_every_report_built_anew_is_what_the_events_say() -> None:
    Life(chances(a_seed())("anew"), accounts=6).go_on(250)
    drain()
    for projection in REPORTS:
        assert rebuild(projection.name).switched
    check_every_report(to_date=LAST)


def test_the_demo_bank_s_reports_are_what_its_events_say(settings: Any) -> None:
    settings.DEMO = True
    call_command("seed_demo")
    drain()
    true = check_every_report(to_date=timezone.now().date() + timedelta(days=1))
    assert len(true.flows) > 100


@pytest.mark.timeout(300 + LARGE / 200)
def test_a_large_bank_s_reports_are_what_its_events_say() -> None:
    """Of 10,000 events; with PASSBOOK_LARGE_EVENTS=1000000 of a million, in some minutes."""
    call_command("seed_large", "--events", str(LARGE))
    drain()
    true = check_every_report(to_date=timezone.now().date() + timedelta(days=1))
    assert len(true.large) > LARGE // 2


@pytest.mark.skipif("PASSBOOK_PKDD99" not in os.environ, reason="PASSBOOK_PKDD99 names no folder with the data set")
def test_a_real_bank_s_reports_are_what_its_events_say() -> None:
    """Of what docs/pkdd99.md imports, all of it."""
    call_command("import_pkdd99", os.environ["PASSBOOK_PKDD99"])
    drain()
    true = check_every_report(to_date=timezone.now().date())
    assert true.large
