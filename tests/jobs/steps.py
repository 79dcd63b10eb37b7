"""Asking for jobs about the record, and doing them here, as the worker would."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.handler import handle
from accounts.record_job import JobKind, RequestExport, RequestVerification
from bank.jobs import asking, files, working
from bank.jobs.asking import Job
from ledger.ids import new_id
from tests.steps import BY

KINDS = {JobKind.VERIFICATION: RequestVerification, JobKind.EXPORT: RequestExport}


def ask(kind: JobKind, **fields: Any) -> UUID:
    """Somebody asks for a job; its id."""
    command_id = new_id()
    job_id = asking.job_id_of(command_id)
    handle(KINDS[kind](command_id=command_id, at=timezone.now(), job_id=job_id, **fields), by=BY)
    return job_id


def found(job_id: UUID) -> Job:
    """The job as it is now."""
    job = next((job for kind in JobKind if (job := asking.find(job_id, kind))), None)
    assert job is not None
    return job


def done(kind: JobKind, **fields: Any) -> Job:
    """A job that was asked for, and done."""
    job_id = ask(kind, **fields)
    assert working.run_all() == 1
    return found(job_id)


def file_of(job: Job) -> bytes:
    """The file of an export."""
    assert job.run is not None
    return b"".join(files.read(job.row.job_id, job.run.claim))
