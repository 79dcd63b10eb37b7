"""What only the tables' owner can do to the record: lift the triggers, and change it by hand."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from django.db import connection, transaction

from ledger.keys import signing_key, trusted_keys
from ledger.sealing import seal_all
from ledger.signing import sign_head
from ledger.verification import Verification, verify
from tests.ledger.book import write

_SWITCH = """
do $$ declare t record; begin
    for t in select tgrelid::regclass as table_name, tgname from pg_trigger
             where tgfoid = 'ledger_refuse_change'::regproc
    loop execute format('alter table %s {how} trigger %I', t.table_name, t.tgname); end loop;
end $$;
"""


@contextmanager
def unlocked() -> Iterator[Any]:
    """A cursor with which everything can be changed; the triggers are back afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SWITCH.format(how="disable"))
        yield cursor
        cursor.execute(_SWITCH.format(how="enable always"))


def tamper(statement: str, *parameters: Any) -> None:
    """One statement, as the owner."""
    with unlocked() as cursor:
        cursor.execute(statement, parameters)


def sequence_at(position: int) -> int:
    """The number of the event at a position of the book."""
    with connection.cursor() as cursor:
        cursor.execute("select sequence from ledger_entry where position = %s", [position])
        return int(cursor.fetchone()[0])


def change_event(position: int, change: str, *parameters: Any) -> None:
    """Change columns of the event at a position."""
    tamper(f"update ledger_event set {change} where sequence = %s", *parameters, sequence_at(position))


def change_entries(change: Callable[[dict[int, list[Any]]], dict[int, list[Any]]]) -> None:
    """Put other entries (position: [sequence, hash]) in the place of all that there are."""
    with unlocked() as cursor:
        cursor.execute("select position, sequence, hash from ledger_entry order by position")
        entries = change({row[0]: [row[1], bytes(row[2])] for row in cursor.fetchall()})
        cursor.execute("delete from ledger_entry")
        cursor.executemany(
            "insert into ledger_entry (position, sequence, hash) values (%s, %s, %s)",
            [(position, *entry) for position, entry in entries.items()],
        )


def rehash_from(position: int) -> None:
    """Make every hash from `position` on anew, and let the sealer remember the last: what a careful forger does."""
    with unlocked() as cursor:
        cursor.execute("select hash from ledger_entry where position = %s", [position - 1])
        row = cursor.fetchone()
        previous = bytes(row[0]) if row else bytes(32)
        cursor.execute(
            "select n.position, e.id, e.type, e.schema_version, e.stream_id, e.stream_position, e.recorded_at,"
            " e.data::text, e.metadata::text from ledger_entry n join ledger_event e using (sequence)"
            " where n.position >= %s order by n.position",
            [position],
        )
        last = position - 1
        for last, event_id, name, version, stream_id, place, at, data, metadata in cursor.fetchall():
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
            text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            previous = hashlib.sha256(previous + last.to_bytes(8, "big") + text).digest()
            cursor.execute("update ledger_entry set hash = %s where position = %s", [previous, last])
        cursor.execute("update ledger_sealer_state set position = %s, hash = %s", [last, previous])


def put_in(position: int, entry: Callable[[bytes], list[Any]]) -> None:
    """Put an entry in at `position`, made from the hash before it; those behind move down."""

    def change(entries: dict[int, list[Any]]) -> dict[int, list[Any]]:
        before = entries[position - 1][1] if position > 1 else bytes(32)
        moved = {p if p < position else p + 1: e for p, e in entries.items()}
        return moved | {position: entry(before)}

    change_entries(change)


def a_book(streams: int = 4, rounds: int = 5, *, signed: bool = False) -> int:
    """Streams whose events lie among each other, sealed (and signed); how many entries that makes."""
    ids = [write() for _ in range(streams)]
    for after in range(1, rounds):
        for stream_id in ids:
            write(stream_id, after=after)
    seal_all()
    if signed:
        sign_head()
    return streams * rounds


def verified(**options: Any) -> Verification:
    """What a verification finds, with the keys of this machine."""
    return verify(keys=trusted_keys(), **options)


def found(**options: Any) -> tuple[str, int | None]:
    """(what was done, where) as a verification finds it."""
    finding = verified(**options).finding
    assert finding is not None, "nothing was found"
    return finding.kind.value, finding.position


def public_key() -> str:
    """The bank's."""
    return signing_key().id
