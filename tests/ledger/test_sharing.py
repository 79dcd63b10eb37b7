"""Projections that stand at the same place share one reading of a batch, and nothing else: no error, no transaction."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from django.db import connection

from ledger import checkpoints
from ledger.batches import Events, shared
from ledger.connections import Cursor
from ledger.errors import UnknownEvent
from ledger.ids import new_id
from ledger.records import RecordedEvent
from ledger.runner import advance, advance_all, drain
from ledger.sealing import seal_all
from tests.ledger.book import write
from tests.ledger.seen import checkpoint, each_stream_in_order, forget_the_pause, positions_seen, seen_events

pytestmark = pytest.mark.django_db(transaction=True)

Before = Callable[[Cursor, Sequence[RecordedEvent]], None]


def noting(given: list[Sequence[RecordedEvent]]) -> Before:
    """Notes the very object that it is given."""

    def note(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        given.append(events)

    return note


def raising(error: Exception, position: int = 2) -> Before:
    """Fails as long as a batch has the event at this position."""

    def fail(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        if any(event.position == position for event in events):
            raise error

    return fail


def test_those_at_the_same_place_get_the_very_same_events() -> None:
    given: list[Sequence[RecordedEvent]] = []
    write(count=3)
    with seen_events("test_one", before=noting(given)), seen_events("test_two", before=noting(given)):
        drain()
        assert len(given) == 2
        assert given[0] is given[1]
        assert positions_seen("test_one") == positions_seen("test_two") == [1, 2, 3]


def test_those_who_want_other_types_get_other_events_of_the_same_reading() -> None:
    given: list[Sequence[RecordedEvent]] = []
    write(count=3)
    wanted = {"types": frozenset({"AccountFrozen"})}
    with seen_events("test_one", before=noting(given)), seen_events("test_two", before=noting(given), **wanted):
        drain()
        assert given[0] is not given[1]
        assert all(one is other for one, other in zip(*given, strict=True)), "each event is decoded once"


def test_what_several_make_of_a_batch_is_made_once() -> None:
    made: list[int] = []

    def make(events: Sequence[RecordedEvent]) -> int:
        made.append(len(events))
        return len(events)

    def use(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        assert shared(events, make) == len(events)

    write(count=3)
    with seen_events("test_one", before=use), seen_events("test_two", before=use):
        drain()
    assert made == [3]
    assert [shared(events, make) for events in (list[RecordedEvent](), Events())] == [0, 0]


def test_who_comes_later_is_in_step_after_a_batch() -> None:
    given: list[Sequence[RecordedEvent]] = []
    write(count=3)
    with seen_events("test_one", before=noting(given), batch_size=4) as first:
        seal_all()
        advance(first)
        write(count=7)
        seal_all()
        with seen_events("test_two", before=noting(given), batch_size=4):
            advance_all()
            assert positions_seen("test_one") == positions_seen("test_two") == list(range(1, 11))
        assert given[-1] is given[-2]
        assert [len(events) for events in given] == [3, 4, 1, 4, 4, 2, 2]


def test_one_of_them_alone_is_brought_up_with_one_reading_for_all_its_shards() -> None:
    given: list[Sequence[RecordedEvent]] = []
    write(count=6)
    seal_all()
    with seen_events("test_one", before=noting(given), shards=2), seen_events("test_two"):
        assert advance_all(only=["test_one"]).count == 6
        assert sorted(positions_seen("test_one")) == [1, 2, 3, 4, 5, 6]
        assert positions_seen("test_two") == []


def test_an_error_stops_the_one_and_not_the_others_who_read_the_same() -> None:
    write(count=5)
    with (
        seen_events("test_one"),
        seen_events("test_bad", before=raising(ValueError("cannot read"))),
        seen_events("test_two"),
    ):
        for _ in range(checkpoints.MAX_FAILURES):
            drain()
            forget_the_pause("test_bad")
        assert positions_seen("test_one") == positions_seen("test_two") == [1, 2, 3, 4, 5]
        assert positions_seen("test_bad") == [1]
        assert (checkpoint("test_bad")["status"], checkpoint("test_bad")["error_position"]) == ("paused", 2)
        assert checkpoint("test_one")["error"] is checkpoint("test_two")["error"] is None
    with seen_events("test_one"), seen_events("test_bad") as repaired:
        checkpoints.resume(repaired)
        write(count=1)
        drain()
        assert positions_seen("test_bad") == [2, 3, 4, 5, 6], "after the fix it goes on where it stopped"


def test_an_event_that_cannot_be_decoded_stops_only_those_who_want_it() -> None:
    write(count=1)
    an_event_of_a_type_that_nobody_knows()
    write(count=1)
    with seen_events("test_all"), seen_events("test_some", types=frozenset({"AccountFrozen"})):
        drain()
        assert positions_seen("test_some") == [1, 3]
        assert positions_seen("test_all") == [1]
        assert (checkpoint("test_all")["error_position"], checkpoint("test_all")["position"]) == (2, 1)
        assert UnknownEvent.__name__ in checkpoint("test_all")["error"]


def an_event_of_a_type_that_nobody_knows() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)"
            " values (%s, 1, %s, 'NeverHeardOf', 1, '{}', '{}')",
            [new_id(), new_id()],
        )


def test_trouble_of_the_database_with_one_is_raised_when_all_the_others_are_at_the_head() -> None:
    write(count=9)
    seal_all()
    with (
        seen_events("test_bad", before=raising(psycopg.errors.DeadlockDetected()), batch_size=4),
        seen_events("test_good", batch_size=4),
    ):
        with pytest.raises(psycopg.errors.DeadlockDetected):
            advance_all()
        assert positions_seen("test_good") == list(range(1, 10))
        assert (positions_seen("test_bad"), checkpoint("test_bad").get("position", 0)) == ([], 0)


@pytest.mark.parametrize("options", [{}, {"shards": 3}])
def test_two_workers_from_both_ends_apply_everything_once_and_in_order(options: dict[str, Any]) -> None:
    streams = [new_id() for _ in range(6)]
    for n in range(120):
        write(streams[n % 6], 1, after=n // 6)
    seal_all()
    names = [f"test_{n}" for n in range(5)]
    errors: list[BaseException] = []

    def work(*, backwards: bool) -> None:
        try:
            advance_all(backwards=backwards)
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            errors.append(error)

    with ExitStack() as stack:
        for name in names:
            stack.enter_context(seen_events(name, batch_size=7, **options))
        workers = [threading.Thread(target=work, kwargs={"backwards": n == 1}) for n in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)
        assert not errors
        for name in names:
            assert sorted(positions_seen(name)) == list(range(1, 121))
            assert each_stream_in_order(name)


def test_a_turn_that_is_bounded_says_that_there_is_more_and_asks_for_help_once() -> None:
    write(count=20)
    seal_all()
    asked: list[str] = []

    def dawdle(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        time.sleep(0.05)

    with seen_events(before=dawdle, batch_size=2):
        done = advance_all(seconds=0.12, on_backlog=lambda: asked.append("help"))
        assert done.more
        assert 0 < len(positions_seen()) < 20
        done = advance_all(seconds=60)
        assert (done.more, positions_seen()) == (False, list(range(1, 21)))
    assert asked == ["help"]


def test_who_is_busy_elsewhere_is_waited_for_and_not_left_behind() -> None:
    write(count=3)
    seal_all()
    entered, leave = threading.Event(), threading.Event()

    def hold(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        if not entered.is_set():
            entered.set()
            assert leave.wait(10)
            raise ValueError("not this time")

    with seen_events(before=hold) as projection:
        worker = threading.Thread(target=advance, args=(projection,))
        worker.start()
        assert entered.wait(10)
        other = threading.Thread(target=advance_all)
        other.start()
        leave.set()
        worker.join(10)
        other.join(10)
        forget_the_pause()
        advance_all()
        assert positions_seen() == [1, 2, 3]
