"""The schemas of events in public form, made from the registered event classes."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bank.api.schema import kinds
from ledger.codec import EventType, event_types

_EVENT: Final = "Event"
_CHAINED: Final = "ChainedEvent"
_UNREADABLE: Final = "UnreadableEvent"
_PREFIX: Final = "#/components/schemas/"


def event_schemas() -> dict[str, dict[str, Any]]:
    """Any event, and for each type what it is in public form and the data it holds, by the component's name."""
    found: dict[str, dict[str, Any]] = {_EVENT: _any_event(), _CHAINED: _chained_event()}
    for event_type in event_types():
        found[_public_name(event_type)] = _public_form(event_type)
        found[_data_name(event_type)] = _data(event_type)
    found[_UNREADABLE] = _unreadable()
    found["EventMetadata"] = _METADATA
    return found


def _any_event() -> dict[str, Any]:
    return {
        "description": "An event in public form: what happened, once and for ever. `position` is its place in the book "
        "of all events; null until it is sealed there.",
        **_one_of_them(),
    }


def _chained_event() -> dict[str, Any]:
    links = {"hash": kinds.Hash, "previous_hash": kinds.Hash, "sealed_at": kinds.Moment}
    return {
        "description": "A sealed event with its link of the hash chain.",
        **_one_of_them(),
        "properties": {name: _of(kind) for name, kind in links.items()},
        "required": sorted(links),
    }


def _one_of_them() -> dict[str, Any]:
    # Deposits first: whoever makes an example takes the first.
    names = sorted((event_type.name for event_type in event_types()), key=lambda name: (name != "DepositMade", name))
    references = {name: f"{_PREFIX}{name}Event" for name in names}
    return {
        "type": "object",
        "oneOf": [*({"$ref": reference} for reference in references.values()), {"$ref": _PREFIX + _UNREADABLE}],
        "discriminator": {"propertyName": "type", "mapping": references},
        "unevaluatedProperties": False,
    }


def _public_form(event_type: EventType) -> dict[str, Any]:
    properties = {
        **_place(),
        "type": {"type": "string", "const": event_type.name},
        "schemaVersion": {"type": "integer", "const": event_type.version},
        "data": {"$ref": _PREFIX + _data_name(event_type)},
        "metadata": {"$ref": f"{_PREFIX}EventMetadata"},
    }
    return {
        "type": "object",
        "title": event_type.name,
        "description": " ".join((event_type.cls.__doc__ or "").split()),
        "properties": properties,
        "required": sorted(properties),
    }


def _place() -> dict[str, Any]:
    return {
        "id": _of(kinds.Id),
        "streamId": {**_of(kinds.Id), "description": "The account or customer that it happened to."},
        "streamPosition": {**_of(kinds.Count), "minimum": 1, "description": "Its number in that stream, from 1."},
        "position": {**_of(kinds.Position), "type": ["integer", "null"]},
        "timestamp": {**_of(kinds.Moment), "description": "When it was recorded."},
    }


def _unreadable() -> dict[str, Any]:
    """What no schema of ours describes: a type that the code does not know, or data that are not its type's."""
    properties: dict[str, Any] = {
        **_place(),
        "type": {"type": "string"},
        "schemaVersion": {"type": "integer"},
        "data": {"description": "As it is stored."},
        "metadata": {"description": "As it is stored."},
        "unreadable": {"type": "string", "description": "Why it cannot be read."},
    }
    return {
        "type": "object",
        "title": _UNREADABLE,
        "description": "An event that this version of the bank cannot read, with its data and metadata as they are "
        "stored.",
        "properties": properties,
        "required": sorted(properties),
    }


def _data(event_type: EventType) -> dict[str, Any]:
    """What msgspec reads of the class. All fields are written, also those that older events have by default."""
    _, components = msgspec.json.schema_components([event_type.cls], ref_template=_PREFIX + "{name}")
    schema: dict[str, Any] = components[event_type.cls.__name__]
    properties = {name: _field(name, field) for name, field in schema["properties"].items()}
    return {
        "type": "object",
        "description": f"The data of {event_type.name}. Amounts are in minor units of the account's currency.",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _field(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A field by its type, and by what its name says of its format."""
    known: Mapping[str, Any] = _KINDS_BY_NAME.get(name, {"format": "date-time"} if name.endswith("_at") else {})
    return {**{keyword: value for keyword, value in schema.items() if keyword != "default"}, **known}


def _public_name(event_type: EventType) -> str:
    return f"{event_type.name}Event"


def _data_name(event_type: EventType) -> str:
    return f"{event_type.name}Data"


def _of(annotated: Any) -> dict[str, Any]:
    base: str = {str: "string", int: "integer"}[annotated.__origin__]
    return {"type": base, **annotated.__metadata__[0].keywords}


_METADATA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Who caused the event, by what, and with what it belongs together.",
    "properties": {
        "actor": _of(kinds.Actor),
        "causationId": {**_of(kinds.Id), "description": "The event or command that led to it."},
        "commandId": {**_of(kinds.Id), "description": "The command that it is of: `GET /commands/{id}`."},
        "correlationId": {**_of(kinds.Id), "description": "The `X-Request-ID` of the request that began it."},
    },
    "required": ["actor", "causationId", "commandId", "correlationId"],
    "additionalProperties": False,
}
_KINDS_BY_NAME: Final[Mapping[str, Mapping[str, Any]]] = {
    "currency": _of(kinds.CurrencyCode),
    "iban": _of(kinds.Iban),
    "amount_minor": {"minimum": 1, "examples": [2500]},
    "reference": {"examples": ["Gift"]},
}
