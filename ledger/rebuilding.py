"""Rebuilding a projection: a new generation beside the old one, switched in one transaction while the bank goes on.

The new generation's tables stand in the schema `rebuild` under the same names; the projection's own statements write
there because that schema comes first on the search path. A rebuild that was interrupted goes on where it stopped; with
other code or tables by now it begins anew. While commands come it pauses between batches, so that they keep most of the
machine.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from psycopg import errors

from ledger import checkpoints
from ledger.applying import apply, apply_or_name, apply_up_to
from ledger.connections import Cursor, connection
from ledger.errors import LedgerError
from ledger.locks import SEALER, lock
from ledger.projections import AsyncProjection, InlineProjection, LiveProjection, Projection, projection_named
from ledger.reading import head_position_of, read_unsealed
from ledger.recipes import recipe_of
from ledger.sealing import seal_all
from ledger.shards import claim_of

BATCH_SIZE = 10_000
_SWITCH_TRIES = 50
_SWITCH_LOCK_TIMEOUT = "250ms"
# How long a pause is, in times of the batch before it, and from how many events a second on somebody needs it.
_PAUSE = 1.0
_BUSY_EVENTS_PER_SECOND = 10

Progress = Callable[[int, int], None]


class Rebuilt(msgspec.Struct, frozen=True):
    """What a rebuild did. `differences`: rows that only one of the generations has (None unless it was a check)."""

    events: int
    generation: int
    switched: bool
    differences: int | None = None


class TablesChanged(LedgerError):
    """The tables in use are defined otherwise than when the rebuild began."""


class RebuildUnderWay(Exception):
    """Somebody else is rebuilding this projection."""


def is_rebuildable(projection: Projection) -> bool:
    """Whether it has tables to be made anew: what is folded when asked has none, nor have effects, which are once."""
    return not isinstance(projection, LiveProjection) and bool(projection.tables)


def rebuild(name: str, *, check: bool = False, progress: Progress | None = None, restart: bool = False) -> Rebuilt:
    """Build the projection `name` anew from the first event and switch to it; with `check` only compare.

    `progress(position, head)` is called after every batch. `restart` throws an interrupted rebuild away first.
    """
    projection = projection_named(name)
    if not is_rebuildable(projection) or isinstance(projection, LiveProjection):
        raise ValueError(f"{name} has no tables of its own: there is nothing to rebuild")
    with _alone(name), connection() as conn, conn.cursor(binary=True) as cur:
        conn.execute("set search_path = rebuild, public")
        try:
            position = _begin(cur, projection, restart=restart or check)
            position = _catch_up(cur, projection, position, progress)
            return _compare(cur, projection, position) if check else _switch(cur, projection, position)
        finally:
            if not conn.closed and not conn.broken:
                conn.execute("reset search_path")


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One rebuild of a projection at a time, over all processes: a lock on a connection of its own, for as long."""
    with connection() as conn, conn.transaction(), conn.cursor(binary=True) as cur:
        cur.execute("set local lock_timeout = '100ms'")
        try:
            lock(cur, f"rebuild:{name}")
        except errors.LockNotAvailable as error:
            raise RebuildUnderWay(name) from error
        # The last statement, and one without a snapshot: that of a SELECT would be held as long as the lock, and no
        # dead row of the whole database be cleared meanwhile.
        cur.execute("set local idle_in_transaction_session_timeout = 0")
        yield


def _begin(cur: Cursor, projection: AsyncProjection | InlineProjection, *, restart: bool) -> int:
    """Make the tables of the new generation, or find those of a rebuild that was interrupted; the position reached.

    Tables that other code filled, or that are not made like those in use any more, are thrown away.
    """
    with cur.connection.transaction():
        made_by = recipe_of(cur, projection)
        under_way = checkpoints.read(cur, projection.name, rebuilding=True)
        if under_way and not restart and under_way[0].made_by == made_by:
            return under_way[0].position
        cur.execute("select ledger_begin_rebuild(%s)", (list(projection.tables),))
        cur.execute("delete from ledger_checkpoint where projection = %s and rebuilding", (projection.name,))
        cur.execute(
            "insert into ledger_checkpoint (projection, rebuilding, made_by) values (%s, true, %s)",
            (projection.name, made_by),
        )
    return 0


def _catch_up(
    cur: Cursor, projection: AsyncProjection | InlineProjection, position: int, progress: Progress | None
) -> int:
    """Apply batch after batch, each with its checkpoint, until the head of the sealed book is near."""
    drawn = _last_drawn(cur)
    while True:
        started = time.monotonic()
        with cur.connection.transaction():
            head = head_position_of(cur)
            upper = min(position + BATCH_SIZE, head)
            count = apply_or_name(cur, projection, position, upper)
            row = checkpoints.read(cur, projection.name, rebuilding=True)[0]
            checkpoints.move(cur, row, upper, count, time.monotonic() - started)
        position = upper
        if progress is not None:
            progress(position, head)
        if position >= head:
            return position
        drawn = _make_way(cur, drawn, time.monotonic() - started)


def _make_way(cur: Cursor, drawn_before: int, worked_seconds: float) -> int:
    """Pause, if commands came during the batch; the last sequence number drawn by now."""
    drawn = _last_drawn(cur)
    if drawn - drawn_before > _BUSY_EVENTS_PER_SECOND * worked_seconds:
        time.sleep(_PAUSE * worked_seconds)
        drawn = _last_drawn(cur)
    return drawn


def _last_drawn(cur: Cursor) -> int:
    row = cur.execute("select coalesce(pg_sequence_last_value('ledger_event_sequence'), 0)").fetchone()
    assert row is not None
    return int(row[0])


def _switch(cur: Cursor, projection: AsyncProjection | InlineProjection, position: int) -> Rebuilt:
    """Catch up for the last time with every writer held off for a moment, and let the new tables take the old names."""
    if isinstance(projection, InlineProjection):
        # Sealed now, an event is not among those that appends have to wait for.
        seal_all()
        position = _catch_up(cur, projection, position, None)
    for _ in range(_SWITCH_TRIES):
        try:
            with cur.connection.transaction():
                # Rather give up and try again than make appends queue up behind a lock that somebody's long read holds.
                cur.execute(f"set local lock_timeout = '{_SWITCH_LOCK_TIMEOUT}'")
                _hold_off_writers(cur, projection)
                _require_the_same_tables(cur, projection)
                position = _apply_the_rest(cur, projection, position)
                cur.execute("select ledger_end_rebuild(%s, true)", (list(projection.tables),))
                generation = _record(cur, projection, position)
                return Rebuilt(events=position, generation=generation, switched=True)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            time.sleep(0.1)
            position = _catch_up(cur, projection, position, None)
    raise TimeoutError(
        f"{projection.name} is read or written all the time; the rebuild stands, start it again to switch"
    )


def _require_the_same_tables(cur: Cursor, projection: AsyncProjection | InlineProjection) -> None:
    """A migration that changed them while they were made anew must not be undone by switching to the old form."""
    for table in projection.tables:
        cur.execute(f"lock table public.{table} in access share mode")
    if checkpoints.read(cur, projection.name, rebuilding=True)[0].made_by != recipe_of(cur, projection):
        raise TablesChanged(f"the tables of {projection.name} were changed meanwhile: start the rebuild again")


def _hold_off_writers(cur: Cursor, projection: AsyncProjection | InlineProjection) -> None:
    """Runners by their claims; appends, which write inline tables, by a lock that lets readers go on."""
    if isinstance(projection, AsyncProjection):
        # Also those that the code knows no longer.
        for shard in range(max(projection.shards, len(checkpoints.read(cur, projection.name)))):
            lock(cur, claim_of(projection.name, shard))
    else:
        lock(cur, SEALER)  # what is sealed and what is not must not change between the two looks
        for table in projection.tables:
            cur.execute(f"lock table public.{table} in share row exclusive mode")


def _apply_the_rest(cur: Cursor, projection: AsyncProjection | InlineProjection, position: int) -> int:
    """Up to the head of the book; inline projections also what is committed and not sealed yet."""
    head = head_position_of(cur)
    apply_up_to(cur, projection, position, head)
    if isinstance(projection, InlineProjection):
        apply(cur, projection, read_unsealed(cur))
    return head


def _record(cur: Cursor, projection: AsyncProjection | InlineProjection, position: int) -> int:
    """The new generation's number; its checkpoints take the place of the old ones'."""
    before = checkpoints.read(cur, projection.name)
    shards = projection.shards if isinstance(projection, AsyncProjection) else 0
    cur.execute(
        "delete from ledger_checkpoint where projection = %s and (rebuilding or shard >= %s)",
        (projection.name, shards),
    )
    if isinstance(projection, AsyncProjection):
        # An error that paused it is got over; a pause that somebody ordered is not, also at this very moment.
        paused = any(shard.status == "paused" and shard.error is None for shard in before)
        cur.execute(
            "insert into ledger_checkpoint as c (projection, shard, position, status)"
            " select %s, generate_series(0, %s::int - 1), %s, %s on conflict (projection, rebuilding, shard) do update"
            " set position = excluded.position, applied = 0, events_per_second = 0, failures = 0, retry_at = null,"
            " status = case when c.status = 'paused' and c.error is null then c.status else excluded.status end,"
            " error = null, error_position = null, updated_at = now()",
            (projection.name, shards, position, "paused" if paused else "running"),
        )
        cur.execute(
            "update ledger_parked set resolution = 'applied', reason = 'rebuilt', resolved_by = 'system:rebuild',"
            " resolved_at = now() where projection = %s and resolution is null",
            (projection.name,),
        )
    row = cur.execute(
        "insert into ledger_generation as g (projection, generation) values (%s, 2)"
        " on conflict (projection) do update set generation = g.generation + 1, switched_at = now()"
        " returning generation",
        (projection.name,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _compare(cur: Cursor, projection: AsyncProjection | InlineProjection, position: int) -> Rebuilt:
    """Row for row against the generation in use, at the same position; the new one is thrown away."""
    try:
        for _ in range(_SWITCH_TRIES):
            with cur.connection.transaction():
                cur.execute("set transaction isolation level repeatable read")
                if isinstance(projection, AsyncProjection):
                    target = _common_position(cur, projection)
                    if target is None or target < position:
                        time.sleep(0.1)
                        continue
                    apply_up_to(cur, projection, position, target)
                else:
                    target = _apply_the_rest(cur, projection, position)
                differences = sum(_count_differences(cur, table) for table in projection.tables)
                return Rebuilt(events=target, generation=0, switched=False, differences=differences)
        raise TimeoutError(f"{projection.name} does not come to the head of the book; is it paused?")
    finally:
        cur.execute("select ledger_end_rebuild(%s, false)", (list(projection.tables),))
        cur.execute("delete from ledger_checkpoint where projection = %s and rebuilding", (projection.name,))


def _common_position(cur: Cursor, projection: AsyncProjection) -> int | None:
    """The position of all shards, where it is the same; None while they are apart."""
    positions = {c.position for c in checkpoints.read(cur, projection.name)}
    return positions.pop() if len(positions) == 1 else None


def _count_differences(cur: Cursor, table: str) -> int:
    row = cur.execute(
        f"select count(*) from ((table public.{table} except all table rebuild.{table})"
        f" union all (table rebuild.{table} except all table public.{table})) difference"
    ).fetchone()
    assert row is not None
    return int(row[0])
