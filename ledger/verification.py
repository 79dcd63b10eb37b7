"""Verification: the whole book, or a range of it, against its hashes, its events and its signed checkpoints."""

import heapq
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import takewhile
from typing import Any

import msgspec

from ledger import completeness, observing
from ledger.archive import Archive, filled
from ledger.book import PAGE_SIZE, Head, hash_at, pages, read_head
from ledger.connections import cursor
from ledger.errors import LedgerError
from ledger.findings import Finding, Kind
from ledger.merkle import Tree
from ledger.partitions import away_test
from ledger.seals import MAX_ENTRIES, Seal, last_seal, read_seals
from ledger.walking import Walk

Progress = Callable[[int, int], None]


class NoSuchRange(LedgerError):
    """The book has no such positions."""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found. `events`: how many were checked and are right, from `first` on.

    `checkpoints`: how many signatures were checked and hold; `signed_to`: the last position that one of them covers.
    `away`: how many of the events are in detached partitions and in no export that was given: of these only the hashes
    were checked, against the checkpoints. `archived`: how many were taken from exports.
    """

    first: int
    last: int
    events: int
    checkpoints: int
    signed_to: int
    head_hash: bytes
    seconds: float
    finding: Finding | None
    away: int = 0
    archived: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything is as it was sealed and signed."""
        return self.finding is None


def verify(
    *,
    first: int = 1,
    last: int | None = None,
    keys: Collection[str],
    witnesses: Iterable[Seal] = (),
    progress: Progress | None = None,
    grace_seconds: float = 60.0,
    page_size: int = PAGE_SIZE,
    kept: Archive | None = None,
) -> Verification:
    """Check entries `first` to `last` (None: to the end) in order, up to the first finding; only reads.

    `keys` are the ids of the keys whose signatures count. `witnesses` are checkpoints that were exported earlier, in
    order of position: what somebody else kept proves more than what stands in the same database. With the whole book
    goes whether every event has its entry and every stream its events. `kept` has events of detached partitions.
    Raises NoSuchRange, NoSuchExport.
    """
    started = time.monotonic()
    with cursor() as cur:
        head = read_head(cur)
        last = head.position if last is None else last
        if first < 1 or last > head.position or (first > last and (first, last) != (1, 0)):
            raise NoSuchRange(f"there are no positions {first} to {last}: the book ends at {head.position}")
        previous, seal = hash_at(cur, first - 1), last_seal(cur, before=first)
        is_away = away_test(cur)
    whole = (first, last) == (1, head.position)
    seals = _Seals(first, last, head, keys, seal, witnesses)
    walk = Walk(first - 1, previous or b"", is_away)
    book = pages(first, last, page_size)
    if previous is None:
        finding: Finding | None = Finding(Kind.MISSING, "the entry is gone", first - 1)
    else:
        finding = _walk(walk, seals, filled(book, kept) if kept else book, first, last, head, progress)
    if finding is None and last == head.position:
        finding = _end(walk, head)
    if finding is None:
        finding = completeness.check(first, last, whole=whole, grace_seconds=grace_seconds)
    if whole:
        observing.verified(right=finding is None)
    return Verification(
        first=first,
        last=last,
        events=walk.position - first + 1,
        checkpoints=seals.checked,
        signed_to=seals.signed_to,
        head_hash=walk.hash,
        seconds=time.monotonic() - started,
        finding=finding,
        away=walk.away,
        archived=kept.used if kept else 0,
    )


def _walk(
    walk: Walk,
    seals: "_Seals",
    pages_of_book: Iterable[list[tuple[Any, ...]]],
    first: int,
    last: int,
    head: Head,
    progress: Progress | None,
) -> Finding | None:
    total = last - first + 1
    for rows in pages_of_book:
        hashes, finding = walk.take(rows)
        finding = seals.take(hashes) or finding
        if progress is not None:
            progress(walk.position - first + 1, total)
        if finding is not None:
            return finding
    if walk.position < last:
        if head.last_entry > last:
            return Finding(Kind.MISSING, "the entries are gone", walk.position + 1, last)
        return Finding(Kind.CUT_TAIL, f"the book had {last:,} entries; the last are gone", walk.position + 1, last)
    return seals.beyond()


def _end(walk: Walk, head: Head) -> Finding | None:
    """Whether the sealer left off where the book ends."""
    if head.last_entry > head.position:
        return Finding(Kind.INSERTED, "entries that the sealer never made", head.position + 1, head.last_entry)
    if walk.hash != head.hash:
        return Finding(Kind.CHANGED, "the sealer remembers another hash of the last entry", head.position)
    return None


class _Seals:
    """The checkpoints of the range, each checked as the walk passes it; stored ones and witnesses in one order."""

    def __init__(
        self, first: int, last: int, head: Head, keys: Collection[str], before: Seal | None, witnesses: Iterable[Seal]
    ) -> None:
        self._keys = keys
        # Beyond the range only those that say that the book was longer than it is.
        upper = last if last < head.position else 2**63
        stored = ((seal, True) for seal in takewhile(lambda seal: seal.position <= upper, read_seals(first)))
        kept = ((seal, False) for seal in witnesses if first <= seal.position <= upper)
        self._coming: Iterator[tuple[Seal, bool]] = heapq.merge(stored, kept, key=lambda pair: pair[0].position)
        self._next = next(self._coming, None)
        self._position, self._last_hash = first - 1, b""  # of the last entry taken
        self._first = first
        self._leaves: list[bytes] = []  # the hashes of entries behind the last stored seal, MAX_ENTRIES + 1 at most
        self._sealed_to = before.position if before else 0
        self.checked = 0
        self.signed_to = 0

    def take(self, hashes: list[bytes]) -> Finding | None:
        """The next entries have these hashes."""
        while self._next is not None and self._next[0].position <= self._position + len(hashes):
            seal, stored = self._next
            count = max(seal.position - self._position, 0)
            self._add(hashes[:count])
            hashes = hashes[count:]
            finding = self._signature(seal) or self._against_book(seal) or (self._root(seal) if stored else None)
            if finding is not None:
                return finding
            self.checked += 1
            self.signed_to = seal.position
            self._next = next(self._coming, None)
        self._add(hashes)
        return None

    def beyond(self) -> Finding | None:
        """A checkpoint behind the end of the book: of the book as it is by now, which may have grown meanwhile."""
        while self._next is not None:
            seal, _ = self._next
            with cursor() as cur:
                end = read_head(cur).last_entry
            if seal.position > end:
                message = f"the book ends at {end:,}; at {seal.signed_at} a checkpoint at {seal.position:,} was signed"
                return self._signature(seal) or Finding(Kind.CUT_TAIL, message, end + 1, seal.position)
            self._next = next(self._coming, None)
        return None

    def _add(self, hashes: list[bytes]) -> None:
        self._position += len(hashes)
        self._leaves += hashes[: MAX_ENTRIES + 1 - len(self._leaves)]
        if hashes:
            self._last_hash = hashes[-1]

    def _signature(self, seal: Seal) -> Finding | None:
        what = None
        if seal.key_id not in self._keys:
            what = f"signed by the key {seal.key_id}, which is not one of those that count"
        elif not seal.is_genuine():
            what = f"the signature of {seal.signed_at} does not hold"
        return Finding(Kind.CHECKPOINT, what, seal.position) if what else None

    def _against_book(self, seal: Seal) -> Finding | None:
        if seal.hash == self._last_hash:
            return None
        since = max(self.signed_to + 1, self._first)
        message = f"the hashes lead to another than the one signed at {seal.signed_at}"
        return Finding(Kind.REWRITTEN, message, since, seal.position)

    def _root(self, seal: Seal) -> Finding | None:
        leaves, self._leaves = self._leaves, []
        expected, self._sealed_to = self._sealed_to + 1, seal.position
        if seal.first != expected:
            message = f"no checkpoint covers positions {expected} to {seal.first - 1}; some are gone"
            return Finding(Kind.CHECKPOINT, message, expected, seal.position)
        if seal.first < self._first:
            return None  # the range begins inside this tree
        if len(leaves) != seal.size or Tree(leaves).root != seal.root:
            return Finding(Kind.CHECKPOINT, "the Merkle root of the checkpoint is another", seal.position)
        return None
