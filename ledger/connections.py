"""PostgreSQL connections of the command path: a small pool, prepared statements, autocommit, a planner told to loop."""

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format
from psycopg_pool import ConnectionPool, PoolTimeout

from ledger import observing
from ledger.errors import NoConnection, StoreUnavailable

logger = logging.getLogger(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]


class _Link(Connection):
    """A connection that keeps a cursor: a new one finds out anew how each type is sent, for a command's third."""

    kept: Cursor | None = None


# A cursor holds on to its last result.
_ROWS_KEPT_AT_MOST = 1_000

# The append joins arrays of a few rows with large tables by their keys. The planner guesses 100 rows
# and would hash or scan the whole table for them; a nested loop is right from one row to thousands, and locks in order.
_PLANNER = (
    "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c jit=off"
    " -c plan_cache_mode=force_generic_plan -c synchronous_commit=on"
)
_CHECKOUT_TIMEOUT_SECONDS = 5.0
_WHICH_SERVER = "select pg_postmaster_start_time(), oid from pg_database where datname = current_database()"

_pool: ConnectionPool[_Link] | None = None
_lock = threading.Lock()
_server: tuple[Any, ...] = ()


@contextmanager
def connection() -> Iterator[Connection]:
    """A connection of this process's pool, as long as the block; raises StoreUnavailable when PostgreSQL is away."""
    try:
        # The pool's own context manager would end each use with a commit, of which autocommit has no need.
        pool = _current_pool()
        conn = pool.getconn()
        try:
            yield conn
        finally:
            pool.putconn(conn)
    except PoolTimeout as error:
        raise NoConnection("no connection to the ledger") from error
    except psycopg.OperationalError as error:
        if _is_lost(error):
            _current_pool().check()
            raise StoreUnavailable("the connection to the ledger was lost") from error
        raise


@contextmanager
def cursor(*, kept: bool = False) -> Iterator[Cursor]:
    """A binary cursor on a connection of its own, in autocommit: each statement is its own transaction.

    `kept`: the one that the connection keeps, for plain statements that are sent over and over, and never for COPY.
    """
    with connection() as conn, _cursor_of(conn, kept=kept) as cur:
        yield cur


@contextmanager
def transaction(*, kept: bool = False) -> Iterator[Cursor]:
    """A binary cursor inside one transaction: committed at the end of the block, rolled back by an exception."""
    with connection() as conn, conn.transaction(), _cursor_of(conn, kept=kept) as cur:
        yield cur


@contextmanager
def _cursor_of(conn: Connection, *, kept: bool) -> Iterator[Cursor]:
    if not kept:
        with conn.cursor(binary=True) as cur:
            yield cur
        return
    assert isinstance(conn, _Link), "the pool makes no others"
    cur = conn.kept or conn.cursor(binary=True)
    conn.kept = None  # while it is in use
    yield cur
    if cur.rowcount <= _ROWS_KEPT_AT_MOST:
        conn.kept = cur


def server() -> tuple[Any, ...]:
    """Which server, of which start, and which database the newest connection found: another after a failover.

    What a process remembers of streams is worth nothing once this has changed, even where the versions agree.
    """
    return _server


def close_pool() -> None:
    """Close this process's connections; the next use opens new ones."""
    global _pool
    with _lock:
        if _pool is not None:
            _pool.close()
        _pool = None


def _is_lost(error: psycopg.OperationalError) -> bool:
    """Whether the server went away, told apart from a statement that failed (deadlock, lock timeout, serialization)."""
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P"))


def _current_pool() -> ConnectionPool[_Link]:
    global _pool
    if _pool is not None:
        return _pool
    with _lock:
        if _pool is None:
            _pool = _open_pool()
        return _pool


def _after_fork() -> None:
    """What a fork inherits belongs to the parent."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


def _open_pool() -> ConnectionPool[_Link]:
    # Django's own parameters, so that a test database is followed; connections of the ORM stay apart from ours.
    parameters = connections["default"].settings_dict
    conninfo = psycopg.conninfo.make_conninfo(
        dbname=parameters["NAME"],
        user=parameters["USER"] or None,
        password=parameters["PASSWORD"] or None,
        host=parameters["HOST"] or None,
        port=parameters["PORT"] or None,
        application_name="passbook ledger",
        connect_timeout=3,
        # A server that vanished without a word (over TCP) is given up after half a minute.
        keepalives_idle=15,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=30_000,
        options=_PLANNER + (f" -c role={settings.DATABASE_ROLE}" if settings.DATABASE_ROLE else ""),
    )
    pool = ConnectionPool(
        conninfo,
        connection_class=_Link,
        min_size=1,
        max_size=getattr(settings, "LEDGER_POOL_SIZE", 16),
        timeout=_CHECKOUT_TIMEOUT_SECONDS,
        kwargs={"autocommit": True, "prepare_threshold": 0},
        configure=_configure,
        open=False,
        name="ledger",
    )
    # The pool would take turns: each command would wake a backend that has slept longest and has forgotten most.
    pool._pool = _LastFirst()  # noqa: SLF001 - it has no setting for that; a test sees that it still works
    pool.open()
    return pool


class _LastFirst(deque[Any]):
    """What was put back last is taken first."""

    def append(self, item: Any) -> None:
        self.appendleft(item)


def _configure(conn: Connection) -> None:
    global _server
    conn.adapters.register_loader("jsonb", _RawJsonb)
    _server = conn.execute(_WHICH_SERVER, prepare=False).fetchone() or ()  # asked once
    observing.connected(conn)


class _RawJsonb(Loader):
    """jsonb as its JSON text in bytes: whoever wants objects decodes it straight into the class that it wants."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        # The binary form is a version byte (1) and the text.
        return bytes(data)[1:]


atexit.register(close_pool)
os.register_at_fork(after_in_child=_after_fork)
