"""What people want of webhook endpoints, and the rules that decide it: guards first, then the events."""

import ipaddress
import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from msgspec.structs import force_setattr

from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.refusals import (
    WebhookEndpointAlreadyRegistered,
    WebhookEndpointIsDisabled,
    WebhookEndpointIsNotDisabled,
    WebhookEndpointIsRemoved,
    WebhookEndpointNotFound,
)
from accounts.text import REFERENCE_LENGTH, clean_text
from accounts.webhook_endpoint import (
    EndpointStatus,
    WebhookEndpoint,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointEvent,
    WebhookEndpointRegistered,
    WebhookEndpointRemoved,
    WebhookReplayRequested,
    WebhookSecretRotated,
    WebhookTestRequested,
)
from ledger.codec import event_types

URL_LENGTH: Final = 2_000
MAX_OVERLAP: Final = timedelta(days=7)
MAX_REPLAY: Final = timedelta(days=30)
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?\Z", re.IGNORECASE)


class RegisterWebhookEndpoint(Command, frozen=True, kw_only=True):
    """Tell an address outside of events. No `event_types`: of all. The secret's id is the command's."""

    endpoint_id: UUID
    url: str
    event_types: list[str] = []
    description: str = ""
    requires_https: bool = True

    def __post_init__(self) -> None:
        force_setattr(self, "url", clean_url(self.url, requires_https=self.requires_https))
        force_setattr(self, "event_types", _clean_event_types(self.event_types))
        force_setattr(self, "description", clean_text(self.description, "description", max_length=REFERENCE_LENGTH))


class _AboutEndpoint(Command, frozen=True, kw_only=True):
    endpoint_id: UUID


class _WithReason(_AboutEndpoint, frozen=True, kw_only=True):
    reason: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "reason", clean_text(self.reason, "reason", max_length=REFERENCE_LENGTH))


class DisableWebhookEndpoint(_WithReason, frozen=True, kw_only=True):
    """Send nothing for the time being."""


class EnableWebhookEndpoint(_AboutEndpoint, frozen=True, kw_only=True):
    """Send again what happens from now on, and what was waiting."""


class RemoveWebhookEndpoint(_WithReason, frozen=True, kw_only=True):
    """Send nothing any more, for ever."""


class RotateWebhookSecret(_AboutEndpoint, frozen=True, kw_only=True):
    """Sign with a new secret, whose id is the command's; for `overlap_seconds` with the old one as well."""

    overlap_seconds: int

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_seconds <= MAX_OVERLAP.total_seconds():
            raise InvalidCommand(
                "overlap_hours",
                "invalid_number",
                "Must be from 0 to {hours} whole hours.",
                hours=MAX_OVERLAP.days * 24,
            )


class SendWebhookTest(_AboutEndpoint, frozen=True, kw_only=True):
    """Send a message that says nothing but that it arrived."""


class ReplayWebhook(_AboutEndpoint, frozen=True, kw_only=True):
    """Send one event again (`event_id`), or all that were recorded `since` a moment of the last 30 days."""

    event_id: UUID | None = None
    since: datetime | None = None

    def __post_init__(self) -> None:
        if (self.event_id is None) == (self.since is None):
            raise InvalidCommand("since", "invalid_replay", "Name one message, or a moment since when; not both.")
        if self.since is not None and not self.at - MAX_REPLAY <= self.since <= self.at:
            raise InvalidCommand(
                "since",
                "invalid_timestamp",
                "Must be a moment of the last {days} days, not later than now.",
                days=MAX_REPLAY.days,
            )


def register(endpoint: WebhookEndpoint | None, command: RegisterWebhookEndpoint) -> list[WebhookEndpointEvent]:
    """Refuses an id that is taken."""
    if endpoint is not None:
        raise WebhookEndpointAlreadyRegistered
    return [
        WebhookEndpointRegistered(
            url=command.url,
            event_types=command.event_types,
            description=command.description,
            secret_id=command.command_id,
            occurred_at=command.at,
        )
    ]


def disable(endpoint: WebhookEndpoint | None, command: DisableWebhookEndpoint) -> list[WebhookEndpointEvent]:
    """Refuses an endpoint that is disabled already, or removed."""
    _guard_active(endpoint)
    return [WebhookEndpointDisabled(reason=command.reason, occurred_at=command.at)]


def enable(endpoint: WebhookEndpoint | None, command: EnableWebhookEndpoint) -> list[WebhookEndpointEvent]:
    """Refuses an endpoint that is not disabled."""
    if _guard_there(endpoint).status is not EndpointStatus.DISABLED:
        raise WebhookEndpointIsNotDisabled
    return [WebhookEndpointEnabled(occurred_at=command.at)]


def rotate_secret(endpoint: WebhookEndpoint | None, command: RotateWebhookSecret) -> list[WebhookEndpointEvent]:
    """Refuses a removed endpoint."""
    _guard_there(endpoint)
    until = command.at + timedelta(seconds=command.overlap_seconds)
    return [WebhookSecretRotated(secret_id=command.command_id, previous_valid_until=until, occurred_at=command.at)]


def send_test(endpoint: WebhookEndpoint | None, command: SendWebhookTest) -> list[WebhookEndpointEvent]:
    """Refuses an endpoint to which nothing is sent."""
    _guard_active(endpoint)
    return [WebhookTestRequested(occurred_at=command.at)]


def replay(endpoint: WebhookEndpoint | None, command: ReplayWebhook) -> list[WebhookEndpointEvent]:
    """Refuses an endpoint to which nothing is sent."""
    _guard_active(endpoint)
    return [WebhookReplayRequested(event_id=command.event_id, since=command.since, occurred_at=command.at)]


def remove(endpoint: WebhookEndpoint | None, command: RemoveWebhookEndpoint) -> list[WebhookEndpointEvent]:
    """Refuses an endpoint that is removed already."""
    _guard_there(endpoint)
    return [WebhookEndpointRemoved(reason=command.reason, occurred_at=command.at)]


def clean_url(value: object, *, requires_https: bool) -> str:
    """An absolute http(s) address that every program reads alike; raises InvalidCommand (`invalid_url`)."""
    url = clean_text(value, "url", max_length=URL_LENGTH, required=True)
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' "<>\\^`{|}'):
        raise _invalid_url("Use the characters of addresses only; write other names as xn--, other paths with %.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid_url("Enter an address, such as https://example.com/hooks.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _is_host(parts.hostname) or port == 0:
        raise _invalid_url("Enter an address, such as https://example.com/hooks.")
    if parts.scheme == "http" and requires_https:
        raise _invalid_url("The address must begin with https://.")
    if "@" in parts.netloc:
        raise _invalid_url("The address must hold no user name and no password.")
    if "#" in url:
        raise _invalid_url("The address must hold no #.")
    return url


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return "%" not in host
    return _HOST.match(host) is not None


def _invalid_url(message: str) -> InvalidCommand:
    return InvalidCommand("url", "invalid_url", message)


def _clean_event_types(names: list[str]) -> list[str]:
    """Sorted, each once. Raises InvalidCommand for one that no event has."""
    known = {kind.name for kind in event_types()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidCommand(
            "event_types", "unknown_event_type", "There is no event type {name}.", name=unknown[0][:100]
        )
    return sorted(set(names))


def _guard_there(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise WebhookEndpointNotFound
    if endpoint.status is EndpointStatus.REMOVED:
        raise WebhookEndpointIsRemoved
    return endpoint


def _guard_active(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    existing = _guard_there(endpoint)
    if existing.status is not EndpointStatus.ACTIVE:
        raise WebhookEndpointIsDisabled
    return existing
