"""Jobs about the record in real workers: done by the worker of jobs, and taken up again where it was killed."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.record_job import JobKind
from bank.jobs.asking import State
from bank.jobs.models import Run, ScheduledRun
from bank.jobs.runs import SILENT_SECONDS
from bank.ops import parts
from ledger.reading import read_stream
from ledger.sealing import seal_all
from tests.faults.processes import Process, Site, wait_until
from tests.jobs.steps import ask, file_of, found
from tests.steps import an_account

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def a_worker_of_jobs(site: Site) -> Process:
    """As `make run` starts it."""
    process = site.run("jobs", parts.jobs().command)
    wait_until(lambda: "ready." in process.said(), 30, f"jobs ready: {process.said()}")
    return process


def is_done(job_id: UUID) -> bool:
    return found(job_id).state is State.DONE


def test_the_worker_of_jobs_does_what_was_asked_for_and_its_runs_are_noted(site: Site) -> None:
    an_account(100)
    seal_all()
    jobs = [ask(JobKind.VERIFICATION), ask(JobKind.EXPORT)]
    site.valkey()
    a_worker_of_jobs(site)
    site.beat()
    for job_id in jobs:
        wait_until(partial(is_done, job_id), 40, "the job is done")
    assert file_of(found(jobs[1])).startswith(b'{"exportedAt"')
    wait_until(lambda: ScheduledRun.objects.filter(name="jobs", runs__gt=0).exists(), 20, "the run is noted")


def test_a_job_of_a_worker_that_was_killed_is_done_by_the_next_once(site: Site) -> None:
    an_account(100)
    seal_all()
    job_id = ask(JobKind.VERIFICATION)
    # The worker claimed it, and was killed before it could say anything more.
    Run.objects.create(
        job_id=job_id,
        status="running",
        claim=job_id,
        worker="killed",
        started_at=timezone.now(),
        heartbeat_at=timezone.now() - timedelta(seconds=SILENT_SECONDS + 1),
    )
    assert found(job_id).state is State.LOST
    site.valkey()
    a_worker_of_jobs(site)
    site.beat()
    wait_until(lambda: is_done(job_id), 40, "the job is done")
    assert [event.type for event in read_stream(job_id)] == ["VerificationRequested", "VerificationFinished"]
