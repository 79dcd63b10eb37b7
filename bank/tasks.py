"""Celery tasks: thin calls of the ledger. Each is safe to run twice at once, and to be killed anywhere."""

import time
from collections.abc import Callable

from celery import shared_task

from bank.ops.wakeups import ask_for, taken
from bank.webhooks import waking
from bank.webhooks.projection import NAME as WEBHOOK_DELIVERIES
from ledger import partitions, runner, sealing, signing, steering
from ledger.projections import async_projection, async_projections

_BUSY_PAUSE_SECONDS = 0.02
_BUSY_TRIES = 100


@shared_task(name="ledger.advance")
def advance() -> None:
    """Seal what is committed, then send each async projection on its way."""
    taken("ledger.advance")
    _until_free(lambda: sealing.seal_all().busy)
    for projection in async_projections():
        for shard in range(projection.shards):
            ask_for("ledger.project", name=projection.name, shard=str(shard))


@shared_task(name="ledger.project")
def project(*, name: str, shard: str = "0") -> None:
    """Bring one shard of an async projection up to the head of the sealed book."""
    taken("ledger.project", name, shard)
    projection = async_projection(name)
    _until_free(lambda: runner.advance(projection, int(shard)).busy)
    if name == WEBHOOK_DELIVERIES:
        waking.send_due()


@shared_task(name="ledger.sign_checkpoint")
def sign_checkpoint() -> None:
    """Sign the head of the sealed book, if it moved since the last time."""
    signing.sign_head()


@shared_task(name="ledger.rebuild")
def rebuild() -> None:
    """Rebuild the projections for which somebody asked."""
    taken("ledger.rebuild")
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
