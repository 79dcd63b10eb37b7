"""Projections: what the ledger knows of the read side. Three lifecycles, one registry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from ledger.connections import Cursor
from ledger.records import RecordedEvent
from ledger.rows import Part, Row


class Lifecycle(StrEnum):
    """When a projection's rows come about."""

    INLINE = "inline"  # in the append's own statement
    ASYNC = "async"  # by a worker, after sealing
    LIVE = "live"  # folded when asked, never stored


class NewEvent(msgspec.Struct, frozen=True):
    """An event about to be appended, as inline projections see it."""

    stream_id: UUID
    stream_position: int
    event: Any
    id: UUID
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineProjection:
    """Rows written by the append's own statement: right as soon as the command is answered.

    `parts` are data-modifying CTEs by name, each with the columns of its rows.
    `rows` makes these rows (in the order of the columns) from a batch's events; a part without rows is left out.
    `refusals` maps a unique constraint of its tables to the code of the refusal that a violation of it means.
    """

    name: str
    description: str
    tables: tuple[str, ...]
    parts: Mapping[str, Part]
    rows: Callable[[Sequence[NewEvent]], dict[str, list[Row]]]
    refusals: Mapping[str, str] = field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle.INLINE


class OnError(StrEnum):
    """What becomes of an async projection whose event fails again and again."""

    PAUSE = "pause"  # money: better late than wrong
    PARK = "park"  # cosmetic: put the event and every later one of its stream aside, go on with the others


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncProjection:
    """Rows written by a worker from sealed events, in book order, together with the checkpoint: exactly once.

    `apply(cursor, events)` gets up to `batch_size` events and writes set-based, in the checkpoint's transaction, to
    `tables` (named without a schema: a rebuild lets the same code write into tables beside). `types`: the stored types
    that it wants, None for all; `also_unreadable`: with data that are `records.Unreadable` where the code does not know
    them, which else stop it. With several `shards`, each takes the streams whose hash falls to it: their events come
    in order, those of other streams do not, and another worker may be writing meanwhile.
    """

    name: str
    description: str
    apply: Callable[[Cursor, Sequence[RecordedEvent]], None]
    tables: tuple[str, ...]
    types: frozenset[str] | None = None
    shards: int = 1
    on_error: OnError = OnError.PAUSE
    batch_size: int = 10_000
    also_unreadable: bool = False
    lifecycle: Lifecycle = Lifecycle.ASYNC


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProjection:
    """Folded from the stream when asked; registered so that the table of contents is complete.

    `types`: the stored types that it is folded from, None for all.
    """

    name: str
    description: str
    types: frozenset[str] | None = None
    lifecycle: Lifecycle = Lifecycle.LIVE


Projection = InlineProjection | AsyncProjection | LiveProjection

_registry: dict[str, Projection] = {}

# What the append's statement calls its own parts.
_OF_THE_APPEND = frozenset({"commands", "created", "moved", "checked", "events"})


def register(projection: Projection) -> None:
    """Make a projection known. Names are unique, and so are the names of inline parts."""
    if projection.name in _registry:
        raise ValueError(f"projection {projection.name} is registered already")
    if isinstance(projection, InlineProjection):
        taken = {part for other in inline_projections() for part in other.parts} | _OF_THE_APPEND
        if clash := taken & set(projection.parts):
            raise ValueError(f"inline parts {sorted(clash)} are taken")
    _registry[projection.name] = projection


def unregister(name: str) -> None:
    """Forget a projection (its rows and checkpoint stay)."""
    del _registry[name]


def projections() -> list[Projection]:
    """All of them, in the order in which they were registered."""
    return list(_registry.values())


def inline_projections() -> list[InlineProjection]:
    """Those that the append writes."""
    return [p for p in _registry.values() if isinstance(p, InlineProjection)]


def async_projections() -> list[AsyncProjection]:
    """Those that the workers write."""
    return [p for p in _registry.values() if isinstance(p, AsyncProjection)]


def projection_named(name: str) -> Projection:
    """Any projection by its name; KeyError where there is none."""
    return _registry[name]


def async_projection(name: str) -> AsyncProjection:
    """One of the async projections; KeyError where there is none of that name."""
    projection = _registry[name]
    if not isinstance(projection, AsyncProjection):
        raise KeyError(name)
    return projection
