"""Time travel: a stream's events, one after the other, each with the state that it led to."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from accounts.aggregates import AGGREGATES, State
from ledger.connections import Cursor
from ledger.stored import StoredEvent, category_of, read_stored


class NoSuchStream(LookupError):
    """Nothing ever happened there."""


class Step(msgspec.Struct, frozen=True):
    """An event and the state after it; the state is None from the first event on that the code cannot read."""

    stored: StoredEvent
    state: State | None


class Past(msgspec.Struct, frozen=True):
    """A version of a stream and the state after it; None: nothing has happened yet, or the code cannot tell."""

    version: int = 0
    state: State | None = None


def replay(stream_id: UUID, *, version: int | None = None, as_of: datetime | None = None) -> Iterator[Step]:
    """Every event up to `version`, or of what had happened (`occurred_at`) by `as_of`. Raises NoSuchStream.

    Also a stream of a kind that nobody folds is told, without states.
    """
    category = category_of(stream_id)
    if category is None:
        raise NoSuchStream(f"there is no stream {stream_id}")
    return go_on(stream_id, category, Past(), to=version, as_of=as_of)


def go_on(
    stream_id: UUID,
    category: str,
    past: Past,
    *,
    to: int | None = None,
    as_of: datetime | None = None,
    on: Cursor | None = None,
) -> Iterator[Step]:
    """The same from a version on whose state is known already; on a cursor that the caller holds, where it does."""
    aggregate = AGGREGATES.get(category)
    state: Any = past.state
    certain = aggregate is not None and (past.state is not None or past.version == 0)
    for stored in read_stored(stream_id, after=past.version, to=to, on=on):
        if as_of is not None and happened_at(stored.event, stored.recorded_at) > as_of:
            if stored.stream_position == 1:
                return  # it did not exist by then, whatever is said to have happened on it before
            continue
        certain = certain and stored.event is not None
        if certain and aggregate is not None:
            state = aggregate.evolve(state, stored.event, stream_id)
        yield Step(stored, state if certain else None)


def happened_at(event: object, recorded_at: datetime) -> datetime:
    """When it happened, by its own word; when it was recorded, where it says nothing or cannot be read."""
    happened: datetime = getattr(event, "occurred_at", recorded_at)
    return happened
