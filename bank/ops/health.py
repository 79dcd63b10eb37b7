"""Whether this process lives, and whether it can serve: for load balancers and for `make run`.

Ready means: a command sent now would be carried out. Only the database decides that. Without Valkey or the workers
commands go on at full speed and balances stay right, while reports fall behind: that is `degraded`, not unready, for
taking the web away would not bring them back.
"""

import logging
from collections.abc import Callable
from typing import Final

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from ledger.errors import LedgerError
from ledger.projections import async_projections
from readmodels import freshness

logger = logging.getLogger(__name__)

OK: Final = "ok"
DEGRADED: Final = "degraded"
UNAVAILABLE: Final = "unavailable"

_VALKEY_TIMEOUT_SECONDS: Final = 0.5
# Beat looks every two seconds: a report this far behind has nobody who writes it.
_REPORTS_LAG_SECONDS: Final = 15.0

_migrated = False


def livez(_request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; asks nobody."""
    return _answer({"status": OK})


def readyz(_request: HttpRequest) -> JsonResponse:
    """200 where commands can be carried out, else 503; every part is named."""
    parts = readiness()
    return _answer({"status": OK if parts["database"] == OK else UNAVAILABLE, "parts": parts})


def readiness() -> dict[str, str]:
    """How each part is: ok, degraded or unavailable."""
    database = _database()
    return {
        "database": database,
        "valkey": _valkey(),
        "worker": _worker() if database == OK else UNAVAILABLE,
    }


def _answer(body: dict[str, object]) -> JsonResponse:
    status = 503 if body["status"] == UNAVAILABLE else 200
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "1"} if status == 503 else {})
    return JsonResponse(body, status=status, headers=headers)


def _database() -> str:
    """Reachable, and at least as new as this code."""
    return _try(_ask_database, UNAVAILABLE)


def _ask_database() -> str:
    global _migrated
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    if not _migrated:
        # Migrations that were applied stay applied: asked until the answer is yes.
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return OK if _migrated else UNAVAILABLE


def _valkey() -> str:
    """Where wake-ups travel."""
    return _try(_ask_valkey, DEGRADED)


def _ask_valkey() -> str:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_VALKEY_TIMEOUT_SECONDS,
        socket_connect_timeout=_VALKEY_TIMEOUT_SECONDS,
    )
    try:
        client.ping()
    finally:
        client.close()
    return OK


def _worker() -> str:
    """The workers, by what they are for: whether every async read model keeps up."""
    return _try(_ask_worker, DEGRADED)


def _ask_worker() -> str:
    lag_seconds = max((freshness.as_of(projection.name).lag_seconds for projection in async_projections()), default=0)
    return OK if lag_seconds < _REPORTS_LAG_SECONDS else DEGRADED


def _try(ask: Callable[[], str], otherwise: str) -> str:
    try:
        return ask()
    except (DatabaseError, InterfaceError, psycopg.Error, LedgerError, OSError, redis.RedisError) as error:
        logger.warning("not ready: %s", error)
        return otherwise
