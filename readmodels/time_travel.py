"""Time travel (live): any stream at any version and any moment, its events one by one, however long it is.

Whatever is asked for is folded from the nearest state that is kept before it (see `stream_states`), over at most
FOLD_AT_MOST events: where the worker has not got as far yet, the state is not told, and why not.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from accounts.aggregates import AGGREGATES, State
from accounts.replay import Past, Step, go_on
from ledger.connections import Cursor, cursor
from ledger.partitions import EventsDetached, require_whole_stream
from ledger.projections import LiveProjection
from ledger.store import load
from ledger.stored import StoredEvent, read_stored
from readmodels.stream_states import Kept, kept_of, nearest

FOLD_AT_MOST: Final = 5_000

PROJECTION = LiveProjection(
    name="time_travel",
    description="Any stream at any version or moment, from the nearest state that is kept of it.",
)


class Stream(msgspec.Struct, frozen=True):
    """A stream's head. `now`: its state, from its snapshot; None where that cannot be read."""

    id: UUID
    category: str
    version: int
    now: State | None


class Why(StrEnum):
    """Why a state is not told."""

    KIND = "kind"  # nobody folds streams of this kind
    EVENT = "event"  # an event cannot be read
    FAR = "far"  # no state is kept yet near enough


class Silence(msgspec.Struct, frozen=True):
    """Why a state is not told, and from which event on (`Why.EVENT`)."""

    why: Why
    since: int | None = None


class Told(msgspec.Struct, frozen=True):
    """A stretch of a stream: the state before it (None: nothing had happened, or it is not known) and its events."""

    before: State | None
    steps: list[Step]
    silence: Silence | None

    @property
    def after(self) -> State | None:
        """The state after the stretch."""
        return self.steps[-1].state if self.steps else self.before


class AsOf(msgspec.Struct, frozen=True):
    """What had happened by a moment. `version`: the last of these events (0: none of them).

    `left_out`: how many before it happened later than the moment, and so are none of them.
    """

    state: State | None
    version: int
    left_out: int
    silence: Silence | None


def find(stream_id: UUID) -> Stream | None:
    """The stream, if anything ever happened on it."""
    with cursor() as cur:
        head = load(cur, [stream_id]).get(stream_id)
    if head is None:
        return None
    aggregate = AGGREGATES.get(head.category)
    if aggregate is None or head.snapshot_schema != aggregate.snapshot_schema:
        return Stream(stream_id, head.category, head.version, None)
    return Stream(stream_id, head.category, head.version, aggregate.decode(head.snapshot))


def ends(stream: Stream) -> tuple[StoredEvent | None, StoredEvent | None]:
    """Its first and its last event; None for one that is archived."""
    return _event(stream, 1), _event(stream, stream.version)


def tell(stream: Stream, *, after: int, to: int) -> Told:
    """The events behind version `after` up to version `to`, each with the state after it.

    Raises EventsDetached where one of them is archived, or one that their states follow from.
    """
    with cursor() as cur:
        kept = nearest(cur, stream.id, stream.category, after) if stream.category in AGGREGATES else None
        if kept is None or after - kept.past.version > FOLD_AT_MOST:
            steps = list(go_on(stream.id, stream.category, Past(after), to=to, on=cur))
            return Told(None, [Step(s.stored, None) for s in steps], Silence(Why.KIND if kept is None else Why.FAR))
        before, unreadable, steps = kept.past.state, kept.unreadable, []
        for step in go_on(stream.id, stream.category, kept.past, to=to, on=cur):
            if step.stored.event is None and unreadable is None:
                unreadable = step.stored.stream_position
            if step.stored.stream_position <= after:
                before = step.state
            else:
                steps.append(step)
    return Told(before, steps, _silence(unreadable))


def as_of(stream: Stream, moment: datetime) -> AsOf:
    """What had happened by then, as events say it themselves (`occurred_at`), whenever they were recorded."""
    if stream.category not in AGGREGATES:
        return AsOf(None, 0, 0, Silence(Why.KIND))
    with cursor() as cur:
        kept, stretches = _stretches(cur, stream, moment)
        if sum(to - after for after, to in stretches) > FOLD_AT_MOST:
            return AsOf(None, 0, 0, Silence(Why.FAR))
        state, version, counted = kept.past.state, kept.past.version, kept.past.version
        unreadable = kept.unreadable
        for step in _during(cur, stream, kept.past, stretches, moment):
            state, version, counted = step.state, step.stored.stream_position, counted + 1
            if step.stored.event is None and unreadable is None:
                unreadable = version
    return AsOf(state, version, version - counted, _silence(unreadable))


def recorded_by(stream: Stream, moment: datetime) -> int:
    """The version that the bank knew of at a moment (`recorded_at`); 0: nothing yet. Found by halving.

    Two events that waited for each other at their head may be recorded with times the other way round, by as long as
    one waited: which of the two is found is then chance.
    """
    with cursor() as cur:
        row = cur.execute(_HALVED, {"stream": stream.id, "version": stream.version, "moment": moment}).fetchone()
        assert row is not None
        low, high = row
        if low < high:
            require_whole_stream(cur, stream.id, (low + high + 1) // 2, None)
    return cast(int, low)


_BY_THEN: Final = """
select stream_position, state, unreadable, latest_at from readmodels_stream_state
where stream_id = %(stream)s and schema = %(schema)s and latest_at <= %(moment)s
order by stream_position desc limit 1
"""
# Behind what had all happened by then: the parts between rows in which something had; then what is behind the last row.
_PARTS: Final = """
with part as (
    select coalesce(lag(stream_position) over (order by stream_position), 0) as behind, stream_position, first_at
    from readmodels_stream_state where stream_id = %(stream)s and schema = %(schema)s
)
select behind, stream_position from part where stream_position > %(version)s and first_at <= %(moment)s
union all
select coalesce(max(stream_position), 0), %(head)s from part having coalesce(max(stream_position), 0) < %(head)s
order by 1
"""
_HALVED: Final = """
with recursive halved (low, high) as (
    select 0, %(version)s::int
    union all
    select case when e.recorded_at <= %(moment)s then m.middle else h.low end,
           case when e.recorded_at <= %(moment)s then h.high else m.middle - 1 end
    from halved h
    cross join lateral (select (h.low + h.high + 1) / 2 as middle) m
    cross join lateral (select recorded_at from ledger_event
                        where stream_id = %(stream)s and stream_position = m.middle) e
    where h.low < h.high
)
select low, high from halved order by high - low limit 1
"""


def _stretches(cur: Cursor, stream: Stream, moment: datetime) -> tuple[Kept, list[tuple[int, int]]]:
    """The last row before which nothing happened later, and the (after, to) behind it that have to be read."""
    parameters: dict[str, Any] = {
        "stream": stream.id,
        "schema": AGGREGATES[stream.category].snapshot_schema,
        "moment": moment,
        "head": stream.version,
    }
    kept = kept_of(stream.category, cur.execute(_BY_THEN, parameters).fetchone())
    found = cur.execute(_PARTS, {**parameters, "version": kept.past.version}).fetchall()
    if kept.past.version == 0 and found and found[0][0] > 0:
        return kept, []  # its first event is later: it did not exist by then
    return kept, found


def _during(
    cur: Cursor, stream: Stream, past: Past, stretches: Sequence[tuple[int, int]], moment: datetime
) -> Iterator[Step]:
    state = past.state
    for after, to in stretches:
        step = None
        for step in go_on(stream.id, stream.category, Past(after, state), to=to, as_of=moment, on=cur):
            state = step.state
            yield step
        if after == 0 and step is None:
            return  # it did not exist by then


def _event(stream: Stream, position: int) -> StoredEvent | None:
    try:
        return next(read_stored(stream.id, after=position - 1, to=position), None)
    except EventsDetached:
        return None


def _silence(unreadable: int | None) -> Silence | None:
    return None if unreadable is None else Silence(Why.EVENT, unreadable)
