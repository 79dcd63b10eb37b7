"""What the ledger gives to its readers: recorded events, and the one public form of them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from ledger.codec import decode, decode_json, type_of


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A committed event. `data` is the event object in its newest version; `position` is None until it is sealed.

    `schema_version` is the version as stored; `recorded_at` is the commit's transaction time (aware, UTC).
    """

    id: UUID
    type: str
    schema_version: int
    stream_id: UUID
    stream_position: int
    position: int | None
    recorded_at: datetime
    data: Any
    metadata: dict[str, Any]


def public_form(event: RecordedEvent) -> dict[str, Any]:
    """The event as API, exports and audit pages show it (JSON types only)."""
    return {
        "id": str(event.id),
        "type": event.type,
        "schemaVersion": type_of(event.data).version,
        "streamId": str(event.stream_id),
        "streamPosition": event.stream_position,
        "position": event.position,
        "timestamp": rfc3339(event.recorded_at),
        "data": msgspec.to_builtins(event.data),
        "metadata": event.metadata,
    }


def rfc3339(moment: datetime) -> str:
    """UTC with microseconds and Z (RFC 3339): 2026-03-29T01:00:00.000000Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


# The same as text from PostgreSQL, of a timestamptz, whatever the session's time zone.
RFC3339_SQL = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# The columns that `event_from_row` takes, in its order; `position` comes from the entry, or is null.
EVENT_COLUMNS = "e.id, e.type, e.schema_version, e.stream_id, e.stream_position, e.recorded_at, e.data, e.metadata"


def event_from_row(row: tuple[Any, ...], position: int | None, key: bytes | None = None) -> RecordedEvent:
    """A RecordedEvent from a row of EVENT_COLUMNS; `key` opens its personal data, if it has some.

    Raises UnknownEvent for a type that the code does not know.
    """
    event_id, name, version, stream_id, stream_position, recorded_at, data, metadata = row
    return RecordedEvent(
        id=event_id,
        type=name,
        schema_version=version,
        stream_id=stream_id,
        stream_position=stream_position,
        position=position,
        recorded_at=recorded_at,
        data=decode(name, version, data, stream_id, key),
        metadata=decode_json(metadata),
    )
