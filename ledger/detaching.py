"""Detaching the oldest partition of events, once nothing needs it any more, and attaching it again. Owner's work.

What is detached was sealed, signed, read by every projection, and stands in an export that says the same to the byte.
The entries stay: positions, hashes and checkpoints are all still here, so the chain goes on over the events that left.
"""

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from psycopg import errors, sql

from ledger import archive, checkpoints
from ledger.archive import Archive
from ledger.book import BookRow, as_hashed, canonical, hash_at
from ledger.codec import encode_json
from ledger.connections import Cursor, cursor, transaction
from ledger.errors import LedgerError
from ledger.partitions import Detached, detached
from ledger.projections import async_projections
from ledger.records import RFC3339_SQL
from ledger.sealing import entry_hash
from ledger.seals import last_seal

_PAGE_SIZE: Final = 10_000
_LOCK_TIMEOUT: Final = "250ms"
_TRIES: Final = 100
_BOUNDS: Final = re.compile(r"FROM \('?(\d+)'?\) TO \('?(\d+)'?\)")
# Held by whoever makes, detaches or attaches partitions.
_ALONE: Final = "select pg_advisory_xact_lock(20546, 1)"

_PARTITIONS: Final = """
select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'ledger_event'::regclass
"""
_EXTENT: Final = """
select count(*), min(position), max(position) from ledger_entry where sequence >= %s and sequence < %s
"""
_ROWS: Final = f"""
select n.position, n.hash, n.sequence, e.id::text, e.type, e.schema_version, e.stream_id::text, e.stream_position,
       {RFC3339_SQL.format("e.recorded_at")}, e.data, e.metadata, p.hash
from ledger_entry n left join {{table}} e using (sequence)
left join ledger_entry p on p.position = n.position - 1
where n.position > %(after)s and n.position <= %(last)s and n.sequence >= %(first)s and n.sequence < %(beyond)s
order by n.position limit %(limit)s
"""
_FILL: Final = """
insert into {table} (sequence, stream_id, stream_position, id, type, schema_version, data, metadata, recorded_at)
select q, s, p, i, t, v, d, m, r from json_to_recordset(%s::json)
    as x(q bigint, s uuid, p integer, i uuid, t text, v smallint, d jsonb, m jsonb, r timestamptz)
"""


class NotDetachable(LedgerError):
    """The partition is still needed here, or nothing proves that it is kept elsewhere."""


class NotAttachable(LedgerError):
    """There is no such detached partition, or its events are not those that were sealed."""


class Part(msgspec.Struct, frozen=True):
    """A partition that holds events: its numbers, and where its events lie in the book."""

    name: str
    first: int
    beyond: int
    events: int
    first_position: int
    last_position: int


def parts(cur: Cursor) -> list[Part]:
    """The attached partitions that hold sealed events, oldest first; without the one that takes what has no other."""
    found = []
    for name, bounds in cur.execute(_PARTITIONS).fetchall():
        if match := _BOUNDS.search(bounds):
            first, beyond = int(match[1]), int(match[2])
            extent = cur.execute(_EXTENT, (first, beyond)).fetchone()
            if extent and extent[0]:
                found.append(Part(name, first, beyond, *extent))
    return sorted(found, key=lambda part: part.first)


def detach(name: str, exports: Sequence[Path]) -> Detached:
    """Detach the oldest partition; `exports` hold all of its events. Raises NotDetachable, NoSuchExport.

    First everything is checked, with the bank at work; then appends wait for the moment that the detaching takes.
    """
    with cursor() as cur:
        part = _detachable(cur, name)
    sums = [archive.sha256_of(path) for path in exports]
    with archive.opened(exports) as kept:
        _check_exported(part, kept)
    for _ in range(_TRIES):
        try:
            with transaction() as cur:
                cur.execute(_ALONE)
                cur.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'")
                if _detachable(cur, name) != part:
                    raise NotDetachable(f"{name} has changed meanwhile")
                cur.execute(sql.SQL("alter table ledger_event detach partition {}").format(sql.Identifier(name)))
                cur.execute(
                    "insert into ledger_detached"
                    " (name, first_sequence, beyond_sequence, first_position, last_position, events, exports)"
                    " values (%s, %s, %s, %s, %s, %s, %s)",
                    (name, part.first, part.beyond, part.first_position, part.last_position, part.events, sums),
                )
                return next(d for d in detached(cur) if d.name == name)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            time.sleep(0.1)
    raise NotDetachable(f"{name} is read or written all the time; try again when the bank is quieter")


def attach(name: str, exports: Sequence[Path] = ()) -> Detached:
    """Attach a detached partition again: its table, or, where that is gone, one filled from `exports`.

    Every event is checked against its entry's hash first. Raises NotAttachable, NoSuchExport.
    """
    with transaction() as cur:
        cur.execute(_ALONE)
        gone = {d.name: d for d in detached(cur)}
        if name not in gone:
            raise NotAttachable(f"{name} is not detached; detached are: {', '.join(gone) or 'none'}")
        if name != list(gone)[-1]:
            raise NotAttachable(f"{name} has newer ones between itself and the bank: attach {list(gone)[-1]} first")
        found, part = gone[name], _part_of(gone[name])
        if cur.execute("select to_regclass(%s)", (name,)).fetchone() == (None,):
            if not exports:
                raise NotAttachable(f"there is no table {name}: restore it, or name the exports that hold its events")
            cur.execute("select ledger_make_partition(%s, %s)", (part.first, part.beyond))
            with archive.opened(exports) as kept:
                _fill(cur, part, kept)
            _check_hashes(cur, part)
        else:
            _check_hashes(cur, part)
            statement = "alter table ledger_event attach partition {} for values from ({}) to ({})"
            bounds = (sql.Literal(part.first), sql.Literal(part.beyond))
            cur.execute(sql.SQL(statement).format(sql.Identifier(name), *bounds))
            _check_guard(cur, name)
        cur.execute("update ledger_detached set attached_at = now() where name = %s and attached_at is null", (name,))
    return found


def _detachable(cur: Cursor, name: str) -> Part:
    """The partition, if nothing here needs it any more; raises NotDetachable with the first thing that does."""
    attached = parts(cur)
    part = next((p for p in attached if p.name == name), None)
    if part is None:
        raise NotDetachable(f"{name} is not an attached partition that holds sealed events")
    if part != attached[0]:
        raise NotDetachable(f"{name} is not the oldest: {attached[0].name} is")
    for obstacle in (_unsealed(cur, part), _unread(cur, part), _unsigned(cur, part)):
        if obstacle:
            raise NotDetachable(f"{name}: {obstacle}")
    return part


def _unsealed(cur: Cursor, part: Part) -> str | None:
    """Every number of it has been drawn, and is sealed or known to be dead."""
    row = cur.execute(
        "select high_sequence, exists (select 1 from jsonb_array_elements(gaps) gap"
        " where (gap ->> 0)::bigint < %s and (gap ->> 1)::bigint >= %s) from ledger_sealer_state",
        (part.beyond, part.first),
    ).fetchone()
    if row is None or row[0] < part.beyond - 1:
        return "it is still being written to"
    if row[1]:
        return "the sealer still waits for transactions that may have written to it"
    counted = sql.SQL("select count(*) from {}").format(sql.Identifier(part.name))
    if cur.execute(counted).fetchone() != (part.events,):
        return "not every event in it is sealed, or some are gone: run verify_ledger"
    return None


def _unread(cur: Cursor, part: Part) -> str | None:
    """Every projection is behind it, and so is every rebuild that was begun."""
    for projection in async_projections():
        reached = {c.shard: c.position for c in checkpoints.read(cur, projection.name)}
        if any(reached.get(shard, 0) < part.last_position for shard in {*range(projection.shards), *reached}):
            return f"the projection {projection.name} has not read all of it"
    cur.execute("select projection from ledger_checkpoint where rebuilding and position < %s", (part.last_position,))
    if row := cur.fetchone():
        return f"a rebuild of {row[0]} was begun and has not read all of it"
    cur.execute(
        "select projection, position from ledger_parked where resolution is null and position <= %s limit 1",
        (part.last_position,),
    )
    if row := cur.fetchone():
        return f"position {row[1]} is parked by {row[0]}: retry or discard it"
    return None


def _unsigned(cur: Cursor, part: Part) -> str | None:
    """A signed checkpoint covers its last event."""
    seal = last_seal(cur)
    return "not all of it is signed: run sign_checkpoint" if not seal or seal.position < part.last_position else None


def _check_exported(part: Part, kept: Archive) -> None:
    """The exports have each event, as it stands here, and as it was sealed."""
    with cursor() as cur:
        for row, previous in _rows(cur, part):
            event = kept.at(row.position)
            if event is None:
                raise NotDetachable(f"no export has position {row.position}: {part.name} needs all that it holds")
            here = canonical(row) if row.is_whole else None
            if canonical(event.as_row(*row[:3])) != here or _hash(previous, row) != row.hash:
                raise NotDetachable(f"position {row.position} is not what was sealed and exported: run verify_ledger")


def _check_hashes(cur: Cursor, part: Part) -> None:
    """The table has each event as it was sealed, and no other."""
    for row, previous in _rows(cur, part):
        if not row.is_whole or _hash(previous, row) != row.hash:
            raise NotAttachable(f"{part.name}: the event of position {row.position} is not the one that was sealed")
    counted = sql.SQL("select count(*) from {}").format(sql.Identifier(part.name))
    if cur.execute(counted).fetchone() != (part.events,):
        raise NotAttachable(f"{part.name} holds more than the {part.events:,} events that were detached")


def _check_guard(cur: Cursor, name: str) -> None:
    """A table that was restored has its trigger again, in force always."""
    cur.execute(
        "select 1 from pg_trigger where tgrelid = %s::regclass and tgfoid = 'ledger_refuse_change'::regproc"
        " and tgenabled = 'A'",
        (name,),
    )
    if cur.fetchone() is None:
        raise NotAttachable(f"{name} has no trigger that keeps it append-only")


def _fill(cur: Cursor, part: Part, kept: Archive) -> None:
    """The events, from the exports, into the empty table."""
    statement = sql.SQL(_FILL).format(table=sql.Identifier(part.name))
    rows: list[dict[str, Any]] = []
    for entry, _ in _rows(cur, part):
        event = kept.at(entry.position)
        if event is None:
            raise NotAttachable(f"no export has position {entry.position}")
        rows.append(_to_insert(event.as_row(*entry[:3])))
        if len(rows) == _PAGE_SIZE:
            cur.execute(statement, (encode_json(rows).decode(),))
            rows = []
    cur.execute(statement, (encode_json(rows).decode(),))


def _to_insert(row: BookRow) -> dict[str, Any]:
    event = as_hashed(row)
    return {
        "q": row.sequence,
        "s": event.stream_id,
        "p": event.stream_position,
        "i": event.id,
        "t": event.type,
        "v": event.schema_version,
        "d": event.data,
        "m": event.metadata,
        "r": event.timestamp,
    }


def _rows(cur: Cursor, part: Part) -> Iterator[tuple[BookRow, bytes | None]]:
    """The entries of a partition with its own events, in book order, each with the hash before it; in pages."""
    statement = sql.SQL(_ROWS).format(table=sql.Identifier(part.name))
    bounds = {"first": part.first, "beyond": part.beyond, "last": part.last_position, "limit": _PAGE_SIZE}
    after = part.first_position - 1
    while True:
        page = cur.execute(statement, {**bounds, "after": after}).fetchall()
        for *columns, previous in page:
            row = BookRow._make(columns)
            yield row, hash_at(cur, 0) if row.position == 1 else previous
        if len(page) < _PAGE_SIZE:
            return
        after = page[-1][0]


def _hash(previous: bytes | None, row: BookRow) -> bytes | None:
    return None if previous is None else entry_hash(previous, row.position, canonical(row))


def _part_of(found: Detached) -> Part:
    return Part(
        found.name, found.first_sequence, found.beyond_sequence, found.events, found.first_position, found.last_position
    )
