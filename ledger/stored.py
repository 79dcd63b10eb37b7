"""A stream as it is stored: also events that the code cannot read (any more), raw and with the reason."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from ledger.codec import decode, decode_json, is_personal
from ledger.connections import Cursor, cursor
from ledger.partitions import require_whole_stream
from ledger.personal import load_keys
from ledger.records import EVENT_COLUMNS, UNREADABLE, problem_of

_PAGE_SIZE: Final = 1_000


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its data as stored (`raw`) and as the code reads them (`event`; None where it cannot: `problem`).

    `position` is None until it is sealed.
    """

    id: UUID
    type: str
    schema_version: int
    stream_id: UUID
    stream_position: int
    position: int | None
    recorded_at: datetime
    raw: dict[str, Any]
    metadata: dict[str, Any]
    event: Any | None
    problem: str | None


def category_of(stream_id: UUID) -> str | None:
    """What kind of stream it is; None where there is none."""
    with cursor() as cur:
        row = cur.execute("select category from ledger_stream where id = %s", (stream_id,)).fetchone()
    return row[0] if row else None


def read_stored(
    stream_id: UUID, *, after: int = 0, to: int | None = None, on: Cursor | None = None
) -> Iterator[StoredEvent]:
    """The stream's events in order, from behind `after` up to and with version `to`, whatever they are; in pages.

    Whoever holds a connection already reads `on` its cursor. Raises EventsDetached where the first of them are in a
    detached partition.
    """
    upper = 2**31 - 1 if to is None else to
    while after < upper:
        page = _page(stream_id, after, upper, on)
        yield from page
        if len(page) < _PAGE_SIZE:
            return
        after = page[-1].stream_position


def _page(stream_id: UUID, after: int, to: int, on: Cursor | None) -> list[StoredEvent]:
    with nullcontext(on) if on is not None else cursor() as cur:
        cur.execute(
            f"select {EVENT_COLUMNS}, n.position from ledger_event e left join ledger_entry n using (sequence)"
            " where e.stream_id = %s and e.stream_position > %s and e.stream_position <= %s"
            " order by e.stream_position limit %s",
            (stream_id, after, to, _PAGE_SIZE),
        )
        rows = cur.fetchall()
        if not rows or rows[0][4] != after + 1:
            require_whole_stream(cur, stream_id, after + 1, rows[0][4] if rows else None)
        key = load_keys(cur, {stream_id} if any(is_personal(row[1]) for row in rows) else ()).get(stream_id)
    return [stored_event(row, key) for row in rows]


def stored_event(row: tuple[Any, ...], key: bytes | None) -> StoredEvent:
    """From a row of EVENT_COLUMNS and the position; `key` opens its personal data, if it has some."""
    event_id, name, version, stream_id, stream_position, recorded_at, data, metadata, position = row
    event, problem = None, None
    try:
        event = decode(name, version, data, stream_id, key)
    except UNREADABLE as error:
        problem = problem_of(name, version, error)
    return StoredEvent(
        id=event_id,
        type=name,
        schema_version=version,
        stream_id=stream_id,
        stream_position=stream_position,
        position=position,
        recorded_at=recorded_at,
        raw=decode_json(data),
        metadata=decode_json(metadata),
        event=event,
        problem=problem,
    )
