"""Event counts (async): how often each type of event happened, in each schema version, and when first and last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import models

from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent


class EventCountRow(models.Model):
    """One type of event in one schema version as stored, since the beginning of the book."""

    pk = models.CompositePrimaryKey("type", "schema_version")
    type = models.TextField()
    schema_version = models.SmallIntegerField()
    count = models.BigIntegerField()
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    first_recorded_at = models.DateTimeField()
    last_recorded_at = models.DateTimeField()

    class Meta:
        db_table = "readmodels_event_count"

    def __str__(self) -> str:
        return f"{self.type} {self.schema_version}: {self.count}"


_ADD: Final = """
insert into readmodels_event_count as known
select * from json_to_recordset(%s::json)
    as c(type text, schema_version smallint, count bigint, first_position bigint, last_position bigint,
         first_recorded_at timestamptz, last_recorded_at timestamptz)
on conflict (type, schema_version) do update
set count = known.count + excluded.count, last_position = excluded.last_position,
    last_recorded_at = excluded.last_recorded_at
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Add the batch. Events come in book order, so that the last of a type is the last that there is."""
    counts: dict[tuple[str, int], list[Any]] = {}
    for event in events:
        known = counts.get((event.type, event.schema_version))
        if known is None:
            counts[event.type, event.schema_version] = [1, event, event]
        else:
            known[0] += 1
            known[2] = event
    rows = [
        {
            "type": type_,
            "schema_version": version,
            "count": count,
            "first_position": first.position,
            "last_position": last.position,
            "first_recorded_at": first.recorded_at,
            "last_recorded_at": last.recorded_at,
        }
        for (type_, version), (count, first, last) in sorted(counts.items())
    ]
    if rows:
        cursor.execute(_ADD, (encode_json(rows).decode(),))


PROJECTION = AsyncProjection(
    name="event_counts",
    description="How often each type of event happened, in each schema version, and when first and last.",
    apply=apply,
    tables=("readmodels_event_count",),
    also_unreadable=True,
)


def counts() -> dict[str, list[EventCountRow]]:
    """The counts by type, each with its versions, the oldest first; also of types that the code no longer knows."""
    found: dict[str, list[EventCountRow]] = {}
    for row in EventCountRow.objects.order_by("type", "schema_version"):
        found.setdefault(row.type, []).append(row)
    return found


def last_of(rows: Sequence[EventCountRow]) -> datetime | None:
    """When the last event of these was recorded; None where there is none."""
    return max((row.last_recorded_at for row in rows), default=None)
