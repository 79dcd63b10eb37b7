"""One entry against its own hash: whether it is what was sealed, and what was done to it where it is not."""

from ledger.book import BookRow, hash_at, row_at, rows_between
from ledger.connections import Cursor, cursor
from ledger.diagnosis import explain_hash, hash_here
from ledger.findings import Finding, Kind
from ledger.walking import window


def recheck(position: int) -> Finding | None:
    """What is wrong with the entry at a position, by the entries around it; None where its hash is right.

    None as well where that cannot be told: the entry, its event or the entry before it is gone.
    """
    with cursor() as cur:
        row, previous = row_at(cur, position), hash_at(cur, position - 1)
        if row is None or not row.is_whole or previous is None or _fits(previous, row):
            return None
        if _follows_a_changed_hash(cur, row):
            message = f"the hash of the entry before was changed; {row.type} itself is right"
            return Finding(Kind.CHANGED, message, position - 1)
        around = rows_between(cur, *window(position))
        return explain_hash(cur, row, previous, {other.position: other for other in around})


def _follows_a_changed_hash(cur: Cursor, row: BookRow) -> bool:
    """Whether it was sealed behind the hash that the entry before it should have, and has no more."""
    if row.position < 2:
        return False
    before, previous = row_at(cur, row.position - 1), hash_at(cur, row.position - 2)
    if before is None or not before.is_whole or previous is None:
        return False
    should_be = hash_here(previous, before.position, before)
    return should_be is not None and _fits(should_be, row)


def _fits(previous: bytes, row: BookRow) -> bool:
    return hash_here(previous, row.position, row) == row.hash
