"""Waiting for the book to grow: one look a moment for everybody who waits in this process, and places for few of them.

Whoever waits holds a thread of the web server, and nothing else: no connection of the ledger, no transaction.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from bank.ops import parts, stopping
from ledger.errors import LedgerError
from ledger.reading import head_position

_LOOKS_EVERY_SECONDS: Final = 0.05


class Followers:
    """Those who wait for the head of the book to pass a position: at most `most` at a time.

    While somebody waits, a thread looks at the head and tells them; it ends with the last of them.
    """

    def __init__(self, most: int, head: Callable[[], int] = head_position) -> None:
        self._most = most
        self._look = head
        self._state = threading.Condition()
        self._waiting = 0
        self._watched = False
        self._head = 0
        self._troubles = 0
        self._stopping = False

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place among those who wait; False where all are taken, or the process is about to end."""
        with self._state:
            has_place = self._waiting < self._most and not self._stopping
            self._waiting += has_place
        try:
            yield has_place
        finally:
            with self._state:
                self._waiting -= has_place

    def wait_beyond(self, position: int, seconds: float) -> bool:
        """Wait until the book goes beyond `position`; False after so many seconds, or when the process is to end.

        True also where the head could not be seen: looking again then tells why. Only for who has a place.
        """
        with self._state:
            self._have_it_watched()
            troubles = self._troubles
            self._state.wait_for(lambda: self._is_news(position, troubles) or self._stopping, seconds)
            return self._is_news(position, troubles) and not self._stopping

    def _is_news(self, position: int, troubles: int) -> bool:
        return self._head > position or self._troubles != troubles

    def _have_it_watched(self) -> None:
        if not self._watched:
            self._watched = True
            self._head = 0
            threading.Thread(target=self._watch, name="book-watcher", daemon=True).start()

    def _watch(self) -> None:
        while True:
            with self._state:
                if self._waiting == 0:
                    self._watched = False
                    return
            self._take_a_look()
            if stopping.told_within(_LOOKS_EVERY_SECONDS):
                with self._state:
                    self._stopping = True
                    self._state.notify_all()

    def _take_a_look(self) -> None:
        try:
            head = self._look()
        except (LedgerError, psycopg.Error):
            with self._state:
                self._troubles += 1
                self._state.notify_all()
            return
        with self._state:
            if head != self._head:
                self._head = head
                self._state.notify_all()


# Half of the threads at most: the others go on answering everybody else.
followers: Final = Followers(most=parts.web_threads() // 2)
