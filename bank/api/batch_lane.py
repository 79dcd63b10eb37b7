"""One batch at a time, over all processes, where batches meet the ledger.

A batch is about hundreds of accounts, so two at once are about some of the same: one of them would lose the race and do
its work again, holding the locks of all its accounts meanwhile. In turn they are about as fast, but a command takes a
fifth to a third less CPU time (docs/PERFORMANCE.md), which is there for others, and single commands pass between them.
Reading a batch and writing its answer need no turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import Error, OperationalError, connection
from psycopg.errors import LockNotAvailable

from ledger.errors import StoreBusy

_LANE: Final = 5_712_088_231_004_417_003  # names the lane among PostgreSQL's advisory locks
_WAIT_SECONDS: Final = 20


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """The turn, for the block; raises StoreBusy where it does not come in time."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select set_config('lock_timeout', %s, true), pg_advisory_lock(%s)", [f"{_WAIT_SECONDS}s", _LANE]
            )
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise StoreBusy("too many batches are waiting") from error
        raise
    try:
        yield
    finally:
        _let_go()


def _let_go() -> None:
    """Whatever ails the connection, the batch is done and its outcomes count."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [_LANE])
    except Error:
        connection.close()  # and the lock ends with its session
