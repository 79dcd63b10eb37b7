"""/webhook-endpoints: addresses outside that are told of events. For operations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request

from accounts.command import Command
from accounts.handler import find_outcome
from accounts.outcome import Outcome
from accounts.replay import happened_at
from accounts.webhook_commands import (
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    RemoveWebhookEndpoint,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookTest,
)
from bank.api.access import require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.commanding import CommandView, Intent, created
from bank.api.fields import StrictSerializer, parse_uuid
from bank.api.paging import key_of_cursor, page_body
from bank.api.problems import not_found
from bank.api.requests import PageQuery, ReasonRequest
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.api.webhook_bodies import (
    RegisteredWebhookEndpointBody,
    WebhookEndpointBody,
    WebhookReceiptBody,
    WebhookSecretReceiptBody,
    row_body,
    state_body,
    webhook_receipt_body,
)
from bank.api.webhook_forms import (
    NothingRequest,
    RegisterWebhookRequest,
    ReplayRequest,
    RotateSecretRequest,
)
from bank.identity import policy
from bank.webhooks import deliveries, endpoints, secrets
from ledger.personal import keyed
from readmodels import webhook_endpoints
from readmodels.webhook_endpoints import WebhookEndpointRow

_NOT_FOUND = {404: ("webhook_endpoint_not_found",)}
_OPERATORS = (Scope.OPERATIONS_WRITE,)


class WebhookEndpointsView(CommandView):
    """Register an address that is told of events, and list them. Operations only."""

    scopes = {"GET": _OPERATORS, "POST": _OPERATORS}
    parameters = {"GET": PageQuery()}
    body_form = RegisterWebhookRequest()
    contract = {
        "GET": Operation(
            id="listWebhookEndpoints",
            summary="A page of webhook endpoints",
            description="Those that were removed are left out.",
            answer=Page(item=WebhookEndpointBody),
        ),
        "POST": Operation(
            id="registerWebhookEndpoint",
            summary="The endpoint, with its secret",
            description="From now on the address is told of events, signed with the secret (Standard Webhooks). Only "
            "answers to this very request have the secret.",
            answer=RegisteredWebhookEndpointBody,
            status=201,
            problems={409: ("webhook_endpoint_already_registered", "id_taken")},
            headers=("Location", "Consistency-Token", "Idempotency-Replayed"),
            example={"url": "https://hooks.example.com/passbook", "event_types": ["DepositMade"]},
        ),
    }

    def get(self, request: Request) -> Answer:
        require_role(policy.may_operate(user_of(request)))
        limit, after = self.query["limit"], key_of_cursor(request, self.query)
        rows = webhook_endpoints.page(limit + 1, after=UUID(after) if after else None)
        return Answer(page_body(request, rows, limit, body=row_body, key=lambda row: row.endpoint_id))

    def post(self, request: Request) -> Answer:
        require_role(policy.may_operate(user_of(request)))
        intent = self.read_intent(request, self.body_form)
        command = endpoints.registering(
            intent.command_id,
            intent.at,
            url=intent.values["url"],
            event_types=intent.values.get("event_types", []),
            description=intent.values.get("description", ""),
        )
        secret = endpoints.keep_secret(command)
        outcome = self.carry_out(request, command, intent)
        secrets.mark_shown(command.command_id)
        body: RegisteredWebhookEndpointBody = {
            **state_body(outcome, command.endpoint_id),
            "secret": secret,
            "command_id": str(outcome.command_id),
            "consistency_token": outcome.consistency_token,
        }
        return created(body, outcome, location=reverse("api:webhook-endpoint", args=[command.endpoint_id]))


class WebhookEndpointView(ApiView):
    """One of them, removed or not. Operations only."""

    scopes = {"GET": _OPERATORS}
    contract = {
        "GET": Operation(
            id="showWebhookEndpoint", summary="A webhook endpoint", answer=WebhookEndpointBody, problems=_NOT_FOUND
        )
    }

    def get(self, request: Request, endpoint_id: str) -> Answer:
        return Answer(row_body(endpoint_in_path(request, endpoint_id)))


class _EndpointCommandView(CommandView):
    """A command about one endpoint: 201 with a receipt."""

    scopes = {"POST": _OPERATORS}
    body_form: ClassVar[StrictSerializer]

    def post(self, request: Request, endpoint_id: str) -> Answer:
        row = endpoint_in_path(request, endpoint_id)
        intent = self.read_intent(request, self.body_form)
        command = self.command(intent, row.endpoint_id)
        more = self.before(command)
        outcome = self.carry_out(request, command, intent)
        return created({**webhook_receipt_body(outcome, row.endpoint_id), **more}, outcome)

    def command(self, intent: Intent, endpoint_id: UUID) -> Command:
        raise NotImplementedError

    def before(self, command: Command) -> Mapping[str, Any]:  # noqa: ARG002 - one of them reads it
        """What has to be kept before the command is sent; members of the answer."""
        return {}


def _receipt_of(
    operation_id: str,
    summary: str,
    *refusals: str,
    example: Mapping[str, Any] | None = None,
    answer: Any = WebhookReceiptBody,
    missing: tuple[str, ...] = (),
    malformed: tuple[str, ...] = (),
) -> Operation:
    return Operation(
        id=operation_id,
        summary=summary,
        answer=answer,
        status=201,
        problems={
            400: malformed,
            404: ("webhook_endpoint_not_found", *missing),
            409: ("webhook_endpoint_removed", *refusals),
        },
        headers=("Consistency-Token", "Idempotency-Replayed"),
        example=example or {},
    )


class DisableWebhookEndpointView(_EndpointCommandView):
    """Send nothing for the time being; what waits goes on waiting. Operations only."""

    body_form = ReasonRequest()
    contract = {
        "POST": _receipt_of(
            "disableWebhookEndpoint", "The endpoint disabled", "webhook_endpoint_disabled", example={"reason": "Moving"}
        )
    }

    def command(self, intent: Intent, endpoint_id: UUID) -> Command:
        return DisableWebhookEndpoint(
            command_id=intent.command_id,
            at=intent.at,
            endpoint_id=endpoint_id,
            reason=intent.values.get("reason", ""),
        )


class EnableWebhookEndpointView(_EndpointCommandView):
    """Send again: what was waiting, and what happens from now on. Operations only."""

    body_form = NothingRequest()
    contract = {
        "POST": _receipt_of("enableWebhookEndpoint", "The endpoint active again", "webhook_endpoint_not_disabled")
    }

    def command(self, intent: Intent, endpoint_id: UUID) -> Command:
        return EnableWebhookEndpoint(command_id=intent.command_id, at=intent.at, endpoint_id=endpoint_id)


class DeleteWebhookEndpointView(_EndpointCommandView):
    """Send nothing any more, for ever; what waits is cancelled. Operations only."""

    body_form = ReasonRequest()
    contract = {"POST": _receipt_of("deleteWebhookEndpoint", "The endpoint removed", example={"reason": "Gone"})}

    def command(self, intent: Intent, endpoint_id: UUID) -> Command:
        return RemoveWebhookEndpoint(
            command_id=intent.command_id,
            at=intent.at,
            endpoint_id=endpoint_id,
            reason=intent.values.get("reason", ""),
        )


class RotateWebhookSecretView(_EndpointCommandView):
    """Sign with a new secret, for a while beside the old one. Operations only."""

    body_form = RotateSecretRequest()
    contract = {
        "POST": _receipt_of(
            "rotateWebhookSecret", "The new secret", example={"overlap_hours": 24}, answer=WebhookSecretReceiptBody
        )
    }

    def command(self, intent: Intent, endpoint_id: UUID) -> Command:
        hours = intent.values.get("overlap_hours", endpoints.USUAL_OVERLAP_HOURS)
        return RotateWebhookSecret(
            command_id=intent.command_id, at=intent.at, endpoint_id=endpoint_id, overlap_seconds=hours * 3600
        )

    def before(self, command: Command) -> Mapping[str, Any]:
        assert isinstance(command, RotateWebhookSecret)
        secret = endpoints.keep_secret(command)
        secrets.mark_shown(command.command_id)
        return {"secret": secret}


class TestWebhookEndpointView(_EndpointCommandView):
    """Send a message that says nothing but that messages arrive. Operations only."""

    body_form = NothingRequest()
    contract = {"POST": _receipt_of("testWebhookEndpoint", "A test on its way", "webhook_endpoint_disabled")}

    def command(self, intent: Intent, endpoint_id: UUID) -> Command:
        return SendWebhookTest(command_id=intent.command_id, at=intent.at, endpoint_id=endpoint_id)


class ReplayWebhookView(_EndpointCommandView):
    """Send one message again, or everything that was recorded since a moment of the last 30 days: also what was missed
    while the endpoint was disabled. Under the same message ids. Operations only.
    """

    body_form = ReplayRequest()
    contract = {
        "POST": _receipt_of(
            "replayWebhook",
            "Messages on their way again",
            "webhook_endpoint_disabled",
            missing=("delivery_not_found",),
            malformed=("invalid_replay",),
            example={"since": "2026-03-29T01:00:00Z"},
        )
    }

    def command(self, intent: Intent, endpoint_id: UUID) -> Command:
        event_id = intent.values.get("message_id")
        # What may be replayed is judged once: when it comes again, the delivery or the moment may be too old.
        earlier = _recorded(intent)
        command = ReplayWebhook(
            command_id=intent.command_id,
            at=intent.at if earlier is None else _sent_at(earlier),
            endpoint_id=endpoint_id,
            event_id=event_id,
            since=intent.values.get("since"),
        )
        if earlier is None and event_id is not None and deliveries.find(endpoint_id, event_id) is None:
            raise delivery_not_found("/message_id")
        return command


def endpoint_in_path(request: Request, text: str) -> WebhookEndpointRow:
    """The endpoint that the path names; Problem (403) for who is not of operations, Problem (404) for none."""
    require_role(policy.may_operate(user_of(request)))
    endpoint_id = parse_uuid(text)
    row = None if endpoint_id is None else webhook_endpoints.find(endpoint_id)
    if row is None:
        raise not_found("webhook_endpoint_not_found", "There is no such webhook endpoint.")
    return row


def delivery_not_found(pointer: str | None = None) -> Exception:
    return not_found("delivery_not_found", "There is no such delivery to this endpoint.", pointer)


def _recorded(intent: Intent) -> Outcome | None:
    """What came of this very request; None for a new one, and where its key was used for another."""
    outcome = find_outcome(intent.command_id)
    return outcome if outcome is not None and outcome.fingerprint == keyed(intent.fingerprint) else None


def _sent_at(outcome: Outcome) -> datetime:
    """When the command was sent that came to this."""
    return next((happened_at(event.data, event.recorded_at) for event in outcome.events), outcome.recorded_at)
