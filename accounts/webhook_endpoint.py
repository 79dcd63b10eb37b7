"""The webhook endpoint: an address outside the bank that is told of events; its events and its state.

Secrets stand in no event: an event names its secret by id, and whoever sends the command keeps the secret itself.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

import msgspec

from ledger.codec import event

CATEGORY: Final = "webhook_endpoint"


class EndpointStatus(StrEnum):
    """Whether events go out to it."""

    ACTIVE = "active"
    DISABLED = "disabled"
    REMOVED = "removed"


@event("WebhookEndpointRegistered", version=1)
class WebhookEndpointRegistered(msgspec.Struct, frozen=True, kw_only=True):
    """From now on the address is told of events of these types (none named: of all)."""

    url: str
    event_types: list[str]
    description: str
    secret_id: UUID
    occurred_at: datetime


@event("WebhookEndpointDisabled", version=1)
class WebhookEndpointDisabled(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is sent any more, by somebody's wish or because the endpoint failed for too long."""

    reason: str
    occurred_at: datetime


@event("WebhookEndpointEnabled", version=1)
class WebhookEndpointEnabled(msgspec.Struct, frozen=True, kw_only=True):
    """Events go out again."""

    occurred_at: datetime


@event("WebhookSecretRotated", version=1)
class WebhookSecretRotated(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret signs; the one before signs beside it until `previous_valid_until`."""

    secret_id: UUID
    previous_valid_until: datetime
    occurred_at: datetime


@event("WebhookTestRequested", version=1)
class WebhookTestRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants to see a message arrive: this very event is sent, to this endpoint alone."""

    occurred_at: datetime


@event("WebhookReplayRequested", version=1)
class WebhookReplayRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Send again: the event of this id, or every event recorded since then."""

    event_id: UUID | None
    since: datetime | None
    occurred_at: datetime


@event("WebhookEndpointRemoved", version=1)
class WebhookEndpointRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint is gone for ever; what still waited for it is not sent."""

    reason: str
    occurred_at: datetime


WebhookEndpointEvent = (
    WebhookEndpointRegistered
    | WebhookEndpointDisabled
    | WebhookEndpointEnabled
    | WebhookSecretRotated
    | WebhookTestRequested
    | WebhookReplayRequested
    | WebhookEndpointRemoved
)


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The folded state of an endpoint; also its snapshot. `reason`: of the disabling or removal that holds."""

    endpoint_id: UUID
    url: str
    event_types: list[str]
    description: str
    status: EndpointStatus
    reason: str
    secret_id: UUID
    previous_secret_id: UUID | None
    previous_valid_until: datetime | None
    registered_at: datetime


def evolve(endpoint: WebhookEndpoint | None, event: WebhookEndpointEvent, endpoint_id: UUID) -> WebhookEndpoint:
    """The state after `event`. History has happened: this never refuses."""
    if isinstance(event, WebhookEndpointRegistered):
        return WebhookEndpoint(
            endpoint_id=endpoint_id,
            url=event.url,
            event_types=event.event_types,
            description=event.description,
            status=EndpointStatus.ACTIVE,
            reason="",
            secret_id=event.secret_id,
            previous_secret_id=None,
            previous_valid_until=None,
            registered_at=event.occurred_at,
        )
    assert endpoint is not None, "an endpoint is registered before anything else"
    change = msgspec.structs.replace
    match event:
        case WebhookEndpointDisabled():
            return change(endpoint, status=EndpointStatus.DISABLED, reason=event.reason)
        case WebhookEndpointEnabled():
            return change(endpoint, status=EndpointStatus.ACTIVE, reason="")
        case WebhookSecretRotated():
            return change(
                endpoint,
                secret_id=event.secret_id,
                previous_secret_id=endpoint.secret_id,
                previous_valid_until=event.previous_valid_until,
            )
        case WebhookEndpointRemoved():
            return change(endpoint, status=EndpointStatus.REMOVED, reason=event.reason)
        case WebhookTestRequested() | WebhookReplayRequested():
            return endpoint
        case _:
            assert_never(event)
