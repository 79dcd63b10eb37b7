"""The runner: each sealed event reaches each async projection exactly once and in order, whatever fails in between."""

import threading
import time
from collections.abc import Callable, Sequence

import psycopg
import pytest
from django.db import connection

from ledger import checkpoints, parking
from ledger.connections import Cursor
from ledger.errors import StoreUnavailable
from ledger.ids import new_id
from ledger.projections import AsyncProjection, OnError
from ledger.records import RecordedEvent
from ledger.runner import Advanced, advance, advance_once, drain
from ledger.sealing import seal_all
from tests.ledger.book import check_the_book, write
from tests.ledger.seen import checkpoint, each_stream_in_order, forget_the_pause, positions_seen, seen_events

pytestmark = pytest.mark.django_db(transaction=True)


def failing_on(*reasons: str) -> Callable[[Cursor, Sequence[RecordedEvent]], None]:
    """Fails as long as a batch has an event of one of these reasons."""

    def fail(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        for event in events:
            if event.data.reason in reasons:
                raise ValueError(f"cannot read {event.data.reason}")

    return fail


# --- exactly once, in order


def test_every_sealed_event_is_applied_once_and_in_the_order_of_the_book() -> None:
    write(count=5)
    with seen_events() as projection:
        seal_all()
        assert advance_once(projection) == Advanced(5, 5)
        assert advance_once(projection) == Advanced(0, 5)
        assert positions_seen() == [1, 2, 3, 4, 5]
        assert checkpoint()["position"] == 5


def test_what_is_not_sealed_is_not_applied() -> None:
    write(count=3)
    with seen_events() as projection:
        assert advance(projection).count == 0
        assert positions_seen() == []


@pytest.mark.parametrize(("events", "turns"), [(3, [3]), (4, [4, 0]), (5, [4, 1]), (9, [4, 4, 1])])
def test_batches_end_where_they_are_full(events: int, turns: list[int]) -> None:
    write(count=events)
    seal_all()
    with seen_events(batch_size=4) as projection:
        for count in turns:
            turn = advance_once(projection)
            assert (turn.count, turn.more) == (count, count == 4)
        assert positions_seen() == list(range(1, events + 1))


def test_advancing_takes_batch_after_batch_up_to_the_head() -> None:
    write(count=10)
    seal_all()
    with seen_events(batch_size=3) as projection:
        assert advance(projection) == Advanced(10, 10)
        assert positions_seen() == list(range(1, 11))


def test_a_projection_gets_only_the_types_that_it_wants_and_moves_past_the_others() -> None:
    write(count=4)
    seal_all()
    with seen_events(types=frozenset({"DepositMade"})) as projection:
        assert advance(projection) == Advanced(0, 4)
        assert (positions_seen(), checkpoint()["position"]) == ([], 4)


def test_a_projection_that_comes_later_reads_the_book_from_its_beginning() -> None:
    write(count=3)
    drain()
    with seen_events():
        drain()
        assert positions_seen() == [1, 2, 3]


def test_a_worker_that_dies_between_applying_and_committing_leaves_nothing_and_the_next_does_it_once() -> None:
    write(count=3)
    seal_all()
    deaths = iter([True, False])

    def die(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        if next(deaths):
            cur.execute("insert into test_seen (position) values (99)")
            with connection.cursor() as other:
                other.execute("select pg_terminate_backend(%s)", (cur.connection.info.backend_pid,))

    with seen_events(before=die) as projection:
        with pytest.raises((StoreUnavailable, psycopg.OperationalError)):
            advance_once(projection)
        assert positions_seen() == []
        assert checkpoint().get("position", 0) == 0
        assert advance_once(projection) == Advanced(3, 3)
        assert positions_seen() == [1, 2, 3]


def test_a_second_worker_leaves_a_shard_that_somebody_has() -> None:
    write(count=3)
    seal_all()
    entered, leave = threading.Event(), threading.Event()

    def hold(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        entered.set()
        assert leave.wait(10)

    with seen_events(before=hold) as projection:
        worker = threading.Thread(target=advance_once, args=(projection,))
        worker.start()
        assert entered.wait(10)
        assert advance_once(projection) == Advanced(0, 0, busy=True)
        assert advance(projection).busy
        leave.set()
        worker.join(10)
        assert positions_seen() == [1, 2, 3]
        assert advance_once(projection) == Advanced(0, 3)


def test_four_workers_beside_a_writer_apply_everything_once_and_in_order() -> None:
    stop = threading.Event()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.is_set():
                drain()
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            errors.append(error)

    with seen_events(batch_size=7) as projection:
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        streams = [new_id() for _ in range(5)]
        for n in range(300):
            write(streams[n % 5], 1, after=n // 5)
        time.sleep(0.2)
        stop.set()
        for worker in workers:
            worker.join(20)
        assert not errors
        seal_all()
        advance(projection)
        assert positions_seen() == list(range(1, 301))
    assert check_the_book() == 300


def test_shards_share_the_work_and_keep_each_streams_order() -> None:
    streams = [new_id() for _ in range(12)]
    for n in range(60):
        write(streams[n % 12], 1, after=n // 12)
    seal_all()
    with seen_events(shards=3, batch_size=7) as projection:
        counts = [advance(projection, shard).count for shard in (2, 0, 1)]
        assert sum(counts) == 60
        assert sorted(positions_seen()) == list(range(1, 61))
        assert each_stream_in_order()


# --- what fails


def test_a_projection_that_fails_does_not_hold_up_the_others() -> None:
    write(count=3)
    with seen_events("test_bad", before=failing_on("event 1")), seen_events("test_good"):
        drain()
        assert positions_seen("test_bad") == []
        assert positions_seen("test_good") == [1, 2, 3]


def test_an_event_that_fails_is_isolated_and_everything_before_it_is_applied() -> None:
    write(count=10)
    seal_all()
    with seen_events(before=failing_on("event 7")) as projection:
        advance(projection)
        assert positions_seen() == [1, 2, 3, 4, 5, 6]
        state = checkpoint()
        assert (state["position"], state["error_position"], state["failures"]) == (6, 7, 1)
        assert "cannot read event 7" in state["error"]
        assert state["retry_at"] is not None


def test_it_is_tried_again_only_after_a_pause() -> None:
    write(count=2)
    seal_all()
    with seen_events(before=failing_on("event 2")) as projection:
        advance(projection)
        assert advance(projection) == Advanced(0, 1)
        assert checkpoint()["failures"] == 1, "not tried again at once"
        forget_the_pause()
        advance(projection)
        assert checkpoint()["failures"] == 2


def test_after_some_tries_a_projection_of_money_is_paused_and_shows_the_event_and_the_error() -> None:
    write(count=3)
    seal_all()
    with seen_events(before=failing_on("event 2")) as projection:
        for _ in range(checkpoints.MAX_FAILURES + 2):
            advance(projection)
            forget_the_pause()
        state = checkpoint()
        assert (state["status"], state["position"], state["error_position"]) == ("paused", 1, 2)
        assert "cannot read event 2" in state["error"]
        assert state["failures"] == checkpoints.MAX_FAILURES
        assert positions_seen() == [1]


def test_after_the_fix_a_paused_projection_goes_on_where_it_stopped() -> None:
    write(count=3)
    seal_all()
    with seen_events(before=failing_on("event 2")) as projection:
        for _ in range(checkpoints.MAX_FAILURES):
            advance(projection)
            forget_the_pause()
    # The same table and checkpoint under repaired code.
    with seen_events() as repaired:
        advance(repaired)
        assert positions_seen() == [], "still paused"
        checkpoints.resume(repaired)
        assert advance(repaired) == Advanced(2, 3)
        assert positions_seen() == [2, 3]
        state = checkpoint()
        assert (state["status"], state["error"], state["failures"]) == ("running", None, 0)


def test_an_error_that_passes_by_itself_leaves_no_trace_once_it_has() -> None:
    write(count=3)
    seal_all()
    fails = iter([True] + [False] * 50)

    def fail(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        if any(event.position == 2 for event in events) and len(events) == 1 and next(fails):
            raise ValueError("not now")
        if any(event.position == 2 for event in events) and len(events) > 1 and not checkpoint():
            raise ValueError("not now")

    with seen_events(before=fail) as projection:
        advance(projection)
        forget_the_pause()
        advance(projection)
        assert positions_seen() == [1, 2, 3]
        assert checkpoint()["error"] is None


def test_trouble_of_the_database_is_not_blamed_on_an_event() -> None:
    write(count=2)
    seal_all()

    def lock_up(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        raise psycopg.errors.DeadlockDetected

    with seen_events(before=lock_up) as projection:
        with pytest.raises(psycopg.errors.DeadlockDetected):
            advance(projection)
        assert checkpoint().get("error") is None
        assert checkpoint().get("position", 0) == 0


def test_a_pause_that_somebody_ordered_lasts_until_it_is_lifted() -> None:
    write(count=2)
    seal_all()
    with seen_events() as projection:
        checkpoints.pause(projection)
        assert advance(projection) == Advanced(0, 0)
        drain()
        assert positions_seen() == []
        checkpoints.resume(projection)
        drain()
        assert positions_seen() == [1, 2]


def test_a_pause_that_was_ordered_while_an_event_failed_stands() -> None:
    def pause_and_fail(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        checkpoints.pause(projection)
        raise ValueError("cannot read")

    with seen_events(before=pause_and_fail) as projection:
        advance(projection)  # there is nothing to read: its checkpoint is made
        write(count=1)
        seal_all()
        advance(projection)
        assert (checkpoint()["status"], checkpoint()["error_position"]) == ("paused", 1)


# --- parking


def stumble_until_parked(projection: AsyncProjection) -> None:
    for _ in range(3 * checkpoints.MAX_FAILURES):
        advance(projection)
        forget_the_pause()


def test_a_cosmetic_projection_parks_the_event_and_every_later_one_of_its_stream_and_goes_on() -> None:
    bad = write(count=3)  # positions 1 to 3
    write(count=2)  # 4, 5
    seal_all()
    with seen_events(before=failing_on("event 2"), on_error=OnError.PARK) as projection:
        stumble_until_parked(projection)
        # "event 2" of the second stream fails as well: both streams wait, the rest is applied.
        assert positions_seen() == [1, 4]
        assert [(p.position, p.stream_id == bad) for p in parking.parked("test_seen")] == [
            (2, True),
            (3, True),
            (5, False),
        ]
        assert checkpoint()["position"] == 5
        assert "cannot read" in parking.parked("test_seen")[0].error


def test_parked_events_are_applied_in_order_once_the_code_is_right() -> None:
    bad = write(count=3)
    seal_all()
    with seen_events(before=failing_on("event 2"), on_error=OnError.PARK) as projection:
        stumble_until_parked(projection)
        assert parking.retry(projection, bad, by="user:1") == 0
        assert positions_seen() == [1]
    with seen_events(on_error=OnError.PARK) as repaired:
        assert parking.retry(repaired, bad, by="user:1") == 2
        assert positions_seen() == [2, 3]
        assert parking.parked("test_seen") == []
        assert parking.retry(repaired, bad, by="user:1") == 0
        write(bad, 1, after=3)
        drain()
        assert positions_seen() == [2, 3, 4]


def test_a_parked_event_is_given_up_for_a_reason_that_is_kept() -> None:
    bad = write(count=3)
    seal_all()
    with seen_events(before=failing_on("event 2"), on_error=OnError.PARK) as projection:
        stumble_until_parked(projection)
        with pytest.raises(ValueError, match="reason"):
            parking.discard(projection, 2, by="user:1", reason="  ")
        assert parking.discard(projection, 2, by="user:1", reason="a test's own event")
        assert not parking.discard(projection, 2, by="user:1", reason="again")
        assert parking.retry(projection, bad, by="user:1") == 1
        assert positions_seen() == [1, 3]
        kept = parking.parked("test_seen", unresolved=False)[0]
        assert (kept.position, kept.resolution, kept.reason) == (2, "discarded", "a test's own event")


def test_an_event_that_was_parked_and_retried_while_another_stream_stumbled_is_not_applied_twice() -> None:
    first = write(count=1)  # 1
    seal_all()
    with seen_events(before=failing_on("event 1"), on_error=OnError.PARK) as projection:
        stumble_until_parked(projection)
        assert [p.position for p in parking.parked("test_seen")] == [1]
        write(count=1)  # 2, of another stream: fails, and is not parked yet
        write(first, 1, after=1)  # 3, behind the parked one
        seal_all()
        advance(projection)
    with seen_events(on_error=OnError.PARK) as repaired:
        parking.retry(repaired, first, by="user:1")
        forget_the_pause()
        drain()
        assert sorted(positions_seen()) == [1, 2, 3]
