"""manage.py seed_demo: the same bank every time, whole however often it was stopped, and only where it is wanted."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.account import Status
from accounts.aggregates import AGGREGATES, COMMANDS
from accounts.command import Command
from accounts.customer import RegisterCustomer
from accounts.handler import Actor, handle, handle_all
from accounts.refusals import Refused
from bank.identity.models import User
from bank.ops.demo.people import PEOPLE
from bank.ops.demo.plan import HISTORY, plan
from bank.ops.demo.seed import ACTOR, CUSTOMERS, PASSWORD, STAFF, Seeded, seed
from bank.ops.demo.steps import account_id, customer_id
from ledger import models
from ledger.ids import new_id
from readmodels import balances, customers
from readmodels.daily_flows import DailyFlow
from tests.ops_data.processes import manage, run, stop_when

BEGIN = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def carry_out(commands: list[Command]) -> tuple[dict[UUID, Any], list[str]]:
    """The states after the deciders were asked in memory, and the refusals' codes."""
    states: dict[UUID, Any] = {}
    refusals = []
    for command in commands:
        try:
            decision = COMMANDS[type(command)].decide(command, lambda _, stream_id: states.get(stream_id))
            for category, stream_id, events in decision:
                for event in events:
                    states[stream_id] = AGGREGATES[category].evolve(states.get(stream_id), event, stream_id)
        except Refused as refused:
            refusals.append(refused.code)
    return states, refusals


def test_the_plan_is_the_same_for_the_same_beginning() -> None:
    assert plan(BEGIN) == plan(BEGIN)


def test_a_day_keeps_its_chances_whenever_the_history_began() -> None:
    earlier, later = ({c.command_id for c in plan(begin)} for begin in (BEGIN, BEGIN + timedelta(days=1)))
    assert len(earlier & later) > 0.9 * len(earlier)


# Month ends, leap days, turns of the year: salaries, rents and bills fall differently each time.
@pytest.mark.parametrize("days", range(0, 400, 23))
def test_whenever_it_begins_the_bank_refuses_just_what_the_demo_wants_refused(days: int) -> None:
    begin = datetime(2027, 8, 1, tzinfo=UTC) + timedelta(days=days, minutes=67 * days)
    commands = plan(begin)
    states, refusals = carry_out(commands)
    assert refusals == ["account_frozen", "insufficient_funds"]
    assert len({command.command_id for command in commands}) == len(commands) > 1_500
    assert all(a.at <= b.at for a, b in pairwise(commands))
    assert begin == commands[0].at < commands[-1].at == begin + HISTORY

    accounts = {a.key: states[account_id(a.key)] for person in PEOPLE for a in person.accounts}
    assert -1_000_00 <= accounts["alan"].balance_minor < 0
    assert {key for key, account in accounts.items() if account.balance_minor < 0} == {"alan"}
    assert accounts["kurt"].status is Status.FROZEN
    assert accounts["george-old"].status is Status.CLOSED
    assert {account.currency for account in accounts.values()} == {"EUR", "JPY", "KWD", "CZK"}


@pytest.mark.django_db(transaction=True)
class TestSeeding:
    @pytest.fixture(autouse=True)
    def _demo(self, settings: Any) -> None:
        settings.DEMO = True

    def test_it_makes_a_bank_of_a_dozen_customers_with_a_log_in_for_every_role(self) -> None:
        call_command("seed_demo")
        assert len(customers.page(100)) == 12
        assert {row.currency for row in balances.page(100)} == {"EUR", "JPY", "KWD", "CZK"}
        assert DailyFlow.objects.filter(currency="EUR", kind="deposit").count() > 5
        for name in CUSTOMERS:
            user = authenticate(username=name, password=PASSWORD)
            assert isinstance(user, User)
            assert (user.roles, user.customer_id) == (["customer"], customer_id(name))
            assert balances.of_customer(customer_id(name))
        for name, role in STAFF.items():
            user = authenticate(username=name, password=PASSWORD)
            assert isinstance(user, User)
            assert (user.roles, user.is_staff) == ([role], name in {"auditor", "admin"})
        assert set(User.objects.filter(is_superuser=True).values_list("username", flat=True)) == {"admin"}

    def test_a_second_time_does_nothing_not_even_bring_back_a_log_in_that_was_removed(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("seed_demo")
        events = models.Event.objects.count()
        User.objects.filter(username="grace").delete()
        capsys.readouterr()
        call_command("seed_demo")
        assert "nothing to do" in capsys.readouterr().out
        assert models.Event.objects.count() == events
        assert not User.objects.filter(username="grace").exists()

    def test_a_bank_with_other_events_is_left_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        command = RegisterCustomer(command_id=new_id(), at=timezone.now(), customer_id=new_id(), name="Real Person")
        handle(command, by=Actor(id="user:1", channel="web"))
        call_command("seed_demo")
        assert "no demo bank" in capsys.readouterr().out
        assert models.Event.objects.count() == 1
        assert not User.objects.exists()

    def test_stopped_and_completed_days_later_it_keeps_the_history_that_it_began_with(self) -> None:
        now = timezone.now()
        handle_all(plan(now - HISTORY)[:400], by=ACTOR)
        assert seed(now + timedelta(days=3)).seeded is Seeded.MADE
        expected = plan(now - HISTORY)
        assert set(models.Command.objects.values_list("command_id", flat=True)) == {c.command_id for c in expected}
        assert seed(now + timedelta(days=4)).seeded is Seeded.COMPLETE_ALREADY


@pytest.mark.django_db(transaction=True)
def test_outside_the_demo_it_refuses(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="PASSBOOK_DEMO=1"):
        call_command("seed_demo")
    assert not models.Event.objects.exists()
    assert not User.objects.exists()


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_and_run_again_it_is_complete() -> None:
    stop_when(manage("seed_demo", demo=True), lambda: models.Command.objects.count() >= 500)
    there = models.Command.objects.count()
    again = run("seed_demo", demo=True)
    assert again.returncode == 0, again.stderr
    outcomes = Counter(models.Command.objects.values_list("outcome", flat=True))
    assert 500 <= there < outcomes.total()
    assert outcomes["refused"] == 2
    assert "nothing to do" in run("seed_demo", demo=True).stdout
    assert models.Command.objects.count() == outcomes.total()
