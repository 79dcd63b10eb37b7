"""Parked events: what a projection could not apply, and every later event of that stream, until somebody decides."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import psycopg

from ledger.checkpoints import error_text, open_parked_streams
from ledger.connections import Cursor, cursor, transaction
from ledger.locks import lock, shard_of
from ledger.projections import AsyncProjection, async_projections
from ledger.reading import Undecoded, read_undecoded_at

BEHIND = "waits behind an earlier event of its stream"


class Parked(msgspec.Struct, frozen=True):
    """A parked event and what became of it (`resolution`: None, applied, discarded).

    `retry_at`: since when a worker is asked, by `retry_by`, to apply it again.
    """

    projection: str
    position: int
    stream_id: UUID
    error: str
    parked_at: datetime
    resolution: str | None
    reason: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    retry_by: str | None
    retry_at: datetime | None


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


def parked(
    projection: str | None = None, *, unresolved: bool = True, after: int = 0, limit: int | None = None
) -> list[Parked]:
    """Parked events in book order; up to `limit` behind the position `after`."""
    with transaction() as cur:
        cur.execute(
            "select projection, position, stream_id, error, parked_at, resolution, reason, resolved_by, resolved_at,"
            " retry_by, retry_at"
            " from ledger_parked where (%(p)s::text is null or projection = %(p)s)"
            " and (not %(open)s or resolution is null) and position > %(after)s order by projection, position"
            " limit %(limit)s",
            {"p": projection, "open": unresolved, "after": after, "limit": limit},
        )
        return [Parked(*row) for row in cur.fetchall()]


def discarded(cur: Cursor, projection: str, after: int, to: int) -> set[int]:
    """The positions behind `after`, up to and with `to`, that somebody gave up: a rebuild leaves them out as well."""
    cur.execute(
        "select position from ledger_parked"
        " where projection = %s and position > %s and position <= %s and resolution = 'discarded'",
        (projection, after, to),
    )
    return {row[0] for row in cur.fetchall()}


def ask_for_retry(cur: Cursor, projection: str, position: int | None, *, by: str) -> bool:
    """Have a worker apply again what is parked: of the stream of the event at `position`, or of every stream.

    False where nothing is parked there. Asked for twice is asked for once.
    """
    cur.execute(
        "update ledger_parked set retry_by = %(by)s, retry_at = now()"
        " where projection = %(p)s and resolution is null and (%(at)s::bigint is null or stream_id = ("
        " select stream_id from ledger_parked where projection = %(p)s and position = %(at)s and resolution is null))",
        {"p": projection, "at": position, "by": by},
    )
    return cur.rowcount > 0


def retry_requested() -> None:
    """Try what somebody asked for, stream by stream; a try that fails ends the request, and its error is kept."""
    known = {projection.name: projection for projection in async_projections()}
    with cursor() as cur:
        cur.execute(
            "select projection, stream_id, min(retry_by), max(retry_at) from ledger_parked"
            " where retry_at is not null and resolution is null and projection = any(%s)"
            " group by projection, stream_id order by min(position)",
            (list(known),),
        )
        wanted = cur.fetchall()
    for name, stream_id, by, asked_at in wanted:
        retry(known[name], stream_id, by=by)
        with cursor() as cur:
            cur.execute(
                "update ledger_parked set retry_by = null, retry_at = null"
                " where projection = %s and stream_id = %s and resolution is null and retry_at <= %s",
                (name, stream_id, asked_at),
            )


def retry(projection: AsyncProjection, stream_id: UUID, *, by: str) -> int:
    """Apply a stream's parked events, in order, up to the first that still fails (its error is kept); how many were."""
    done = 0
    with transaction() as cur:
        lock(cur, f"projection:{projection.name}:{shard_of(cur, stream_id, projection.shards)}")
        cur.execute(
            # Locked: whoever gives one of them up meanwhile waits, and finds what became of it.
            "select position from ledger_parked where projection = %s and stream_id = %s and resolution is null"
            " order by position for update",
            (projection.name, stream_id),
        )
        positions = [row[0] for row in cur.fetchall()]
        for event in read_undecoded_at(cur, positions):
            try:
                decoded = event.decoded(also_unreadable=projection.also_unreadable)
                with cur.connection.transaction():
                    projection.apply(cur, [decoded])
            except psycopg.OperationalError:
                raise  # the database's trouble, not the event's
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
    with transaction() as cur:
        return discard_on(cur, projection.name, position, by=by, reason=reason)


def discard_on(cur: Cursor, projection: str, position: int, *, by: str, reason: str) -> bool:
    """The same as a part of one's own transaction."""
    if not reason.strip():
        raise ValueError("discarding an event needs a reason")
    return _resolve(cur, projection, position, "discarded", reason, by)


def _resolve(cur: Cursor, projection: str, position: int, resolution: str, reason: str, by: str) -> bool:
    cur.execute(
        "update ledger_parked set resolution = %s, reason = %s, resolved_by = %s, resolved_at = now()"
        " where projection = %s and position = %s and resolution is null",
        (resolution, reason, by, projection, position),
    )
    return cur.rowcount == 1
