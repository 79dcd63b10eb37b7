"""Parameters of paths and queries: what their names mean, wherever they stand."""

import re
from typing import Any, Final

from drf_spectacular.drainage import error
from drf_spectacular.plumbing import ComponentRegistry

from bank.api.fields import QuerySerializer
from bank.api.schema.inputs import field_schema

_QUERY: Final = {
    "limit": "How many rows a page has at most.",
    "cursor": "Where the list goes on: `next_cursor` of its page before. Opaque, and of this list only.",
    "consistent_with": "The consistency token of a command: the answer then counts it. Waits up to 2 s.",
    "as_of": "The state at this moment (RFC 3339; write `+` as `%2B`). Not together with `version`.",
    "version": "The state at this version. Not together with `as_of`.",
    "from": "No earlier than this.",
    "to": "No later than this.",
    "kind": "Rows of this kind only.",
    "days": "Nothing was initiated for so many days; 90 unless it is said.",
    "min_amount": "Amounts of at least this, without sign, with at most the decimals of the account's currency.",
    "max_amount": "Amounts of at most this, without sign, with at most the decimals of the account's currency.",
    "q": "Rows in whose texts this stands.",
    "after": "Events behind this position. To follow the book, ask again with the last position seen.",
    "wait": "Seconds to wait for an event where there is none yet.",
    "stream": "Events of this account or customer only.",
    "type": "Events of this type only.",
    "actor": "Events that this actor caused, such as `user:7`.",
    "correlation_id": "Events that this request caused: its `X-Request-ID`.",
    "currency": "Rows in this currency only.",
    "account_class": "Rows of this account class of the general ledger only.",
}
# Texts that the bank made: nobody else can, so any other is refused.
_OPAQUE: Final[dict[str, dict[str, Any]]] = {
    "cursor": {"type": "string", "format": "cursor", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 200},
    "consistent_with": {"type": "string", "format": "consistency-token", "pattern": "^[A-Za-z0-9_-]+$"},
}
_PATH: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "position": ("The event's place in the book.", {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}),
    "name": ("The name, as the list has it.", {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 100}),
    "message_id": (
        "The message's id, as `webhook-id` had it.",
        {"type": "string", "pattern": "^msg_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    ),
    "stream_id": ("An account's or a customer's id.", {"type": "string", "format": "uuid"}),
}


def path_parameters(path: str) -> list[dict[str, Any]]:
    """The parameters that stand in a path template."""
    return [_path_parameter(name) for name in re.findall(r"{(\w+)}", path)]


def query_parameters(form: QuerySerializer | None, registry: ComponentRegistry) -> list[dict[str, Any]]:
    """What the query takes; a field's own `help_text` goes before what its name means elsewhere."""
    found = []
    for name, field in (form.fields if form is not None else {}).items():
        schema = dict(_OPAQUE[name]) if name in _OPAQUE else field_schema(field, registry)
        words = schema.pop("description", None) or _QUERY.get(name)
        if words is None:
            error(f"no words for the query parameter {name}: give its field a help_text")
        parameter = {"name": name, "in": "query", "description": words or name}
        if field.required:
            parameter["required"] = True
        found.append({**parameter, "schema": schema})
    return found


def _path_parameter(name: str) -> dict[str, Any]:
    if name in _PATH:
        description, schema = _PATH[name]
    elif name.endswith("_id"):
        description, schema = f"The {name.removesuffix('_id')}'s id.", {"type": "string", "format": "uuid"}
    else:
        error(f"no words for the path parameter {name}: give it some in {__name__}")
        description, schema = name, {"type": "string"}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}
