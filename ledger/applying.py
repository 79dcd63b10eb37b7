"""Events applied to a projection while it is rebuilt; the one that cannot be is named."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from ledger import parking
from ledger.connections import Cursor
from ledger.errors import LedgerError, StoreUnavailable
from ledger.partitions import EventsDetached
from ledger.projections import AsyncProjection, InlineProjection, NewEvent
from ledger.reading import read_sealed, read_undecoded
from ledger.records import RecordedEvent
from ledger.rows import parameters

_NO_EVENTS_FAULT: Final = (psycopg.OperationalError, StoreUnavailable, EventsDetached)


class EventFails(LedgerError):
    """The projection cannot apply an event; what it raised is the cause."""

    def __init__(self, projection: str, position: int, cause: Exception) -> None:
        super().__init__(f"{projection} cannot apply position {position}: {type(cause).__name__}: {cause}")
        self.position = position


def apply_or_name(cur: Cursor, projection: AsyncProjection | InlineProjection, after: int, to: int) -> int:
    """The same as `apply_up_to`; where that fails, the first event that cannot be applied is looked for, and named."""
    try:
        with cur.connection.transaction():
            return apply_up_to(cur, projection, after, to)
    except _NO_EVENTS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a projection raises, the operator wants to know where
        position, cause = _first_that_fails(cur, projection, after, to, error)
        raise EventFails(projection.name, position, cause) from cause


def _first_that_fails(
    cur: Cursor, projection: AsyncProjection | InlineProjection, after: int, to: int, error: Exception
) -> tuple[int, Exception]:
    """By halving: all before it can be applied, with it they cannot."""
    right, wrong = after, to
    while wrong - right > 1:
        middle = (right + wrong) // 2
        try:
            with cur.connection.transaction(force_rollback=True):
                apply_up_to(cur, projection, after, middle)
        except _NO_EVENTS_FAULT:
            raise
        except Exception as cause:  # noqa: BLE001 - as above
            wrong, error = middle, cause
        else:
            right = middle
    return wrong, error


def apply_up_to(cur: Cursor, projection: AsyncProjection | InlineProjection, after: int, to: int) -> int:
    """The sealed events behind `after`, up to and with `to`, that it wants; how many. Those given up are left out."""
    if to <= after:
        return 0
    if isinstance(projection, AsyncProjection):
        given_up = parking.discarded(cur, projection.name, after, to)
        read = read_undecoded(cur, after=after, to=to, types=projection.types)
        events = [e.decoded(also_unreadable=projection.also_unreadable) for e in read if e.position not in given_up]
    else:
        events = read_sealed(cur, after=after, to=to)
    apply(cur, projection, events)
    return len(events)


def apply(cur: Cursor, projection: AsyncProjection | InlineProjection, events: Sequence[RecordedEvent]) -> None:
    """These events, by the projection's own statements, on the tables that come first on the search path."""
    if not events:
        return
    if isinstance(projection, AsyncProjection):
        projection.apply(cur, events)
        return
    found = projection.rows([NewEvent(e.stream_id, e.stream_position, e.data, e.id, e.metadata) for e in events])
    parts = {name: (projection.parts[name], rows) for name, rows in found.items() if rows}
    for name, (part, rows) in parts.items():
        values: dict[str, Any] = parameters({name: (part, rows)})
        cur.execute(part.cte(name, len(rows)), values)
