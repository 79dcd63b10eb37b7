"""The runner of async projections: claims, reads sealed events after the checkpoint, applies, moves the checkpoint.

All in one transaction: whatever kills it, the rows and the checkpoint stay together, so each event counts exactly once.
An event that fails is isolated by halving the batch, tried again after growing pauses, and then stops the projection
(`OnError.PAUSE`) or is parked with every later event of its stream (`OnError.PARK`): never skipped in silence.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from ledger import checkpoints, observing, parking
from ledger.connections import Cursor, transaction
from ledger.locks import try_lock
from ledger.projections import AsyncProjection, OnError, async_projections
from ledger.reading import head_position_of, read_sealed
from ledger.records import RecordedEvent
from ledger.sealing import seal_all

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one turn did. `busy`: another worker has the shard. `more`: there may be more to do at once."""

    count: int
    position: int
    busy: bool = False
    more: bool = False


def claim_of(projection: str, shard: int) -> str:
    """The name of the advisory lock that whoever advances a shard holds."""
    return f"projection:{projection}:{shard}"


def advance_once(projection: AsyncProjection, shard: int = 0) -> Advanced:
    """Apply one batch of one shard. What the projection raises is recorded with the checkpoint, not raised."""
    began = time.perf_counter()
    turn = _advance(projection, shard)
    if turn.count:
        observing.applied(projection.name, turn.count, time.perf_counter() - began)
    return turn


def _advance(projection: AsyncProjection, shard: int) -> Advanced:
    started = time.monotonic()
    with transaction() as cur:
        if not try_lock(cur, claim_of(projection.name, shard)):
            return Advanced(0, 0, busy=True)
        checkpoint = checkpoints.of_shard(cur, projection.name, shard)
        if checkpoint.status == "paused" or _waits(checkpoint):
            return Advanced(0, checkpoint.position)
        upper = min(checkpoint.position + projection.batch_size, head_position_of(cur))
        if upper == checkpoint.position:
            return Advanced(0, upper)
        events = read_sealed(
            cur,
            after=checkpoint.position,
            to=upper,
            shard=shard,
            shards=projection.shards,
            types=projection.types,
            also_unreadable=projection.also_unreadable,
        )
        parks = projection.on_error is OnError.PARK
        wanted, behind = parking.divide(cur, projection, events) if parks else (events, [])
        applied, error = _apply(cur, projection, wanted)
        if error is None:
            parking.park(cur, projection, behind, parking.BEHIND)
            checkpoints.move(cur, checkpoint, upper, len(events), time.monotonic() - started)
            return Advanced(len(events), upper, more=upper == checkpoint.position + projection.batch_size)
        reached = _stumble(cur, projection, checkpoint, wanted, applied, error)
        # No further than the checkpoint: what lies behind it is read, and divided, again.
        passed = [e for e in behind if e.position is not None and e.position <= reached.position]
        parking.park(cur, projection, passed, parking.BEHIND)
        return reached


def advance(projection: AsyncProjection, shard: int = 0) -> Advanced:
    """Apply batches until the shard has read the whole sealed book, stumbles, or is busy elsewhere."""
    total = 0
    while True:
        turn = advance_once(projection, shard)
        total += turn.count
        if turn.busy or not turn.more:
            return Advanced(total, turn.position, busy=turn.busy)


def drain() -> bool:
    """Seal everything committed and bring every async projection up to the head; safe beside workers.

    Returns whether some of it was busy elsewhere. A projection that fails does not hold up the others.
    """
    busy = seal_all().busy
    for projection in async_projections():
        for shard in range(projection.shards):
            busy = advance(projection, shard).busy or busy
    return busy


def _waits(checkpoint: checkpoints.Checkpoint) -> bool:
    return checkpoint.retry_at is not None and checkpoint.retry_at > datetime.now(UTC)


def _apply(cur: Cursor, projection: AsyncProjection, events: Sequence[RecordedEvent]) -> tuple[int, Exception | None]:
    """(how many of the first events are applied, the error of the next). A batch that fails is halved down to one."""
    if not events:
        return 0, None
    try:
        with cur.connection.transaction():
            projection.apply(cur, events)
    except psycopg.OperationalError:
        raise  # the database's trouble (a lost connection, a deadlock), not the event's
    except Exception as error:  # noqa: BLE001 - whatever a projection raises is recorded with the event that caused it
        if len(events) == 1:
            return 0, error
        half = len(events) // 2
        applied, failure = _apply(cur, projection, events[:half])
        if failure is not None:
            return applied, failure
        applied, failure = _apply(cur, projection, events[half:])
        return half + applied, failure
    return len(events), None


def _stumble(
    cur: Cursor,
    projection: AsyncProjection,
    checkpoint: checkpoints.Checkpoint,
    events: Sequence[RecordedEvent],
    applied: int,
    error: Exception,
) -> Advanced:
    culprit = events[applied]
    assert culprit.position is not None, "sealed events have a position"
    observing.stumbled(projection.name)
    logger.error("projection %s failed at position %s", projection.name, culprit.position, exc_info=error)
    pauses = projection.on_error is OnError.PAUSE
    tried = checkpoint.failures + 1 if checkpoint.error_position == culprit.position else 1
    if not pauses and tried >= checkpoints.MAX_FAILURES:
        parking.park(cur, projection, [culprit], checkpoints.error_text(error))
        checkpoints.move(cur, checkpoint, culprit.position, applied, 0.001)
        return Advanced(applied, culprit.position, more=True)
    checkpoints.stumble(cur, checkpoint, culprit.position - 1, applied, error, pause=pauses)
    return Advanced(applied, culprit.position - 1)
