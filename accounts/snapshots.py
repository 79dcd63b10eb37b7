"""Snapshots held to their events: every command is decided on one, so nothing may stand in it that did not happen."""

from collections.abc import Callable

import msgspec

from accounts.aggregates import AGGREGATES, fold
from ledger.errors import LedgerError
from ledger.partitions import EventsDetached
from ledger.reading import count_streams, read_heads
from ledger.store import Head


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
    total = count_streams()
    for done, (stream_id, head) in enumerate(read_heads(), 1):
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
