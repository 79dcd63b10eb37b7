"""Celery tasks: thin calls of the ledger. Each is safe to run twice at once, and to be killed anywhere."""

import time
from collections.abc import Callable

from celery import shared_task

from bank.ops.wakeups import ask_for, taken
from bank.webhooks import waking
from ledger import parking, partitions, runner, sealing, signing, steering

# Sealing waits in the same queue: between two turns it has its own.
_PROJECT_SECONDS = 1.0
_BUSY_PAUSE_SECONDS = 0.02
_BUSY_TRIES = 100


@shared_task(name="ledger.advance")
def advance() -> None:
    """Seal what is committed, then send the projections on their way."""
    taken("ledger.advance")
    _until_free(lambda: sealing.seal_all().busy)
    ask_for("ledger.project")


@shared_task(name="ledger.project")
def project(*, helping: str = "") -> None:
    """Bring all async projections up to the head of the sealed book, together; with a second worker's help, if there is
    much to do.
    """
    taken("ledger.project", *filter(None, [helping]))
    done = runner.advance_all(
        seconds=_PROJECT_SECONDS,
        backwards=bool(helping),
        on_backlog=None if helping else lambda: ask_for("ledger.project", helping="yes"),
    )
    if done.more:
        ask_for("ledger.project")
    waking.send_due()


@shared_task(name="ledger.sign_checkpoint")
def sign_checkpoint() -> None:
    """Sign the head of the sealed book, if it moved since the last time."""
    signing.sign_head()


@shared_task(name="ledger.rebuild")
def rebuild() -> None:
    """Do what somebody asked of the projections: another try of parked events, then rebuilds, which take longer."""
    taken("ledger.rebuild")
    parking.retry_requested()
    steering.rebuild_requested()


@shared_task(name="ledger.ensure_partitions")
def make_partitions() -> None:
    """Have partitions of the event table ready before they are needed."""
    partitions.ensure_partitions()


def _until_free(turn: Callable[[], bool]) -> None:
    """Run `turn` until nobody else was at it: whoever was may have looked just before what this task was sent for."""
    for _ in range(_BUSY_TRIES):
        if not turn():
            return
        time.sleep(_BUSY_PAUSE_SECONDS)
