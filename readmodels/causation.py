"""Causation (live): what belongs to one request: its commands, their events, and what led to which."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from ledger.models import Command
from ledger.projections import LiveProjection
from readmodels import command_log
from readmodels.command_log import CommandFilter

PROJECTION = LiveProjection(
    name="causation",
    description="What came of a request: commands, accepted and refused, their events, and what led to which.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caused:
    """An event by its place, whatever it says. `cause_id`: the command or event that led to it; None: not recorded."""

    id: UUID
    type: str
    stream_id: UUID
    stream_position: int
    position: int | None
    recorded_at: datetime
    sealed_at: datetime | None
    cause_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Commands of a correlation, the oldest first, each with its events; whether there are earlier and later ones."""

    commands: list[Command]
    events: dict[UUID, list[Caused]]
    has_earlier: bool
    has_later: bool


# By what the command log says of where each command wrote: by the events' key, and with the last command's at once.
_EVENTS: Final = """
select place.command_id, e.id, e.type, e.stream_id, e.stream_position, n.position, e.recorded_at,
       n.sealed_at, e.metadata ->> 'causationId'
from unnest(%s::uuid[], %s::uuid[], %s::int[], %s::int[])
     with ordinality as place(command_id, stream_id, first, last, number)
cross join lateral (
    select * from ledger_event
    where stream_id = place.stream_id and stream_position between place.first and place.last
    order by stream_position limit %s
) e
left join ledger_entry n using (sequence)
order by place.number, e.stream_position
"""
# No command writes so many events to one stream; one who does is not shown whole.
_EVENTS_AT_MOST: Final = 100


def chapter(correlation_id: UUID, limit: int, *, before: UUID | None = None, after: UUID | None = None) -> Chapter:
    """Up to `limit` commands of a correlation: the last ones, or those `before` or `after` the command of that id."""
    found = command_log.page(CommandFilter(correlation_id=correlation_id), limit, before=before, after=after)
    commands = found.commands[::-1]
    return Chapter(
        commands=commands,
        events=events_of(commands),
        has_earlier=found.has_older,
        has_later=found.has_newer,
    )


def events_of(commands: Sequence[Command]) -> dict[UUID, list[Caused]]:
    """Every event of these commands, in the order in which each wrote them; those in the archive are left out."""
    writes = [(c.command_id, *write[1:4]) for c in commands for write in c.result.get("streams", [])]
    found: defaultdict[UUID, list[Caused]] = defaultdict(list)
    if writes:
        columns = [list(column) for column in zip(*writes, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_EVENTS, [*columns, _EVENTS_AT_MOST])
            for row in cursor.fetchall():
                found[row[0]].append(_caused(*row[1:]))
    return dict(found)


def is_known(some_id: UUID) -> bool:
    """Whether it is a command's id, or that of a request that commands belong to."""
    return correlation_of(some_id) is not None or bool(chapter(some_id, 1).commands)


def correlation_of(command_id: UUID) -> UUID | None:
    """What a command belongs to; None where the log does not have it."""
    command = command_log.find(command_id)
    return command.correlation_id if command else None


def _caused(
    event_id: UUID,
    type_name: str,
    stream_id: UUID,
    stream_position: int,
    position: int | None,
    recorded_at: datetime,
    sealed_at: datetime | None,
    cause: str | None,
) -> Caused:
    try:
        cause_id = UUID(cause) if cause else None
    except ValueError:
        cause_id = None
    return Caused(
        id=event_id,
        type=type_name,
        stream_id=stream_id,
        stream_position=stream_position,
        position=position,
        recorded_at=recorded_at,
        sealed_at=sealed_at,
        cause_id=cause_id,
    )
