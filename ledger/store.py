"""The append: loads heads and snapshots of N streams in one statement, writes a whole batch in one other.

Each statement is its own transaction. Their number does not grow with the batch: a single command is a batch of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors

from ledger.codec import encode_json, type_of
from ledger.connections import Cursor
from ledger.ids import new_id
from ledger.projections import InlineProjection, NewEvent, inline_projections

COMMAND_KEY = "ledger_command_pkey"


@dataclass(frozen=True, slots=True)
class Head:
    """A stream as it was loaded: version and snapshot (JSON text) with the schema number of the state's class."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """A row of the command log. `result` is what the handler wants back when the outcome is asked for again."""

    command_id: UUID
    type: str
    fingerprint: bytes
    actor: str
    channel: str
    correlation_id: UUID
    refusal: str | None
    result: Any


@dataclass(frozen=True, slots=True)
class LoggedCommand:
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


@dataclass(frozen=True, slots=True)
class Appended:
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


_LOAD_ONE = "select id, version, snapshot, snapshot_schema from ledger_stream where id = %s"
_LOAD = "select id, version, snapshot, snapshot_schema from ledger_stream where id = any(%s) order by id"

# json_to_recordset over one document beats arrays: psycopg adapts one parameter instead of one for each element.
_INPUT = "with input as materialized (select %s::json as j)"
_CREATED = """created as (
    insert into ledger_stream (id, category, version, snapshot, snapshot_schema)
    select n.i, n.c, n.t, n.s, n.x
    from input, json_to_recordset(input.j -> 'new') as n(i uuid, c text, t integer, s jsonb, x smallint)
    on conflict (id) do nothing returning 1
)"""
_MOVED = """moved as (
    update ledger_stream s set version = h.t, snapshot = h.s, snapshot_schema = h.x
    from input, json_to_recordset(input.j -> 'heads') as h(i uuid, f integer, t integer, s jsonb, x smallint)
    where s.id = h.i and s.version = h.f returning 1
)"""
# The events wait for the check, and the check for the heads: so a sequence number is drawn only by a transaction that
# owns an id already (the update gave it one), which is what the sealer's reasoning about gaps stands on.
_EVENTS = """checked as materialized (
    select ledger_check_heads({got}, {wanted}) as ok
), events as (
    insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
    select e.s, e.p, e.i, e.y, e.v, e.d, e.m
    from checked, input, json_to_recordset(input.j -> 'events')
        as e(s uuid, p integer, i uuid, y text, v smallint, d jsonb, m jsonb)
    where checked.ok returning sequence
)"""
_COMMANDS = """commands as (
    insert into ledger_command
        (command_id, type, fingerprint, actor, channel, correlation_id, outcome, refusal, result)
    select c.i, c.y, decode(c.f, 'hex'), c.a, c.h, c.k,
           case when c.r is null then 'accepted' else 'refused' end, c.r, c.o
    from input, json_to_recordset(input.j -> 'commands')
        as c(i uuid, y text, f text, a text, h text, k uuid, r text, o jsonb)
)"""


def load(cur: Cursor, stream_ids: Sequence[UUID], *, lock: bool = False) -> dict[UUID, Head]:
    """The heads of those streams that exist. With `lock` (inside a transaction) nobody else moves them meanwhile."""
    if lock:
        cur.execute(_LOAD + " for update", (list(stream_ids),))
    elif len(stream_ids) == 1:
        cur.execute(_LOAD_ONE, (stream_ids[0],))
    else:
        cur.execute(_LOAD, (list(stream_ids),))
    return {row[0]: Head(row[1], row[2], row[3]) for row in cur.fetchall()}


def append(cur: Cursor, batch: Batch) -> Appended:
    """Write the batch whole, or raise and write nothing.

    Raises VersionsMoved (a lost race), CommandExists (an id of the log again), ConstraintRefused (an inline
    projection's unique constraint).
    """
    inline = inline_projections()
    document, statement = _compose(batch, inline)
    try:
        row = cur.execute(statement, (document,)).fetchone()
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


def _compose(batch: Batch, inline: Sequence[InlineProjection]) -> tuple[str, str]:
    """The document and the statement that reads it. Parts without rows are left out: few shapes, each prepared once."""
    document: dict[str, Any] = {"commands": [_command_row(c) for c in batch.commands]}
    ctes = [_COMMANDS]
    selected = "null::bigint"
    if batch.events:
        selected = "(select max(sequence) from events)"
        got = []
        for name, cte, rows in _head_parts(batch.streams):
            document[name] = rows
            ctes.append(cte)
            got.append(f"(select count(*) from {'created' if name == 'new' else 'moved'})")
        document["events"] = [_event_row(e) for e in batch.events]
        document["wanted"] = len(batch.streams)
        ctes.append(_EVENTS.format(got=" + ".join(got), wanted="(select (input.j ->> 'wanted')::bigint from input)"))
        for projection in inline:
            for part, rows in projection.rows(batch.events).items():
                if rows:
                    document[part] = rows
                    ctes.append(f"{part} as ({projection.parts[part]})")
    return encode_json(document).decode(), f"{_INPUT}, {', '.join(ctes)} select {selected}, now()"


def _head_parts(streams: Mapping[UUID, StreamChange]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """New heads and moved heads, each sorted by id: whoever locks several streams locks them in the same order."""
    new: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for stream_id in sorted(streams):
        change = streams[stream_id]
        row = {"i": stream_id, "t": change.to_version, "s": change.snapshot, "x": change.snapshot_schema}
        if change.from_version == 0:
            new.append({**row, "c": change.category})
        else:
            moved.append({**row, "f": change.from_version})
    parts = [("new", _CREATED, new), ("heads", _MOVED, moved)]
    return [part for part in parts if part[2]]


def _event_row(event: NewEvent) -> dict[str, Any]:
    kind = type_of(event.event)
    return {
        "s": event.stream_id,
        "p": event.stream_position,
        "i": event.id,
        "y": kind.name,
        "v": kind.version,
        "d": event.event,
        "m": event.metadata,
    }


def _command_row(command: CommandRow) -> dict[str, Any]:
    return {
        "i": command.command_id,
        "y": command.type,
        "f": command.fingerprint.hex(),
        "a": command.actor,
        "h": command.channel,
        "k": command.correlation_id,
        "r": command.refusal,
        "o": command.result,
    }


def _meaning_of(error: psycopg.errors.UniqueViolation, inline: Sequence[InlineProjection]) -> Exception:
    constraint = error.diag.constraint_name or ""
    if constraint == COMMAND_KEY:
        return CommandExists()
    for projection in inline:
        if code := projection.refusals.get(constraint):
            return ConstraintRefused(code)
    return error


def new_event(category: str, stream_id: UUID, stream_position: int, event: Any, metadata: dict[str, Any]) -> NewEvent:
    """An event with a fresh id (UUIDv7)."""
    return NewEvent(category, stream_id, stream_position, event, new_id(), metadata)
