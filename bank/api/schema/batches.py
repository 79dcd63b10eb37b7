"""The lines of a batch: for each type the body of the single call, with the names that every line has."""

from typing import Final

from drf_spectacular.plumbing import ComponentRegistry

from bank.api.batch_lines import KINDS, MAX_LINES, Kind, LineHead, LineHeadOfAccount
from bank.api.fields import StrictSerializer
from bank.api.schema.inputs import codes_of_body, object_schema
from bank.api.schema.shapes import Schema, component

_HEADS: Final[dict[bool, StrictSerializer]] = {True: LineHeadOfAccount(), False: LineHead()}


def batch_schema(registry: ComponentRegistry) -> Schema:
    """A list of lines; as NDJSON each line is one item of it."""
    references = {name: component(registry, f"{name}Line", _line(name, kind, registry)) for name, kind in KINDS.items()}
    line = {
        "description": "One command: the body of the single call, its type and its idempotency key.",
        # Deposits first: whoever makes an example takes the first.
        "oneOf": [references[name] for name in sorted(references, key=lambda name: (name != "Deposit", name))],
        "discriminator": {
            "propertyName": "type",
            "mapping": {name: reference["$ref"] for name, reference in references.items()},
        },
    }
    return {
        "type": "array",
        "description": "As NDJSON, each line is one item of this list.",
        "minItems": 1,
        "maxItems": MAX_LINES,
        "items": component(registry, "BatchLine", line),
    }


def codes_of_batches() -> tuple[str, ...]:
    """The codes with which a batch can be malformed (400)."""
    codes = {"not_a_list", "empty_batch", "idempotency_key_invalid", "invalid_choice", "invalid_id"}
    for kind in KINDS.values():
        codes |= codes_of_body(kind.form)
    return tuple(sorted(codes))


def _line(name: str, kind: Kind, registry: ComponentRegistry) -> Schema:
    head, body = object_schema(_HEADS[kind.about_account], registry), object_schema(kind.form, registry)
    return {
        "type": "object",
        "description": f"A line that stands for a call of `{kind.call}`.",
        "properties": {**head["properties"], "type": {"type": "string", "const": name}, **body["properties"]},
        "required": [*head["required"], *body["required"]],
        "additionalProperties": False,
    }
