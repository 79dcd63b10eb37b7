"""Signing the book's head: a checkpoint for what was sealed since the last one, checked before it is signed."""

from datetime import UTC, datetime

from ledger.book import pages, read_head
from ledger.connections import Cursor, transaction
from ledger.errors import LedgerError
from ledger.findings import Finding, Kind
from ledger.keys import NoSigningKey, SigningKey, make_key_file, signing_key
from ledger.locks import try_lock
from ledger.merkle import Tree
from ledger.partitions import away_test
from ledger.records import rfc3339
from ledger.sealing import GENESIS
from ledger.seals import MAX_ENTRIES, Seal, insert_seal, last_seal
from ledger.walking import Walk

_LOCK = "checkpoints"


class NotSigned(LedgerError):
    """What was sealed since the last checkpoint is not right, and a signature would vouch for it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"not signed: {finding}")
        self.finding = finding


def sign_head(*, new_key: bool = False) -> list[Seal]:
    """Sign what was sealed since the last checkpoint; one seal for each MAX_ENTRIES, none where nothing was.

    Nothing is done where somebody else is at it. The very first makes the key file if there is no key; later a missing
    key raises NoSigningKey, unless `new_key`: a lost key must not go unnoticed. Raises NotSigned, InvalidKey.
    """
    signed: list[Seal] = []
    while True:
        with transaction() as cur:
            if not try_lock(cur, _LOCK):
                return signed
            seal = _sign_next(cur, new_key)
        if seal is None:
            return signed
        signed.append(seal)


def _sign_next(cur: Cursor, new_key: bool) -> Seal | None:
    before = last_seal(cur)
    position, own_hash = (before.position, before.hash) if before else (0, GENESIS)
    head = read_head(cur)
    if head.position < position:
        raise NotSigned(Finding(Kind.CUT_TAIL, f"a checkpoint was signed at {position}", head.position + 1, position))
    if head.position == position:
        return None
    key = _key(may_make=before is None or new_key)
    last = min(head.position, position + MAX_ENTRIES)
    leaves = _check(Walk(position, own_hash, away_test(cur)), last)
    seal = Seal(position + 1, last, leaves[-1], Tree(leaves).root, key.id, rfc3339(datetime.now(UTC)))
    insert_seal(cur, signed := seal.signed_by(key))
    return signed


def _check(walk: Walk, last: int) -> list[bytes]:
    """The hashes of the entries behind the walk's start, made again from their events, from the hash signed there."""
    leaves: list[bytes] = []
    for rows in pages(walk.position + 1, last):
        hashes, finding = walk.take(rows)
        if finding is not None:
            raise NotSigned(finding)
        leaves += hashes
    if walk.away:
        raise NotSigned(Finding(Kind.MISSING, f"{walk.away:,} events are in detached partitions: attach them first"))
    if walk.position < last:
        raise NotSigned(Finding(Kind.MISSING, "the entries are gone", walk.position + 1, last))
    return leaves


def _key(*, may_make: bool) -> SigningKey:
    try:
        return signing_key()
    except NoSigningKey:
        if not may_make:
            raise
    make_key_file()
    return signing_key()
