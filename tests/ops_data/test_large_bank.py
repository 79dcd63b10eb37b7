"""manage.py seed_large: a large bank, the same every time, whole however often it was stopped."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.customer import RegisterCustomer
from accounts.handler import Actor, handle, handle_all
from bank.ops.large_bank import EVENTS_EACH, HISTORY, LargeBank, fill, plan
from ledger import models
from ledger.ids import new_id
from readmodels.event_search import EventSearchRow

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
THREE = 3 * EVENTS_EACH


def test_the_plan_is_the_same_for_the_same_beginning_and_spreads_over_its_years() -> None:
    bank = LargeBank(events=THREE, begin=NOW - HISTORY)
    commands = [command for batch in range(bank.batches) for command in bank.commands(batch)]
    assert commands == [command for batch in range(bank.batches) for command in bank.commands(batch)]
    assert len({command.command_id for command in commands}) == len(commands) == 3_000
    assert all(a.at <= b.at for a, b in pairwise(commands))
    assert commands[0].at == NOW - HISTORY
    assert NOW - timedelta(days=1) < commands[-1].at <= NOW


@pytest.mark.django_db(transaction=True)
class TestFilling:
    def test_it_makes_as_many_events_as_were_asked_for_and_brings_the_reports_up(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("seed_large", "--events", "2000")
        assert "is made" in capsys.readouterr().out
        assert models.Entry.objects.count() == EventSearchRow.objects.count() == 2 * EVENTS_EACH
        refusals = Counter(models.Command.objects.filter(outcome="refused").values_list("refusal", flat=True))
        assert refusals == {"insufficient_funds": 30}
        call_command("seed_large", "--events", "2000")
        assert "nothing to do" in capsys.readouterr().out
        assert models.Event.objects.count() == 2 * EVENTS_EACH

    def test_stopped_between_batches_it_goes_on_with_the_history_that_it_began_with(self) -> None:
        begun = plan(THREE, NOW)
        handle_all(begun.commands(0), by=Actor(id="system:salaries", channel="batch"))
        later = plan(THREE, NOW + timedelta(days=3))
        assert later == begun
        seen: list[tuple[int, int]] = []
        assert fill(later, progress=lambda done, total: seen.append((done, total))) == 2
        assert seen == [(2 * EVENTS_EACH, THREE), (THREE, THREE)]
        assert models.Event.objects.count() == THREE
        assert fill(plan(THREE, NOW)) == 0

    def test_a_bank_with_other_events_is_left_alone_unless_told(self) -> None:
        command = RegisterCustomer(command_id=new_id(), at=timezone.now(), customer_id=new_id(), name="Real Person")
        handle(command, by=Actor(id="user:1", channel="web"))
        with pytest.raises(CommandError, match="not empty"):
            call_command("seed_large", "--events", "10")
        assert models.Event.objects.count() == 1
        call_command("seed_large", "--events", "10", "--beside-others")
        assert models.Event.objects.count() == 1 + EVENTS_EACH

    @pytest.mark.parametrize("number", ["0", "-5", "x", "1e6", "100000001"])
    def test_a_number_that_is_none_is_refused(self, number: str) -> None:
        with pytest.raises(CommandError, match="no number of events"):
            call_command("seed_large", f"--events={number}")
