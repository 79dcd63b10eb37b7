"""Advisory locks: who may seal, who may run a projection. They end with their transaction, however it ends."""

import zlib
from typing import Final
from uuid import UUID

from ledger.connections import Cursor

# The first half of the two-number keys: keeps ours apart from anybody else's advisory locks in the same database.
_SPACE: Final = 0x50_42  # "PB"
SEALER: Final = "sealer"
# What a stream's shard is found by, as an expression: the remainder by the number of shards.
STREAM_HASH: Final = "(uuid_hash({}) & 2147483647)"


def try_lock(cur: Cursor, name: str) -> bool:
    """Take the transaction-level lock `name` if nobody has it; never waits, takes no transaction id."""
    row = cur.execute("select pg_try_advisory_xact_lock(%s::int, %s::int)", (_SPACE, _key(name))).fetchone()
    return bool(row and row[0])


def lock(cur: Cursor, name: str) -> None:
    """Take the transaction-level lock `name`, waiting for whoever has it."""
    cur.execute("select pg_advisory_xact_lock(%s::int, %s::int)", (_SPACE, _key(name)))


def shard_of(cur: Cursor, stream_id: UUID, shards: int) -> int:
    """Which of `shards` a stream belongs to: by PostgreSQL's hash, as the runner divides them."""
    row = cur.execute(f"select {STREAM_HASH.format('%s::uuid')}", (stream_id,)).fetchone()
    assert row is not None
    return int(row[0]) % shards


def _key(name: str) -> int:
    """CRC-32 as a signed 32-bit number: the same in every process and version."""
    return zlib.crc32(name.encode()) - 2**31
