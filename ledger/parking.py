"""Parked events: what a projection could not apply, and every later event of that stream, until somebody decides."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from ledger.checkpoints import error_text, open_parked_streams
from ledger.connections import Cursor, transaction
from ledger.locks import lock, shard_of
from ledger.projections import AsyncProjection
from ledger.reading import Undecoded, read_positions

BEHIND = "waits behind an earlier event of its stream"


class Parked(msgspec.Struct, frozen=True):
    """A parked event and what became of it (`resolution`: None, applied, discarded)."""

    projection: str
    position: int
    stream_id: UUID
    error: str
    parked_at: datetime
    resolution: str | None
    reason: str | None
    resolved_by: str | None
    resolved_at: datetime | None


def divide(
    cur: Cursor, projection: AsyncProjection, events: Sequence[Undecoded]
) -> tuple[list[Undecoded], list[Undecoded]]:
    """(the events that can be applied, those whose stream waits already and that are to be parked as well)."""
    waiting = open_parked_streams(cur, projection.name, list({e.stream_id for e in events}))
    return [e for e in events if e.stream_id not in waiting], [e for e in events if e.stream_id in waiting]


def park(cur: Cursor, projection: AsyncProjection, events: Sequence[Undecoded], error: str) -> None:
    """Put events aside, with what was wrong."""
    for event in events:
        cur.execute(
            "insert into ledger_parked (projection, position, stream_id, error) values (%s, %s, %s, %s)"
            " on conflict do nothing",
            (projection.name, event.position, event.stream_id, error),
        )


def parked(projection: str | None = None, *, unresolved: bool = True) -> list[Parked]:
    """Parked events in book order."""
    with transaction() as cur:
        cur.execute(
            "select projection, position, stream_id, error, parked_at, resolution, reason, resolved_by, resolved_at"
            " from ledger_parked where (%(p)s::text is null or projection = %(p)s)"
            " and (not %(open)s or resolution is null) order by projection, position",
            {"p": projection, "open": unresolved},
        )
        return [Parked(*row) for row in cur.fetchall()]


def retry(projection: AsyncProjection, stream_id: UUID, *, by: str) -> int:
    """Apply a stream's parked events, in order, up to the first that still fails (its error is kept); how many were."""
    done = 0
    with transaction() as cur:
        lock(cur, f"projection:{projection.name}:{shard_of(cur, stream_id, projection.shards)}")
        cur.execute(
            "select position from ledger_parked where projection = %s and stream_id = %s and resolution is null"
            " order by position",
            (projection.name, stream_id),
        )
        positions = [row[0] for row in cur.fetchall()]
        for event in read_positions(cur, positions, also_unreadable=projection.also_unreadable):
            assert event.position is not None, "sealed events have a position"
            try:
                with cur.connection.transaction():
                    projection.apply(cur, [event])
            except Exception as error:  # noqa: BLE001 - recorded with the event, as by the runner
                cur.execute(
                    "update ledger_parked set error = %s where projection = %s and position = %s",
                    (error_text(error), projection.name, event.position),
                )
                break
            _resolve(cur, projection.name, event.position, "applied", "retried", by)
            done += 1
    return done


def discard(projection: AsyncProjection, position: int, *, by: str, reason: str) -> bool:
    """Give up on one parked event, for a reason that is kept; whether it was there to be given up."""
    if not reason.strip():
        raise ValueError("discarding an event needs a reason")
    with transaction() as cur:
        return _resolve(cur, projection.name, position, "discarded", reason, by)


def _resolve(cur: Cursor, projection: str, position: int, resolution: str, reason: str, by: str) -> bool:
    cur.execute(
        "update ledger_parked set resolution = %s, reason = %s, resolved_by = %s, resolved_at = now()"
        " where projection = %s and position = %s and resolution is null",
        (resolution, reason, by, projection, position),
    )
    return cur.rowcount == 1
