"""The sealed book as it is stored: entries with their events, by no upcaster touched, and the bytes that are hashed."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from ledger.codec import decode_json, encode_canonical
from ledger.connections import Cursor, connection, cursor
from ledger.records import RFC3339_SQL
from ledger.sealing import GENESIS, EventAsHashed

PAGE_SIZE: Final = 10_000
_PORTION: Final = 1_000

# Ids and times as text: they go into JSON as they are, and even a time that no datetime can hold is read.
_COLUMNS: Final = (
    "n.position, n.hash, n.sequence, e.id::text, e.type, e.schema_version, e.stream_id::text, e.stream_position,"
    f" {RFC3339_SQL.format('e.recorded_at')}, e.data, e.metadata"
)
_BOOK: Final = f"select {_COLUMNS} from ledger_entry n left join ledger_event e using (sequence)"


class BookRow(NamedTuple):
    """An entry and its event as stored, the latter all None where it is gone. `data`, `metadata`: JSON text."""

    position: int
    hash: bytes
    sequence: int
    id: str
    type: str
    schema_version: int
    stream_id: str
    stream_position: int
    timestamp: str
    data: bytes
    metadata: bytes

    @property
    def is_whole(self) -> bool:
        """Whether the event is there."""
        return self.id is not None


class Head(NamedTuple):
    """Where the book ends: as the sealer remembers it, and the highest entry that is there."""

    position: int
    hash: bytes
    last_entry: int


def canonical(row: BookRow) -> bytes:
    """The bytes that the hash of this event covers; the same as `sealing.canonical_event` makes."""
    return encode_canonical(as_hashed(row))


def as_hashed(row: BookRow) -> EventAsHashed:
    """The event in the public form as stored, without position."""
    return EventAsHashed(
        decode_json(row.data),
        row.id,
        decode_json(row.metadata),
        row.schema_version,
        row.stream_id,
        row.stream_position,
        row.timestamp,
        row.type,
    )


def pages(first: int, last: int, page_size: int = PAGE_SIZE) -> Iterator[list[tuple[Any, ...]]]:
    """The rows (as BookRow, plain tuples) of entries `first` to `last` in order; the next page is read meanwhile."""

    def read(after: int) -> list[tuple[Any, ...]]:
        # By LIMIT, not by arithmetic: an entry that somebody put at a number far away costs nothing.
        with cursor() as cur:
            cur.execute(
                f"{_BOOK} where n.position > %s and n.position <= %s order by n.position limit %s",
                (after, last, page_size),
            )
            return cur.fetchall()

    with ThreadPoolExecutor(1, thread_name_prefix="book") as reader:
        coming = reader.submit(read, first - 1)
        while rows := coming.result():
            coming = reader.submit(read, rows[-1][0])
            yield rows


def chosen_pages(
    first: int, last: int, streams: Sequence[UUID], types: Sequence[str]
) -> Iterator[tuple[BookRow, bytes | None]]:
    """The entries of these streams and types (none named: of all) in the order of the book, each with the hash before
    it (None where it is gone).

    One cursor on the server: it sorts once, where there is anything to sort, and gives the rows away in portions.
    """
    conditions: dict[str, Any] = {"e.stream_id = any(%s)": list(streams), "e.type = any(%s)": list(types)}
    given = {sql: names for sql, names in conditions.items() if names}
    with connection() as conn, conn.transaction(), conn.cursor("chosen") as cur:
        cur.execute(
            f"select {_COLUMNS}, p.hash from ledger_event e join ledger_entry n using (sequence)"
            " left join ledger_entry p on p.position = n.position - 1"
            f" where n.position between %s and %s and {' and '.join(given)} order by n.position",
            (first, last, *given.values()),
            binary=True,
        )
        while rows := cur.fetchmany(_PORTION):
            for *row, previous_hash in rows:
                book_row = BookRow._make(row)
                yield book_row, GENESIS if book_row.position == 1 else previous_hash


def rows_between(cur: Cursor, first: int, last: int) -> list[BookRow]:
    """The entries at these positions that have an event."""
    cur.execute(f"{_BOOK} where n.position between %s and %s and e.id is not null order by n.position", (first, last))
    return [BookRow(*row) for row in cur.fetchall()]


def rows_of_sequences(cur: Cursor, first: int, last: int, limit: int) -> list[BookRow]:
    """The entries whose events have these sequence numbers, wherever in the book they stand."""
    cur.execute(
        f"{_BOOK} where n.sequence between %s and %s and e.id is not null order by n.sequence limit %s",
        (first, last, limit),
    )
    return [BookRow(*row) for row in cur.fetchall()]


def row_at(cur: Cursor, position: int) -> BookRow | None:
    """The entry at a position and its event (if that is still there)."""
    row = cur.execute(f"{_BOOK} where n.position = %s", (position,)).fetchone()
    return BookRow(*row) if row else None


def hash_at(cur: Cursor, position: int) -> bytes | None:
    """The stored hash of an entry; 32 zero bytes before the first; None where there is none."""
    if position == 0:
        return GENESIS
    row = cur.execute("select hash from ledger_entry where position = %s", (position,)).fetchone()
    return row[0] if row else None


def hashes_between(cur: Cursor, first: int, last: int) -> list[bytes]:
    """The stored hashes of the entries at these positions, in order."""
    cur.execute("select hash from ledger_entry where position between %s and %s order by position", (first, last))
    return [row[0] for row in cur.fetchall()]


def sealed_between(cur: Cursor, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """The first and the last position that were sealed from `since` on and before `until` (None: no bound).

    Where there are none, the first is behind the last. Found by halving: each entry was sealed after the one before.
    """
    end = read_head(cur).last_entry
    first = 1 if since is None else _first_sealed(cur, since, end)
    last = end if until is None else _first_sealed(cur, until, end) - 1
    return first, last


def _first_sealed(cur: Cursor, moment: datetime, end: int) -> int:
    """The first position that was not sealed before `moment`; one behind the end where all were."""
    low, high = 1, end + 1
    while low < high:
        middle = (low + high) // 2
        row = cur.execute("select sealed_at < %s from ledger_entry where position = %s", (moment, middle)).fetchone()
        low, high = (middle + 1, high) if row is None or row[0] else (low, middle)
    return low


def read_head(cur: Cursor) -> Head:
    """The end of the book, seen at one moment."""
    row = cur.execute(
        "select position, hash, coalesce((select max(position) from ledger_entry), 0) from ledger_sealer_state"
    ).fetchone()
    return Head(*row) if row else Head(0, GENESIS, 0)
