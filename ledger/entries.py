"""One entry of the sealed book with all that is to be known of it, whatever state it is in: for who looks into it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from ledger.codec import is_personal
from ledger.connections import Cursor, cursor
from ledger.partitions import require_attached
from ledger.personal import load_keys
from ledger.records import EVENT_COLUMNS
from ledger.sealing import GENESIS
from ledger.stored import StoredEvent, stored_event


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """Positions of the entries beside one, in the book and in its stream; None where there is none (yet)."""

    book_before: int | None
    book_after: int | None
    stream_before: int | None
    stream_after: int | None


class StoredEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry and its event. `previous_hash` is None where the entry before it is gone."""

    event: StoredEvent
    hash: bytes
    previous_hash: bytes | None
    sealed_at: datetime


class EventGone(Exception):
    """The entry stands in the book, its event is not there any more: that was done to it. `hash` is the entry's."""

    def __init__(self, position: int, own_hash: bytes) -> None:
        super().__init__(f"the event of the entry at position {position} is gone")
        self.hash = own_hash


_ENTRY: Final = f"""
select {EVENT_COLUMNS}, n.position, n.hash, p.hash, n.sealed_at
from ledger_entry n left join ledger_event e using (sequence)
left join ledger_entry p on p.position = n.position - 1
where n.position = %s
"""
_BESIDE_IN_BOOK: Final = "select position from ledger_entry where position = any(%s)"
_BESIDE_IN_STREAM: Final = """
select e.stream_position, n.position from ledger_event e join ledger_entry n using (sequence)
where e.stream_id = %s and e.stream_position = any(%s)
"""


def find_entry(position: int) -> StoredEntry | None:
    """The entry at a position; None where the book has none.

    Raises EventsDetached where its event is in a detached partition, EventGone where it is not there at all.
    """
    with cursor() as cur:
        row = cur.execute(_ENTRY, (position,)).fetchone()
        if row is None:
            return None
        if row[0] is None:
            require_attached(cur, position - 1, position)
            raise EventGone(position, row[9])
        key = load_keys(cur, {row[3]} if is_personal(row[1]) else ()).get(row[3])
    previous_hash = GENESIS if position == 1 else row[10]
    return StoredEntry(event=stored_event(row[:9], key), hash=row[9], previous_hash=previous_hash, sealed_at=row[11])


def neighbours(position: int, stream_id: UUID, stream_position: int) -> Neighbours:
    """What stands beside an entry; events of detached partitions count as none."""
    with cursor() as cur:
        around = _numbers(cur, _BESIDE_IN_BOOK, [position - 1, position + 1])
        cur.execute(_BESIDE_IN_STREAM, (stream_id, [stream_position - 1, stream_position + 1]))
        own: dict[int, int] = dict(cur.fetchall())
    return Neighbours(
        book_before=position - 1 if position - 1 in around else None,
        book_after=position + 1 if position + 1 in around else None,
        stream_before=own.get(stream_position - 1),
        stream_after=own.get(stream_position + 1),
    )


def _numbers(cur: Cursor, statement: str, wanted: list[int]) -> set[Any]:
    return {row[0] for row in cur.execute(statement, (wanted,)).fetchall()}
