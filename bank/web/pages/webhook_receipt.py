"""What receipts say of commands about webhook endpoints."""

from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.handler import Outcome
from accounts.webhook_endpoint import (
    WebhookEndpointDisabled,
    WebhookEndpointRegistered,
    WebhookEndpointRemoved,
    WebhookReplayRequested,
    WebhookSecretRotated,
)
from bank.web.formats import moment_html
from bank.webhooks import secrets
from ledger.records import RecordedEvent
from readmodels import webhook_endpoints

TITLES: Final[dict[str, StrOrPromise]] = {
    "RegisterWebhookEndpoint": _("Webhook registered"),
    "DisableWebhookEndpoint": _("Webhook disabled"),
    "EnableWebhookEndpoint": _("Webhook enabled"),
    "RotateWebhookSecret": _("Secret rotated"),
    "SendWebhookTest": _("Test on its way"),
    "ReplayWebhook": _("Messages on their way again"),
    "RemoveWebhookEndpoint": _("Webhook removed"),
}
_WITH_SECRET: Final = frozenset({"RegisterWebhookEndpoint", "RotateWebhookSecret"})


def lines_of(event: RecordedEvent) -> list[tuple[StrOrPromise, StrOrPromise]]:
    """(label, value) of what an event of an endpoint says."""
    endpoint = webhook_endpoints.find(event.stream_id)
    lines: list[tuple[StrOrPromise, StrOrPromise]] = [(_("Webhook"), endpoint.url)] if endpoint else []
    match event.data:
        case WebhookEndpointRegistered(event_types=types, description=description):
            return [
                *lines,
                (_("Events"), ", ".join(types) or _("All of them")),
                (_("Description"), description or _("None")),
            ]
        case WebhookEndpointDisabled(reason=reason) | WebhookEndpointRemoved(reason=reason):
            return [*lines, (_("Reason"), reason or _("None"))]
        case WebhookSecretRotated(previous_valid_until=until):
            return [*lines, (_("The old secret signs until"), moment_html(until))]
        case WebhookReplayRequested(event_id=event_id, since=since):
            return [*lines, (_("Since"), moment_html(since)) if since else (_("Message"), f"msg_{event_id}")]
        case _:
            return lines


def has_secret_to_show(outcome: Outcome) -> bool:
    """Whether the command made a secret that nobody has seen yet."""
    return outcome.accepted and outcome.command_type in _WITH_SECRET and secrets.is_to_be_shown(outcome.command_id)


def steps_of(outcome: Outcome) -> list[tuple[StrOrPromise, str]]:
    """(label, address) of where one may want to go now."""
    if outcome.command_type not in TITLES:
        return []
    endpoints: list[UUID] = list(outcome.versions)
    return [(_("Go to the webhook"), reverse("web:webhook", args=[endpoint_id])) for endpoint_id in endpoints] or [
        (_("Go to the webhooks"), reverse("web:webhooks"))
    ]
