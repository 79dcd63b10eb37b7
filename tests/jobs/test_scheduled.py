"""Scheduled tasks: the last run of each is known, in one row that is written in place."""

from datetime import timedelta
from typing import Any

import pytest
from celery import shared_task
from django.utils import timezone

from bank.celery import app
from bank.jobs import scheduled
from bank.jobs.models import ScheduledRun
from bank.jobs.scheduled import Scheduled
from bank.tasks import make_partitions

pytestmark = pytest.mark.django_db(transaction=True)


class Broken(Exception):
    """Of a task that cannot be done."""


@shared_task(name="tests.broken")
def broken() -> None:
    raise Broken("the first line\nthe second")


@pytest.fixture(autouse=True)
def _finished() -> None:
    app.finalize()


def send(task: Any, entry: str | None) -> None:
    """As the worker runs what beat sent (`entry`), or what a command woke."""
    headers = {scheduled.HEADER: entry} if entry else {}
    task.apply(headers=headers)


def one(name: str) -> Scheduled:
    return next(one for one in scheduled.scheduled() if one.name == name)


def test_every_entry_of_the_schedule_bears_its_name_and_is_listed(settings: Any) -> None:
    entries = settings.CELERY_BEAT_SCHEDULE
    assert {name: entry["options"]["headers"][scheduled.HEADER] for name, entry in entries.items()} == {
        name: name for name in entries
    }
    assert [s.name for s in scheduled.scheduled()] == sorted(entries)
    assert all(s.run is None and not s.is_late for s in scheduled.scheduled())


def test_a_run_is_noted_in_the_row_of_its_entry() -> None:
    for _ in range(3):
        send(make_partitions, "ensure_partitions")
    run = one("ensure_partitions").run
    assert run is not None
    assert ScheduledRun.objects.count() == 1
    assert (run.runs, run.failures, run.task) == (3, 0, "ledger.ensure_partitions")
    assert run.finished_at is not None
    assert run.finished_at >= run.started_at
    assert run.milliseconds is not None


def test_what_a_command_woke_is_no_scheduled_run() -> None:
    send(make_partitions, None)
    send(make_partitions, "no_entry_of_ours")
    assert not ScheduledRun.objects.exists()


def test_a_failure_is_kept_when_later_runs_succeed() -> None:
    send(broken, "reconcile")
    failed = one("reconcile")
    assert failed.failed_last
    assert failed.run is not None
    assert failed.run.error == "Broken: the first line"
    send(make_partitions, "reconcile")
    later = one("reconcile")
    assert not later.failed_last
    assert later.run is not None
    assert (later.run.runs, later.run.failures, later.run.error) == (2, 1, "Broken: the first line")


def test_a_task_that_did_not_come_for_long_is_late() -> None:
    send(make_partitions, "ensure_partitions")
    ScheduledRun.objects.update(started_at=timezone.now() - timedelta(seconds=1_799))
    assert not one("ensure_partitions").is_late
    ScheduledRun.objects.update(started_at=timezone.now() - timedelta(seconds=1_801))
    assert one("ensure_partitions").is_late
