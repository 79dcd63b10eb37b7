"""Events that no code of this bank wrote: of a type that nobody knows (any more)."""

from typing import Any
from uuid import UUID

from django.db import connection

from ledger.codec import encode_json
from ledger.ids import new_id
from tests.acting import as_owner

_APPEND = """
with head as (
    insert into ledger_stream as s (id, category, version, snapshot, snapshot_schema)
    values (%(stream)s, %(category)s, 1, '{}', 0)
    on conflict (id) do update set version = s.version + 1 returning version
)
insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
select %(stream)s, head.version, %(id)s, %(type)s, 1, %(data)s, %(metadata)s from head
"""


def strange(
    stream_id: UUID, category: str, type_name: str = "DreamDreamt", data: dict[str, Any] | None = None, **metadata: str
) -> UUID:
    """One more event on this stream, which begins with it where there is none; the event's id."""
    event_id, command_id = new_id(), str(new_id())
    told = {"actor": "system:test", "commandId": command_id, "correlationId": command_id, "causationId": command_id}
    parameters: dict[str, Any] = {
        "stream": stream_id,
        "category": category,
        "id": event_id,
        "type": type_name,
        "data": encode_json(data or {"about": "flying"}).decode(),
        "metadata": encode_json(told | metadata).decode(),
    }
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(_APPEND, parameters)
    return event_id
