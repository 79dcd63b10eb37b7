"""Fields and JSON Schemas of commands, events and states, from their classes; older versions from their examples."""

import inspect
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec

import accounts
from accounts.vocabulary import field_words
from bank.system.model import EventVersion, Field
from ledger.codec import EventType, Upcaster
from ledger.personal import personal_fields

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_GOLDEN: Final = Path(accounts.__file__).parent / "golden"
# By the end of a field's name: units stand last.
_UNITS: Final = (
    ("_minor", "minor units of the currency"),
    ("_seconds", "seconds"),
    ("_bytes", "bytes"),
    ("_at", "RFC 3339, UTC"),
    ("_id", "UUID"),
    ("_ids", "UUIDs"),
    ("sha256", "hexadecimal"),
)
_FORMATS: Final = {"date-time": "RFC 3339, UTC", "uuid": "UUID", "date": "ISO 8601"}
# How the examples name the types of their fields.
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "str": {"type": "string"},
    "personal": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "list": {"type": "array"},
    "dict": {"type": "object"},
    "UUID": {"type": "string", "format": "uuid"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "None": {"type": "null"},
}


def schema_of(cls: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a msgspec class, whole in itself, with the words of each field."""
    (reference,), components = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    whole = dict(components.pop(str(reference["$ref"]).rpartition("/")[2]))
    hints, personal = get_type_hints(cls), personal_fields(cls)
    properties = {
        name: _described(cls.__name__, name, _with_format(prop, hints.get(name)), personal)
        for name, prop in whole["properties"].items()
    }
    whole |= {"properties": properties, "description": words_of(cls), "additionalProperties": False}
    if components:
        whole["$defs"] = components
    return {"$schema": DIALECT, **whole}


def fields_of(cls: type[Any], schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a class, by its schema."""
    personal = personal_fields(cls)
    return tuple(_field(cls.__name__, name, prop, schema, personal) for name, prop in schema["properties"].items())


def versions_of(
    kind: EventType, examples: Mapping[int, Mapping[str, Any]], upcasters: Mapping[int, Upcaster]
) -> tuple[EventVersion, ...]:
    """Every schema version of an event, the newest first; each is compared with the one before."""
    found: list[EventVersion] = []
    before: dict[str, str] | None = None
    for version in range(1, kind.version + 1):
        example = examples.get(version)
        schema = schema_of(kind.cls) if version == kind.version else _schema_of_example(kind, example or {})
        fields = fields_of(kind.cls, schema)
        now = {field.name: field.type for field in fields}
        step = upcasters.get(version)
        found.append(
            EventVersion(
                version=version,
                fields=fields,
                schema=schema,
                example=(example or {}).get("stored"),
                added=tuple(name for name in now if before is not None and name not in before),
                removed=tuple(name for name in before or () if name not in now),
                changed=tuple(name for name, type_ in (before or {}).items() if now.get(name, type_) != type_),
                upcaster=words_of(step) if step else "",
            )
        )
        before = now
    return tuple(reversed(found))


@cache
def examples_of(name: str) -> dict[int, dict[str, Any]]:
    """The stored examples of an event type, by version: `accounts/golden`."""
    found = {}
    for path in sorted(_GOLDEN.glob(f"{name}.v*.json")):
        found[int(path.stem.rpartition(".v")[2])] = json.loads(path.read_text(encoding="utf-8"))
    return found


def parameters_of(function: Callable[..., Any]) -> tuple[Field, ...]:
    """The parameters of a question to the read side."""
    hints = get_type_hints(function)
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        schema = _schema_of_hint(hints.get(name, Any))
        is_required = parameter.default is inspect.Parameter.empty
        found.append(
            Field(
                name=name,
                type=_words_of_type(schema, {}),
                description=field_words(function.__name__, name),
                unit=_unit_of(name, schema),
                default="" if is_required else _json_or_text(parameter.default),
                is_required=is_required,
            )
        )
    return tuple(found)


def schema_of_parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """The same as JSON Schema, of an object that has one member a parameter."""
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters
    return {
        "$schema": DIALECT,
        "title": function.__name__,
        "type": "object",
        "description": words_of(function),
        "properties": {name: _schema_of_hint(hints.get(name, Any)) for name in parameters},
        "required": [name for name, p in parameters.items() if p.default is inspect.Parameter.empty],
        "additionalProperties": False,
    }


def words_of(thing: Any) -> str:
    """The docstring as running text; empty where a class has none of its own."""
    words = thing.__dict__.get("__doc__") if isinstance(thing, type) else getattr(thing, "__doc__", None)
    return " ".join((words or "").split())


def first_sentence(words: str) -> str:
    """Up to the first full stop that ends a sentence."""
    head, stop, _ = words.partition(". ")
    return f"{head}." if stop else words


def _with_format(prop: Mapping[str, Any], hint: Any) -> Mapping[str, Any]:
    """Moments, of which msgspec says no form as long as it does not insist on a time zone."""
    if hint is datetime:
        return {**prop, "format": "date-time"}
    if datetime in get_args(hint):
        ways = [{**way, "format": "date-time"} if way.get("type") == "string" else way for way in prop["anyOf"]]
        return {**prop, "anyOf": ways}
    return prop


def _described(cls: str, name: str, prop: Mapping[str, Any], personal: tuple[str, ...]) -> dict[str, Any]:
    words = [field_words(cls, name), *(["Personal data."] if name in personal else [])]
    unit = _unit_of(name, prop)
    if unit and "format" not in prop:
        words.append(f"Unit: {unit}.")
    found = {keyword: value for keyword, value in prop.items() if keyword != "personal"}
    return {**found, "description": " ".join(words)}


def _field(cls: str, name: str, prop: Mapping[str, Any], schema: Mapping[str, Any], personal: tuple[str, ...]) -> Field:
    is_required = name in schema.get("required", ())
    return Field(
        name=name,
        type=_words_of_type(prop, schema.get("$defs", {})),
        description=field_words(cls, name),
        unit=_unit_of(name, prop),
        default="" if is_required else json.dumps(prop.get("default"), ensure_ascii=False),
        is_required=is_required,
        is_personal=name in personal,
    )


def _unit_of(name: str, prop: Mapping[str, Any]) -> str:
    formats = [prop.get("format"), *(way.get("format") for way in prop.get("anyOf", ()))]
    known = next((_FORMATS[f] for f in formats if f in _FORMATS), "")
    return known or next((unit for ending, unit in _UNITS if name.endswith(ending) and _has_unit(name, prop)), "")


def _has_unit(name: str, prop: Mapping[str, Any]) -> bool:
    """A log-in's number is an id, but no UUID."""
    return not (name.endswith("_id") and "integer" in json.dumps(prop))


def _words_of_type(prop: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in prop:
        name = str(prop["$ref"]).rpartition("/")[2]
        choices = definitions.get(name, {}).get("enum")
        return " | ".join(choices) if choices else name
    if "anyOf" in prop:
        return " or ".join(_words_of_type(way, definitions) for way in prop["anyOf"])
    kind = prop.get("type")
    if kind == "array":
        items = prop.get("items") or {}
        return f"list of {_words_of_type(items, definitions)}" if items else "list"
    kinds = kind if isinstance(kind, list) else [kind]
    return " or ".join("none" if k == "null" else str(k or "any") for k in kinds)


def _schema_of_example(kind: EventType, example: Mapping[str, Any]) -> dict[str, Any]:
    """What an older version had, as its example notes it: the class has gone on since."""
    properties: dict[str, Any] = {}
    required = []
    for name, noted in example.get("fields", {}).items():
        type_, _, default = str(noted).partition(" = ")
        ways = [_TYPES.get(way.rpartition(".")[2], {}) for way in type_.split(" | ")]
        prop = ways[0] if len(ways) == 1 else {"anyOf": ways}
        properties[name] = {**prop, "description": field_words(kind.cls.__name__, name)}
        if not default:
            required.append(name)
    return {
        "$schema": DIALECT,
        "title": kind.name,
        "type": "object",
        "description": words_of(kind.cls),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _schema_of_hint(hint: Any) -> dict[str, Any]:
    """What msgspec knows of a type; of what it does not know, its name."""
    if get_origin(hint) in {Union, UnionType}:
        return {"anyOf": [_schema_of_hint(way) for way in get_args(hint)]}
    try:
        schema, components = msgspec.json.schema_components([hint], ref_template="#/$defs/{name}")
    except TypeError:
        return {"title": getattr(hint, "__name__", str(hint)), "description": words_of(hint)}
    return dict(schema[0]) if not components else {"title": getattr(hint, "__name__", str(hint))}


def _json_or_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return str(value)
