"""Kinds of streams in words, and where the auditors' pages about an event lead."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

# By the category of the stream.
KIND_WORDS: Final[Mapping[str, StrPromise]] = {
    "account": _("Account"),
    "customer": _("Customer"),
    "log_in": _("Log-in"),
    "webhook_endpoint": _("Webhook"),
    "record_job": _("Job on the record"),
}


def of_kind(kind: str) -> str:
    """What kind of stream it is; the kind itself where there are no words for it."""
    return str(KIND_WORDS.get(kind, kind))


def event_href(position: int) -> str:
    """The page of a sealed event."""
    return reverse("web:audit_event", args=(position,))


def stream_href(stream_id: object) -> str:
    """The page of a stream."""
    return f"/audit/streams/{stream_id}"


def correlation_href(correlation_id: object) -> str:
    """The page of all that belongs together."""
    return f"/audit/correlations/{correlation_id}"


def command_href(command_id: UUID) -> str:
    """The page of a command."""
    return reverse("web:audit_command", args=(command_id,))


def actor_href(actor: str) -> str:
    """The page of who sent commands; empty for nobody."""
    return reverse("web:audit_actor", args=(actor,)) if actor else ""
