"""Webhook endpoints (inline): which addresses outside are told of what, and whether just now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.webhook_endpoint import (
    EndpointStatus,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookEndpointRemoved,
    WebhookReplayRequested,
    WebhookSecretRotated,
    WebhookTestRequested,
)
from ledger.projections import InlineProjection, NewEvent
from ledger.rows import Part, Row


class WebhookEndpointRow(models.Model):
    """An endpoint now. No `event_types`: all of them. Secrets are named, not kept here."""

    endpoint_id = models.UUIDField(primary_key=True)
    url = models.TextField()
    event_types = ArrayField(models.TextField())
    description = models.TextField()
    status = models.CharField(max_length=8)
    reason = models.TextField()
    secret_id = models.UUIDField()
    previous_secret_id = models.UUIDField(null=True)
    previous_valid_until = models.DateTimeField(null=True)
    version = models.IntegerField()
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "readmodels_webhook_endpoint"

    def __str__(self) -> str:
        return self.url


_REGISTERED = Part(
    columns="i uuid, u text, e text, d text, s text, w text, k uuid, p uuid, x timestamptz, v integer, t timestamptz",
    sql="""
insert into readmodels_webhook_endpoint (endpoint_id, url, event_types, description, status, reason, secret_id,
                                         previous_secret_id, previous_valid_until, version, registered_at)
select r.i, r.u, string_to_array(r.e, ','), r.d, r.s, r.w, r.k, r.p, r.x, r.v, r.t from {rows}
""",
)
# A batch that rotates the secret twice names both; one that rotates it once leaves the one before to the row.
_CHANGED = Part(
    columns="i uuid, v integer, s text, w text, k uuid, p uuid, x timestamptz",
    sql="""
update readmodels_webhook_endpoint e
set version = r.v, status = coalesce(r.s, e.status), reason = coalesce(r.w, e.reason),
    previous_secret_id = case when r.k is null then e.previous_secret_id else coalesce(r.p, e.secret_id) end,
    secret_id = coalesce(r.k, e.secret_id), previous_valid_until = coalesce(r.x, e.previous_valid_until)
from {rows}
where e.endpoint_id = r.i
""",
)
_CONCERNED: Final = frozenset(
    {
        WebhookEndpointRegistered,
        WebhookEndpointDisabled,
        WebhookEndpointEnabled,
        WebhookSecretRotated,
        WebhookTestRequested,
        WebhookReplayRequested,
        WebhookEndpointRemoved,
    }
)


@dataclass(slots=True)
class _Change:
    """What a batch does to one endpoint; None leaves as it is."""

    registered: WebhookEndpointRegistered | None = None
    version: int = 0
    status: str | None = None
    reason: str | None = None
    secret_id: UUID | None = None
    previous_secret_id: UUID | None = None
    previous_valid_until: datetime | None = None

    def take(self, event: object) -> None:
        """One more event of the batch."""
        match event:
            case WebhookEndpointRegistered():
                self.registered, self.secret_id = event, event.secret_id
                self.status, self.reason = EndpointStatus.ACTIVE.value, ""
            case WebhookEndpointDisabled():
                self.status, self.reason = EndpointStatus.DISABLED.value, event.reason
            case WebhookEndpointEnabled():
                self.status, self.reason = EndpointStatus.ACTIVE.value, ""
            case WebhookEndpointRemoved():
                self.status, self.reason = EndpointStatus.REMOVED.value, event.reason
            case WebhookSecretRotated():
                self.previous_secret_id, self.secret_id = self.secret_id, event.secret_id
                self.previous_valid_until = event.previous_valid_until
            case _:
                pass  # tests and replays change nothing here


def rows(events: Sequence[NewEvent]) -> dict[str, list[Row]]:
    """One row an endpoint: those that the batch registered whole, the others as what changes."""
    changes: dict[UUID, _Change] = {}
    for new in events:
        if type(new.event) not in _CONCERNED:
            continue
        change = changes.setdefault(new.stream_id, _Change())
        change.version = new.stream_position
        change.take(new.event)
    registered: list[Row] = []
    changed: list[Row] = []
    for i, c in changes.items():
        secrets = (c.secret_id, c.previous_secret_id, c.previous_valid_until)
        if (first := c.registered) is None:
            changed.append((i, c.version, c.status, c.reason, *secrets))
        else:
            whole = (i, first.url, ",".join(first.event_types), first.description, c.status, c.reason, *secrets)
            registered.append((*whole, c.version, first.occurred_at))
    return {"webhook_endpoints_registered": registered, "webhook_endpoints_changed": changed}


PROJECTION = InlineProjection(
    name="webhook_endpoints",
    description="Every address that is told of events: of which, with which secret, and whether just now.",
    tables=("readmodels_webhook_endpoint",),
    parts={"webhook_endpoints_registered": _REGISTERED, "webhook_endpoints_changed": _CHANGED},
    rows=rows,
)


def find(endpoint_id: UUID) -> WebhookEndpointRow | None:
    """The endpoint with this id, removed or not."""
    return WebhookEndpointRow.objects.filter(endpoint_id=endpoint_id).first()


def page(limit: int, after: UUID | None = None) -> list[WebhookEndpointRow]:
    """Up to `limit` endpoints that are not removed, by id, behind `after`."""
    endpoints = WebhookEndpointRow.objects.exclude(status=EndpointStatus.REMOVED.value).order_by("endpoint_id")
    if after is not None:
        endpoints = endpoints.filter(endpoint_id__gt=after)
    return list(endpoints[:limit])
