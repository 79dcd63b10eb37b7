"""What receipts say of commands about webhook endpoints."""

from typing import Final
from uuid import UUID

from django.urls import reverse

from accounts.handler import Outcome
from accounts.webhook_endpoint import (
    WebhookEndpointDisabled,
    WebhookEndpointRegistered,
    WebhookEndpointRemoved,
    WebhookReplayRequested,
    WebhookSecretRotated,
)
from bank.web.templatetags.passbook import moment
from bank.webhooks import secrets
from ledger.records import RecordedEvent
from readmodels import webhook_endpoints

TITLES: Final = {
    "RegisterWebhookEndpoint": "Webhook registered",
    "DisableWebhookEndpoint": "Webhook disabled",
    "EnableWebhookEndpoint": "Webhook enabled",
    "RotateWebhookSecret": "Secret rotated",
    "SendWebhookTest": "Test on its way",
    "ReplayWebhook": "Messages on their way again",
    "RemoveWebhookEndpoint": "Webhook removed",
}
_WITH_SECRET: Final = frozenset({"RegisterWebhookEndpoint", "RotateWebhookSecret"})


def lines_of(event: RecordedEvent) -> list[tuple[str, str]]:
    """(label, value) of what an event of an endpoint says."""
    endpoint = webhook_endpoints.find(event.stream_id)
    lines = [("Webhook", endpoint.url)] if endpoint else []
    match event.data:
        case WebhookEndpointRegistered(event_types=types, description=description):
            return [*lines, ("Events", ", ".join(types) or "All of them"), ("Description", description or "None")]
        case WebhookEndpointDisabled(reason=reason) | WebhookEndpointRemoved(reason=reason):
            return [*lines, ("Reason", reason or "None")]
        case WebhookSecretRotated(previous_valid_until=until):
            return [*lines, ("The old secret signs until", moment(until))]
        case WebhookReplayRequested(event_id=event_id, since=since):
            return [*lines, ("Since", moment(since)) if since else ("Message", f"msg_{event_id}")]
        case _:
            return lines


def has_secret_to_show(outcome: Outcome) -> bool:
    """Whether the command made a secret that nobody has seen yet."""
    return outcome.accepted and outcome.command_type in _WITH_SECRET and secrets.is_to_be_shown(outcome.command_id)


def steps_of(outcome: Outcome) -> list[tuple[str, str]]:
    """(label, address) of where one may want to go now."""
    if outcome.command_type not in TITLES:
        return []
    endpoints: list[UUID] = list(outcome.versions)
    return [("Go to the webhook", reverse("web:webhook", args=[endpoint_id])) for endpoint_id in endpoints] or [
        ("Go to the webhooks", reverse("web:webhooks"))
    ]
