"""Counting appends a tenth of a second late, in a thread: counting one takes as long as deciding it.

Whoever scrapes its own process gets everything. A process that is killed takes its last tenth of a second along.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from typing import Final

from ledger.store import Batch

logger = logging.getLogger(__name__)

LATE_SECONDS: Final = 0.1
_WAITING_AT_MOST: Final = 1_000  # a batch has events; many of them would fill the memory

_waiting: deque[tuple[Batch, float]] = deque()
_wanted = threading.Event()
_counting = threading.Lock()
_thread: threading.Thread | None = None


def count_later(batch: Batch, seconds: float) -> None:
    """A batch was committed: count it soon."""
    _waiting.append((batch, seconds))
    if not _wanted.is_set():
        _ask()
    elif len(_waiting) >= _WAITING_AT_MOST:
        count_now()


def count_now() -> None:
    """Count what waits to be counted."""
    if not _waiting:
        return  # and make no files
    from bank.ops.metrics import instruments

    with _counting:
        while _waiting:
            instruments.count_append(*_waiting.popleft())


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
        try:
            count_now()
        except Exception:  # what cannot be counted must not end the counting
            logger.exception("appends could not be counted")


def _after_fork() -> None:
    """Threads stay with the parent, and so does what it had not counted yet."""
    global _waiting, _wanted, _counting, _thread
    _waiting, _wanted, _counting, _thread = deque(), threading.Event(), threading.Lock(), None


atexit.register(count_now)
os.register_at_fork(after_in_child=_after_fork)
