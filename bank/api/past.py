"""A stream as it was at a version or a moment, however long it is: from the state that is kept nearest before it."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.aggregates import State
from accounts.replay import replay
from ledger.stored import StoredEvent, read_stored
from readmodels import time_travel
from readmodels.time_travel import Stream, Why


@dataclass(frozen=True, slots=True)
class Then:
    """The stream after its event `last`; the state is None where it cannot be told."""

    last: StoredEvent
    state: State | None

    @property
    def version(self) -> int:
        return self.last.stream_position


def find(stream_id: UUID | None) -> Stream | None:
    """The stream, if anything ever happened on it."""
    return None if stream_id is None else time_travel.find(stream_id)


def then(stream: Stream, *, version: int | None = None, as_of: datetime | None = None) -> Then | None:
    """The stream at that version, or as what had happened (`occurred_at`) by that moment made it; by default as it is.

    None where it was not at that version, or nothing had happened by then. Raises EventsDetached.
    """
    if as_of is not None:
        return _by(stream, as_of)
    version = stream.version if version is None else version
    return _at(stream, version) if version <= stream.version else None


def _at(stream: Stream, version: int) -> Then | None:
    told = time_travel.tell(stream, after=version - 1, to=version)
    if not told.steps:
        return None
    last = told.steps[-1].stored
    if told.silence is None or told.silence.why is not Why.FAR:
        return Then(last, told.after)
    # The worker that keeps states is far behind: the head has a snapshot, the rest is folded from the beginning.
    if version == stream.version and stream.now is not None:
        return Then(last, stream.now)
    return _folded(stream, version=version)


def _by(stream: Stream, moment: datetime) -> Then | None:
    found = time_travel.as_of(stream, moment)
    if found.silence is not None and found.silence.why is not Why.EVENT:
        return _folded(stream, as_of=moment)
    last = next(read_stored(stream.id, after=found.version - 1, to=found.version), None) if found.version else None
    return None if last is None else Then(last, found.state)


def _folded(stream: Stream, *, version: int | None = None, as_of: datetime | None = None) -> Then | None:
    steps = deque(replay(stream.id, version=version, as_of=as_of), maxlen=1)
    return Then(steps[0].stored, steps[0].state) if steps else None
