"""The runner of async projections: claims, reads sealed events after the checkpoint, applies, moves the checkpoint.

All in one transaction: whatever kills it, the rows and the checkpoint stay together, so each event counts exactly once.
"""

import logging
from dataclasses import dataclass

from ledger.connections import transaction
from ledger.locks import try_lock
from ledger.projections import AsyncProjection, async_projections
from ledger.reading import read_sealed
from ledger.sealing import seal_all

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one turn did. `busy`: another worker has the projection. `more`: the batch was full, there may be more."""

    count: int
    position: int
    busy: bool = False
    more: bool = False


def advance_once(projection: AsyncProjection) -> Advanced:
    """Apply one batch of a projection. An error of the projection undoes the batch and is raised."""
    with transaction() as cur:
        if not try_lock(cur, f"projection:{projection.name}"):
            return Advanced(0, 0, busy=True)
        row = cur.execute("select position from ledger_checkpoint where projection = %s", (projection.name,)).fetchone()
        position = row[0] if row else 0
        events = read_sealed(cur, after=position, limit=projection.batch_size)
        if not events:
            return Advanced(0, position)
        projection.apply(cur, events)
        last = events[-1].position
        assert last is not None
        cur.execute(
            "insert into ledger_checkpoint (projection, position) values (%s, %s)"
            " on conflict (projection) do update set position = excluded.position, updated_at = now()",
            (projection.name, last),
        )
        return Advanced(len(events), last, more=len(events) == projection.batch_size)


def advance(projection: AsyncProjection) -> Advanced:
    """Apply batches until the projection has read the whole sealed book (or another worker has it)."""
    total = 0
    while True:
        turn = advance_once(projection)
        total += turn.count
        if turn.busy or not turn.more:
            return Advanced(total, turn.position, busy=turn.busy)


def drain() -> bool:
    """Seal everything committed and bring every async projection up to the head; safe beside workers.

    Returns whether some of it was busy elsewhere. A projection that fails is logged and does not hold up the others;
    the first error is raised in the end.
    """
    busy = seal_all().busy
    failure: Exception | None = None
    for projection in async_projections():
        try:
            busy = advance(projection).busy or busy
        except Exception as error:
            logger.exception("projection %s failed", projection.name)
            failure = failure or error
    if failure:
        raise failure
    return busy
