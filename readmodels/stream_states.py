"""Stream states (async): what a long stream was after every 200th of its events, so that any version is near one.

Whoever wants a version goes on from the state kept before it, over fewer than 200 events, however long the stream.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import models
from django.db.models import Q

from accounts.aggregates import AGGREGATES
from accounts.replay import Past, happened_at
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection, OnError
from ledger.records import RecordedEvent, Unreadable
from ledger.stored import read_stored

EACH: Final = 200


class StreamStateRow(models.Model):
    """A stream after its event number `stream_position`. `schema`: of the state, as in the stream's snapshot.

    No state is known from the first event on that the code cannot read: the one numbered `unreadable`. `first_at`: when
    the earliest event happened of those behind the row before; `latest_at`: when the latest did of all up to here. By
    these two a moment is found without reading what happened before or after it.
    """

    pk = models.CompositePrimaryKey("stream_id", "stream_position")
    stream_id = models.UUIDField()
    stream_position = models.IntegerField()
    schema = models.SmallIntegerField()
    state = models.JSONField(null=True)
    unreadable = models.IntegerField(null=True)
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()

    class Meta:
        db_table = "readmodels_stream_state"
        constraints = [
            models.CheckConstraint(
                name="readmodels_stream_state_known",
                condition=Q(state__isnull=True, unreadable__isnull=False)
                | Q(state__isnull=False, unreadable__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.stream_id}/{self.stream_position}"


class Kept(msgspec.Struct, frozen=True):
    """A row, its state decoded; version 0, where nothing has happened yet, is always there."""

    past: Past
    unreadable: int | None = None
    latest_at: datetime | None = None


_NEAREST: Final = """
select stream_position, state, unreadable, latest_at from readmodels_stream_state
where stream_id = %(stream)s and schema = %(schema)s and stream_position <= %(version)s
order by stream_position desc limit 1
"""
_KEEP: Final = """
insert into readmodels_stream_state (stream_id, stream_position, schema, state, unreadable, first_at, latest_at)
select r.stream_id, r.stream_position, r.schema, r.state, r.unreadable, r.first_at, r.latest_at
from json_to_recordset(%s::json) as r(stream_id uuid, stream_position integer, schema smallint, state jsonb,
                                      unreadable integer, first_at timestamptz, latest_at timestamptz)
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Of each stream that comes past a multiple of 200: the state there, gone on with from the one kept before."""
    due = [event for event in events if event.stream_position % EACH == 0]
    if not due:
        return
    cursor.execute("select id, category from ledger_stream where id = any(%s)", (list({e.stream_id for e in due}),))
    categories: dict[UUID, str] = dict(cursor.fetchall())
    at_hand = _at_hand(events, {event.stream_id for event in due})
    last: dict[UUID, Kept] = {}
    rows = []
    for event in due:
        stream_id, version = event.stream_id, event.stream_position
        category = categories[stream_id]
        if category not in AGGREGATES:
            continue
        kept = last.get(stream_id) or nearest(cursor, stream_id, category, version - 1)
        kept, first_at = _go_on(cursor, stream_id, category, kept, version, at_hand[stream_id])
        last[stream_id] = kept
        rows.append(
            {
                "stream_id": stream_id,
                "stream_position": version,
                "schema": AGGREGATES[category].snapshot_schema,
                "state": kept.past.state,
                "unreadable": kept.unreadable,
                "first_at": first_at,
                "latest_at": kept.latest_at,
            }
        )
    if rows:
        cursor.execute(_KEEP, (encode_json(rows).decode(),))


PROJECTION = AsyncProjection(
    name="stream_states",
    description="What every long stream was after each 200th of its events: any version of it is near one of these.",
    apply=apply,
    tables=("readmodels_stream_state",),
    on_error=OnError.PARK,
    also_unreadable=True,
)


def nearest(cur: Cursor, stream_id: UUID, category: str, version: int) -> Kept:
    """The last row at or before this version."""
    aggregate = AGGREGATES[category]
    parameters = {"stream": stream_id, "version": version, "schema": aggregate.snapshot_schema}
    return kept_of(category, cur.execute(_NEAREST, parameters).fetchone())


def kept_of(category: str, row: tuple[Any, ...] | None) -> Kept:
    """The row (stream position, state, unreadable, latest) decoded; version 0 where there is none."""
    if row is None:
        return Kept(Past())
    version, state, unreadable, latest_at = row
    return Kept(Past(version, state and AGGREGATES[category].decode(state)), unreadable, latest_at)


def _at_hand(events: Sequence[RecordedEvent], stream_ids: set[UUID]) -> dict[UUID, dict[int, RecordedEvent]]:
    """The batch's own events of these streams: what is here need not be read again."""
    found: defaultdict[UUID, dict[int, RecordedEvent]] = defaultdict(dict)
    for event in events:
        if event.stream_id in stream_ids:
            found[event.stream_id][event.stream_position] = event
    return found


def _go_on(
    cur: Cursor, stream_id: UUID, category: str, kept: Kept, version: int, at_hand: dict[int, RecordedEvent]
) -> tuple[Kept, datetime]:
    """What is kept of a version, and when the earliest event happened behind what was kept before it."""
    evolve = AGGREGATES[category].evolve
    state: Any = kept.past.state
    unreadable, position, times = kept.unreadable, kept.past.version, []
    for event, recorded_at in _between(cur, stream_id, position, version, at_hand):
        position += 1
        times.append(happened_at(event, recorded_at))
        if event is None and unreadable is None:
            state, unreadable = None, position
        if unreadable is None:
            state = evolve(state, event, stream_id)
    latest_at = max(times) if kept.latest_at is None else max(kept.latest_at, *times)
    return Kept(Past(version, state), unreadable, latest_at), min(times)


def _between(
    cur: Cursor, stream_id: UUID, after: int, to: int, at_hand: dict[int, RecordedEvent]
) -> Iterator[tuple[Any, datetime]]:
    """(what it says, when it was recorded) of each event behind `after`; None for what the code cannot read."""
    versions = range(after + 1, to + 1)
    if all(version in at_hand for version in versions):
        for version in versions:
            event = at_hand[version]
            yield None if isinstance(event.data, Unreadable) else event.data, event.recorded_at
    else:
        for stored in read_stored(stream_id, after=after, to=to, on=cur):
            yield stored.event, stored.recorded_at
