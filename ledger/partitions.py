"""Partitions of the event table: made ahead of need, so that no append ever waits for one.

An append that finds none lands in `ledger_event_rest`, which is slower to part with, but nothing is refused.
"""

from typing import Final

from ledger.connections import cursor

EVENTS_EACH: Final = 10_000_000
AHEAD: Final = 1


def ensure_partitions(events_each: int = EVENTS_EACH, ahead: int = AHEAD) -> int:
    """Make the partitions that the next `events_each` x `ahead` events need; how many were missing."""
    with cursor() as cur:
        row = cur.execute("select ledger_ensure_partitions(%s::bigint, %s::int)", (events_each, ahead)).fetchone()
    assert row is not None
    return int(row[0])
