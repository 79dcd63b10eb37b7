"""Celery tasks of webhooks, in a queue of their own: a slow receiver must not keep the book from being sealed."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from bank.ops.wakeups import ask_for, taken
from bank.webhooks.cleaning import clean as clean_up
from bank.webhooks.sending import deliver_due
from bank.webhooks.waking import send_due


@shared_task(name="webhooks.dispatch")
def dispatch() -> None:
    """Send each endpoint for which something is due on its way."""
    taken("webhooks.dispatch")
    send_due()


@shared_task(name="webhooks.deliver")
def deliver(*, endpoint_id: str) -> None:
    """Send what is due to one endpoint; what is left after its time waits behind the other endpoints' turns."""
    taken("webhooks.deliver", endpoint_id)
    if deliver_due(UUID(endpoint_id)).more:
        ask_for("webhooks.deliver", endpoint_id=endpoint_id)


@shared_task(name="webhooks.clean")
def clean() -> None:
    """Delete what is over for long."""
    clean_up(timezone.now())
