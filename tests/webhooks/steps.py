"""Steps that tests of webhooks share."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.handler import Outcome
from accounts.webhook_commands import RegisterWebhookEndpoint
from bank.webhooks.models import Delivery
from bank.webhooks.secrets import secret_for
from bank.webhooks.sending import deliver_due
from ledger.connections import transaction
from ledger.ids import new_id
from ledger.reading import head_position, read_sealed
from ledger.runner import drain
from tests.acting import as_owner
from tests.steps import do


class MovedClock:
    """A clock that a test sets."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or timezone.now() + timedelta(seconds=1)  # ahead of what is written meanwhile

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def an_endpoint(url: str, *event_types: str, **fields: Any) -> tuple[UUID, str]:
    """(id, secret) of a registered endpoint."""
    endpoint_id, command_id = new_id(), new_id()
    secret = secret_for(command_id, endpoint_id)
    do(
        RegisterWebhookEndpoint(
            command_id=command_id,
            at=timezone.now(),
            endpoint_id=endpoint_id,
            url=url,
            event_types=list(event_types),
            requires_https=False,
            **fields,
        )
    )
    return endpoint_id, secret


def about(kind: Any, endpoint_id: UUID, **fields: Any) -> Outcome:
    """A command about an endpoint, carried out."""
    return do(kind(**{"command_id": new_id(), "at": timezone.now(), "endpoint_id": endpoint_id, **fields}))


def send(endpoint_id: UUID, clock: MovedClock | None = None) -> int:
    """Seal, project, and send what is due; how many were."""
    drain()
    return deliver(endpoint_id, clock)


def deliver(endpoint_id: UUID, clock: MovedClock | None = None) -> int:
    """Send what is due, as the worker does, whoever the test is else; how many were."""
    with as_owner():
        return deliver_due(endpoint_id, clock=clock or MovedClock()).count


def rows(endpoint_id: UUID) -> list[Delivery]:
    """The endpoint's deliveries in book order."""
    return list(Delivery.objects.filter(endpoint_id=endpoint_id).order_by("position"))


def book() -> list[Any]:
    """Every sealed event."""
    drain()
    with transaction() as cur:
        return read_sealed(cur, after=0, to=head_position())
