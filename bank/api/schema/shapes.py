"""From the typed dicts of answers to JSON Schema, as strict as the dicts are."""

import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Final, Literal, NotRequired, Required, Union
from uuid import UUID

from drf_spectacular.drainage import error
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from bank.api.schema.events import event_schemas
from bank.api.schema.kinds import Cursor, Kind
from bank.api.schema.operation import Page

Schema = dict[str, Any]
_PLAIN: Final[Mapping[Any, Schema]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def schema_of(answer: Any, registry: ComponentRegistry) -> Schema:
    """The schema of a declared answer; named shapes become components."""
    if isinstance(answer, Mapping):
        return dict(answer)
    if isinstance(answer, Page):
        return _page(answer, registry)
    if isinstance(answer, types.FunctionType):
        made: Schema = answer(registry)
        return made
    return _schema(answer, registry)


def component(registry: ComponentRegistry, name: str, schema: Schema) -> Schema:
    """A reference to the component of this name, which is `schema`."""
    return register(registry, ResolvedComponent.SCHEMA, name, schema)


def register(registry: ComponentRegistry, kind: str, name: str, content: Schema) -> Schema:
    """A reference to the component of this kind and name."""
    found = ResolvedComponent(name=name, type=kind, object=name, schema=content)  # type: ignore[no-untyped-call]
    registry.register_on_missing(found)
    if registry[found].schema != content:
        error(f"{kind}/{name} is two things: give one of them another name")
    return {"$ref": f"#/components/{kind}/{name}"}


def name_of(shape: Any) -> str:
    """What the document calls a TypedDict: its name without `Body`."""
    return str(shape.__name__).removesuffix("Body")


def _page(page: Page, registry: ComponentRegistry) -> Schema:
    item = _schema(page.item, registry)
    properties: Schema = {
        "data": {"type": "array", "items": item, "maxItems": 200},
        "has_more": {"type": "boolean", "examples": [False]},
        "next_cursor": {**_schema(Cursor, registry), "type": ["string", "null"], "examples": [None]},
    }
    name = f"{name_of(page.item)}Page"
    if page.more is not None:
        hints = typing.get_type_hints(page.more, include_extras=True)
        properties |= {key: _schema(hint, registry) for key, hint in hints.items()}
        name += name_of(page.more)
    body = {
        "type": "object",
        "description": "A page of a list. `next_cursor` is null on the last one.",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }
    return component(registry, name, body)


def _schema(hint: Any, registry: ComponentRegistry) -> Schema:
    if typing.is_typeddict(hint):
        return _typed_dict(hint, registry)
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [str(member.value) for member in hint]}
    return _generic(hint, typing.get_origin(hint), typing.get_args(hint), registry)


def _generic(hint: Any, origin: Any, arguments: tuple[Any, ...], registry: ComponentRegistry) -> Schema:
    if origin is Literal:
        return {"type": "string", "enum": list(arguments), "examples": [arguments[0]]}
    if origin in (Union, types.UnionType):
        return _union([_schema(argument, registry) for argument in arguments])
    if origin in (list, Sequence):
        return {"type": "array", "items": _schema(arguments[0], registry)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1], registry) or True}
    if origin in (Annotated, NotRequired, Required):
        schema = _schema(arguments[0], registry)
        for kind in arguments[1:]:
            schema = {**schema, **kind.keywords} if isinstance(kind, Kind) else schema
        return schema
    raise TypeError(f"no schema for {hint!r}")


def _union(schemas: list[Schema]) -> Schema:
    """`X | None` of a plain X is X with one more type; else any of them."""
    null = {"type": "null"}
    others = [schema for schema in schemas if schema != null]
    if len(others) == 1 and isinstance(others[0].get("type"), str) and "enum" not in others[0]:
        return {**others[0], "type": [others[0]["type"], "null"]}
    return {"anyOf": [*others, *([null] if null in schemas else [])]}


def _typed_dict(shape: Any, registry: ComponentRegistry) -> Schema:
    name = name_of(shape)
    if name in (events := event_schemas()):
        for part, of_part in events.items():
            component(registry, part, of_part)
        return {"$ref": f"#/components/schemas/{name}"}
    properties = {
        key: _schema(hint, registry) for key, hint in typing.get_type_hints(shape, include_extras=True).items()
    }
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": sorted(shape.__required_keys__),
        "additionalProperties": False,
    }
    if shape.__doc__ and not shape.__doc__.startswith("dict("):
        schema["description"] = " ".join(shape.__doc__.split())
    return component(registry, name, schema)
