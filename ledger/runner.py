"""The runner of async projections: claims, reads sealed events after the checkpoint, applies, moves the checkpoint.

All in one transaction for each shard of a projection: whatever kills it, the rows and the checkpoint stay together, so
each event counts exactly once. Projections that stand at the same place share one reading of the next batch, and each
event is decoded once for all of them.
An event that fails is isolated by halving the batch, tried again after growing pauses, and then stops the projection
(`OnError.PAUSE`) or is parked with every later event of its stream (`OnError.PARK`): never skipped in silence.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg

from ledger import checkpoints, observing, parking
from ledger.batches import Reading
from ledger.connections import Cursor, cursor, transaction
from ledger.errors import LedgerError, StoreUnavailable
from ledger.locks import try_lock
from ledger.projections import AsyncProjection, OnError, async_projections
from ledger.reading import Undecoded, head_position_of
from ledger.sealing import seal_all
from ledger.shards import claim_of, division_of

logger = logging.getLogger(__name__)

_BUSY_PAUSE_SECONDS: Final = 0.02
_BUSY_TRIES: Final = 100

Shard = tuple[AsyncProjection, int]


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one turn did. `busy`: another worker has the shard. `more`: there may be more to do at once."""

    count: int
    position: int
    busy: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllAdvanced:
    """What became of all shards together. `busy`: another worker has some. `more`: the time was up."""

    count: int
    busy: bool = False
    more: bool = False


def advance_once(projection: AsyncProjection, shard: int = 0) -> Advanced:
    """Apply one batch of one shard. What the projection raises is recorded with the checkpoint, not raised."""
    return _turn(projection, shard, Reading())


def advance(projection: AsyncProjection, shard: int = 0) -> Advanced:
    """Apply batches until the shard has read the whole sealed book, stumbles, or is busy elsewhere."""
    total = 0
    while True:
        turn = advance_once(projection, shard)
        total += turn.count
        if turn.busy or not turn.more:
            return Advanced(total, turn.position, busy=turn.busy)


def advance_all(
    *,
    seconds: float | None = None,
    backwards: bool = False,
    only: Collection[str] | None = None,
    on_backlog: Callable[[], object] | None = None,
) -> AllAdvanced:
    """Bring every shard of every async projection (or of `only` those of these names) up to the head of the sealed
    book, batch by batch, side by side.

    Several may do so at once: each shard's batch is applied by whoever claims it first, so a second one had best go
    `backwards`. `on_backlog` is called once, where there is more than a batch to do; `seconds` bounds the whole.
    A projection that fails does not hold up the others; trouble of the database is raised when all had their turn.
    """
    until = None if seconds is None else time.monotonic() + seconds
    rounds, total, tries = _Rounds(backwards=backwards, only=only), 0, 0
    while True:
        done = rounds.next()
        total += done.count
        if done.more and on_backlog is not None:
            on_backlog()
            on_backlog = None
        is_late = until is not None and time.monotonic() > until
        if is_late or not (done.more or (done.busy and tries < _BUSY_TRIES)):
            break
        if not done.more:
            # Whoever has it may have looked just before what this one was sent for.
            tries += 1
            time.sleep(_BUSY_PAUSE_SECONDS)
    rounds.raise_trouble()
    return AllAdvanced(count=total, busy=done.busy, more=done.more or (is_late and done.busy))


def drain() -> bool:
    """Seal everything committed and bring every async projection up to the head; safe beside workers.

    Returns whether some of it was busy elsewhere. A projection that fails does not hold up the others.
    """
    sealing_is_busy = seal_all().busy
    rounds = _Rounds()
    while (done := rounds.next()).more:
        pass
    rounds.raise_trouble()
    return done.busy or sealing_is_busy


class _Rounds:
    """Rounds in which each shard that is behind gets one batch; who stands at the same place, one after the other."""

    def __init__(self, *, backwards: bool = False, only: Collection[str] | None = None) -> None:
        self._backwards, self._only = backwards, only
        self._reading = Reading()
        self._trouble: dict[tuple[str, int], Exception] = {}

    def next(self) -> AllAdvanced:
        """One round. A shard with which the database had trouble is left alone from then on."""
        with cursor() as cur:
            head = head_position_of(cur)
            due = [one for one in _due(cur, head) if self._only is None or one[0].name in self._only]
        count, busy, more = 0, False, False
        for projection, shard in reversed(due) if self._backwards else due:
            if (projection.name, shard) in self._trouble:
                continue
            try:
                turn = _turn(projection, shard, self._reading, head)
            except StoreUnavailable:
                raise
            except (psycopg.OperationalError, LedgerError) as error:
                self._trouble[projection.name, shard] = error
            else:
                count, busy, more = count + turn.count, busy or turn.busy, more or turn.more
        return AllAdvanced(count=count, busy=busy, more=more)

    def raise_trouble(self) -> None:
        """Raise the first of what the database had trouble with."""
        for error in self._trouble.values():
            raise error


def _due(cur: Cursor, head: int) -> list[Shard]:
    """The shards that are behind `head` and neither paused nor waiting, in the order of where they stand."""
    known = {(c.projection, c.shard): c for c in checkpoints.read_all(cur)}
    there_are = Counter(name for name, _ in known)
    due = []
    for projection in async_projections():
        # Also those that the code knows no longer: they have to meet the others first.
        for shard in range(max(projection.shards, there_are[projection.name])):
            checkpoint = known.get((projection.name, shard))
            position = checkpoint.position if checkpoint else 0
            if position < head and not (checkpoint and _rests(checkpoint)):
                due.append((position, projection, shard))
    due.sort(key=lambda one: one[0])
    return [(projection, shard) for _, projection, shard in due]


def _turn(projection: AsyncProjection, shard: int, reading: Reading, head: int | None = None) -> Advanced:
    """The shard's next batch, up to `head` at most; the head as it is now, if it is not said."""
    began = time.perf_counter()
    with transaction() as cur:
        if not try_lock(cur, claim_of(projection.name, shard)):
            return Advanced(0, 0, busy=True)
        turn = _advance(cur, projection, shard, reading, head_position_of(cur) if head is None else head)
    if turn.count:
        observing.applied(projection.name, turn.count, time.perf_counter() - began)
    return turn


def _advance(cur: Cursor, projection: AsyncProjection, shard: int, reading: Reading, head: int) -> Advanced:
    started = time.monotonic()
    division = division_of(cur, projection, head)
    projection, head = division.projection, division.head
    if shard >= projection.shards:
        return Advanced(0, 0)
    checkpoint = division.checkpoints[shard]
    # Batches end at the same places for everybody: who came later, or stumbled, is soon in step with the others.
    full = (checkpoint.position // projection.batch_size + 1) * projection.batch_size
    upper = min(full, head)
    if _rests(checkpoint) or upper <= checkpoint.position:
        return Advanced(0, checkpoint.position)
    events = reading.between(cur, projection, shard, checkpoint.position, upper)
    parks = projection.on_error is OnError.PARK
    wanted, behind = parking.divide(cur, projection, events) if parks else (events, [])
    applied, error = _apply(cur, (projection, shard), reading, wanted)
    if error is None:
        parking.park(cur, projection, behind, parking.BEHIND)
        checkpoints.move(cur, checkpoint, upper, len(events), time.monotonic() - started)
        return Advanced(len(events), upper, more=upper == full or division.is_meeting)
    reached = _stumble(cur, projection, checkpoint, wanted, applied, error)
    # No further than the checkpoint: what lies behind it is read, and divided, again.
    parking.park(cur, projection, [e for e in behind if e.position <= reached.position], parking.BEHIND)
    return reached


def _rests(checkpoint: checkpoints.Checkpoint) -> bool:
    waits = checkpoint.retry_at is not None and checkpoint.retry_at > datetime.now(UTC)
    return checkpoint.status == "paused" or waits


def _apply(cur: Cursor, shard: Shard, reading: Reading, events: Sequence[Undecoded]) -> tuple[int, Exception | None]:
    """(how many of the first events are applied, the error of the next). A batch that fails is halved down to one."""
    if not events:
        return 0, None
    try:
        decoded = reading.decoded(*shard, events)
        with cur.connection.transaction():
            shard[0].apply(cur, decoded)
    except psycopg.OperationalError:
        raise  # the database's trouble (a lost connection, a deadlock), not the event's
    except Exception as error:  # noqa: BLE001 - whatever a projection raises is recorded with the event that caused it
        if len(events) == 1:
            return 0, error
        half = len(events) // 2
        applied, failure = _apply(cur, shard, reading, events[:half])
        if failure is not None:
            return applied, failure
        applied, failure = _apply(cur, shard, reading, events[half:])
        return half + applied, failure
    return len(events), None


def _stumble(
    cur: Cursor,
    projection: AsyncProjection,
    checkpoint: checkpoints.Checkpoint,
    events: Sequence[Undecoded],
    applied: int,
    error: Exception,
) -> Advanced:
    culprit = events[applied]
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
