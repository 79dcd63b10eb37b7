"""What was done to an entry whose hash is not right: tried out, one after the other, until something fits."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ledger.book import BookRow, canonical, rows_of_sequences
from ledger.connections import Cursor
from ledger.findings import Finding, Kind
from ledger.sealing import GENESIS, entry_hash

_FARTHEST_SHIFT: Final = 100
_NEAR_SEQUENCES: Final = 1_000

Around = Mapping[int, BookRow]


def explain_hole(expected: int, row: BookRow) -> Finding:
    """Position `expected` has no entry, or (where `row` stands at it) the entry has no event."""
    if row.position == expected:
        return Finding(Kind.MISSING, f"the event of this entry (sequence {row.sequence}) is gone", expected)
    count = row.position - expected
    what = "the entry is gone" if count == 1 else f"{count:,} entries are gone"
    return Finding(Kind.MISSING, what, expected, row.position - 1)


def explain_hash(cur: Cursor, row: BookRow, previous: bytes, around: Around) -> Finding:
    """`row` follows the entry whose hash is `previous`, but its own hash is another than its event gives."""
    computed = hash_here(previous, row.position, row)
    if computed is None:
        return Finding(Kind.CHANGED, "the event cannot be read", row.position)
    return (
        _moved(cur, row, previous, around)
        or _inserted_before(row, around)
        or _removed_before(row, around)
        or _only_hash(row, computed, around)
        or Finding(Kind.CHANGED, f"{_name(row)} is not what was sealed", row.position)
    )


def _moved(cur: Cursor, row: BookRow, previous: bytes, around: Around) -> Finding | None:
    """The event that belongs here stands elsewhere: swapped, or shifted by entries put in here."""
    candidates = {position: other for position, other in around.items() if position > row.position}
    if before := around.get(row.position - 1):
        low, high = before.sequence - _NEAR_SEQUENCES, before.sequence + _NEAR_SEQUENCES
        far = rows_of_sequences(cur, low, high, 2 * _NEAR_SEQUENCES)
        candidates |= {other.position: other for other in far if other.position > row.position}
    for position, other in candidates.items():
        here = hash_here(previous, row.position, other)
        if here is None or here not in (row.hash, other.hash):
            continue
        count = position - row.position
        if here == other.hash and not _belongs(row, other, around) and _continues(other, row.position, around):
            return Finding(Kind.INSERTED, f"{_entries(count)} put in here; those behind moved down", row.position)
        return Finding(Kind.SWAPPED, f"the event of this entry stands at position {position}", row.position)
    return None


def _belongs(row: BookRow, other: BookRow, around: Around) -> bool:
    """Whether the event of `row` was sealed where `other` stands: then they have changed places."""
    before = around.get(other.position - 1)
    # Next to each other, the one in front was moved too.
    previous = {row.hash, other.hash} | ({before.hash} if before else set())
    return any(hash_here(own, other.position, row) in (row.hash, other.hash) for own in previous)


def _continues(moved: BookRow, position: int, around: Around) -> bool:
    """Whether what stands behind `moved` was sealed right behind it while it still stood at `position`."""
    after = around.get(moved.position + 1)
    return after is None or hash_here(moved.hash, position + 1, after) == after.hash


def _inserted_before(row: BookRow, around: Around) -> Finding | None:
    """Entries with right hashes of their own were put in before this one, which still has its old hash."""
    for count in range(1, _FARTHEST_SHIFT + 1):
        position = row.position - count
        before = around.get(position - 1)
        previous = GENESIS if position == 1 else before.hash if before else None
        if previous is None:
            return None
        if hash_here(previous, position, row) == row.hash:
            return Finding(Kind.INSERTED, f"{_entries(count)} put in here; those behind moved down", position)
    return None


def _removed_before(row: BookRow, around: Around) -> Finding | None:
    """Entries were taken out and those behind moved up: the next one's hash still has its old number in it."""
    after = around.get(row.position + 1)
    if after is None:
        return None
    for count in range(1, _FARTHEST_SHIFT + 1):
        if hash_here(row.hash, after.position + count, after) == after.hash:
            return Finding(Kind.MISSING, f"{_entries(count)} taken out here; those behind moved up", row.position)
    return None


def _only_hash(row: BookRow, computed: bytes, around: Around) -> Finding | None:
    """The event is right, its hash is not: the right one stands elsewhere, or what comes next was sealed behind it."""
    for other in around.values():
        if other.hash == computed:
            return Finding(Kind.SWAPPED, f"the hash of this entry stands at position {other.position}", row.position)
    after = around.get(row.position + 1)
    if after is not None and hash_here(computed, after.position, after) == after.hash:
        return Finding(Kind.CHANGED, f"the hash of the entry was changed; {_name(row)} is right", row.position)
    return None


def hash_here(previous: bytes, position: int, row: BookRow) -> bytes | None:
    """The hash that the event would have at this place; None for one that cannot be read."""
    try:
        return entry_hash(previous, position, canonical(row))
    except (msgspec.MsgspecError, RecursionError):
        return None


def _entries(count: int) -> str:
    return "an entry was" if count == 1 else f"{count} entries were"


def _name(row: BookRow) -> str:
    return f"{row.type} {row.stream_id}/{row.stream_position}"
