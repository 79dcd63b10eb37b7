"""Celery tasks of jobs, in a queue of their own: the book must go on being sealed while it is read from end to end."""

from celery import shared_task

from bank.jobs import cleaning, working
from bank.ops.wakeups import taken


@shared_task(name="jobs.run")
def run() -> None:
    """Do the jobs that somebody asked for, and those that a killed worker left."""
    taken("jobs.run")
    working.run_all()


@shared_task(name="jobs.clean")
def clean() -> None:
    """Delete files of exports that were made a while ago."""
    cleaning.clean()
