"""What goes out of the bank as messages, as AsyncAPI 3.0: the feed of events, and webhooks."""

from typing import Any, Final

from bank.api.schema.events import event_schemas
from bank.api.schema.words import BEARER, VERSION
from bank.system.model import Catalogue, Event
from bank.webhooks.payload import WITHHELD

_ID: Final = "01a20885-5cba-70fa-b075-192548932f9f"
_OTHER_ID: Final = "ff54a805-229d-5d03-9d44-bcb91a03abd6"
_AT: Final = "2026-03-29T01:00:00.000000Z"


def document(catalogue: Catalogue) -> dict[str, Any]:
    """The whole document. Events have their public form, always in the newest version."""
    names = list(catalogue.events)
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in names}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Passbook events",
            "version": f"{VERSION}.0.0",
            "description": "What happened in the bank: every sealed event, in book order. Whoever wants strict order "
            "follows the feed; whoever wants to be told has webhooks sent.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "bank": {
                "host": "localhost:8000",
                "protocol": "http",
                "description": "A bank on this machine (`make run`); yours has its own name, and https.",
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
            }
        },
        "channels": {
            "eventFeed": {
                "address": "/api/v1/events",
                "title": "Event feed",
                "description": "All events in book order, from any position on: `GET /api/v1/events?after=POSITION`.",
                "messages": references,
            },
            "webhooks": {
                "address": None,
                "title": "Webhooks",
                "description": "A POST to each address, signed as Standard Webhooks says, at least once, the "
                "same `webhook-id` each time. Personal data are withheld.",
                "messages": {name: {"$ref": f"#/components/messages/{name}Webhook"} for name in names},
            },
        },
        "operations": {
            "feedEvents": _operation("eventFeed", "The bank tells of events to whoever follows the feed."),
            "sendWebhook": _operation("webhooks", "The bank tells an address outside of an event that it wants."),
        },
        "components": {
            "messages": {**_messages(catalogue), **_messages(catalogue, is_webhook=True)},
            "schemas": {name: schema for name, schema in event_schemas().items() if _is_of_one(name)},
            "messageTraits": {"webhook": {"headers": _HEADERS}},
            "securitySchemes": {"bearer": BEARER["bearer"]},
        },
    }


def example_of(event: Event, *, is_webhook: bool = False) -> dict[str, Any]:
    """An event in public form, of its example."""
    data = dict(event.newest.example or {})
    if is_webhook:
        data |= dict.fromkeys(event.withheld, WITHHELD)
    return {
        "id": _ID,
        "type": event.name,
        "schemaVersion": event.newest.version,
        "streamId": _OTHER_ID,
        "streamPosition": 2,
        "position": 18234,
        "timestamp": _AT,
        "data": data,
        "metadata": {"correlationId": _ID, "causationId": _ID, "commandId": _ID, "actor": "user:7"},
    }


def _messages(catalogue: Catalogue, *, is_webhook: bool = False) -> dict[str, Any]:
    found = {}
    for event in catalogue.events.values():
        message: dict[str, Any] = {
            "name": event.name,
            "title": event.name,
            "summary": event.description,
            "payload": {"$ref": f"#/components/schemas/{event.name}Event"},
            "examples": [{"name": event.name, "payload": example_of(event, is_webhook=is_webhook)}],
        }
        if is_webhook:
            message["traits"] = [{"$ref": "#/components/messageTraits/webhook"}]
        found[f"{event.name}{'Webhook' if is_webhook else ''}"] = message
    return found


def _operation(channel: str, summary: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _is_of_one(name: str) -> bool:
    """Without the schemas that say "any event", and that of what cannot be read: here each message says which."""
    return name not in {"Event", "ChainedEvent", "UnreadableEvent"}


_HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "webhook-id": {"type": "string", "description": "The message's id: keep those that you have done."},
        "webhook-timestamp": {"type": "integer", "description": "Seconds since 1970 of this attempt."},
        "webhook-signature": {"type": "string", "description": "`v1,` and a signature; several, apart by blanks."},
    },
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
}
