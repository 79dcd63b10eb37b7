"""Asking for jobs about the record, and seeing how they fare."""

import logging
from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.handler import Actor, handle
from accounts.record_job import JobKind, NoteExportDownload, RequestExport, RequestVerification
from bank.jobs.models import Run, Status
from bank.jobs.runs import SILENT_SECONDS
from bank.ops.wakeups import ask_for
from ledger.ids import derived_id, new_id
from readmodels import record_jobs
from readmodels.record_jobs import RecordJobRow

logger = logging.getLogger(__name__)

_TASK: Final = "jobs.run"


class State(StrEnum):
    """How a job fares."""

    WAITING = "waiting"  # for a worker
    RUNNING = "running"
    LOST = "lost"  # its worker is silent: the next takes it up
    FAILED = "failed"
    DONE = "done"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as people see it."""

    row: RecordJobRow
    run: Run | None
    state: State

    @property
    def is_open(self) -> bool:
        """Whether it may go on by itself."""
        return self.state in (State.WAITING, State.RUNNING, State.LOST)

    @property
    def percent(self) -> int:
        """How far it is, from 0 to 100."""
        if self.run is None or not self.run.total:
            return 0
        return min(100 * self.run.done // self.run.total, 100)

    @property
    def is_right(self) -> bool:
        """Of a verification: whether it is done and found nothing."""
        return self.row.outcome is not None and self.row.outcome.get("finding") is None

    @property
    def details(self) -> dict[str, Any]:
        """What the record does not have of the outcome."""
        return self.run.details if self.run else {}


def job_id_of(command_id: UUID) -> UUID:
    """The job that a command asks for: a request that comes again asks for the same."""
    return derived_id(command_id, "job")


def ask(command: RequestVerification | RequestExport, *, by: Actor, correlation_id: UUID) -> None:
    """Put it on record, and wake a worker: where that cannot be, beat does so within seconds. Raises KeyReused."""
    handle(command, by=by, correlation_id=correlation_id)
    try:
        ask_for(_TASK)
    except (RedisError, OSError) as error:
        logger.warning("cannot wake a worker for a job: %s", error)


def note_download(job_id: UUID, *, by: Actor, correlation_id: UUID) -> None:
    """Put on record that somebody takes the file along."""
    command = NoteExportDownload(command_id=new_id(), at=timezone.now(), job_id=job_id)
    handle(command, by=by, correlation_id=correlation_id)


def page(kind: JobKind | None, limit: int, before: UUID | None = None) -> list[Job]:
    """Up to `limit` jobs of a kind (None: of all), the newest first, behind the job `before`."""
    rows = record_jobs.page(kind, limit, before)
    runs = Run.objects.in_bulk([row.job_id for row in rows])
    return [_job(row, runs.get(row.job_id)) for row in rows]


def find_all(job_ids: Collection[UUID]) -> list[Job]:
    """The jobs with these ids, of whatever kind, in no order; no statement where there are no ids."""
    if not job_ids:
        return []
    runs = Run.objects.in_bulk(job_ids)
    return [_job(row, runs.get(row.job_id)) for row in record_jobs.find_all(job_ids)]


def find(job_id: UUID, kind: JobKind) -> Job | None:
    """The job of this kind with this id."""
    row = record_jobs.find(job_id, kind)
    return _job(row, Run.objects.filter(job_id=job_id).first()) if row else None


def _job(row: RecordJobRow, run: Run | None) -> Job:
    if row.finished_at is not None:
        state = State.DONE
    elif run is None:
        state = State.WAITING
    elif run.status == Status.FAILED:
        state = State.FAILED
    elif run.heartbeat_at < timezone.now() - timedelta(seconds=SILENT_SECONDS):
        state = State.LOST
    else:
        state = State.RUNNING
    return Job(row=row, run=run, state=state)
