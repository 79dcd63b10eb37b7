"""A line that shows how far a long job is: rewritten on a terminal, repeated every few seconds elsewhere."""

import time
from typing import TextIO

_WIDTH = 30
_TERMINAL_SECONDS = 0.1
_LOG_SECONDS = 5.0


class ProgressLine:
    """`show(done, total)` as often as you like; it is written as often as is of use."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream = stream
        self._what = what
        self._terminal = stream.isatty()
        self._started = time.monotonic()
        self._written_at = self._started if not self._terminal else 0.0
        self._shown = False

    def show(self, done: int, total: int) -> None:
        """Now `done` of `total` are done."""
        now = time.monotonic()
        if now - self._written_at < (_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS) and done < total:
            return
        self._written_at, self._shown = now, True
        share = min(done / total, 1.0) if total else 1.0
        rate = done / max(now - self._started, 1e-6)
        left = f", {(total - done) / rate:.0f} s left" if 0 < done < total else ""
        bar = "#" * round(share * _WIDTH)
        text = f"{self._what} [{bar:<{_WIDTH}}] {share:4.0%} {done:,} of {total:,}, {rate:,.0f} a second{left}"
        self._stream.write(f"\r\x1b[K{text}" if self._terminal else text + "\n")
        self._stream.flush()

    def begin(self, what: str) -> None:
        """Leave the line for one about something else; nothing where it is about that already."""
        if what != self._what:
            self.end()
            self._what, self._started = what, time.monotonic()

    def say(self, line: str) -> None:
        """Another line, which stays, above this one."""
        self._stream.write(f"\r\x1b[K{line}\n" if self._terminal else f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._terminal and self._shown:
            self._stream.write("\n")
            self._stream.flush()
        self._shown = False
