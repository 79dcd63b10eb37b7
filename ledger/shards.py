"""How a projection's streams are divided among its shards; and divided anew, where the code says another number.

A projection has as many checkpoints as it has shards. Where the code says another number, each stream would go on at
the place of a shard that never had it: so the shards there are go on until all stand at one place, and only there are
the streams divided anew. Every event still counts exactly once.
"""

from dataclasses import replace

import msgspec

from ledger import checkpoints
from ledger.checkpoints import Checkpoint
from ledger.connections import Cursor
from ledger.locks import try_lock
from ledger.projections import AsyncProjection


def claim_of(projection: str, shard: int) -> str:
    """The name of the advisory lock that whoever advances a shard holds."""
    return f"projection:{projection}:{shard}"


class Division(msgspec.Struct, frozen=True):
    """How a projection is divided now: with which shards, where each stands, how far they may go.

    `is_meeting`: the code says another number of shards, and these have to meet at one place first.
    """

    projection: AsyncProjection
    checkpoints: list[Checkpoint]
    head: int
    is_meeting: bool = False


def division_of(cur: Cursor, projection: AsyncProjection, head: int) -> Division:
    """As the streams are divided, up to `head` at most; divided anew where that can be done."""
    there_are = checkpoints.of_shards(cur, projection)
    if len(there_are) != projection.shards and _divide(cur, projection):
        there_are = checkpoints.of_shards(cur, projection)
    if len(there_are) == projection.shards:
        return Division(projection, there_are, head)
    as_it_was = replace(projection, shards=len(there_are))
    return Division(as_it_was, there_are, min(head, max(c.position for c in there_are)), is_meeting=True)


def _divide(cur: Cursor, projection: AsyncProjection) -> bool:
    """Divide the streams anew, if all shards stand at one place and nobody else has one; whether it is done."""
    there_are = checkpoints.read(cur, projection.name)
    if len({checkpoint.position for checkpoint in there_are}) != 1:
        return False
    # Its own claim the caller has already: to take it again is no trouble.
    most = max(len(there_are), projection.shards)
    if not all(try_lock(cur, claim_of(projection.name, shard)) for shard in range(most)):
        return False
    there_are = checkpoints.read(cur, projection.name)  # somebody may have been at one until now
    positions = {checkpoint.position for checkpoint in there_are}
    if len(positions) != 1:
        return False
    status = "paused" if any(checkpoint.status == "paused" for checkpoint in there_are) else "running"
    cur.execute("delete from ledger_checkpoint where projection = %s and not rebuilding", (projection.name,))
    cur.execute(
        "insert into ledger_checkpoint (projection, shard, position, status)"
        " select %s, generate_series(0, %s::int - 1), %s, %s",
        (projection.name, projection.shards, positions.pop(), status),
    )
    return True
