"""What the ledger gives to its readers: recorded events, and the one public form of them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag

from ledger.codec import decode, decode_json, type_of
from ledger.errors import UnknownEvent, UnreadableEvent


class Unreadable(msgspec.Struct, frozen=True):
    """In place of an event's data that the code cannot read (any more): what is stored, and why it cannot."""

    stored: Any
    problem: str


class RecordedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A committed event. `data` is the event object in its newest version; `position` is None until it is sealed.

    `schema_version` is the version as stored; `recorded_at` is the commit's transaction time (aware, UTC). Only who
    asks for events whatever they are gets data that are Unreadable.
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
    """The event as API, exports and audit pages show it (JSON types only).

    Data that the code cannot read are shown as they are stored, with the reason as `unreadable`.
    """
    data = event.data
    is_read = not isinstance(data, Unreadable)
    shown = {
        "id": str(event.id),
        "type": event.type,
        "schemaVersion": type_of(data).version if is_read else event.schema_version,
        "streamId": str(event.stream_id),
        "streamPosition": event.stream_position,
        "position": event.position,
        "timestamp": rfc3339(event.recorded_at),
        "data": msgspec.to_builtins(data) if is_read else data.stored,
        "metadata": event.metadata,
    }
    return shown if is_read else {**shown, "unreadable": data.problem}


def rfc3339(moment: datetime) -> str:
    """UTC with microseconds and Z (RFC 3339): 2026-03-29T01:00:00.000000Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


# The same as text from PostgreSQL, of a timestamptz, whatever the session's time zone.
RFC3339_SQL = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# What is raised for an event that the code does not know, and for data that are not its type's.
UNREADABLE = (UnknownEvent, msgspec.MsgspecError, InvalidTag, KeyError, TypeError, ValueError)
# The columns that `event_from_row` takes, in its order; `position` comes from the entry, or is null.
EVENT_COLUMNS = "e.id, e.type, e.schema_version, e.stream_id, e.stream_position, e.recorded_at, e.data, e.metadata"


def event_from_row(
    row: tuple[Any, ...], position: int | None, key: bytes | None = None, *, also_unreadable: bool = False
) -> RecordedEvent:
    """A RecordedEvent from a row of EVENT_COLUMNS; `key` opens its personal data, if it has some.

    Raises UnreadableEvent where the code does not know the type (UnknownEvent), or the data are not the type's; with
    `also_unreadable` nothing, whatever is stored.
    """
    event_id, name, version, stream_id, stream_position, recorded_at, data, metadata = row
    try:
        read = decode(name, version, data, stream_id, key)
    except UNREADABLE as error:
        if not also_unreadable:
            if isinstance(error, UnknownEvent):
                raise
            raise UnreadableEvent(problem_of(name, version, error)) from error
        read = Unreadable(decode_json(data), problem_of(name, version, error))
    return RecordedEvent(
        id=event_id,
        type=name,
        schema_version=version,
        stream_id=stream_id,
        stream_position=stream_position,
        position=position,
        recorded_at=recorded_at,
        data=read,
        metadata=decode_json(metadata),
    )


def problem_of(name: str, version: int, error: Exception) -> str:
    """Why an event cannot be read, in words."""
    if isinstance(error, UnknownEvent):
        return str(error)
    return f"the data are not those of {name} version {version}: {error!r}"
