"""An example of a schema, put together from the examples of its parts."""

from collections.abc import Mapping
from typing import Any, Final

_PREFIX: Final = "#/components/schemas/"
_BY_FORMAT: Final = {
    "uuid": "01a207d8-6c9a-75cc-b3c6-9bc47ed14fd7",
    "date-time": "2026-03-29T01:00:00.000000Z",
    "date": "2026-03-29",
}
_BY_TYPE: Final[Mapping[str, Any]] = {"integer": 1, "number": 1, "boolean": False, "string": "text", "null": None}


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    """One instance of `schema`; `components` are the document's schemas."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].removeprefix(_PREFIX)], components)
    for keyword in ("const", "example"):
        if keyword in schema:
            return schema[keyword]
    for keyword in ("examples", "enum"):
        if keyword in schema:
            return schema[keyword][0]
    ways = schema.get("oneOf") or schema.get("anyOf")
    if ways and "properties" in schema:
        return {**example_of(ways[0], components), **_of_type(schema, components)}
    return example_of(ways[0], components) if ways else _of_type(schema, components)


def _of_type(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        return {name: example_of(member, components) for name, member in schema.get("properties", {}).items()}
    if kind == "array":
        return [example_of(schema["items"], components)]
    if "minimum" in schema:
        return schema["minimum"]
    return _BY_FORMAT.get(str(schema.get("format")), _BY_TYPE[kind])
