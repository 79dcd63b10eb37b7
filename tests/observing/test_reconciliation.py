"""The reconciliation: a bank that agrees says so, and what somebody changed by hand is named exactly."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.customer import ErasePersonalData
from accounts.handler import handle_all
from bank.reconciliation import reading
from bank.reconciliation.breaks import Check
from bank.reconciliation.control import compare_control_account
from bank.reconciliation.models import Break, Run, Walk
from bank.reconciliation.running import reconcile
from bank.reconciliation.streams import look_at, walk
from ledger import checkpoints, connections
from ledger.connections import Cursor
from ledger.ids import new_id
from ledger.locks import try_lock
from ledger.reading import read_unsealed
from ledger.records import RecordedEvent
from ledger.runner import drain
from ledger.sealing import seal_all
from readmodels import balances
from readmodels.general_ledger import PROJECTION
from tests.chance import a_seed, chances
from tests.ledger.owner import tamper
from tests.observing.scrapes import Scrape
from tests.readmodels.histories import live, lives_of_endpoints, three_accounts
from tests.spec import envelope
from tests.steps import BY, a_customer, an_account, deposit, do, transfer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paused() -> Iterator[None]:
    """The general ledger stands still."""
    checkpoints.pause(PROJECTION)
    yield
    checkpoints.resume(PROJECTION)


def run() -> Run:
    found = reconcile()
    assert found is not None
    return found


def found_of(run: Run) -> list[tuple[str, str, str, str, str]]:
    assert run.breaks == Break.objects.filter(gone_at__isnull=True).count()
    return [(b.check_name, b.subject, b.field, b.expected, b.found) for b in reading.open_breaks(100)]


def change_balance(account_id: UUID, by_minor: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update readmodels_account set balance_minor = balance_minor + %s where account_id = %s",
            [by_minor, account_id],
        )


def change_snapshot(stream_id: UUID, **fields: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update ledger_stream set snapshot = snapshot || %s::jsonb where id = %s", [json.dumps(fields), stream_id]
        )


def test_an_empty_bank_agrees() -> None:
    first = run()
    assert (first.figures, first.breaks, first.streams) == ([], 0, 0)
    assert reading.walk().ended_at is not None


def test_a_lively_bank_agrees_wherever_the_workers_are() -> None:
    chance = chances(a_seed())("agree")
    accounts = three_accounts()
    lives_of_endpoints(chance, 20)
    for step in (lambda: None, seal_all, drain, lambda: None, seal_all):
        live(accounts, chance, 60)
        step()
        found = run()
        assert found_of(found) == []
        assert found.figures is not None
        assert {f["currency"] for f in found.figures} == {"EUR", "JPY"}
    drain()
    whole = run()
    assert whole.position == whole.head
    assert whole.streams == count("ledger_stream")
    (euros, yen) = reading.figures_of(whole)
    for figures, minor in ((euros, 2), (yen, 1)):
        assert figures.balances_minor == figures.control_minor != minor
        assert figures.in_transit_minor == 0
        assert figures.debits_minor == figures.credits_minor > 0


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int(cursor.fetchone()[0])


def test_what_the_general_ledger_has_not_read_is_added_sealed_or_not(paused: None) -> None:
    one, two = an_account(100_00), an_account()
    seal_all()
    do(transfer(one, two, 30_00))
    control = compare_control_account()
    assert control.differences() == []
    assert control.figures is not None
    assert (control.position, control.head) == (0, 7)
    assert [(f.balances_minor, f.control_minor, f.in_transit_minor) for f in control.figures] == [(100_00, 100_00, 0)]


def test_too_much_to_add_is_put_off_and_said(paused: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bank.reconciliation.control.TAIL_AT_MOST", 2)
    account_id = an_account(5)
    seal_all()
    change_balance(account_id, 1)
    found = run()
    assert found.figures is None
    # What needs no general ledger is compared all the same.
    assert [b[0] for b in found_of(found)] == [Check.ACCOUNT]
    assert reading.last_comparison() is None


def test_a_balance_changed_by_hand_is_named_with_its_account_and_amounts() -> None:
    one, two = an_account(100_00), an_account(7)
    drain()
    assert found_of(run()) == []
    change_balance(one, 1)
    assert found_of(run()) == [
        (Check.CONTROL, "EUR", "balance_minor", "10007", "10008"),
        (Check.ACCOUNT, str(one), "balance_minor", "10000", "10001"),
    ]
    change_balance(two, -1)  # the sum is right again: each account is looked at all the same
    assert found_of(run()) == [
        (Check.ACCOUNT, str(one), "balance_minor", "10000", "10001"),
        (Check.ACCOUNT, str(two), "balance_minor", "7", "6"),
    ]
    change_balance(one, -1)
    change_balance(two, 1)
    assert found_of(run()) == []
    assert len(reading.past_breaks(10)) == 3
    assert not reading.alarm().is_on


def test_a_break_that_stays_is_one_break() -> None:
    account_id = an_account(5)
    drain()
    change_balance(account_id, 1)
    run()
    since = reading.alarm().since
    change_balance(account_id, 1)
    run()
    alarm = reading.alarm()
    assert (alarm.is_on, alarm.breaks, alarm.since) == (True, 2, since)
    assert {b.found for b in reading.open_breaks(10)} == {"7"}


def test_a_snapshot_changed_by_hand_is_named() -> None:
    account_id = an_account(100)
    drain()
    change_snapshot(account_id, balance_minor=1_000_000)
    assert found_of(run()) == [(Check.SNAPSHOT, str(account_id), "balance_minor", "100", "1000000")]


@pytest.mark.parametrize(
    ("column", "value", "expected", "found"),
    [
        ("overdraft_limit_minor", "999", "0", "999"),
        ("status", "'frozen'", "open", "frozen"),
        ("version", "9", "2", "9"),
        ("held_minor", "5", "0", "5"),
        ("name", "'Somebody else'", "(not shown)", "(not shown)"),
        ("customer_id", f"'{new_id()}'", "(not shown)", "(not shown)"),
    ],
)
def test_every_field_of_an_account_is_compared(column: str, value: str, expected: str, found: str) -> None:
    account_id = an_account(100)
    drain()
    with connection.cursor() as cursor:
        cursor.execute(f"update readmodels_account set {column} = {value} where account_id = %s", [account_id])
    assert found_of(run()) == [(Check.ACCOUNT, str(account_id), column, expected, found)]


def test_an_account_that_is_missing_or_invented_is_named() -> None:
    gone, stays = an_account(100), an_account(1)
    invented = new_id()
    drain()
    with connection.cursor() as cursor:
        cursor.execute("delete from readmodels_account where account_id = %s", [gone])
        cursor.execute(
            "insert into readmodels_account (account_id, iban, balance_minor, customer_id, name, currency, status,"
            " held_minor, overdraft_limit_minor, version, opened_at)"
            " select %s, 'X', 100, customer_id, name, currency, status, 0, 0, 1, opened_at"
            " from readmodels_account where account_id = %s",
            [invented, stays],
        )
    # The sum is right.
    assert found_of(run()) == [
        (Check.ACCOUNT, str(gone), "row", "the account's row", "none"),
        (Check.ACCOUNT, str(invented), "stream", "a stream with its events", "none"),
    ]


def test_an_event_changed_by_hand_is_found_by_what_it_folds_to() -> None:
    account_id = an_account(100)
    drain()
    change = """jsonb_set(data, '{amount_minor}', '90')"""
    tamper(f"update ledger_event set data = {change} where stream_id = %s and stream_position = 2", account_id)
    assert set(found_of(run())) == {
        (check, str(account_id), "balance_minor", "90", "100") for check in (Check.ACCOUNT, Check.SNAPSHOT)
    }


def test_events_that_cannot_be_folded_are_named_and_the_others_looked_at() -> None:
    broken, fine = an_account(100), an_account(5)
    drain()
    tamper("""update ledger_event set data = '{"x": 1}' where stream_id = %s and stream_position = 2""", broken)
    found = run()
    assert found_of(found) == [(Check.SNAPSHOT, str(broken), "events", "events that fold", "UnreadableEvent")]
    change_balance(fine, 1)
    assert {b[1] for b in found_of(run())} == {str(broken), str(fine), "EUR"}


@pytest.mark.parametrize(
    ("account_class", "side", "checks"),
    [
        ("customer_deposits", "credit_minor", [Check.CONTROL, Check.TRIAL]),
        ("cash", "debit_minor", [Check.TRIAL]),
        ("transfers_in_transit", "debit_minor", [Check.TRANSIT, Check.TRIAL]),
    ],
)
def test_a_figure_of_the_general_ledger_changed_by_hand_is_named(
    account_class: str, side: str, checks: list[Check]
) -> None:
    do(transfer(an_account(100), an_account(), 40))
    drain()
    with connection.cursor() as cursor:
        cursor.execute(
            f"update readmodels_general_ledger set {side} = {side} + 1 where account_class = %s", [account_class]
        )
    assert {(b[0], b[1]) for b in found_of(run())} == {(check, "EUR") for check in checks}


def test_the_walk_goes_on_where_it_stopped_and_comes_past_every_stream() -> None:
    accounts = [an_account(1) for _ in range(6)]
    drain()
    change_balance(accounts[-1], 1)
    streams = count("ledger_stream")
    for done in range(1, streams):
        assert run_briefly().streams == 1
        assert (reading.walk().round_streams, reading.walk().ended_at) == (done, None)
    run_briefly()
    place = reading.walk()
    assert (place.ended_streams, place.round_streams, place.after) == (streams, 0, UUID(int=0))
    assert str(accounts[-1]) in {b.subject for b in reading.open_breaks(10)}


def run_briefly() -> Run:
    found = reconcile(walk_seconds=0)
    assert found is not None
    return found


def test_a_stream_with_a_break_is_looked_at_in_each_run_until_it_agrees() -> None:
    first, *_ = [an_account(1) for _ in range(4)]
    drain()
    change_balance(first, 1)
    run()
    Walk.objects.update(after=max(UUID(int=0), first))  # it has been passed in this round
    change_balance(first, -1)
    run_briefly()
    assert not reading.alarm().is_on


def test_a_look_at_chosen_streams_names_what_a_walk_does() -> None:
    account_id = an_account(3)
    change_balance(account_id, 2)
    assert look_at([account_id]).differences == walk(UUID(int=0), 10).differences != []


def test_whoever_comes_second_leaves() -> None:
    with connections.transaction() as cur:
        assert try_lock(cur, "reconciliation")
        assert reconcile() is None
    assert reconcile() is not None
    assert Run.objects.count() == 1


def test_what_breaks_a_run_leaves_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    account_id = an_account(5)
    drain()
    change_balance(account_id, 1)
    with monkeypatch.context() as patch:
        patch.setattr("bank.reconciliation.running._end", killed)
        with pytest.raises(KeyboardInterrupt):
            reconcile()
    assert (Run.objects.count(), Break.objects.count(), Walk.objects.count()) == (0, 0, 0)
    assert run().breaks == 2


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_runs_are_kept_for_a_month_and_those_that_found_something_for_ever() -> None:
    run()
    bad = run()
    Run.objects.update(ended_at=timezone.now() - timedelta(days=31))
    Run.objects.filter(pk=bad.pk).update(breaks=1)
    last = run()
    assert {r.pk for r in reading.runs(10)} == {bad.pk, last.pk}


def test_commands_and_workers_that_go_on_while_it_compares_make_no_break(monkeypatch: pytest.MonkeyPatch) -> None:
    """Money moves, is sealed and gets into the general ledger between two of its statements."""
    one, two = an_account(1_000), an_account()
    happened = []

    def after_something_happened(cur: Cursor) -> list[RecordedEvent]:
        handle_all([deposit(one, 10), transfer(one, two, 5)], by=BY)
        happened.append(drain())
        do(deposit(two, 3))
        return read_unsealed(cur)

    monkeypatch.setattr("bank.reconciliation.control.read_unsealed", after_something_happened)
    for number in range(1, 4):
        found = run()
        assert found_of(found) == []
        assert len(happened) == number
    monkeypatch.undo()
    assert reading.figures_of(run())[0].balances_minor == 1_000 + 3 * 13


def test_the_alarm_is_in_the_metrics_and_the_log(caplog: pytest.LogCaptureFixture) -> None:
    account_id = an_account(5)
    drain()
    assert Scrape.of(Client().get("/metrics").content.decode()).value("passbook_reconciliation_age_seconds") is None
    run()
    found = Scrape.of(Client().get("/metrics").content.decode())
    for check in Check:
        assert found.value("passbook_reconciliation_breaks", check=check.value) == 0
    for name in ("age", "control_age", "round_age"):
        age_seconds = found.value(f"passbook_reconciliation_{name}_seconds")
        assert age_seconds is not None
        assert 0 <= age_seconds < 60
    change_balance(account_id, 1)
    run()
    found = Scrape.of(Client().get("/metrics").content.decode())
    assert found.value("passbook_reconciliation_breaks", check="account") == 1
    assert found.value("passbook_reconciliation_breaks", check="control_account") == 1
    assert f"account of {account_id}: balance_minor is 6, expected 5" in caplog.text


def test_a_run_that_is_late_is_told() -> None:
    assert reading.alarm().is_late
    run()
    assert not reading.alarm().is_late
    Run.objects.update(ended_at=timezone.now() - reading.LATE_AFTER - timedelta(seconds=1))
    assert reading.alarm().is_late


def test_an_erased_customer_agrees() -> None:
    customer_id = a_customer("Ada Lovelace", "ada@example.org")
    do(ErasePersonalData(customer_id=customer_id, reason="asked", **envelope()))
    drain()
    assert found_of(run()) == []
    assert balances.of_customer(customer_id) == []
