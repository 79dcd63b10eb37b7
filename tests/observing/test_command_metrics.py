"""What is counted of commands, seen as Prometheus sees it: over HTTP, from the running application."""

import threading
import time
from collections.abc import Callable

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.carrying_out import carry_out
from accounts.group_commit import GroupCommit
from accounts.handler import handle, handle_all
from accounts.refusals import InsufficientFunds
from ledger import observing
from ledger.errors import StoreBusy, StoreUnavailable
from ledger.ids import new_id
from ledger.observing import Hindrance, Observer
from ledger.store import Batch
from tests.observing.scrapes import Scrape, scrape
from tests.steps import BY, an_account, deposit, do, withdraw

pytestmark = [pytest.mark.django_db(transaction=True)]

Look = Callable[[], Scrape]
MOST_MICROSECONDS = 15.0


@pytest.fixture
def look(live_server: LiveServer) -> Look:
    """A scrape of the application that runs."""
    return lambda: scrape(live_server.url.removeprefix("http://"))


def test_an_accepted_command_is_counted_with_its_event_its_batch_and_its_time(look: Look) -> None:
    account_id = an_account()
    before = look()
    do(deposit(account_id, 5_00))
    after = look()
    accepted = {"type": "Deposit", "outcome": "accepted", "refusal": "", "channel": BY.channel}
    assert after.since(before, "passbook_commands_total", **accepted) == 1
    assert after.since(before, "passbook_events_total", type="DepositMade") == 1
    assert after.since(before, "passbook_append_commands_count") == 1
    assert after.since(before, "passbook_append_commands_bucket", le="1.0") == 1
    assert after.since(before, "passbook_append_seconds_count") == 1
    assert 0 < after.since(before, "passbook_append_seconds_sum") < 5


def test_a_refused_command_is_counted_with_its_code_and_no_event(look: Look) -> None:
    account_id = an_account(5_00)
    before = look()
    with pytest.raises(InsufficientFunds):
        do(withdraw(account_id, 6_00))
    after = look()
    refused = {"type": "Withdraw", "outcome": "refused", "refusal": "insufficient_funds", "channel": BY.channel}
    assert after.since(before, "passbook_commands_total", **refused) == 1
    assert after.since(before, "passbook_events_total", type="WithdrawalMade") == 0


def test_a_batch_is_one_append_of_its_size(look: Look) -> None:
    account_id = an_account()
    before = look()
    handle_all([deposit(account_id, 1) for _ in range(30)], by=BY)
    after = look()
    assert after.since(before, "passbook_append_commands_count") == 1
    assert after.since(before, "passbook_append_commands_sum") == 30
    assert after.since(before, "passbook_append_commands_bucket", le="20.0") == 0
    assert after.since(before, "passbook_append_commands_bucket", le="50.0") == 1
    assert after.since(before, "passbook_events_total", type="DepositMade") == 30


def test_a_command_that_comes_again_counts_once_and_as_one_that_existed(look: Look) -> None:
    command = deposit(an_account(), 1)
    before = look()
    do(command)
    do(command)
    after = look()
    accepted = {"type": "Deposit", "outcome": "accepted", "refusal": "", "channel": BY.channel}
    assert after.since(before, "passbook_commands_total", **accepted) == 1
    assert after.since(before, "passbook_append_hindrances_total", reason="command_exists") == 1


def test_lost_races_are_counted(look: Look) -> None:
    account_id = an_account()
    before = look()
    deadline = time.monotonic() + 20

    def race() -> None:
        for _ in range(10):
            handle_all([deposit(account_id, 1)], by=BY)

    while look().since(before, "passbook_append_hindrances_total", reason="versions_moved") == 0:
        assert time.monotonic() < deadline
        racers = [threading.Thread(target=race) for _ in range(4)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()


def test_a_command_that_is_turned_away_is_counted(look: Look) -> None:
    before = look()
    with pytest.raises(StoreBusy):
        GroupCommit(carry_out, max_waiting=0).submit(None)  # type: ignore[arg-type] # nobody looks at it
    assert look().since(before, "passbook_append_hindrances_total", reason="store_busy") == 1


def test_a_store_that_is_away_is_counted_and_the_scrape_says_so(look: Look, database_away: None) -> None:
    before = look()
    with pytest.raises(StoreUnavailable):
        handle(deposit(new_id(), 1), by=BY)
    after = look()
    assert after.since(before, "passbook_append_hindrances_total", reason="store_unavailable") == 1
    assert after.value("passbook_database_up") == 0
    assert after.value("passbook_ledger_head_position") is None


def test_every_hindrance_has_a_series_before_the_first_happens(look: Look) -> None:
    listed = {labels["reason"] for labels in look().labels_of("passbook_append_hindrances_total")}
    assert listed == {why.value for why in Hindrance}


def test_counting_costs_a_single_command_less_than_fifteen_microseconds() -> None:
    batches: list[Batch] = []

    class Keeping(Observer):
        def appended(self, batch: Batch, seconds: float) -> None:
            batches.append(batch)

    keeping = Keeping()
    account_id = an_account()
    observing.observe(keeping)
    try:
        do(deposit(account_id, 1))
        handle_all([deposit(account_id, 1) for _ in range(1_000)], by=BY)
    finally:
        observing.forget(keeping)
    single, many = batches
    assert microseconds_of(lambda: observing.appended(single, 0.001)) < MOST_MICROSECONDS
    assert microseconds_of(lambda: observing.appended(many, 0.001)) / 1_000 < 1


def microseconds_of(act: Callable[[], None]) -> float:
    """The best of several runs, in this thread's own time: what else the machine does is not meant."""
    best = float("inf")
    for _ in range(20):
        began = time.thread_time()
        for _ in range(100):
            act()
        best = min(best, (time.thread_time() - began) / 100 * 1e6)
    return best


def test_an_observer_that_fails_harms_no_command(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Observer):
        def appended(self, batch: Batch, seconds: float) -> None:
            raise OSError("the disk is full")

    failing = Failing()
    observing.observe(failing)
    try:
        assert do(deposit(an_account(), 1)).accepted
    finally:
        observing.forget(failing)
    assert "the observer Failing failed" in caplog.text
