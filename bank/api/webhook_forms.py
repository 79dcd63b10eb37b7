"""Bodies and query parameters of webhooks, and the fields that only they have."""

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers
from typing_extensions import override

from accounts.text import REFERENCE_LENGTH
from accounts.webhook_commands import MAX_OVERLAP, URL_LENGTH
from bank.api.fields import OneOfField, QuerySerializer, StrictSerializer, TextField, TimestampField, parse_uuid
from bank.api.requests import PageQuery
from bank.webhooks.endpoints import USUAL_OVERLAP_HOURS
from bank.webhooks.models import Status
from ledger.codec import event_types

_MESSAGE: Final = re.compile(r"msg_(.{36})\Z")
_MOST_TYPES: Final = 100
_TOKEN_LENGTH: Final = 200


def event_of_message(text: str) -> UUID | None:
    """The event's id in a message's (`webhook-id`), else None."""
    found = _MESSAGE.match(text)
    return parse_uuid(found[1]) if found else None


class UrlField(TextField):
    """An address; the domain says what is one."""

    json_codes = ("invalid_url", "too_long", "required")
    json_schema = {
        "type": "string",
        "format": "uri",
        "pattern": r"^https://(?=[^/:]{4,253}([/:]|$))([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
        r"(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~/-]*)?$",
        "maxLength": URL_LENGTH,
        "examples": ["https://hooks.example.com/passbook"],
        "description": "A public address. No user name, no password, no #. (The demo takes http and this machine.)",
    }


class EventTypesField(serializers.Field[Any, Any, Any, Any]):
    """A list of event types."""

    @property
    def json_schema(self) -> dict[str, Any]:
        """The types that there are."""
        names = [kind.name for kind in event_types()]
        return {
            "type": "array",
            "items": {"type": "string", "enum": names},
            "maxItems": _MOST_TYPES,
            "examples": [["DepositMade", "TransferSent"]],
            "description": "None: all of them, also those that come later.",
        }

    def json_codes(self) -> Iterator[str]:
        """What can be wrong."""
        yield from ("invalid_event_types", "unknown_event_type")

    @override
    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or len(data) > _MOST_TYPES or not all(isinstance(name, str) for name in data):
            raise serializers.ValidationError(
                f"Must be a list of at most {_MOST_TYPES} event types.", code="invalid_event_types"
            )
        return data

    @override
    def to_representation(self, value: Any) -> Any:
        return value


class HoursField(serializers.Field[Any, Any, Any, Any]):
    """A whole number of hours, as a JSON number."""

    json_codes = ("invalid_number",)
    json_schema = {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_OVERLAP.days * 24,
        "default": USUAL_OVERLAP_HOURS,
        "description": "How long the old secret goes on signing beside the new one.",
    }

    @override
    def to_internal_value(self, data: Any) -> int:
        most = MAX_OVERLAP.days * 24
        # To JSON Schema 24.0 is a whole number, too.
        is_whole = type(data) is int or (isinstance(data, float) and data.is_integer())
        if not is_whole or not 0 <= data <= most:
            raise serializers.ValidationError(f"Must be a whole number from 0 to {most}.", code="invalid_number")
        return int(data)

    @override
    def to_representation(self, value: Any) -> Any:
        return value


class MessageField(TextField):
    """A message's id."""

    json_codes = ("invalid_message_id", "too_long", "required")
    json_schema = {
        "type": "string",
        "pattern": "^msg_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        "examples": ["msg_01a207d8-6c9a-75cc-b3c6-9bc47ed14fd7"],
    }

    @override
    def parse(self, text: str) -> Any:
        event_id = event_of_message(super().parse(text))
        if event_id is None:
            raise serializers.ValidationError("Must be the id of a message: msg_….", code="invalid_message_id")
        return event_id


class RegisterWebhookRequest(StrictSerializer):
    """`POST /webhook-endpoints`"""

    url = UrlField(max_length=URL_LENGTH, allow_blank=False)
    event_types = EventTypesField(required=False)
    description = TextField(max_length=REFERENCE_LENGTH, required=False)


class RotateSecretRequest(StrictSerializer):
    """`POST /webhook-endpoints/{id}/rotate-secret`"""

    overlap_hours = HoursField(required=False)


class ReplayRequest(StrictSerializer):
    """`POST /webhook-endpoints/{id}/replay`: one message, or all since a moment."""

    one_of = True

    json_schema = {"oneOf": [{"required": ["message_id"]}, {"required": ["since"]}]}
    message_id = MessageField(max_length=64, required=False)
    since = TimestampField(required=False)


class NothingRequest(StrictSerializer):
    """A call that says it all by its path."""


class DeliveryQuery(QuerySerializer):
    """`GET /webhook-endpoints/{id}/deliveries/{message_id}`"""

    consistent_with = TextField(max_length=_TOKEN_LENGTH, required=False)


class DeliveriesQuery(PageQuery):
    """`GET /webhook-endpoints/{id}/deliveries`"""

    status = OneOfField(
        choices=tuple(str(status) for status in Status),
        required=False,
        help_text="Deliveries that are in this state only.",
    )
    consistent_with = TextField(max_length=_TOKEN_LENGTH, required=False)
