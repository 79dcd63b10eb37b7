"""Telling how far it is: a line that is rewritten on a terminal, a line every few seconds elsewhere."""

from time import monotonic
from typing import TextIO

_TERMINAL_SECONDS = 0.1
_LOG_SECONDS = 5.0
_CLEAR = "\r\x1b[K"


class Progress:
    """Writes at most every so often; `say` makes room for a line that stays."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._on_terminal = out.isatty()
        self._every = _TERMINAL_SECONDS if self._on_terminal else _LOG_SECONDS
        self._written_at = monotonic()
        self._shown = False

    def update(self, text: str) -> None:
        """What is going on now; most calls write nothing."""
        now = monotonic()
        if now - self._written_at < self._every:
            return
        self._written_at = now
        self._shown = self._on_terminal
        self._out.write(f"{_CLEAR}{text}" if self._on_terminal else f"{text}\n")
        self._out.flush()

    def say(self, line: str) -> None:
        """A line that stays."""
        self.clear()
        self._out.write(f"{line}\n")

    def clear(self) -> None:
        """Take the rewritten line away."""
        if self._shown:
            self._out.write(_CLEAR)
            self._shown = False
        self._out.flush()
