"""Sealing: gives each committed event its place in the book, a dense position and a link of the hash chain.

Sequence numbers become visible out of order: a slow transaction commits a low number late, a rolled-back one never. The
sealer takes what it can see, in sequence order, and remembers the numbers that it passed over (gaps) with a transaction
id X that was handed out after it saw a higher number. Whoever drew a missing number owned an id below X before drawing.
So once no transaction below X runs any more (pg_snapshot_xmin has reached X) and the number still cannot be seen, it
was rolled back, and the gap is forgotten. An X that this server has not handed out yet came with a restored backup; its
transactions do not run here, so that gap is dead as well. A long foreign transaction keeps gaps alive, but never holds
up the book, and it costs a look at the gaps alone, not at all that was sealed since.
"""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from ledger import observing
from ledger.codec import decode_json, encode_canonical, encode_json
from ledger.connections import Cursor, transaction
from ledger.locks import SEALER, try_lock
from ledger.records import rfc3339
from ledger.rows import Part, Row, parameters

BATCH_SIZE = 5_000
GENESIS = bytes(32)

# Range scans of the primary key: each gap, then everything above the highest number seen. One statement is one
# snapshot: the events and the oldest running transaction are seen at the same moment, also when no event is there.
_VISIBLE = """
with gap as materialized (
    select g.a, g.b from json_to_recordset(%(gaps)s::json) as g(a bigint, b bigint)
), visible as (
    (select e.* from gap, lateral (select * from ledger_event where sequence between gap.a and gap.b
                                   order by sequence limit %(limit)s) e
     order by e.sequence limit %(limit)s)
    union all
    (select * from ledger_event where sequence > %(high)s order by sequence limit %(limit)s)
)
select sequence, id, type, schema_version, stream_id, stream_position, recorded_at, data, metadata,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
from (values (1)) always(one) left join visible on true order by sequence limit %(limit)s
"""
_ENTRIES = Part(
    columns="p bigint, s bigint, h bytea",
    sql="insert into ledger_entry (position, sequence, hash) select r.p, r.s, r.h from {rows}",
)


class EventAsHashed(msgspec.Struct, frozen=True, rename="camel"):
    """What a hash covers: the public form as stored, without position."""

    data: Any
    id: UUID | str
    metadata: Any
    schema_version: int
    stream_id: UUID | str
    stream_position: int
    timestamp: str
    type: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers `first` to `last` were not to be seen when a higher one was; dead once xmin reaches `xid`."""

    first: int
    last: int
    xid: int

    def is_dead(self, xmin: int, xmax: int) -> bool:
        """Whether nobody who runs can own its numbers. `xid` has ended: on its own server it is below every xmax."""
        return xmin >= self.xid or xmax <= self.xid


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one turn did. `busy`: another sealer was at it. `more`: the batch was full, there may be more."""

    count: int
    position: int
    busy: bool = False
    more: bool = False


def seal_once(batch_size: int = BATCH_SIZE) -> Sealed:
    """Seal up to `batch_size` events in one transaction; one sealer at a time over all processes."""
    began = time.perf_counter()
    with transaction() as cur:
        if not try_lock(cur, SEALER):
            return Sealed(0, 0, busy=True)
        turn = _seal(cur, batch_size)
    if turn.count:
        observing.sealed(turn.count, time.perf_counter() - began)
    return turn


def seal_all(batch_size: int = BATCH_SIZE) -> Sealed:
    """Seal until nothing is left to seal (or another sealer is at it); returns the total."""
    total = 0
    while True:
        turn = seal_once(batch_size)
        total += turn.count
        if turn.busy or not turn.more:
            return Sealed(total, turn.position, busy=turn.busy)


def entry_hash(previous: bytes, position: int, canonical: bytes) -> bytes:
    """SHA-256(previous hash, position as 8 bytes big-endian, canonical event)."""
    return hashlib.sha256(previous + position.to_bytes(8, "big") + canonical).digest()


def canonical_event(row: tuple[Any, ...]) -> bytes:
    """The bytes that are hashed: the public form as stored, without position, in canonical JSON (RFC 8785).

    `row`: id, type, schema_version, stream_id, stream_position, recorded_at, data, metadata (the last two JSON text).
    """
    event_id, name, version, stream_id, stream_position, recorded_at, data, metadata = row
    return encode_canonical(
        EventAsHashed(
            decode_json(data),
            event_id,
            decode_json(metadata),
            version,
            stream_id,
            stream_position,
            rfc3339(recorded_at),
            name,
        )
    )


def _seal(cur: Cursor, batch_size: int) -> Sealed:
    position, chain, high, gaps = _state(cur)
    rows, horizon = _visible(cur, gaps, high, batch_size)
    full = len(rows) == batch_size
    entries: list[Row] = []
    for row in rows:
        position += 1
        chain = entry_hash(chain, position, canonical_event(row[1:9]))
        entries.append((position, row[0], chain))
    seen = [row[0] for row in rows]
    if rows:
        cur.execute(_ENTRIES.cte("entries", len(entries)), parameters({"entries": (_ENTRIES, entries)}))
    left = _remaining_gaps(gaps, seen, None if full else horizon)
    fresh = _gaps_between(high, [s for s in seen if s > high])
    if fresh:
        # Only now, after the numbers above were seen: an id taken earlier could be below that of a number's owner.
        xid = _one(cur, "select pg_current_xact_id()::text::bigint")
        left += [Gap(first, last, xid) for first, last in fresh]
    if rows or left != gaps:
        cur.execute(
            "update ledger_sealer_state set position = %s, hash = %s, high_sequence = %s, gaps = %s::text::jsonb",
            (position, chain, max([high, *seen[-1:]]), encode_json([[g.first, g.last, g.xid] for g in left]).decode()),
        )
    return Sealed(len(rows), position, more=full)


def _state(cur: Cursor) -> tuple[int, bytes, int, list[Gap]]:
    row = cur.execute("select position, hash, high_sequence, gaps from ledger_sealer_state").fetchone()
    assert row is not None
    return row[0], row[1], row[2], [Gap(*gap) for gap in decode_json(row[3])]


def _visible(cur: Cursor, gaps: list[Gap], high: int, limit: int) -> tuple[list[tuple[Any, ...]], tuple[int, int]]:
    """The unsealed events that can be seen, in sequence order, and (xmin, xmax) of the snapshot that saw them."""
    document = encode_json([{"a": gap.first, "b": gap.last} for gap in gaps]).decode()
    rows = cur.execute(_VISIBLE, {"gaps": document, "high": high, "limit": limit}).fetchall()
    return [row for row in rows if row[0] is not None], (rows[0][9], rows[0][10])


def _one(cur: Cursor, statement: str) -> int:
    row = cur.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def _remaining_gaps(gaps: list[Gap], seen: list[int], horizon: tuple[int, int] | None) -> list[Gap]:
    """The gaps without the numbers that turned up, and without the dead where `horizon` may judge (batch not full)."""
    found = set(seen)
    left = []
    for gap in gaps:
        if horizon is not None and gap.is_dead(*horizon):
            continue
        left += [Gap(first, last, gap.xid) for first, last in _runs_without(gap.first, gap.last, found)]
    return left


def _runs_without(first: int, last: int, found: set[int]) -> Iterable[tuple[int, int]]:
    start = first
    for number in sorted(n for n in found if first <= n <= last):
        if number > start:
            yield start, number - 1
        start = number + 1
    if start <= last:
        yield start, last


def _gaps_between(high: int, seen: list[int]) -> list[tuple[int, int]]:
    """The runs of numbers above `high` that are missing between those seen (ascending)."""
    runs = []
    for number in seen:
        if number > high + 1:
            runs.append((high + 1, number - 1))
        high = number
    return runs
