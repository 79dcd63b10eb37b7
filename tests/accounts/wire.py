"""What goes over the wire to PostgreSQL on the command path, as libpq itself tells it."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from psycopg.pq import Trace

from ledger import connections
from ledger.connections import close_pool, connection


@dataclass(slots=True)
class Wire:
    """Names of the messages, in order: those that we sent, and those that PostgreSQL answered."""

    sent: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    @property
    def round_trips(self) -> int:
        """Each ends with PostgreSQL saying that it is ready for the next."""
        return self.answered.count("ReadyForQuery")

    @property
    def statements(self) -> int:
        """How many were executed, prepared or not."""
        return self.sent.count("Execute") + self.sent.count("Query")


@contextmanager
def tapped() -> Iterator[Wire]:
    """Listen to the command path's one connection (of this thread); the wire is complete when the block ends."""
    wire = Wire()
    with tempfile.TemporaryFile() as file:
        with connection() as conn:
            conn.pgconn.trace(file.fileno())
            conn.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield wire
        finally:
            with connection() as conn:
                conn.pgconn.untrace()
        file.seek(0)
        # A statement of several lines goes on behind its first: only lines that begin a message count.
        for side, message in re.findall(r"^([FB])\t\d+\t(\w+)", file.read().decode(), re.MULTILINE):
            (wire.sent if side == "F" else wire.answered).append(message)


def one_fresh_connection() -> None:
    """Start again with a pool that holds one connection, so that a single thread always gets this one."""
    close_pool()
    # A pool that is asked before its first connection stands would open a second.
    connections._current_pool().wait()
