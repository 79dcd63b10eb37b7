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

from ledger.codec import encode_json, type_of
from ledger.connections import Cursor
from ledger.projections import InlineProjection, NewEvent, inline_projections

COMMAND_KEY = "ledger_command_pkey"
# UUIDs compare by this number; asking for it once a UUID is quicker than comparing objects.
_BY_INT = attrgetter("int")


class Head(msgspec.Struct, frozen=True):
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


_LOAD_ONE = "select id, version, snapshot, snapshot_schema from ledger_stream where id = %s"
_LOAD = "select id, version, snapshot, snapshot_schema from ledger_stream where id = any(%s) order by id"

# Rows travel as one JSON text a part, read by json_to_recordset: psycopg adapts one parameter instead of one for each
# value, and PostgreSQL parses each row once (a part of one big document would be found by parsing the whole of it).
_CREATED = """created as (
    insert into ledger_stream (id, category, version, snapshot, snapshot_schema)
    select n.i, n.c, n.t, n.s, n.x
    from json_to_recordset(%(created)s::json) as n(i uuid, c text, t integer, s jsonb, x smallint)
    on conflict (id) do nothing returning 1
)"""
_MOVED = """moved as (
    update ledger_stream s set version = h.t, snapshot = h.s, snapshot_schema = h.x
    from json_to_recordset(%(moved)s::json) as h(i uuid, f integer, t integer, s jsonb, x smallint)
    where s.id = h.i and s.version = h.f returning 1
)"""
# The events wait for the check, and the check for the heads: so a sequence number is drawn only by a transaction that
# owns an id already (the update gave it one), which is what the sealer's reasoning about gaps stands on.
_EVENTS = """checked as materialized (
    select ledger_check_heads({got}, %(wanted)s::bigint) as ok
), events as (
    insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
    select e.s, e.p, e.i, e.y, e.v, e.d, e.m
    from checked, json_to_recordset(%(events)s::json)
        as e(s uuid, p integer, i uuid, y text, v smallint, d jsonb, m jsonb)
    where checked.ok returning sequence
)"""
_COMMANDS = """commands as (
    insert into ledger_command
        (command_id, type, fingerprint, actor, channel, correlation_id, outcome, refusal, result)
    select c.i, c.y, decode(c.f, 'hex'), c.a, c.h, c.k,
           case when c.r is null then 'accepted' else 'refused' end, c.r, c.o
    from json_to_recordset(%(commands)s::json)
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
    parameters = _parameters(batch, inline)
    statement = _statement(tuple(parameters), tuple((part, p.parts[part]) for p in inline for part in p.parts))
    try:
        row = cur.execute(statement, parameters).fetchone()
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


def _parameters(batch: Batch, inline: Sequence[InlineProjection]) -> dict[str, Any]:
    """The rows of every part that has some, as JSON text, by the part's name."""
    parts: dict[str, list[dict[str, Any]]] = {"commands": [_command_row(c) for c in batch.commands]}
    if not batch.events:
        return {name: encode_json(rows).decode() for name, rows in parts.items()}
    parts["created"], parts["moved"] = _head_rows(batch.streams)
    parts["events"] = [_event_row(e) for e in batch.events]
    for projection in inline:
        parts |= projection.rows(batch.events)
    parameters: dict[str, Any] = {name: encode_json(rows).decode() for name, rows in parts.items() if rows}
    parameters["wanted"] = len(batch.streams)
    return parameters


@lru_cache(maxsize=256)
def _statement(present: tuple[str, ...], inline_parts: tuple[tuple[str, str], ...]) -> str:
    """The statement for these parts: a part without rows is left out, so there are few shapes, each prepared once."""
    ctes = [_COMMANDS]
    if "events" not in present:
        return f"with {_COMMANDS} select null::bigint, now()"
    heads = {"created": _CREATED, "moved": _MOVED}
    ctes += [cte for name, cte in heads.items() if name in present]
    got = " + ".join(f"(select count(*) from {name})" for name in heads if name in present)
    ctes.append(_EVENTS.format(got=got))
    ctes += [f"{part} as ({body.format(rows=f'%({part})s::json')})" for part, body in inline_parts if part in present]
    return f"with {', '.join(ctes)} select (select max(sequence) from events), now()"


def _head_rows(streams: Mapping[UUID, StreamChange]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """New heads and moved heads, each sorted by id: whoever locks several streams locks them in the same order."""
    created: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for stream_id in sorted(streams, key=_BY_INT):
        change = streams[stream_id]
        row = {"i": stream_id, "t": change.to_version, "s": change.snapshot, "x": change.snapshot_schema}
        if change.from_version == 0:
            created.append({**row, "c": change.category})
        else:
            moved.append({**row, "f": change.from_version})
    return created, moved


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
