"""A batch of sealed events, read once for every projection that stands at its beginning, each event decoded once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.reading import Undecoded, read_undecoded
from ledger.records import RecordedEvent

T = TypeVar("T")


class Events(list[RecordedEvent]):
    """Events as every projection gets them that wants the same ones; and what was made of them."""

    __slots__ = ("made",)

    def __init__(self, events: Sequence[RecordedEvent] = ()) -> None:
        super().__init__(events)
        self.made: dict[Callable[..., Any], Any] = {}


def shared(events: Sequence[RecordedEvent], make: Callable[[Sequence[RecordedEvent]], T]) -> T:
    """`make(events)`, made once however many projections ask; none of them may change it."""
    if not isinstance(events, Events):
        return make(events)
    if make not in events.made:
        events.made[make] = make(events)
    made: T = events.made[make]
    return made


class Reading:
    """The last batch that was read: whoever stands at the same place gets it without reading it again."""

    def __init__(self) -> None:
        self._range: tuple[int, int] | None = None
        self._batch: list[Undecoded] = []
        self._chosen: dict[Any, list[Undecoded]] = {}
        self._decoded: dict[Any, Events] = {}

    def between(self, cur: Cursor, projection: AsyncProjection, shard: int, after: int, to: int) -> Sequence[Undecoded]:
        """The events behind `after`, up to and with `to`, that this shard wants."""
        if self._range != (after, to):
            self._batch, self._range = read_undecoded(cur, after=after, to=to), (after, to)
            self._chosen, self._decoded = {}, {}
        choice = _choice(projection, shard)
        if choice not in self._chosen:
            self._chosen[choice] = _chosen(self._batch, projection, shard)
        return self._chosen[choice]

    def decoded(self, projection: AsyncProjection, shard: int, events: Sequence[Undecoded]) -> Events:
        """These events, decoded. Raises what decoding raises: the projection that wants such an event fails, no other.

        Those that a shard was given as a whole are the same object for everybody who was given the same.
        """
        choice = _choice(projection, shard)
        if events is not self._chosen.get(choice):
            return _decoded(projection, events)
        if choice not in self._decoded:
            self._decoded[choice] = _decoded(projection, events)
        return self._decoded[choice]


def _choice(projection: AsyncProjection, shard: int) -> tuple[Any, ...]:
    """What tells one selection of a batch from another."""
    return projection.types, projection.shards, shard, projection.also_unreadable


def _chosen(batch: list[Undecoded], projection: AsyncProjection, shard: int) -> list[Undecoded]:
    types, shards = projection.types, projection.shards
    if types is not None:
        batch = [event for event in batch if event.type in types]
    return batch if shards == 1 else [event for event in batch if event.stream_hash % shards == shard]


def _decoded(projection: AsyncProjection, events: Sequence[Undecoded]) -> Events:
    return Events([event.decoded(also_unreadable=projection.also_unreadable) for event in events])
