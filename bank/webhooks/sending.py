"""Sending what is due to one endpoint: claim, sign, post, record; and disabling an endpoint that is gone for good.

A message is sent at least once: whoever is killed between the answer and its record leaves a claim that ends by itself,
and the message goes out again under the same id. First attempts go out in book order, one after the other; a message
that fails waits for its next attempt beside the others and holds none of them up.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.handler import Actor, handle
from accounts.refusals import Refused
from accounts.webhook_commands import DisableWebhookEndpoint
from bank.webhooks import deliveries
from bank.webhooks.deliveries import Claimed, Tried
from bank.webhooks.payload import body_of
from bank.webhooks.secrets import signatures, signing_keys
from bank.webhooks.transport import TOTAL_SECONDS, Answer, Sender
from ledger.connections import cursor
from ledger.ids import derived_id
from ledger.reading import read_positions
from ledger.records import RecordedEvent
from readmodels import webhook_endpoints
from readmodels.webhook_endpoints import WebhookEndpointRow

BUDGET_SECONDS: Final = 20.0
_USER_AGENT: Final = "Passbook-Webhooks/1"
_BY: Final = Actor(id="system:webhooks", channel="job")
_DISABLING: Final = UUID("0c3f6a52-3a5e-4e0c-9e1f-5b5b8f0f7a10")
_GONE: Final = 410
# The receiver, or what stands before it, has too much to do (Standard Webhooks): leave all of it alone for a while.
_OVERLOADED: Final = frozenset({429, 502, 503, 504})

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one turn did. `more`: something may be due still."""

    count: int
    more: bool


def deliver_due(endpoint_id: UUID, *, clock: Clock = timezone.now) -> Sent:
    """Send what is due to this endpoint, in batches, for BUDGET_SECONDS at most."""
    began = time.monotonic()
    count = 0
    while time.monotonic() - began < BUDGET_SECONDS:
        endpoint = webhook_endpoints.find(endpoint_id)
        claimed = deliveries.claim_due(endpoint_id, clock()) if endpoint else []
        if endpoint is None or not claimed:
            return Sent(count=count, more=False)
        sent = _send(endpoint, claimed, clock)
        count += sent
        if sent < len(claimed):
            deliveries.give_back(claimed[sent:])
            return Sent(count=count, more=True)
    return Sent(count=count, more=True)


def _send(endpoint: WebhookEndpointRow, claimed: list[Claimed], clock: Clock) -> int:
    """How many of the claimed were tried before the claim runs out or the endpoint is to be left alone."""
    until = time.monotonic() + deliveries.CLAIM_TIME.total_seconds() - TOTAL_SECONDS
    with cursor() as cur:
        events = {event.id: event for event in read_positions(cur, [one.position for one in claimed])}
    keys = signing_keys(endpoint, clock())
    # One that was registered while the bank allowed it.
    is_plain = endpoint.url.lower().startswith("http:") and not settings.WEBHOOKS_ALLOW_PRIVATE
    refused = Answer(error="the address does not begin with https://") if is_plain else None
    arrived: list[Tried] = []
    count = 0
    with Sender(endpoint.url) as sender:
        for one in claimed:
            at = clock()
            answer = refused or sender.post(*_signed(events[one.event_id], keys, at))
            tried = Tried(claimed=one, answer=answer, at=at)
            count, goes_on = count + 1, True
            if tried.answer.is_success:
                arrived.append(tried)
            else:
                # In the order in which it was: a success before a failure ends no row of failures after it.
                deliveries.record_successes(arrived)
                arrived = []
                goes_on = _record_failure(endpoint, tried, events[one.event_id])
            if not goes_on or time.monotonic() > until:
                break
    deliveries.record_successes(arrived)
    return count


def _signed(event: RecordedEvent, keys: list[bytes], at: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers as Standard Webhooks has them."""
    message_id, timestamp, body = f"msg_{event.id}", int(at.timestamp()), body_of(event)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures(keys, message_id, timestamp, body),
    }
    return body, headers


def _record_failure(endpoint: WebhookEndpointRow, tried: Tried, event: RecordedEvent) -> bool:
    """Keep what came of it; whether to go on with the next message at once."""
    answer, at = tried.answer, tried.at
    is_gone = answer.status_code == _GONE
    pauses = answer.status_code is None or answer.status_code in _OVERLOADED
    failing = deliveries.record_failure(tried, pauses=pauses, is_final=is_gone)
    if is_gone:
        _disable(endpoint, "It answered 410 Gone.", at, event, str(event.id), str(tried.claimed.attempts))
        return False
    if at - failing.since >= timedelta(days=settings.WEBHOOKS_DISABLE_AFTER_DAYS):
        since = f"{failing.since:%Y-%m-%d %H:%M} UTC"
        _disable(endpoint, f"Nothing arrived since {since}; the last result: {answer.result}"[:140], at, event, since)
        return False
    return not pauses


def _disable(endpoint: WebhookEndpointRow, reason: str, at: datetime, event: RecordedEvent, *occasion: str) -> None:
    """By a recorded command whose id is that of the occasion: workers that see the same do it once.

    It belongs to the request whose event could not be delivered, and that event led to it.
    """
    command_id = derived_id(_DISABLING, str(endpoint.endpoint_id), str(endpoint.version), *occasion)
    command = DisableWebhookEndpoint(command_id=command_id, at=at, endpoint_id=endpoint.endpoint_id, reason=reason)
    with suppress(Refused):  # somebody was quicker: it is disabled, or removed
        handle(command, by=_BY, correlation_id=_correlation_of(event), causation_id=event.id)


def _correlation_of(event: RecordedEvent) -> UUID | None:
    # Whoever changes rows by hand may leave anything there; an endpoint that is gone is disabled all the same.
    try:
        return UUID(event.metadata["correlationId"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
