"""The garbage collector during long jobs: told not to look at every few hundred objects, which all live on anyway."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Objects made before it looks: those of a batch of some ten thousand events. By default 700, and each look follows
# everything made since the one before: a third of a catch-up's CPU time.
_OBJECTS: Final = 50_000

_lock = threading.Lock()
_jobs = 0
_before = gc.get_threshold()


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Collect rarely until the end of the block; blocks may overlap in several threads."""
    global _jobs, _before
    with _lock:
        if _jobs == 0:
            _before = gc.get_threshold()
            gc.set_threshold(max(_OBJECTS, _before[0]), *_before[1:])
        _jobs += 1
    try:
        yield
    finally:
        with _lock:
            _jobs -= 1
            if _jobs == 0:
                gc.set_threshold(*_before)
