"""What every door does to endpoints: registering and rotating with a secret, and finding what commands are about."""

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from accounts.handler import find_outcome
from accounts.invalid import InvalidCommand
from accounts.webhook_commands import RegisterWebhookEndpoint, RotateWebhookSecret
from bank.webhooks import secrets
from bank.webhooks.addresses import is_refused_literally
from ledger.ids import derived_id

USUAL_OVERLAP_HOURS: Final = 24


def registering(
    command_id: UUID, at: datetime, *, url: str, event_types: list[str], description: str
) -> RegisterWebhookEndpoint:
    """The command. Raises InvalidCommand, also for an address that can be seen not to be public."""
    command = RegisterWebhookEndpoint(
        command_id=command_id,
        at=at,
        endpoint_id=derived_id(command_id, "webhook endpoint"),
        url=url,
        event_types=event_types,
        description=description,
        requires_https=not settings.WEBHOOKS_ALLOW_PRIVATE,
    )
    if is_refused_literally(urlsplit(command.url).hostname or ""):
        raise InvalidCommand("url", "invalid_url", "The address must be a public one.")
    return command


def keep_secret(command: RegisterWebhookEndpoint | RotateWebhookSecret) -> str | None:
    """The secret of a command, before it is sent; None for one that was carried out so long ago that the secret is
    gone: a new one would sign nothing."""
    found = secrets.find(command.command_id)
    if found is None and find_outcome(command.command_id) is None:
        found = secrets.secret_for(command.command_id, command.endpoint_id)
    return found
