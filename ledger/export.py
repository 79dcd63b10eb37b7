"""Exports: the sealed book, or a choice of its events, as JSON lines that prove themselves without this database.

Every line is canonical JSON: a manifest; the events in book order, in the public form as stored, each with its hash and
the one before; behind the last event of its range each signed checkpoint; at the end the numbers, and a SHA-256 of the
whole file. Of the whole book, or a range of it, the hashes make a chain. Of some streams, or some types of events, each
event has an inclusion proof.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

import msgspec

from ledger.book import BookRow, chosen_pages, hash_at, pages, read_head
from ledger.codec import encode_canonical
from ledger.connections import cursor
from ledger.errors import LedgerError
from ledger.merkle import Tree
from ledger.partitions import require_attached
from ledger.proofs import proof_in, proven, tree_of
from ledger.records import rfc3339
from ledger.seals import Seal, read_seals
from ledger.stored import category_of


class NotExportable(LedgerError):
    """There is nothing of the kind, or the book has a hole: an export of it would prove nothing."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: positions `first` to `last` (None: to the end), of these streams and types (none: of all)."""

    first: int = 1
    last: int | None = None
    streams: tuple[UUID, ...] = ()
    types: tuple[str, ...] = ()


Progress = Callable[[int, int], None]


def export_lines(selection: Selection, progress: Progress | None = None) -> Iterator[bytes]:
    """The lines of an export, each with its newline. Memory is flat.

    `progress` gets (positions passed, positions in all). Raises NotExportable, at once or on the way, EventsDetached,
    and NotProvable.
    """
    with cursor() as cur:
        end = read_head(cur).position
        first, last = selection.first, end if selection.last is None else selection.last
        require_attached(cur, first - 1, last)
        previous_hash = hash_at(cur, first - 1)
        unknown = [stream_id for stream_id in selection.streams if category_of(stream_id) is None]
    if unknown:
        raise NotExportable(f"there is no stream {unknown[0]}")
    if first < 1 or first > last or last > end:
        raise NotExportable(f"there are no positions {first} to {last}: the book ends at {end}")
    if previous_hash is None:
        raise NotExportable(f"the book has no entry at position {first - 1}: run verify_ledger")
    manifest = {
        "kind": "passbook-export",
        "version": 1,
        "first": first,
        "last": last,
        "streams": sorted(map(str, selection.streams)) or None,
        "previousHash": previous_hash.hex(),
        "exportedAt": rfc3339(datetime.now(UTC)),
    }
    if selection.types:
        # Whoever knows version 1 only must not take such a file for all events of its streams.
        manifest |= {"version": 2, "types": sorted(selection.types)}
    seals = _Seals(first, last)
    lines = (
        _chosen_lines(selection, first, last, seals)
        if selection.streams or selection.types
        else _book_lines(first, last, previous_hash, seals)
    )
    return _framed(manifest, lines, progress)


def _framed(manifest: dict[str, Any], lines: Iterator[Any], progress: Progress | None) -> Iterator[bytes]:
    first, total = manifest["first"], manifest["last"] - manifest["first"] + 1
    digest, events, checkpoints = hashlib.sha256(), 0, 0
    line = encode_canonical(manifest) + b"\n"
    digest.update(line)
    yield line
    for item in lines:
        if isinstance(item, Seal):
            checkpoints += 1
            line = encode_canonical(item.public_form()) + b"\n"
        else:
            events += 1
            line = encode_canonical(item) + b"\n"
            if progress is not None and events % 1_000 == 0:
                progress(item.position - first + 1, total)
        digest.update(line)
        yield line
    if progress is not None:
        progress(total, total)
    end = {"kind": "passbook-export-end", "events": events, "checkpoints": checkpoints}
    digest.update(encode_canonical(end))
    yield encode_canonical(end | {"sha256": digest.hexdigest()}) + b"\n"


class _Seals:
    """The seals of a range, one after the other."""

    def __init__(self, first: int, last: int) -> None:
        self._coming = takewhile(lambda seal: seal.first <= last, read_seals(first))
        self.next = next(self._coming, None)

    def up_to(self, position: int) -> Iterator[Seal]:
        """Those whose last entry is at or before `position`."""
        while self.next is not None and self.next.position <= position:
            yield self.next
            self.next = next(self._coming, None)


def _book_lines(first: int, last: int, previous_hash: bytes, seals: _Seals) -> Iterator[Any]:
    expected = first
    for page in pages(first, last):
        for row in map(BookRow._make, page):
            if row.position != expected or not row.is_whole:
                raise NotExportable(f"the book has no event at position {expected}: run verify_ledger")
            yield proven(row, previous_hash)
            yield from seals.up_to(expected)
            previous_hash, expected = row.hash, expected + 1
    if expected <= last:
        raise NotExportable(f"the book has no event at position {expected}: run verify_ledger")


def _chosen_lines(selection: Selection, first: int, last: int, seals: _Seals) -> Iterator[Any]:
    """Events with proofs; of the checkpoints those that the proofs lead to."""
    used: Seal | None = None
    tree: Tree | None = None
    for row, previous_hash in chosen_pages(first, last, selection.streams, selection.types):
        if previous_hash is None:
            raise NotExportable(f"the book has no entry at position {row.position - 1}: run verify_ledger")
        if used is not None and row.position > used.position:
            yield used
            used = None
        for _ in seals.up_to(row.position - 1):
            pass
        if seals.next is None or row.position < seals.next.first:
            yield proven(row, previous_hash)
            continue
        if used is None:
            used = seals.next
            with cursor() as cur:
                tree = tree_of(cur, used)
        assert tree is not None, "made with the seal"
        yield proven(row, previous_hash, proof_in(tree, used, row.position))
    if used is not None:
        yield used
