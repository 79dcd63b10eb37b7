"""Counting a tenth of a second late, in a thread: to count a command takes as long as to decide it.

Whoever scrapes its own process gets everything. A process that is killed takes its last tenth of a second along.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

logger = logging.getLogger(__name__)

LATE_SECONDS: Final = 0.1
_WAITING_AT_MOST: Final = 1_000  # a batch has events; many of them would fill the memory

_waiting: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
_wanted = threading.Event()
_counting = threading.Lock()
_thread: threading.Thread | None = None


def count_later(count: Callable[..., None], *facts: Any) -> None:
    """Call `count` with these facts, soon."""
    _waiting.append((count, facts))
    if not _wanted.is_set():
        _ask()
    elif len(_waiting) >= _WAITING_AT_MOST:
        count_now()


def count_now() -> None:
    """Count what waits to be counted. What cannot be is logged: it must not end the counting."""
    with _counting:
        while _waiting:
            count, facts = _waiting.popleft()
            try:
                count(*facts)
            except Exception:
                logger.exception("something could not be counted")


def _ask() -> None:
    global _thread
    _wanted.set()
    if _thread is None:
        _thread = threading.Thread(target=_run, name="counter", daemon=True)
        _thread.start()


def _run() -> None:
    while True:
        _wanted.wait()
        time.sleep(LATE_SECONDS)
        _wanted.clear()
        count_now()


def _after_fork() -> None:
    """Threads stay with the parent, and so does what it had not counted yet."""
    global _waiting, _wanted, _counting, _thread
    _waiting, _wanted, _counting, _thread = deque(), threading.Event(), threading.Lock(), None


atexit.register(count_now)
os.register_at_fork(after_in_child=_after_fork)
