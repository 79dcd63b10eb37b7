"""A projection that notes each event that it is given, with nothing in its table that would hide a second time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from ledger.connections import Cursor
from ledger.projections import AsyncProjection, register, unregister
from ledger.records import RecordedEvent

Before = Callable[[Cursor, Sequence[RecordedEvent]], None]


def do_nothing(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
    """What happens before the events are noted, unless a test says otherwise."""


@contextmanager
def seen_events(name: str = "test_seen", *, before: Before = do_nothing, **options: Any) -> Iterator[AsyncProjection]:
    """The projection, registered, with a table of its own, for the block."""

    def apply(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        before(cur, events)
        cur.executemany(
            f"insert into {name} (position, stream_id, stream_position) values (%s, %s, %s)",
            [(event.position, event.stream_id, event.stream_position) for event in events],
        )

    projection = AsyncProjection(name=name, description="For a test.", apply=apply, tables=(name,), **options)
    with connection.cursor() as cursor:
        cursor.execute(f"create table {name} (n bigserial, position bigint, stream_id uuid, stream_position integer)")
        cursor.execute(f"grant all on {name} to passbook_worker; grant all on sequence {name}_n_seq to passbook_worker")
    register(projection)
    try:
        yield projection
    finally:
        unregister(name)
        with connection.cursor() as cursor:
            cursor.execute(f"drop table {name}")


def positions_seen(name: str = "test_seen") -> list[int]:
    """The positions of the events that it was given, in the order in which they were noted."""
    with connection.cursor() as cursor:
        cursor.execute(f"select position from {name} order by n")
        return [row[0] for row in cursor.fetchall()]


def each_stream_in_order(name: str = "test_seen") -> bool:
    """Whether no event was noted before an earlier one of its stream."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from (select stream_position <= lag(stream_position)"
            f" over (partition by stream_id order by n) as wrong from {name}) steps where wrong"
        )
        return bool(cursor.fetchone()[0] == 0)


def checkpoint(name: str = "test_seen") -> dict[str, Any]:
    """The checkpoint of the projection's only shard; empty where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select position, status, failures, retry_at, error, error_position from ledger_checkpoint"
            " where projection = %s and not rebuilding",
            [name],
        )
        row = cursor.fetchone()
    names = ("position", "status", "failures", "retry_at", "error", "error_position")
    return dict(zip(names, row, strict=True)) if row else {}


def forget_the_pause(name: str = "test_seen") -> None:
    """As if the time until the next try had gone by."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update ledger_checkpoint set retry_at = now() - interval '1 second' where projection = %s", [name]
        )
