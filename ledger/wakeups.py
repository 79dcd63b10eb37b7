"""Wake-ups: who wants to know, after a commit, that there is something to seal. Never part of the commit."""

from collections.abc import Callable

_callbacks: list[Callable[[], None]] = []


def on_append(callback: Callable[[], None]) -> None:
    """Call `callback` after each committed append that wrote events. It must return at once and never raise."""
    if callback not in _callbacks:
        _callbacks.append(callback)


def notify() -> None:
    """Tell everybody."""
    for callback in _callbacks:
        callback()
