"""Reading the record: a stream, the sealed book, one entry. Nobody follows `sequence`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from ledger.codec import is_personal
from ledger.connections import Cursor, cursor
from ledger.locks import STREAM_HASH
from ledger.partitions import require_attached, require_whole_stream
from ledger.personal import load_keys
from ledger.records import EVENT_COLUMNS, RecordedEvent, Unreadable, event_from_row
from ledger.store import Head

_SEALED = f"select {EVENT_COLUMNS}, n.position from ledger_entry n join ledger_event e using (sequence)"

_SEALED_AT = f"""
select {EVENT_COLUMNS}, n.position, {STREAM_HASH.format("e.stream_id")}
from ledger_entry n join ledger_event e using (sequence)
"""

# Entries first, then each one's event: OFFSET 0 keeps the conditions on events out of the way, which would rather have
# the planner read through every event there ever was, the more partitions there are.
_SEALED_RANGE = f"""
select {EVENT_COLUMNS}, n.position, {STREAM_HASH.format("e.stream_id")}
from (select position, sequence from ledger_entry where position > %(after)s and position <= %(to)s) n
cross join lateral (select * from ledger_event where sequence = n.sequence offset 0) e
"""


@dataclass(frozen=True, slots=True)
class EntryOfBook:
    """A sealed event with its link of the chain; `previous_hash` of the first is 32 zero bytes."""

    event: RecordedEvent
    hash: bytes
    previous_hash: bytes
    sealed_at: datetime


class Undecoded:
    """A sealed event as it was read; decoded once, for however many want it. `stream_hash` tells its shard."""

    __slots__ = ("_decoded", "_key", "_row", "position", "stream_hash", "stream_id", "type")

    def __init__(self, row: tuple[Any, ...], key: bytes | None) -> None:
        self._row, self._key = row, key
        self._decoded: RecordedEvent | None = None
        self.type: str = row[1]
        self.stream_id: UUID = row[3]
        self.position: int = row[8]
        self.stream_hash: int = row[9]

    def decoded(self, *, also_unreadable: bool = False) -> RecordedEvent:
        """The event. Raises UnreadableEvent, unless its data may be Unreadable."""
        event = self._decoded
        if event is None:
            event = event_from_row(self._row[:8], self.position, self._key, also_unreadable=also_unreadable)
            if not isinstance(event.data, Unreadable):
                self._decoded = event
        return event


def read_undecoded(cur: Cursor, *, after: int, to: int, types: frozenset[str] | None = None) -> list[Undecoded]:
    """Sealed events in book order, from behind position `after` up to and with `to`, of these types.

    Raises EventsDetached where some of them are in a detached partition: nobody builds anything on what is left.
    """
    require_attached(cur, after, to)
    condition = "true" if types is None else "e.type = any(%(types)s)"
    parameters = {"after": after, "to": to, "types": sorted(types or ())}
    rows = cur.execute(f"{_SEALED_RANGE} where {condition} order by n.position", parameters).fetchall()
    keys = _keys(cur, rows)
    return [Undecoded(row, keys.get(row[3])) for row in rows]


def read_sealed(
    cur: Cursor, *, after: int, to: int, types: frozenset[str] | None = None, also_unreadable: bool = False
) -> list[RecordedEvent]:
    """The same, decoded. Raises UnreadableEvent, too, unless data may be Unreadable."""
    events = read_undecoded(cur, after=after, to=to, types=types)
    return [event.decoded(also_unreadable=also_unreadable) for event in events]


def read_positions(cur: Cursor, positions: Sequence[int]) -> list[RecordedEvent]:
    """The sealed events at these positions, in book order."""
    return [event.decoded() for event in read_undecoded_at(cur, positions)]


def read_undecoded_at(cur: Cursor, positions: Sequence[int]) -> list[Undecoded]:
    """The same, to be decoded one by one."""
    rows = cur.execute(f"{_SEALED_AT} where n.position = any(%s) order by n.position", (list(positions),)).fetchall()
    keys = _keys(cur, rows)
    return [Undecoded(row, keys.get(row[3])) for row in rows]


def read_unsealed(cur: Cursor) -> list[RecordedEvent]:
    """What is committed and has no place in the book yet, in the order of each stream."""
    cur.execute(
        f"select {EVENT_COLUMNS}, null::bigint from ledger_sealer_state s"
        " left join lateral (select coalesce(min((gap ->> 0)::bigint), s.high_sequence + 1) as first"
        "                    from jsonb_array_elements(s.gaps) gap) low on true"
        " join ledger_event e on e.sequence >= least(low.first, s.high_sequence + 1)"
        " where not exists (select 1 from ledger_entry n where n.sequence = e.sequence) order by e.sequence"
    )
    return _events(cur)


def read_book(
    *,
    after: int,
    limit: int,
    stream_id: UUID | None = None,
    type_name: str | None = None,
    actor: str | None = None,
    correlation_id: UUID | None = None,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    also_unreadable: bool = False,
) -> list[RecordedEvent]:
    """Sealed events in book order behind `after` that fit every filter; `from_at` inclusive, `to_at` exclusive."""
    conditions = {
        "n.position > %s": after,
        "e.stream_id = %s": stream_id,
        "e.type = %s": type_name,
        "e.metadata ->> 'actor' = %s": actor,
        "e.metadata ->> 'correlationId' = %s": str(correlation_id) if correlation_id else None,
        "e.recorded_at >= %s": from_at,
        "e.recorded_at < %s": to_at,
    }
    given = {sql: value for sql, value in conditions.items() if value is not None}
    with cursor() as cur:
        cur.execute(f"{_SEALED} where {' and '.join(given)} order by n.position limit %s", (*given.values(), limit))
        return _events(cur, also_unreadable=also_unreadable)


def read_entry(position: int) -> EntryOfBook | None:
    """The entry at a position of the book, its data Unreadable where the code cannot read them.

    Raises EventsDetached where its event is in a detached partition.
    """
    with cursor() as cur:
        row = cur.execute(
            f"select {EVENT_COLUMNS}, n.position, n.hash, p.hash, n.sealed_at"
            " from ledger_entry n join ledger_event e using (sequence)"
            " left join ledger_entry p on p.position = n.position - 1 where n.position = %s",
            (position,),
        ).fetchone()
        if row is None:
            require_attached(cur, position - 1, position)
            return None
        event = event_from_row(row[:8], row[8], _keys(cur, [row]).get(row[3]), also_unreadable=True)
    return EntryOfBook(event, row[9], row[10] or bytes(32), row[11])


def read_stream(
    stream_id: UUID,
    *,
    after: int = 0,
    to: int | None = None,
    limit: int | None = None,
    on: Cursor | None = None,
    also_unreadable: bool = False,
) -> Iterator[RecordedEvent]:
    """A stream's events in stream order, from behind `after` up to and with `to`; in pages, so memory is flat.

    Whoever holds a connection already reads `on` its cursor: with a second one each, threads could wait for each other.
    Raises EventsDetached where the first of them are in a detached partition.
    """
    page_size = 1_000
    while limit is None or limit > 0:
        page = _stream_page(on, stream_id, after, to, min(page_size, limit or page_size), also_unreadable)
        found = page[0].stream_position if page else None
        # Nothing behind a version that the caller knows is what most callers find.
        if found != after + 1 and (page or after == 0 or to is not None) and (to is None or to > after):
            with nullcontext(on) if on is not None else cursor() as cur:
                require_whole_stream(cur, stream_id, after + 1, found)
        yield from page
        if len(page) < page_size:
            return
        after = page[-1].stream_position
        limit = None if limit is None else limit - len(page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a stream: the positions above `behind` and below `before`."""

    behind: int
    before: int


_NEWEST = f"""
select {EVENT_COLUMNS}, null::bigint
from unnest(%(streams)s::uuid[], %(behind)s::int[], %(before)s::int[]) as stretch(id, behind, before)
cross join lateral (
    select * from ledger_event
    where stream_id = stretch.id and stream_position > stretch.behind and stream_position < stretch.before
    and (type = any(%(types)s) or metadata ->> 'actor' like %(actors)s)
    order by stream_position desc limit %(limit)s
) e
order by e.stream_id, e.stream_position desc
"""


def read_newest(
    stretches: Mapping[UUID, Stretch], *, types: Collection[str], actors: str, limit: int
) -> dict[UUID, list[RecordedEvent]]:
    """Of each stretch up to `limit` events, the newest first: those of these types, or of actors that begin like this.

    One statement, which reads no more than the stretches. Events of detached partitions are left out.
    """
    parameters = {
        "streams": list(stretches),
        "behind": [stretch.behind for stretch in stretches.values()],
        "before": [stretch.before for stretch in stretches.values()],
        "types": sorted(types),
        "actors": f"{actors}%",
        "limit": limit,
    }
    with cursor() as cur:
        cur.execute(_NEWEST, parameters)
        events = _events(cur)
    return {stream_id: list(lane) for stream_id, lane in groupby(events, lambda event: event.stream_id)}


def stream_versions(stream_ids: Collection[UUID]) -> dict[UUID, int]:
    """The versions of those streams that there are."""
    with cursor() as cur:
        cur.execute("select id, version from ledger_stream where id = any(%s)", (list(stream_ids),))
        return dict(cur.fetchall())


def read_events(
    cur: Cursor, places: Sequence[tuple[UUID, int]], *, also_unreadable: bool = False
) -> dict[tuple[UUID, int], RecordedEvent]:
    """Events by their places (stream, stream position). Raises UnreadableEvent, unless data may be Unreadable."""
    cur.execute(
        f"select {EVENT_COLUMNS}, n.position"
        " from unnest(%s::uuid[], %s::int[]) as place(stream_id, stream_position)"
        " join ledger_event e using (stream_id, stream_position) left join ledger_entry n using (sequence)",
        ([stream_id for stream_id, _ in places], [position for _, position in places]),
    )
    found = _events(cur, also_unreadable=also_unreadable)
    return {(event.stream_id, event.stream_position): event for event in found}


def stream_version(stream_id: UUID) -> int:
    """The version of a stream; 0 where there is none."""
    with cursor() as cur:
        row = cur.execute("select version from ledger_stream where id = %s", (stream_id,)).fetchone()
    return row[0] if row else 0


def count_streams() -> int:
    """How many streams there are."""
    with cursor() as cur:
        row = cur.execute("select count(*) from ledger_stream").fetchone()
    return row[0] if row else 0


def read_heads(page_size: int = 1_000) -> Iterator[tuple[UUID, Head]]:
    """Every stream with its head, in order of id; in pages, so memory is flat."""
    after = UUID(int=0)
    while True:
        with cursor() as cur:
            page = cur.execute(
                "select id, category, version, snapshot, snapshot_schema from ledger_stream where id > %s"
                " order by id limit %s",
                (after, page_size),
            ).fetchall()
        for stream_id, *head in page:
            yield stream_id, Head(*head)
        if len(page) < page_size:
            return
        after = page[-1][0]


def find_event(stream_id: UUID, stream_position: int) -> RecordedEvent | None:
    """One event by its place in its stream."""
    return next(read_stream(stream_id, after=stream_position - 1, to=stream_position), None)


def head_position() -> int:
    """The last position of the sealed book; 0 while it is empty."""
    with cursor() as cur:
        return head_position_of(cur)


def head_position_of(cur: Cursor) -> int:
    """The same, on a cursor of one's own."""
    row = cur.execute("select position from ledger_sealer_state").fetchone()
    return row[0] if row else 0


def _stream_page(
    on: Cursor | None, stream_id: UUID, after: int, to: int | None, limit: int, also_unreadable: bool
) -> list[RecordedEvent]:
    upper = 2**31 - 1 if to is None else to
    parameters: dict[str, Any] = {"stream": stream_id, "after": after, "to": upper, "limit": limit}
    with nullcontext(on) if on is not None else cursor() as cur:
        cur.execute(
            f"select {EVENT_COLUMNS}, n.position"
            " from ledger_event e left join ledger_entry n using (sequence)"
            " where e.stream_id = %(stream)s and e.stream_position > %(after)s and e.stream_position <= %(to)s"
            " order by e.stream_position limit %(limit)s",
            parameters,
        )
        return _events(cur, also_unreadable=also_unreadable)


def _events(cur: Cursor, *, also_unreadable: bool = False) -> list[RecordedEvent]:
    """The rows of the statement just executed (EVENT_COLUMNS and the position) as events."""
    rows = cur.fetchall()
    keys = _keys(cur, rows)
    return [event_from_row(row[:8], row[8], keys.get(row[3]), also_unreadable=also_unreadable) for row in rows]


def _keys(cur: Cursor, rows: Sequence[tuple[Any, ...]]) -> dict[UUID, bytes]:
    """The keys of the subjects whose personal data these rows hold; most pages hold none, and cost no statement."""
    return load_keys(cur, {row[3] for row in rows if is_personal(row[1])})
