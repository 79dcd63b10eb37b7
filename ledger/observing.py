"""Observers: whoever measures is told what the ledger did, right after it did it, and cannot get in its way.

An observer is told once a batch, never once a command, after the commit. It must return within microseconds; what it
raises is logged and goes no further.
"""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

if TYPE_CHECKING:
    from ledger.connections import Connection
    from ledger.store import Batch

logger = logging.getLogger(__name__)

P = ParamSpec("P")


class Hindrance(StrEnum):
    """Why a batch had to be tried again, or was not written."""

    VERSIONS_MOVED = "versions_moved"  # a lost race: it is loaded, decided and tried again
    COMMAND_EXISTS = "command_exists"  # a command of it was carried out before
    TOO_MUCH_CONTENTION = "too_much_contention"  # given up after a bounded number of tries
    STORE_BUSY = "store_busy"  # a command was turned away: too many wait, or it waited too long
    STORE_UNAVAILABLE = "store_unavailable"  # PostgreSQL cannot be reached or went away


class Observer:
    """Overrides what it wants to know of. Durations are in seconds."""

    def connected(self, conn: "Connection") -> None:
        """A connection of the command path was opened and is not used yet."""

    def appended(self, batch: "Batch", seconds: float) -> None:
        """A batch was committed; `seconds` from loading its streams to the commit."""

    def hindered(self, why: Hindrance) -> None:
        """A batch was tried again or given up, or a command was turned away."""

    def sealed(self, count: int, seconds: float) -> None:
        """A batch of `count` events (one or more) got their places in the book."""

    def applied(self, projection: str, count: int, seconds: float) -> None:
        """An async projection is done with a batch of `count` events (one or more), up to one that failed."""

    def stumbled(self, projection: str) -> None:
        """An event failed in an async projection: it will be tried again, is parked, or pauses the projection."""

    def verified(self, *, right: bool) -> None:
        """The whole book was verified."""


_observers: Final[list[Observer]] = []


def observe(observer: Observer) -> None:
    """Tell this observer from now on."""
    if observer not in _observers:
        _observers.append(observer)


def forget(observer: Observer) -> None:
    """Tell it no more."""
    _observers.remove(observer)


def _telling(
    tell: Callable[Concatenate[Any, P], None],
) -> Callable[P, None]:
    name = tell.__name__

    def tell_all(*args: P.args, **kwargs: P.kwargs) -> None:
        for observer in _observers:
            try:
                getattr(observer, name)(*args, **kwargs)
            except Exception:  # what is committed is committed, whether or not somebody could count it
                logger.exception("the observer %s failed", type(observer).__name__)

    return tell_all


connected = _telling(Observer.connected)
appended = _telling(Observer.appended)
hindered = _telling(Observer.hindered)
sealed = _telling(Observer.sealed)
applied = _telling(Observer.applied)
stumbled = _telling(Observer.stumbled)
verified = _telling(Observer.verified)
