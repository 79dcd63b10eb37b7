"""Wake-ups of the workers after a commit: coalesced in Valkey, sent by a thread, never in a command's way."""

import contextvars
import logging
import os
import threading
import time
from typing import Any

import redis
from django.conf import settings

from bank.celery import app

logger = logging.getLogger(__name__)

# A wake-up that a killed worker took along is forgotten after this long; beat looks every two seconds anyway.
_KEY_SECONDS = 2
_BACK_OFF_SECONDS = 1.0
# The first commit after a silence wakes at once; a stream of them fifty times a second, not once a command.
_PAUSE_SECONDS = 0.02
# Nobody has taken the last one yet: whoever does sees everything that was committed until then.
_PAUSE_UNHEARD_SECONDS = 0.05


class _Waker(threading.Thread):
    """Sends at most one wake-up at a time, however many commits there are; backs off while Valkey is away."""

    def __init__(self) -> None:
        super().__init__(name="waker", daemon=True)
        self.wanted = threading.Event()
        self.cause = contextvars.copy_context()

    def run(self) -> None:
        while True:
            self.wanted.wait()
            self.wanted.clear()
            try:
                # One wake-up stands for many commits: it bears the request id of the last.
                sent = self.cause.run(ask_for, "ledger.advance")
            except Exception as error:  # noqa: BLE001 - whatever ails the broker, commands go on and beat is the net
                logger.warning("cannot wake the workers: %s", error)
                time.sleep(_BACK_OFF_SECONDS)
            else:
                time.sleep(_PAUSE_SECONDS if sent else _PAUSE_UNHEARD_SECONDS)


_waker: _Waker | None = None
_client: Any = None
_lock = threading.Lock()


def wake() -> None:
    """Ask for sealing and projecting, soon. Returns at once, never raises."""
    global _waker
    waker = _waker
    if waker is None:
        with _lock:
            if _waker is None:
                _waker = _Waker()
                _waker.start()
            waker = _waker
    # Asking is cheap, telling wakes a thread: in a stream of commands most find it told already.
    if not waker.wanted.is_set():
        waker.cause = contextvars.copy_context()
        waker.wanted.set()


def ask_for(task: str, **arguments: str) -> bool:
    """Send `task`, unless one that nobody has taken yet is under way; whether it was sent. Raises what the broker
    raises.
    """
    if not _valkey().set(_key(task, *arguments.values()), 1, nx=True, ex=_KEY_SECONDS):
        return False
    app.send_task(task, kwargs=arguments, retry=False, expires=30)
    return True


def taken(task: str, *arguments: str) -> None:
    """A worker is about to look: what is committed from now on wants another look."""
    _valkey().delete(_key(task, *arguments))


def _key(task: str, *arguments: str) -> str:
    return ":".join(("passbook", "wanted", task, *arguments))


def _valkey() -> Any:
    global _client
    if _client is None:
        _client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1.0, socket_connect_timeout=0.5)
    return _client


def _after_fork() -> None:
    """Threads and connections stay with the parent."""
    global _waker, _client, _lock
    _waker, _client, _lock = None, None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
