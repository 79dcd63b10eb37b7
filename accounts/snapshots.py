"""Snapshots held to their events: every command is decided on one, so nothing may stand in it that did not happen."""

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

import msgspec

from accounts.aggregates import AGGREGATES, fold
from ledger.connections import cursor
from ledger.errors import LedgerError
from ledger.partitions import EventsDetached
from ledger.store import Head

_PAGE_SIZE: Final = 1_000
_FIRST: Final = UUID(int=0)


class Compared(msgspec.Struct, frozen=True):
    """How many snapshots equal the fold of their events, and how many cannot be folded: their events are detached."""

    equal: int
    away: int


class SnapshotDiffers(LedgerError):
    """A snapshot says something else than the events of its stream."""


def compare_snapshots(progress: Callable[[int, int], None] | None = None) -> Compared:
    """Fold every stream anew, up to the version of its snapshot; raises SnapshotDiffers at the first that differs.

    Only reads; streams may move meanwhile. Snapshots of another schema are refolded when they are needed, so they do
    not count. Memory is flat.
    """
    equal = away = 0
    with cursor() as cur:
        row = cur.execute("select count(*) from ledger_stream").fetchone()
    total = row[0] if row else 0
    for done, (stream_id, head) in enumerate(_heads(), 1):
        aggregate = AGGREGATES[head.category]
        if head.snapshot_schema == aggregate.snapshot_schema:
            try:
                folded = fold(head.category, stream_id, to=head.version)
            except EventsDetached:
                away += 1
            else:
                if _decoded(head) != folded:
                    raise SnapshotDiffers(
                        f"the snapshot of stream {stream_id} ({head.category}, version {head.version}) is not what its"
                        " events say"
                    )
                equal += 1
        if progress is not None:
            progress(done, max(total, done))
    return Compared(equal, away)


def _decoded(head: Head) -> object:
    """The snapshot's state; None for one that cannot be read, which equals no state."""
    try:
        return AGGREGATES[head.category].decode(head.snapshot)
    except msgspec.MsgspecError:
        return None


def _heads() -> Iterator[tuple[UUID, Head]]:
    """Every stream, in order of its id, in pages."""
    after = _FIRST
    while True:
        with cursor() as cur:
            page = cur.execute(
                "select id, category, version, snapshot, snapshot_schema from ledger_stream where id > %s"
                " order by id limit %s",
                (after, _PAGE_SIZE),
            ).fetchall()
        for row in page:
            yield row[0], Head(*row[1:])
        if len(page) < _PAGE_SIZE:
            return
        after = page[-1][0]
