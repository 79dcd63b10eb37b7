"""Events straight into the ledger, beside any command; and the book checked by a second hand."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db import connections as django_connections

from accounts.account import AccountFrozen
from ledger import store
from ledger.connections import Cursor, transaction
from ledger.ids import new_id
from ledger.projections import NewEvent
from tests.spec import AT


def an_event(reason: str = "") -> AccountFrozen:
    """Any event that says something."""
    return AccountFrozen(reason=reason, occurred_at=AT)


def batch_for(stream_id: UUID, count: int, *, after: int = 0, events: Sequence[Any] = ()) -> store.Batch:
    """`count` events (or those given) of one stream whose version is `after`."""
    added = list(events) or [an_event(f"event {after + n + 1}") for n in range(count)]
    return store.Batch(
        streams={stream_id: store.StreamChange("test", after, after + len(added), {}, 1)},
        events=[
            NewEvent(stream_id, after + n + 1, event, new_id(), {"actor": "system:test", "n": n})
            for n, event in enumerate(added)
        ],
    )


def write(stream_id: UUID | None = None, count: int = 1, *, after: int = 0, events: Sequence[Any] = ()) -> UUID:
    """Append events to a stream and commit."""
    stream_id = stream_id or new_id()
    with transaction() as cur:
        store.append(cur, batch_for(stream_id, count, after=after, events=events))
    return stream_id


@contextmanager
def writing(stream_id: UUID | None = None, count: int = 1, *, after: int = 0) -> Iterator[Cursor]:
    """Append events and hold the transaction open: its numbers are drawn, and it commits when the block ends."""
    with transaction() as cur:
        store.append(cur, batch_for(stream_id or new_id(), count, after=after))
        yield cur


class RolledBack(Exception):
    """Ends a `writing` block without a commit."""


def write_and_roll_back(count: int = 1) -> None:
    """Numbers that are drawn and never come."""
    try:
        with writing(count=count):
            raise RolledBack
    except RolledBack:
        pass


@contextmanager
def foreign_transaction() -> Iterator[None]:
    """Somebody else's transaction in the same database, with a transaction id of its own, open for the block."""
    with psycopg.connect(**connection_parameters()) as conn:
        conn.execute("select pg_current_xact_id()")
        yield


def connection_parameters(**changes: Any) -> dict[str, Any]:
    """For a connection of one's own to the test database."""
    settings = django_connections["default"].settings_dict
    given = {
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "host": settings["HOST"],
        "port": settings["PORT"],
        **changes,
    }
    return {name: value for name, value in given.items() if value}


def gaps() -> list[tuple[int, int]]:
    """The numbers that the sealer still waits for, as (first, last)."""
    with connection.cursor() as cursor:
        cursor.execute("select gaps from ledger_sealer_state")
        return [(gap[0], gap[1]) for gap in json.loads(cursor.fetchone()[0])]


def sequences_of_book() -> list[int]:
    """The numbers of the sealed events, in the order of the book."""
    with connection.cursor() as cursor:
        cursor.execute("select sequence from ledger_entry order by position")
        return [row[0] for row in cursor.fetchall()]


_BOOK = """
select n.position, n.hash, e.id, e.type, e.schema_version, e.stream_id, e.stream_position, e.recorded_at,
       e.data::text, e.metadata::text
from ledger_entry n left join ledger_event e using (sequence) order by n.position
"""


def check_the_book() -> int:
    """Dense, gapless, linked by right hashes, in each stream's order; how many entries it has.

    The chain is computed here again with nothing but hashlib and json.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BOOK)
        rows = cursor.fetchall()
    previous = bytes(32)
    last_of_stream: dict[UUID, int] = {}
    for expected, (position, found, event_id, name, version, stream_id, place, at, data, metadata) in enumerate(
        rows, 1
    ):
        assert position == expected
        event = {
            "id": str(event_id),
            "type": name,
            "schemaVersion": version,
            "streamId": str(stream_id),
            "streamPosition": place,
            "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "data": json.loads(data),
            "metadata": json.loads(metadata),
        }
        canonical = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        previous = hashlib.sha256(previous + position.to_bytes(8, "big") + canonical).digest()
        assert bytes(found) == previous, f"the hash of entry {position}"
        assert place > last_of_stream.get(stream_id, 0), f"entry {position} comes before an earlier one of its stream"
        last_of_stream[stream_id] = place
    return len(rows)


def unsealed_count() -> int:
    """How many committed events have no place in the book."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from ledger_event e where not exists"
            " (select 1 from ledger_entry n where n.sequence = e.sequence)"
        )
        return int(cursor.fetchone()[0])
