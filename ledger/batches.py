"""A batch of events on its way into several projections: what more than one of them works out is worked out once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ledger.records import RecordedEvent

T = TypeVar("T")


class Events(list[RecordedEvent]):
    """The events of a batch, as every projection gets them that wants these types; and what was made of them."""

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
