"""Time travel: a stream's events, one after the other, each with the state that it led to."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from accounts.aggregates import AGGREGATES, State
from ledger.stored import StoredEvent, category_of, read_stored


class NoSuchStream(LookupError):
    """Nothing ever happened there."""


class Step(msgspec.Struct, frozen=True):
    """An event and the state after it; the state is None from the first event on that the code cannot read."""

    stored: StoredEvent
    state: State | None


def replay(stream_id: UUID, *, version: int | None = None, as_of: datetime | None = None) -> Iterator[Step]:
    """Every event up to `version`, or of what had happened (`occurred_at`) by `as_of`. Raises NoSuchStream.

    Also a stream of a kind that nobody folds is told, without states.
    """
    category = category_of(stream_id)
    if category is None:
        raise NoSuchStream(f"there is no stream {stream_id}")
    return _steps(stream_id, category, version, as_of)


def _steps(stream_id: UUID, category: str, version: int | None, as_of: datetime | None) -> Iterator[Step]:
    aggregate = AGGREGATES.get(category)
    state: Any = None
    certain = aggregate is not None
    for stored in read_stored(stream_id, to=version):
        if as_of is not None and _happened_at(stored) > as_of:
            if stored.stream_position == 1:
                return  # it did not exist by then, whatever is said to have happened on it before
            continue
        certain = certain and stored.event is not None
        if certain and aggregate is not None:
            state = aggregate.evolve(state, stored.event, stream_id)
        yield Step(stored, state if certain else None)


def _happened_at(stored: StoredEvent) -> datetime:
    happened: datetime = getattr(stored.event, "occurred_at", stored.recorded_at)
    return happened
