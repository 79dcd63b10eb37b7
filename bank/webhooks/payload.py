"""What is sent: the public form of an event, without anything personal."""

from typing import Any, Final

from ledger.codec import EventType, encode_json, type_of
from ledger.records import RecordedEvent, public_form

WITHHELD: Final = "(withheld)"
# An address of another receiver may be all that one needs to write to it.
_PRIVATE_FIELDS: Final = {"WebhookEndpointRegistered": ("url", "description")}


def message_of(event: RecordedEvent) -> dict[str, Any]:
    """`type`, `timestamp` and `data` as Standard Webhooks has them, beside the rest of the public form.

    Fields that hold personal data say that they are withheld, whether or not the person was erased since.
    """
    form = public_form(event)
    hidden = withheld_fields(type_of(event.data))
    return {**form, "data": {**form["data"], **dict.fromkeys(hidden, WITHHELD)}}


def withheld_fields(kind: EventType) -> tuple[str, ...]:
    """What the messages about events of this type do not tell."""
    return (*kind.personal, *_PRIVATE_FIELDS.get(kind.name, ()))


def body_of(event: RecordedEvent) -> bytes:
    """The message as it is signed and sent: UTF-8 JSON."""
    return encode_json(message_of(event))
