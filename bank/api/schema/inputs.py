"""From the strict fields of requests to JSON Schema, and to the codes that they refuse with."""

from collections.abc import Callable, Iterable
from functools import singledispatch
from typing import Any, Final

from drf_spectacular.plumbing import ComponentRegistry
from rest_framework import serializers

from accounts.money import CURRENCIES, exponent_of
from bank.api import fields
from bank.api.schema.shapes import Schema, component

AnyField = serializers.Field[Any, Any, Any, Any]
# One line of plain text: no controls, line separators or characters that reorder others.
_PLAIN: Final = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
_VISIBLE: Final = r"[^\s\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
_EMAIL: Final = r"[^\s@\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+"
_OF_OBJECTS: Final = frozenset({"unknown_field", "required", "null", "invalid_input"})


def body_schema(form: fields.StrictSerializer, registry: ComponentRegistry) -> Schema:
    """The component of a request's body."""
    return component(registry, type(form).__name__, object_schema(form, registry))


def object_schema(form: fields.StrictSerializer, registry: ComponentRegistry) -> Schema:
    """An object with the form's fields and no others, and what the form itself says besides, as `json_schema`."""
    members = form.fields
    return {
        "type": "object",
        "properties": {name: field_schema(field, registry) for name, field in members.items()},
        "required": [name for name, field in members.items() if field.required],
        "additionalProperties": False,
        **getattr(form, "json_schema", {}),
    }


def field_schema(field: AnyField, registry: ComponentRegistry) -> Schema:
    """What a field takes. A field of another module says it itself, as `json_schema`."""
    own = getattr(field, "json_schema", None)
    schema: Schema = dict(own) if own is not None else _schema(field, registry)
    if field.help_text:
        schema = {**schema, "description": str(field.help_text)}
    return schema


def codes_of_body(form: fields.StrictSerializer) -> set[str]:
    """The codes with which this body can be malformed (400)."""
    codes = {"malformed_json", "duplicate_name", "too_deep", "not_an_object", "invalid_text"} | _OF_OBJECTS
    for field in form.fields.values():
        codes |= _codes(field)
    return codes


def codes_of_query(form: fields.QuerySerializer) -> set[str]:
    """The codes with which these query parameters can be malformed (400)."""
    codes = {"unknown_parameter", "repeated_parameter", "invalid_input"}
    for name, field in form.fields.items():
        codes |= _codes(field) | _CODES_BY_NAME.get(name, set())
        if field.required:
            codes.add("required")
    return codes


_CODES_BY_NAME: Final = {
    "cursor": {"invalid_cursor"},
    "consistent_with": {"invalid_consistency_token"},
}


@singledispatch
def _schema(field: AnyField, _registry: ComponentRegistry) -> Schema:
    raise TypeError(f"no schema for a {type(field).__name__}: give it a json_schema")


@_schema.register
def _(field: fields.TextField, _registry: ComponentRegistry) -> Schema:
    pattern = f"^{_PLAIN}*$" if field.allow_blank else f"^{_PLAIN}*{_VISIBLE}{_PLAIN}*$"
    return {"type": "string", "pattern": pattern, "maxLength": field.max_length}


@_schema.register
def _(field: fields.EmailField, _registry: ComponentRegistry) -> Schema:
    return {
        "type": "string",
        "pattern": f"^({_EMAIL}@{_EMAIL})?$",
        "maxLength": field.max_length,
        "examples": ["ada@example.org"],
    }


@_schema.register
def _(_field: fields.UuidField, _registry: ComponentRegistry) -> Schema:
    return {"type": "string", "format": "uuid"}


@_schema.register
def _(_field: fields.AccountField, _registry: ComponentRegistry) -> Schema:
    iban = {"type": "string", "format": "iban", "pattern": r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"}
    return {"anyOf": [{"type": "string", "format": "uuid"}, iban]}


@_schema.register
def _(_field: fields.CurrencyField, registry: ComponentRegistry) -> Schema:
    schema = {
        "type": "string",
        "enum": list(CURRENCIES),
        "examples": ["EUR"],
        "description": "A currency code of ISO 4217.",
    }
    return component(registry, "Currency", schema)


@_schema.register
def _(_field: fields.AmountField, _registry: ComponentRegistry) -> Schema:
    return {"type": "string", "format": "amount", "pattern": r"^[0-9]{1,13}(\.[0-9]+)?$", "examples": ["20.00"]}


@_schema.register
def _(field: fields.MoneyField, registry: ComponentRegistry) -> Schema:
    name = "MoneyOrNone" if field.allow_zero else "MoneyAboveZero"
    return component(registry, name, money_schema(allow_zero=field.allow_zero))


@_schema.register
def _(_field: fields.TimestampField, _registry: ComponentRegistry) -> Schema:
    return {"type": "string", "format": "date-time", "examples": ["2026-03-29T01:00:00Z"]}


@_schema.register
def _(_field: fields.DateField, _registry: ComponentRegistry) -> Schema:
    return {"type": "string", "format": "date", "examples": ["2026-03-29"]}


@_schema.register
def _(_field: fields.DateOrTimestampField, _registry: ComponentRegistry) -> Schema:
    kinds = [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
    return {"anyOf": kinds, "examples": ["2026-03-29", "2026-03-29T01:00:00Z"]}


@_schema.register
def _(field: fields.WholeNumberField, _registry: ComponentRegistry) -> Schema:
    schema: Schema = {"type": "integer", "minimum": field.min_value, "maximum": field.max_value}
    if not field.required and isinstance(field.default, int):
        schema["default"] = field.default
    return schema


@_schema.register
def _(field: fields.OneOfField, _registry: ComponentRegistry) -> Schema:
    return {"type": "string", "enum": list(field.choices)}


def money_schema(*, allow_zero: bool) -> Schema:
    """An amount with its currency: as many decimals as that has, and zero only where it is allowed."""
    by_decimals: dict[int, list[str]] = {}
    for currency in CURRENCIES:
        by_decimals.setdefault(exponent_of(currency), []).append(currency)
    return {
        "type": "object",
        "description": "The amount is a string of ASCII digits, with at most the currency's decimals"
        + ("." if allow_zero else ", and more than zero."),
        "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "anyOf": [
            {
                "properties": {
                    "amount": {"type": "string", "pattern": _amount_pattern(decimals, allow_zero=allow_zero)},
                    "currency": {"type": "string", "enum": currencies},
                }
            }
            for decimals, currencies in sorted(by_decimals.items())
        ],
        "examples": [{"amount": "25.00", "currency": "EUR"}],
    }


def _amount_pattern(decimals: int, *, allow_zero: bool) -> str:
    fraction = rf"(\.[0-9]{{1,{decimals}}})?" if decimals else ""
    above_zero = "" if allow_zero else r"(?!0*(\.0*)?$)"
    return rf"^{above_zero}[0-9]{{1,13}}{fraction}$"


def _codes(field: AnyField) -> set[str]:
    codes = {str(code) for code in _own_codes(field)}
    for kind, more in _CODES_BY_KIND.items():
        if isinstance(field, kind):
            codes |= more
    return codes


def _own_codes(field: AnyField) -> Iterable[str]:
    declared: Callable[[], Iterable[str]] | Iterable[str] | None = getattr(field, "json_codes", None)
    if declared is not None:
        return declared() if callable(declared) else declared
    code = getattr(field, "wrong_type_code", None)
    return () if code is None else (code,)


_CODES_BY_KIND: Final[dict[type[AnyField], set[str]]] = {
    fields.TextField: {"too_long", "required"},
    fields.EmailField: {"invalid_email"},
    fields.AccountField: {"invalid_iban"},
    fields.MoneyField: {"invalid_amount", "invalid_currency", *_OF_OBJECTS},
}
