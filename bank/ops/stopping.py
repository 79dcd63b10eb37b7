"""Whether this process was told to stop: for work that waits, and would make everybody wait for it.

The server has handlers of its own for SIGTERM and SIGINT. Python writes the number of each signal that comes to a file
descriptor besides (signal.set_wakeup_fd), and any thread can listen to its other end.
"""

import contextlib
import select
import signal
import socket
import threading
from typing import Final

_ENDING: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})

_ear: socket.socket | None = None
_mouth: socket.socket | None = None
_is_told = False


def listen() -> None:
    """Hear from now on what the process is told; only the main thread of a process without other ears can."""
    global _ear, _mouth
    if _ear is not None or threading.current_thread() is not threading.main_thread():
        return
    ear, mouth = socket.socketpair()
    ear.setblocking(False)
    mouth.setblocking(False)
    before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    if before != -1:  # an event loop listens already
        signal.set_wakeup_fd(before)
        ear.close()
        mouth.close()
        return
    _ear, _mouth = ear, mouth


def told_within(seconds: float) -> bool:
    """Whether the process was told to stop by now; waits that long for it, and no longer than until it was."""
    global _is_told
    ear = _ear
    if ear is None:
        threading.Event().wait(seconds)
        return False
    if not _is_told and select.select([ear], [], [], seconds)[0]:
        with contextlib.suppress(BlockingIOError):
            _is_told = not _ENDING.isdisjoint(ear.recv(64))
    return _is_told
