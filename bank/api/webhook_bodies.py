"""What answers about webhooks look like: one typed dict a shape, and the functions that fill them."""

from typing import Literal, TypedDict, cast
from uuid import UUID

from accounts.aggregates import fold
from accounts.outcome import Outcome
from accounts.webhook_endpoint import CATEGORY, WebhookEndpoint
from bank.api.bodies import EventBody, WithAsOfBody, moment, recorded_form
from bank.api.schema.kinds import ConsistencyToken, Count, Id, Moment, Position, Version
from bank.webhooks.models import Attempt, Delivery
from ledger.records import rfc3339
from readmodels.webhook_endpoints import WebhookEndpointRow

EndpointState = Literal["active", "disabled", "removed"]
DeliveryState = Literal["pending", "delivered", "failed", "cancelled"]


class WebhookEndpointBody(TypedDict):
    """An address that is told of events. No `event_types`: of all. `reason`: why it is disabled, or was removed.

    `previous_secret_valid_until`: until when the secret before the last rotation signs, too.
    """

    id: Id
    url: str
    event_types: list[str]
    description: str
    status: EndpointState
    reason: str
    previous_secret_valid_until: Moment | None
    version: Version
    registered_at: Moment


class RegisteredWebhookEndpointBody(WebhookEndpointBody):
    """The new endpoint with its secret, which is shown in the answers to this request only."""

    secret: str | None
    command_id: Id
    consistency_token: ConsistencyToken | None


class WebhookReceiptBody(TypedDict):
    """What came of a command about an endpoint: the endpoint after it, and the events as they were recorded."""

    command_id: Id
    outcome: Literal["accepted"]
    consistency_token: ConsistencyToken | None
    endpoint: WebhookEndpointBody
    events: list[EventBody]
    replayed: bool


class WebhookSecretReceiptBody(WebhookReceiptBody):
    """The same, with the new secret, which is shown in the answers to this request only."""

    secret: str | None


class DeliveryBody(TypedDict):
    """One message to one endpoint. `attempts`: since it was last asked for; `round`: how often that was."""

    message_id: str
    event_id: Id
    position: Position
    type: str
    status: DeliveryState
    round: Count
    attempts: Count
    asked_at: Moment
    next_attempt_at: Moment | None
    last_attempt_at: Moment | None
    last_result: str


class AttemptBody(TypedDict):
    """One try: an answer with its status and first 500 bytes, or why there was none."""

    attempted_at: Moment
    duration_ms: Count
    status_code: int | None
    error: str
    answer: str


class DeliveryLogBody(DeliveryBody, WithAsOfBody):
    """A delivery with its attempts, the newest first (of the last 30 days)."""

    log: list[AttemptBody]


def row_body(row: WebhookEndpointRow) -> WebhookEndpointBody:
    return _body(row, row.version)


def delivery_body(delivery: Delivery) -> DeliveryBody:
    return {
        "message_id": delivery.message_id,
        "event_id": str(delivery.event_id),
        "position": delivery.position,
        "type": delivery.event_type,
        "status": cast(DeliveryState, delivery.status),
        "round": delivery.round,
        "attempts": delivery.attempts,
        "asked_at": rfc3339(delivery.asked_at),
        "next_attempt_at": moment(delivery.next_attempt_at),
        "last_attempt_at": moment(delivery.last_attempt_at),
        "last_result": delivery.last_result,
    }


def attempt_body(attempt: Attempt) -> AttemptBody:
    return {
        "attempted_at": rfc3339(attempt.attempted_at),
        "duration_ms": attempt.duration_ms,
        "status_code": attempt.status_code,
        "error": attempt.error,
        "answer": attempt.answer,
    }


def webhook_receipt_body(outcome: Outcome, endpoint_id: UUID) -> WebhookReceiptBody:
    return {
        "command_id": str(outcome.command_id),
        "outcome": "accepted",
        "consistency_token": outcome.consistency_token,
        "endpoint": state_body(outcome, endpoint_id),
        "events": [recorded_form(event) for event in outcome.events],
        "replayed": outcome.replayed,
    }


def state_body(outcome: Outcome, endpoint_id: UUID) -> WebhookEndpointBody:
    """The endpoint right after the command, for ever: folded up to there."""
    version = outcome.versions[endpoint_id]
    state = fold(CATEGORY, endpoint_id, to=version)
    assert isinstance(state, WebhookEndpoint)
    return _body(state, version)


def _body(endpoint: WebhookEndpoint | WebhookEndpointRow, version: int) -> WebhookEndpointBody:
    return {
        "id": str(endpoint.endpoint_id),
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "description": endpoint.description,
        "status": cast(EndpointState, str(endpoint.status)),
        "reason": endpoint.reason,
        "previous_secret_valid_until": moment(endpoint.previous_valid_until),
        "version": version,
        "registered_at": rfc3339(endpoint.registered_at),
    }
