"""States that this process wrote lately: a command about one of them needs no load.

Only what an append checks may be decided on them: it names the version that was read of each stream that it writes, and
fails where another process was there meanwhile. Then the streams are loaded, and for a while everything is: several
processes that share an account's traffic gain nothing here.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

MAX_STREAMS: Final = 10_000
_LONGEST_PAUSE: Final = 4_096


class Recent(msgspec.Struct, frozen=True):
    """A stream as this process left it."""

    category: str
    version: int
    state: Any


class RecentStates:
    """The last `max_streams` streams that were written. Safe for threads: what is stale costs one lost race.

    All of one server: after a failover another may have given the same versions to other events.
    """

    def __init__(self, max_streams: int = MAX_STREAMS) -> None:
        self._max_streams = max_streams
        self._streams: dict[UUID, Recent] = {}
        self._server: object = None
        self._pause = 0  # how many looks the next lost race costs, at least
        self._resting = 0

    def find(self, stream_ids: Collection[UUID], server: object = None) -> dict[UUID, Recent] | None:
        """All of these streams; None where one is missing, or while it rests after a lost race."""
        if server != self._server:
            self.clear()
            self._server = server
            return None
        if self._resting > 0:
            self._resting -= 1
            return None
        # One look at each: between two of them another thread may have taken it out.
        found = {stream_id: self._streams.get(stream_id) for stream_id in stream_ids}
        known = {stream_id: stream for stream_id, stream in found.items() if stream is not None}
        return known if len(known) == len(stream_ids) else None

    def keep(self, written: Mapping[UUID, Recent], server: object = None) -> None:
        """Remember streams as an append on this server left them."""
        if server != self._server:
            return
        for stream_id in written:
            self._streams.pop(stream_id, None)  # to the end, where the last written ones are
        self._streams.update(written)
        if self._pause:
            self._pause -= 1
        self._forget_the_oldest()

    def offer(self, stream_id: UUID, stream: Recent) -> None:
        """Take what somebody has just read, unless this process knows as much of the stream already."""
        known = self._streams.get(stream_id)
        if known is None or known.version < stream.version:
            self._streams[stream_id] = stream
            self._forget_the_oldest()

    def lost_race(self, stream_ids: Collection[UUID]) -> None:
        """Somebody else writes these streams, too: forget them, and rest twice as long as the last time."""
        known = [self._streams.pop(stream_id, None) for stream_id in stream_ids]
        if any(known):
            self._pause = min(self._pause * 2 + 1, _LONGEST_PAUSE)
            self._resting = self._pause

    def clear(self) -> None:
        """Forget everything."""
        self._streams.clear()
        self._pause = self._resting = 0

    def _forget_the_oldest(self) -> None:
        too_many = len(self._streams) - self._max_streams
        if too_many > 0:
            for stream_id in list(self._streams.copy())[: too_many + self._max_streams // 10]:
                self._streams.pop(stream_id, None)
