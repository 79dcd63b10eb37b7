"""Partitions of the event table: made ahead of need, so that no append ever waits for one; the oldest can be detached.

An append that finds none lands in `ledger_event_rest`, which is slower to part with, but nothing is refused. Events of
a detached partition are not here: whoever needs them is told so, and never reads past them in silence.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from ledger.connections import Cursor, cursor
from ledger.errors import LedgerError

EVENTS_EACH: Final = 10_000_000
AHEAD: Final = 1

_COLUMNS: Final = (
    "name, first_sequence, beyond_sequence, first_position, last_position, events, exports, detached_at, attached_at"
)


class EventsDetached(LedgerError):
    """The events are in a partition that was detached."""


class Detached(msgspec.Struct, frozen=True):
    """A detached partition: its sequence numbers, and the positions between which its `events` lie in the book.

    Around its last position there may be events of the next one among them. `exports`: the SHA-256 of each file.
    """

    name: str
    first_sequence: int
    beyond_sequence: int
    first_position: int
    last_position: int
    events: int
    exports: list[str]
    detached_at: datetime
    attached_at: datetime | None

    def holds(self, sequence: int) -> bool:
        """Whether the event with this number is in it."""
        return self.first_sequence <= sequence < self.beyond_sequence


def ensure_partitions(events_each: int = EVENTS_EACH, ahead: int = AHEAD) -> int:
    """Make the partitions that the next `events_each` x `ahead` events need; how many were missing."""
    with cursor() as cur:
        row = cur.execute("select ledger_ensure_partitions(%s::bigint, %s::int)", (events_each, ahead)).fetchone()
    assert row is not None
    return int(row[0])


def detached(cur: Cursor) -> list[Detached]:
    """The partitions that are detached now, oldest first."""
    cur.execute(f"select {_COLUMNS} from ledger_detached where attached_at is null order by first_sequence")
    return [Detached(*row) for row in cur.fetchall()]


def away_test(cur: Cursor) -> Callable[[int], bool] | None:
    """Tells of a sequence number whether its event is in a detached partition; None where there is none."""
    away = detached(cur)
    return (lambda sequence: any(partition.holds(sequence) for partition in away)) if away else None


def require_attached(cur: Cursor, after: int, to: int) -> None:
    """Raises EventsDetached where an event between positions `after` (not included) and `to` is not here."""
    cur.execute(
        f"select {_COLUMNS} from ledger_detached"
        " where attached_at is null and last_position > %s and first_position <= %s order by first_sequence",
        (after, to),
    )
    found = [Detached(*row) for row in cur.fetchall()]
    if found:
        raise EventsDetached(f"positions {after + 1:,} to {to:,} are asked for, but {_are_away(found)}")


def require_whole_stream(cur: Cursor, stream_id: UUID, expected: int, found: int | None) -> None:
    """A stream was to be read from its event `expected` on, and `found` came first (None: none came).

    Raises EventsDetached where that is because partitions are detached.
    """
    away = detached(cur)
    if not away or found == expected:
        return
    row = cur.execute("select version from ledger_stream where id = %s", (stream_id,)).fetchone()
    if row and row[0] >= expected:
        raise EventsDetached(f"event {expected} of stream {stream_id} is asked for, but {_are_away(away)}")


def _are_away(partitions: Sequence[Detached]) -> str:
    first, last = min(p.first_position for p in partitions), max(p.last_position for p in partitions)
    names = ", ".join(p.name for p in partitions)
    return f"positions {first:,} to {last:,} are in detached partitions ({names}): attach them first"
