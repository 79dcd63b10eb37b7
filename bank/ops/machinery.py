"""What the bank runs on, as it is now: Valkey with its queues, the workers, the database and its sessions."""

import logging
from typing import Any, Final

import kombu.exceptions
import msgspec
import redis
from django.conf import settings

from bank.celery import app
from ledger.connections import Cursor
from ledger.partitions import Detached, detached

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS: Final = 0.5
# A worker that is at work answers within milliseconds; who was killed never does, and stays in Valkey's list.
_WORKERS_TIMEOUT_SECONDS: Final = 0.7
_BINDINGS: Final = "_kombu.binding.celery.pidbox"
_BINDING_SEPARATOR: Final = b"\x06\x16"
_MAILBOX: Final = ".celery.pidbox"
# Taken by a worker, and not done yet: another one gets them if it is killed.
_UNACKNOWLEDGED: Final = "unacked"
_TABLES_SHOWN: Final = 12

_SIZES: Final = """
select c.relname, pg_total_relation_size(c.oid), greatest(c.reltuples, 0)::bigint
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind = 'r' and not c.relispartition
order by 2 desc, 1 limit %s
"""
_PARTITIONS: Final = """
select c.relname, pg_get_expr(c.relpartbound, c.oid), pg_total_relation_size(c.oid), greatest(c.reltuples, 0)::bigint
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'ledger_event'::regclass order by c.relname
"""


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that wait for a worker."""

    name: str
    length: int


class Valkey(msgspec.Struct, frozen=True, kw_only=True):
    """Where tasks wait and rates are counted. `memory_limit`: None for no limit."""

    version: str
    uptime_seconds: int
    memory_bytes: int
    memory_limit: int | None
    keys: int
    clients: int
    queues: list[Queue]
    unacknowledged: int
    workers: list[str]


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker that was asked; one that does not answer has a name and no more."""

    name: str
    answers: bool
    uptime_seconds: int = 0
    processes: int = 0
    tasks: int = 0
    queues: list[str] = []


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table, or a partition of the events with its bounds. `rows`: as the planner last counted."""

    name: str
    size_bytes: int
    rows: int
    bounds: str = ""


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """PostgreSQL. `oldest_*`: of the transaction that is open longest; None where none is, or nobody may know."""

    version: str
    size_bytes: int
    sessions: int
    sessions_at_most: int
    oldest_seconds: float | None
    oldest_application: str
    oldest_state: str
    tables: list[Table]
    partitions: list[Table]
    detached: list[Detached]


def valkey() -> Valkey | None:
    """What it says of itself; None where it does not answer."""
    client: Any = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
    )
    names = _queues()
    try:
        said = client.pipeline(transaction=False).info().dbsize().smembers(_BINDINGS).hlen(_UNACKNOWLEDGED)
        for name in names:
            said = said.llen(name)
        info, keys, bindings, unacknowledged, *lengths = said.execute()
    except (redis.RedisError, OSError) as error:
        logger.warning("Valkey does not answer: %s", error)
        return None
    finally:
        client.close()
    return Valkey(
        version=str(info.get("valkey_version") or info.get("redis_version", "")),
        uptime_seconds=info.get("uptime_in_seconds", 0),
        memory_bytes=info.get("used_memory", 0),
        memory_limit=info.get("maxmemory") or None,
        keys=keys,
        clients=info.get("connected_clients", 0),
        queues=[Queue(name=name, length=length) for name, length in zip(names, lengths, strict=True)],
        unacknowledged=unacknowledged,
        workers=sorted(_worker_of(binding) for binding in bindings),
    )


def workers(names: list[str]) -> list[Worker]:
    """Each of those that Valkey knows, asked now."""
    if not names:
        return []
    inspect = app.control.inspect(destination=names, timeout=_WORKERS_TIMEOUT_SECONDS)
    try:
        stats: dict[str, Any] = inspect.stats() or {}
        queues: dict[str, Any] = (
            stats and app.control.inspect(list(stats), _WORKERS_TIMEOUT_SECONDS).active_queues()
        ) or {}
    except (kombu.exceptions.KombuError, redis.RedisError, OSError) as error:
        logger.warning("workers cannot be asked: %s", error)
        return []
    return [_worker(name, stats.get(name), queues.get(name)) for name in names]


def database(cur: Cursor) -> Database:
    """What the catalogue of PostgreSQL says; sizes in bytes."""
    about = cur.execute(
        "select current_setting('server_version'), pg_database_size(current_database()),"
        " current_setting('max_connections')::int"
    ).fetchone()
    sessions = cur.execute(
        "select sessions, oldest_seconds, oldest_application, oldest_state from ledger_activity()"
    ).fetchone()
    assert about is not None
    assert sessions is not None
    sizes = cur.execute(_SIZES, (_TABLES_SHOWN,)).fetchall()
    parts = cur.execute(_PARTITIONS).fetchall()
    return Database(
        version=about[0].partition(" ")[0],
        size_bytes=about[1],
        sessions=sessions[0],
        sessions_at_most=about[2],
        oldest_seconds=sessions[1],
        oldest_application=sessions[2] or "",
        oldest_state=sessions[3] or "",
        tables=[Table(name=name, size_bytes=size, rows=rows) for name, size, rows in sizes],
        partitions=[Table(name=n, bounds=bounds, size_bytes=size, rows=rows) for n, bounds, size, rows in parts],
        detached=detached(cur),
    )


def _queues() -> list[str]:
    routed = (route["queue"] for route in settings.CELERY_TASK_ROUTES.values())
    return [app.conf.task_default_queue, *sorted(set(routed))]


def _worker_of(binding: bytes) -> str:
    return binding.rpartition(_BINDING_SEPARATOR)[2].decode(errors="replace").removesuffix(_MAILBOX)


def _worker(name: str, stats: dict[str, Any] | None, queues: list[dict[str, Any]] | None) -> Worker:
    if stats is None:
        return Worker(name=name, answers=False)
    return Worker(
        name=name,
        answers=True,
        uptime_seconds=stats.get("uptime", 0),
        processes=stats.get("pool", {}).get("max-concurrency", 0),
        tasks=sum(stats.get("total", {}).values()),
        queues=sorted(queue["name"] for queue in queues or []),
    )
