"""Scheduled tasks: when each was last begun, how it ended, and how often. One row each, written in place.

Beat gives what it sends a header with the entry's name; what a command woke bears none and is not counted here. That a
run cannot be noted never stops it.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import psycopg
from celery import Task
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.utils import timezone

from bank.jobs.models import ScheduledRun
from bank.jobs.runs import worker_name
from ledger.connections import cursor
from ledger.errors import LedgerError

logger = logging.getLogger(__name__)

HEADER: Final = "scheduled"
_ERROR_LENGTH: Final = 500
# Missed so often, a task is late; whatever is sent every few seconds may wait for a worker so long.
_LATE_AFTER_RUNS: Final = 3
_LATE_AFTER_SECONDS: Final = 30.0

_BEGUN: Final = """
insert into jobs_scheduledrun as r (name, task, started_at, runs, failures, error, worker)
values (%(name)s, %(task)s, now(), 1, 0, '', %(worker)s)
on conflict (name) do update
set task = excluded.task, started_at = now(), runs = r.runs + 1, worker = excluded.worker
"""
_ENDED: Final = """
update jobs_scheduledrun set finished_at = now(), milliseconds = %(milliseconds)s where name = %(name)s
"""
_FAILED: Final = """
update jobs_scheduledrun
set finished_at = now(), milliseconds = %(milliseconds)s, failures = failures + 1, failed_at = now(), error = %(error)s
where name = %(name)s
"""
_running: Final[dict[str, tuple[str, float]]] = {}


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the schedule, and its last run (None: none yet)."""

    name: str
    task: str
    every: timedelta
    run: ScheduledRun | None
    is_late: bool
    failed_last: bool


def connect() -> None:
    """Be told of tasks from now on."""
    task_prerun.connect(_begin)
    task_postrun.connect(_end)


def scheduled() -> list[Scheduled]:
    """Every entry of the schedule, by name."""
    runs = {run.name: run for run in ScheduledRun.objects.all()}
    now = timezone.now()
    return [
        _scheduled(name, entry, runs.get(name), now) for name, entry in sorted(settings.CELERY_BEAT_SCHEDULE.items())
    ]


def _scheduled(name: str, entry: dict[str, Any], run: ScheduledRun | None, now: datetime) -> Scheduled:
    every = timedelta(seconds=entry["schedule"])
    patience = max(every * _LATE_AFTER_RUNS, timedelta(seconds=_LATE_AFTER_SECONDS))
    return Scheduled(
        name=name,
        task=entry["task"],
        every=every,
        run=run,
        is_late=run is not None and run.started_at < now - patience,
        failed_last=run is not None and run.failed_at is not None and run.failed_at == run.finished_at,
    )


def _begin(task_id: str, task: Task[Any, Any], **_: Any) -> None:
    # From a broker headers come as attributes; a task that is applied here has them apart.
    name = getattr(task.request, HEADER, None) or (task.request.headers or {}).get(HEADER)
    if not isinstance(name, str) or name not in settings.CELERY_BEAT_SCHEDULE:
        return
    _running[task_id] = (name, time.perf_counter())
    _write(_BEGUN, {"name": name, "task": task.name, "worker": worker_name()})


def _end(task_id: str, state: str | None = None, retval: object = None, **_: Any) -> None:
    if task_id not in _running:
        return
    name, began = _running.pop(task_id)
    values: dict[str, Any] = {"name": name, "milliseconds": round((time.perf_counter() - began) * 1_000, 1)}
    if state == "SUCCESS":
        _write(_ENDED, values)
    else:
        # The class and its own words; rows that PostgreSQL quotes stand in further lines.
        words = f"{type(retval).__name__}: {retval}".partition("\n")[0] if isinstance(retval, BaseException) else state
        _write(_FAILED, values | {"error": (words or "")[:_ERROR_LENGTH]})


def _write(statement: str, values: dict[str, Any]) -> None:
    try:
        with cursor() as cur:
            cur.execute(statement, values)
    except (psycopg.Error, LedgerError) as error:
        logger.warning("a scheduled run could not be noted: %s", error)
