"""Every Celery task: whose work it is, one line in the log, one count."""

import time
from contextvars import Token
from typing import Any, Final

import structlog
from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun, worker_ready
from django.conf import settings

from bank.ops import work
from ledger.ids import new_id

HEADER: Final = "request_id"
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("bank.tasks")
# Tasks that run in this process, by their ids: when they began, and how to go back to what was before.
_running: Final[dict[str, tuple[float, Token[work.Work | None]]]] = {}


def connect() -> None:
    """Be told of tasks from now on."""
    before_task_publish.connect(send_along)
    task_prerun.connect(take_up)
    task_postrun.connect(put_down)
    worker_ready.connect(open_port)


def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """The id of whoever causes the task goes with it."""
    cause = work.current()
    if cause is not None and headers is not None:
        headers[HEADER] = cause.request_id


def take_up(task_id: str, task: Task[Any, Any], **_: Any) -> None:
    """From here on, lines and further tasks belong to whoever caused this one; what beat sent begins anew."""
    request_id = work.request_id_from(getattr(task.request, HEADER, None)) or str(new_id())
    token = work.begin(work.TaskWork(request_id=request_id, task=task.name, task_id=task_id))
    _running[task_id] = (time.perf_counter(), token)


def put_down(task_id: str, task: Task[Any, Any], state: str | None = None, **_: Any) -> None:
    """Count it, say that it ended and how."""
    from bank.ops.metrics import instruments

    began, token = _running.pop(task_id)
    seconds = time.perf_counter() - began
    ended = state or "UNKNOWN"
    instruments.count_task(task.name, ended, seconds)
    _logger.info("task", state=ended, milliseconds=round(seconds * 1_000, 2))
    work.end(token)


def open_port(**_: Any) -> None:
    """A worker on a machine without web has nobody to show its counts: METRICS_PORT does."""
    if not settings.METRICS_PORT:
        return
    from bank.ops.metrics.exposing import serve_counts

    try:
        serve_counts(settings.METRICS_PORT)
    except OSError as error:
        # Another worker of this machine may have it, and shows what this one counts as well.
        _logger.warning("METRICS_PORT cannot be opened", port=settings.METRICS_PORT, error=str(error))
