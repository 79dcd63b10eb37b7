"""Exports of the book, read back: the events of detached partitions, in the order of the book."""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from ledger.book import BookRow
from ledger.codec import encode_canonical
from ledger.errors import LedgerError

_MANIFEST: Final = b'"kind":"passbook-export"'
_END: Final = b'"kind":"passbook-export-end"'


class NoSuchExport(LedgerError):
    """Not a whole export of the book: tools/verify_export.py says what is wrong with it."""


class Exported(msgspec.Struct, frozen=True, rename="camel"):
    """An event as an export has it; `data` and `metadata` as they stand there."""

    id: str
    type: str
    schema_version: int
    stream_id: str
    stream_position: int
    position: int
    hash: str
    timestamp: str
    data: msgspec.Raw
    metadata: msgspec.Raw

    def as_row(self, position: int, own_hash: bytes, sequence: int) -> BookRow:
        """As the book would have it."""
        return BookRow(
            position,
            own_hash,
            sequence,
            self.id,
            self.type,
            self.schema_version,
            self.stream_id,
            self.stream_position,
            self.timestamp,
            bytes(self.data),
            bytes(self.metadata),
        )


_decode: Final = msgspec.json.Decoder(Exported).decode


class Archive:
    """Some exports, asked for one position after the other; what lies between is passed over. Memory is flat."""

    def __init__(self, files: Sequence[BinaryIO]) -> None:
        self._coming = heapq.merge(*map(_events, files), key=lambda event: event.position)
        self._next: Exported | None = next(self._coming, None)
        self.used = 0  # how many were asked for and found

    def at(self, position: int) -> Exported | None:
        """The event at `position`, which grows from call to call; None where no export has it."""
        while self._next is not None and self._next.position < position:
            self._next = next(self._coming, None)
        if self._next is None or self._next.position != position:
            return None
        self.used += 1
        return self._next


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[Archive]:
    """The archive of these files; raises NoSuchExport, also on the way."""
    with ExitStack() as stack:
        yield Archive([stack.enter_context(path.open("rb")) for path in paths])


def filled(pages: Iterator[list[tuple[Any, ...]]], archive: Archive) -> Iterator[list[tuple[Any, ...]]]:
    """The book's pages, with the archive's event where an entry's own is not here."""
    for page in pages:
        rows: list[tuple[Any, ...]] = []
        for row in page:
            event = archive.at(row[0]) if row[3] is None else None
            rows.append(row if event is None else event.as_row(*row[:3]))
        yield rows


def sha256_of(path: Path) -> str:
    """The SHA-256 that the export itself names, checked against its lines; raises NoSuchExport."""
    digest, end = hashlib.sha256(), None
    with path.open("rb") as file:
        for line in file:
            if end is not None:
                raise NoSuchExport(f"{path}: something stands behind its end")
            if _END in line:
                end = _form(path, line)
                continue
            digest.update(line)
    if end is None:
        raise NoSuchExport(f"{path} is no export, or breaks off")
    named = end.pop("sha256", None)
    digest.update(encode_canonical(end))
    if named != digest.hexdigest():
        raise NoSuchExport(f"{path}: its SHA-256 is another")
    return str(named)


def _events(file: BinaryIO) -> Iterator[Exported]:
    """The events of an export of the whole book or a range of it, in order."""
    manifest = file.readline()
    if _MANIFEST not in manifest or _form(Path(file.name), manifest).get("streams") is not None:
        raise NoSuchExport(f"{file.name} is not an export of a range of the book")
    for line in file:
        # Keys are sorted: an event begins with its data, a checkpoint and the end do not.
        if line.startswith(b'{"data":'):
            try:
                yield _decode(line)
            except msgspec.MsgspecError as error:
                raise NoSuchExport(f"{file.name}: not an event: {error}") from error


def _form(path: Path, line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise NoSuchExport(f"{path}: {error}") from error
