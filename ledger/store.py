"""The append: loads heads and snapshots of N streams in one statement, writes a whole batch in one other.

Each statement is its own transaction. Their number does not grow with the batch: a single command is a batch of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg import errors
from psycopg.types.numeric import Int8

from ledger.codec import type_of
from ledger.connections import Cursor
from ledger.personal import load_keys, new_key, protect, wrap
from ledger.projections import InlineProjection, NewEvent, inline_projections
from ledger.rows import MANY, Part, Row, integers, parameters, uuids

COMMAND_KEY = "ledger_command_pkey"
_SUBJECT_KEY = "ledger_subject_key_pkey"
# UUIDs compare by this number; asking for it once a UUID is quicker than comparing objects.
_BY_INT = attrgetter("int")


class Head(msgspec.Struct, frozen=True):
    """A stream as it was loaded: version and snapshot (JSON text) with the schema number of the state's class."""

    category: str
    version: int
    snapshot: bytes
    snapshot_schema: int


@dataclass(slots=True)
class StreamChange:
    """What a batch does to one stream: the version that it read, the version after, the new snapshot."""

    category: str
    from_version: int
    to_version: int
    snapshot: Any
    snapshot_schema: int


class CommandRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the command log. `result` is what the handler wants back when the outcome is asked for again."""

    command_id: UUID
    type: str
    fingerprint: bytes
    actor: str
    channel: str
    correlation_id: UUID
    refusal: str | None
    result: Any


class LoggedCommand(msgspec.Struct, frozen=True):
    """A row of the command log as it was recorded; `result` is JSON text."""

    command_id: UUID
    type: str
    fingerprint: bytes
    actor: str
    channel: str
    correlation_id: UUID
    refusal: str | None
    result: bytes
    recorded_at: datetime


@dataclass(slots=True)
class Batch:
    """Everything that one append writes."""

    streams: dict[UUID, StreamChange] = field(default_factory=dict)
    events: list[NewEvent] = field(default_factory=list)
    commands: list[CommandRow] = field(default_factory=list)


class Appended(msgspec.Struct, frozen=True):
    """What PostgreSQL gave: the highest sequence number (None without events) and the transaction's time."""

    sequence: int | None
    recorded_at: datetime


class VersionsMoved(Exception):
    """Another append was first: load again and decide again."""


class CommandExists(Exception):
    """At least one command id of the batch is in the log already."""


class ConstraintRefused(Exception):
    """A unique constraint of an inline projection refused the batch; `code` is the refusal that it stands for."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


_HEAD = "select id, category, version, snapshot, snapshot_schema from ledger_stream"
_LOAD_ONE = f"{_HEAD} where id = %(one)s"
_LOAD_LOCKED = f"{_HEAD} where id = any(%(streams)s) order by id for update"
# The sort is below the locks: whoever locks several streams locks them in the same order.
_LOCK_MOVED = f"""
with asked as (select * from unnest(%(streams)s, %(versions)s::integer[]) a(id, version)),
locked as materialized ({_HEAD} where id = any(%(streams)s) order by id for update {{passing_by}})
select * from locked where (id, version) not in (select id, version from asked)
union all
select id, null, 0, null, 0 from asked where version > 0 and id not in (select id from locked)
"""
_WAIT_FOR_ALL = _LOCK_MOVED.format(passing_by="")
_PASS_BY_LOCKED = _LOCK_MOVED.format(passing_by="skip locked")
# Which commands of the batch are in the log already comes along: a batch that comes again is not written to be undone.
_LOAD = f"""
{_HEAD} where id = any(%(streams)s)
union all
select command_id, null, 0, null, 0 from ledger_command where command_id = any(%(commands)s)
"""

_CREATED = Part(
    columns="i uuid, c text, t integer, s jsonb, x smallint",
    sql="""
    insert into ledger_stream (id, category, version, snapshot, snapshot_schema)
    select r.i, r.c, r.t, r.s, r.x from {rows}
    on conflict (id) do nothing returning 1
""",
)
_MOVED = Part(
    columns="i uuid, f integer, t integer, s jsonb, x smallint",
    sql="""
    update ledger_stream s set version = r.t, snapshot = r.s, snapshot_schema = r.x
    from {rows}
    where s.id = r.i and s.version = r.f returning 1
""",
)
# The events wait for the check, and the check for the heads: so a sequence number is drawn only by a transaction that
# owns an id already (the update gave it one), which is what the sealer's reasoning about gaps stands on.
# The function raises; it is called only for that, since a call costs more than the comparison.
_CHECKED = """checked as materialized (
    select case when {got} = %(wanted)s::bigint then true else ledger_check_heads({got}, %(wanted)s::bigint) end as ok
)"""
_EVENTS = Part(
    columns="s uuid, p integer, i uuid, y text, v smallint, d jsonb, m jsonb",
    sql="""
    insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
    select r.s, r.p, r.i, r.y, r.v, r.d, r.m
    from checked, {rows}
    where checked.ok returning sequence
""",
)
_COMMANDS = Part(
    columns="i uuid, y text, f bytea, a text, h text, k uuid, r text, o jsonb",
    sql="""
    insert into ledger_command
        (command_id, type, fingerprint, actor, channel, correlation_id, outcome, refusal, result)
    select r.i, r.y, r.f, r.a, r.h, r.k,
           case when r.r is null then 'accepted' else 'refused' end, r.r, r.o
    from {rows}
""",
)
_SUBJECT_KEYS = Part(
    columns="i uuid, k bytea",
    sql="insert into ledger_subject_key (subject_id, key) select r.i, r.k from {rows}",
)
_SUBJECT_KEYS_DESTROYED = Part(
    columns="i uuid",
    sql="delete from ledger_subject_key k using {rows} where k.subject_id = r.i",
)
_OWN_PARTS = {"commands": _COMMANDS, "created": _CREATED, "moved": _MOVED, "events": _EVENTS}
_HEADS = ("created", "moved")


def load(cur: Cursor, stream_ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, Head]:
    """The heads of those streams that exist. With `lock` (inside a transaction) nobody else moves them meanwhile."""
    if lock:
        cur.execute(_LOAD_LOCKED, {"streams": uuids(stream_ids)})
    elif len(stream_ids) == 1:
        cur.execute(_LOAD_ONE, {"one": stream_ids[0]})
    else:
        return load_batch(cur, stream_ids, [])[0]
    return {row[0]: Head(*row[1:]) for row in cur.fetchall()}


def load_batch(
    cur: Cursor, stream_ids: Sequence[UUID], command_ids: Sequence[UUID]
) -> tuple[dict[UUID, Head], set[UUID]]:
    """The heads of those streams that exist, and which of the commands the log has already; in one statement."""
    cur.execute(_LOAD, {"streams": uuids(stream_ids), "commands": uuids(command_ids)})
    heads: dict[UUID, Head] = {}
    recorded: set[UUID] = set()
    for row in cur.fetchall():
        if row[1] is None:
            recorded.add(row[0])
        else:
            heads[row[0]] = Head(*row[1:])
    return heads, recorded


def lock_moved(
    cur: Cursor, versions: Mapping[UUID, int], *, pass_by: bool = False
) -> tuple[dict[UUID, Head], set[UUID]]:
    """Lock these streams (inside a transaction); the heads of those that are not at this version any more.

    With `pass_by` it waits for nobody: the second are the streams that somebody else has locked. Raises VersionsMoved
    where others lock them in another order.
    """
    values = {"streams": uuids(list(versions)), "versions": integers(list(versions.values()))}
    try:
        rows = cur.execute(_PASS_BY_LOCKED if pass_by else _WAIT_FOR_ALL, values).fetchall()
    except errors.DeadlockDetected as error:
        raise VersionsMoved from error
    return {row[0]: Head(*row[1:]) for row in rows if row[1] is not None}, {row[0] for row in rows if row[1] is None}


def append(cur: Cursor, batch: Batch) -> Appended:
    """Write the batch whole, or raise and write nothing.

    Raises VersionsMoved (a lost race), CommandExists (an id of the log again), ConstraintRefused (an inline
    projection's unique constraint).
    """
    inline = inline_projections()
    parts = {name: (part, rows) for name, (part, rows) in _parts(cur, batch, inline).items() if rows}
    values = parameters(parts)
    if batch.events:
        values["wanted"] = Int8(len(batch.streams))
    shape = tuple((name, part, min(len(rows), MANY)) for name, (part, rows) in parts.items())
    try:
        row = cur.execute(_statement(shape), values).fetchone()
    except (errors.SerializationFailure, errors.DeadlockDetected) as error:
        raise VersionsMoved from error
    except errors.UniqueViolation as error:
        raise _meaning_of(error, inline) from error
    assert row is not None
    return Appended(row[0], row[1])


def find_commands(cur: Cursor, command_ids: Sequence[UUID]) -> list[LoggedCommand]:
    """The rows of the command log that have these ids."""
    cur.execute(
        "select command_id, type, fingerprint, actor, channel, correlation_id, refusal, result, recorded_at"
        " from ledger_command where command_id = any(%s)",
        (list(command_ids),),
    )
    return [LoggedCommand(*row) for row in cur.fetchall()]


def _parts(cur: Cursor, batch: Batch, inline: Sequence[InlineProjection]) -> dict[str, tuple[Part, list[Row]]]:
    """The rows of every part, in the order of the statement."""
    commands = [_command_row(c) for c in batch.commands]
    if not batch.events:
        return {"commands": (_COMMANDS, commands)}
    created, moved = _head_rows(batch.streams)
    keys, fresh = _subject_keys(cur, batch)
    events = [_event_row(e, keys.get(e.stream_id)) for e in batch.events]
    rows = {"commands": commands, "created": created, "moved": moved, "events": events}
    parts = {name: (part, rows[name]) for name, part in _OWN_PARTS.items()}
    parts["subject_keys"] = (_SUBJECT_KEYS, fresh)
    erased = [(e.stream_id,) for e in batch.events if type_of(e.event).erases]
    parts["subject_keys_destroyed"] = (_SUBJECT_KEYS_DESTROYED, erased)
    for projection in inline:
        for name, its_rows in projection.rows(batch.events).items():
            parts[name] = (projection.parts[name], its_rows)
    return parts


@lru_cache(maxsize=1024)
def _statement(shape: tuple[tuple[str, Part, int], ...]) -> str:
    """The append of a batch that has these parts; a part without rows is left out."""
    present = [name for name, _, _ in shape]
    ctes = {name: f"{name} as ({part.cte(name, count)})" for name, part, count in shape}
    if "events" not in present:
        return f"with {', '.join(ctes.values())} select null::bigint, now()"
    got = " + ".join(f"(select count(*) from {name})" for name in _HEADS if name in present)
    ctes["events"] = f"{_CHECKED.format(got=got)}, {ctes['events']}"
    return f"with {', '.join(ctes.values())} select (select max(sequence) from events), now()"


def _head_rows(streams: Mapping[UUID, StreamChange]) -> tuple[list[Row], list[Row]]:
    """New heads and moved heads, each sorted by id: whoever locks several streams locks them in the same order."""
    created: list[Row] = []
    moved: list[Row] = []
    for stream_id in sorted(streams, key=_BY_INT):
        change = streams[stream_id]
        after = (change.to_version, change.snapshot, change.snapshot_schema)
        if change.from_version == 0:
            created.append((stream_id, change.category, *after))
        else:
            moved.append((stream_id, change.from_version, *after))
    return created, moved


def _subject_keys(cur: Cursor, batch: Batch) -> tuple[dict[UUID, bytes], list[Row]]:
    """The keys of the subjects whose personal data the batch holds, and the rows of those keys that are new.

    Only for streams that were there before does it ask the database.
    """
    subjects = {e.stream_id for e in batch.events if type_of(e.event).personal}
    if not subjects:
        return {}, []
    keys = load_keys(cur, [s for s in subjects if batch.streams[s].from_version > 0])
    fresh = {subject_id: new_key() for subject_id in subjects if subject_id not in keys}
    # Whoever comes and is erased in one batch never gets a key that anybody could find.
    erased = {e.stream_id for e in batch.events if type_of(e.event).erases}
    rows = [(s, wrap(key, s)) for s, key in fresh.items() if s not in erased]
    return keys | fresh, rows


def _event_row(event: NewEvent, key: bytes | None) -> Row:
    kind = type_of(event.event)
    data = event.event if key is None else protect(event.event, kind.name, kind.personal, event.stream_id, key)
    return (event.stream_id, event.stream_position, event.id, kind.name, kind.version, data, event.metadata)


def _command_row(command: CommandRow) -> Row:
    return (
        command.command_id,
        command.type,
        command.fingerprint,
        command.actor,
        command.channel,
        command.correlation_id,
        command.refusal,
        command.result,
    )


def _meaning_of(error: psycopg.errors.UniqueViolation, inline: Sequence[InlineProjection]) -> Exception:
    constraint = error.diag.constraint_name or ""
    if constraint == COMMAND_KEY:
        return CommandExists()
    if constraint == _SUBJECT_KEY:
        return VersionsMoved()  # the same new stream by two at once: the other one's head would have said so next
    for projection in inline:
        if code := projection.refusals.get(constraint):
            return ConstraintRefused(code)
    return error
