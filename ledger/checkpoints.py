"""Checkpoints: how far each shard of an async projection has read, and how it fares."""

import traceback
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from ledger.connections import Cursor, transaction
from ledger.projections import AsyncProjection

MAX_FAILURES: Final = 3
_ERROR_LENGTH: Final = 8_000

_COLUMNS = (
    "projection, rebuilding, shard, position, applied, status, failures, retry_at, error, error_position,"
    " events_per_second, updated_at, made_by"
)


class Checkpoint(msgspec.Struct, frozen=True):
    """A row of ledger_checkpoint. `position`: every sealed event of this shard up to there is applied (or parked).

    `made_by`, of a rebuild: what its rows are made by.
    """

    projection: str
    rebuilding: bool
    shard: int
    position: int
    applied: int
    status: str
    failures: int
    retry_at: datetime | None
    error: str | None
    error_position: int | None
    events_per_second: float
    updated_at: datetime
    made_by: str | None


def read(cur: Cursor, projection: str, *, rebuilding: bool = False) -> list[Checkpoint]:
    """The checkpoints of a projection's shards, in order of shard."""
    cur.execute(
        f"select {_COLUMNS} from ledger_checkpoint where projection = %s and rebuilding = %s order by shard",
        (projection, rebuilding),
    )
    return [Checkpoint(*row) for row in cur.fetchall()]


def read_all(cur: Cursor) -> list[Checkpoint]:
    """The checkpoints of all shards of all projections."""
    cur.execute(f"select {_COLUMNS} from ledger_checkpoint where not rebuilding")
    return [Checkpoint(*row) for row in cur.fetchall()]


def of_shards(cur: Cursor, projection: AsyncProjection) -> list[Checkpoint]:
    """The checkpoints of all shards, in order; made where there are none yet.

    Where the code says another number than there are, `ledger.shards` divides the streams anew.
    """
    found = read(cur, projection.name)
    if not found:
        # All at once: how many there are says how the streams are divided.
        cur.execute(
            "insert into ledger_checkpoint (projection, shard) select %s, generate_series(0, %s::int - 1)"
            " on conflict do nothing",
            (projection.name, projection.shards),
        )
        found = read(cur, projection.name)
    return found


def move(cur: Cursor, checkpoint: Checkpoint, position: int, applied: int, seconds: float) -> None:
    """Read up to `position`, without an error; the rate is a moving average over batches."""
    rate = applied / max(seconds, 1e-6)
    average = rate if not checkpoint.events_per_second else 0.7 * checkpoint.events_per_second + 0.3 * rate
    cur.execute(
        "update ledger_checkpoint set position = %s, applied = applied + %s, events_per_second = %s, failures = 0,"
        " retry_at = null, error = null, error_position = null, updated_at = now()"
        " where projection = %s and rebuilding = %s and shard = %s",
        (position, applied, average, checkpoint.projection, checkpoint.rebuilding, checkpoint.shard),
    )


def stumble(cur: Cursor, checkpoint: Checkpoint, position: int, applied: int, error: Exception, *, pause: bool) -> None:
    """Read up to `position`; the event behind it failed. Try again after a pause that grows, or pause for good."""
    failures = 1 if checkpoint.error_position != position + 1 else checkpoint.failures + 1
    paused = pause and failures >= MAX_FAILURES
    cur.execute(
        # Somebody may have paused it meanwhile: that stands.
        "update ledger_checkpoint set position = %s, applied = applied + %s, failures = %s,"
        " status = case when %s then 'paused' else status end,"
        " retry_at = now() + make_interval(secs => %s), error = %s, error_position = %s, updated_at = now()"
        " where projection = %s and rebuilding = %s and shard = %s",
        (
            position,
            applied,
            failures,
            paused,
            0.25 * 4**failures,
            error_text(error),
            position + 1,
            checkpoint.projection,
            checkpoint.rebuilding,
            checkpoint.shard,
        ),
    )


def pause(projection: AsyncProjection) -> None:
    """Stop a projection until it is resumed; the batch that is under way ends first."""
    with transaction() as cur:
        pause_on(cur, projection)


def pause_on(cur: Cursor, projection: AsyncProjection) -> None:
    """The same as a part of one's own transaction."""
    of_shards(cur, projection)
    cur.execute(
        "update ledger_checkpoint set status = 'paused', updated_at = now()"
        " where projection = %s and not rebuilding and status <> 'paused'",
        (projection.name,),
    )


def resume(projection: AsyncProjection) -> None:
    """Let a paused projection go on, from where it stopped."""
    with transaction() as cur:
        resume_on(cur, projection)


def resume_on(cur: Cursor, projection: AsyncProjection) -> None:
    """The same as a part of one's own transaction."""
    cur.execute(
        "update ledger_checkpoint set status = 'running', failures = 0, retry_at = null, updated_at = now()"
        " where projection = %s and not rebuilding",
        (projection.name,),
    )


def error_text(error: Exception) -> str:
    """The traceback, its end where it is too long: the last lines say what was wrong."""
    return "".join(traceback.format_exception(error)).replace("\x00", "")[-_ERROR_LENGTH:]


def open_parked_streams(cur: Cursor, projection: str, stream_ids: list[UUID]) -> set[UUID]:
    """Which of these streams have parked events that nobody has resolved."""
    cur.execute(
        "select distinct stream_id from ledger_parked"
        " where projection = %s and resolution is null and stream_id = any(%s)",
        (projection, stream_ids),
    )
    return {row[0] for row in cur.fetchall()}
