"""Strict serializers and fields: a value is what the contract says, or it is named as wrong; nothing is coerced."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Final, cast
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from typing_extensions import override

from accounts.iban import parse_iban
from accounts.invalid import InvalidCommand
from accounts.money import Money, exponent_of, parse_amount
from accounts.text import clean_text
from bank.api.idempotency import LONGEST_KEY, is_key
from bank.api.problems import InputError, Problem, invalid_input

_LONGEST_IBAN: Final = 64  # 34 by ISO 13616, and room for the blanks of print
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})\Z",
    re.IGNORECASE,
)
_INTEGER: Final = re.compile(r"[0-9]{1,18}\Z")


def parse_uuid(text: str) -> UUID | None:
    """The UUID that `text` spells in its one usual form (RFC 9562, section 4), else None."""
    return UUID(text) if _UUID.match(text) else None


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names that it does not have. A declared name may end in `_` where Python needs it (`from_`).

    Made once and used by many threads: it keeps nothing of what it reads.
    """

    unknown_code = "unknown_field"
    unknown_detail = "There is no such field."

    @override
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}

    @override
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("Must be an object.", code="invalid_object")
        known = self.fields
        errors: dict[str, Any] = {
            name: [ErrorDetail(self.unknown_detail, self.unknown_code)] for name in data if name not in known
        }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**cast("dict[str, Any]", error.detail), **errors}) from None
        if errors:
            raise serializers.ValidationError(errors)
        return values

    @cached_property
    def _plan(self) -> list[tuple[str, Callable[[Any], Any], bool, Any]] | None:
        """Name, reader, whether it must be there and default of each field; None where there are rules besides."""
        kind = type(self)
        if kind.validate is not serializers.Serializer.validate or self.validators:
            return None
        fields = self.fields.items()
        if any(field.validators or hasattr(self, f"validate_{name}") for name, field in fields):
            return None
        return [(name, field.to_internal_value, field.required, field.default) for name, field in fields]

    def read_plain(self, data: Any) -> dict[str, Any] | None:
        """The values where all is there that must be and all is good; None where the framework must say what is not.

        By the same fields, but without the framework's steps between, which take ten times as long.
        """
        plan = self._plan
        if plan is None or type(data) is not dict:
            return None
        values: dict[str, Any] = {}
        seen = 0
        for name, to_value, is_required, default in plan:
            sent = data.get(name)
            if sent is None:
                if is_required or name in data:
                    return None
                if default is not serializers.empty:
                    values[name] = default
                continue
            try:
                values[name] = to_value(sent)
            except serializers.ValidationError:
                return None
            seen += 1
        return values if seen == len(data) else None


class QuerySerializer(StrictSerializer):
    """Query parameters: each at most once, none unknown."""

    unknown_code = "unknown_parameter"
    unknown_detail = "There is no such query parameter."


def read(serializer: StrictSerializer, data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` as the serializer reads it; raises Problem (400) with a pointer to everything that is wrong."""
    plain = serializer.read_plain(data)
    if plain is not None:
        return plain
    try:
        values: dict[str, Any] = serializer.run_validation(data)
    except serializers.ValidationError as error:
        raise validation_problem(error) from None
    return values


def validation_problem(error: serializers.ValidationError) -> Problem:
    """The framework's nested errors as a problem with JSON pointers."""
    return invalid_input(list(_flatten(error.detail, "")))


def _flatten(detail: Any, pointer: str) -> Iterator[InputError]:
    if isinstance(detail, ErrorDetail):
        yield InputError(pointer, detail.code or "invalid", str(detail))
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            inside = pointer if name == "non_field_errors" else f"{pointer}/{_escape(str(name))}"
            yield from _flatten(inner, inside)
    else:
        for inner in detail:
            yield from _flatten(inner, pointer)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def refused_by(error: InvalidCommand) -> serializers.ValidationError:
    """What the domain says of a value, in the framework's terms."""
    return serializers.ValidationError(error.message, code=error.code)


class _TextualField(serializers.Field[Any, str, str, Any]):
    """A field that is sent as a JSON string and nothing else."""

    wrong_type_code = "invalid_text"
    wrong_type_detail = "Must be text."

    @override
    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)
        return self.parse(data)

    @override
    def to_representation(self, value: Any) -> str:
        return str(value)

    def parse(self, text: str) -> Any:
        raise NotImplementedError


class TextField(_TextualField):
    """One line of plain text, by the domain's own rule."""

    def __init__(self, *, max_length: int, allow_blank: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.max_length = max_length
        self.allow_blank = allow_blank

    @override
    def parse(self, text: str) -> str:
        try:
            return clean_text(text, "", max_length=self.max_length, required=not self.allow_blank)
        except InvalidCommand as error:
            raise refused_by(error) from None


class EmailField(TextField):
    """An email address, or nothing; whether it is one is the domain's to say (`invalid_email`)."""


class UuidField(_TextualField):
    """An id."""

    wrong_type_code = "invalid_id"
    wrong_type_detail = "Must be a UUID."

    @override
    def parse(self, text: str) -> UUID:
        value = parse_uuid(text)
        if value is None:
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)
        return value


class AccountField(_TextualField):
    """An account, by its id (read as a UUID) or by its IBAN (read as compact text)."""

    wrong_type_code = "invalid_account"
    wrong_type_detail = "Must be an account's id or IBAN."

    @override
    def parse(self, text: str) -> UUID | str:
        account_id = parse_uuid(text)
        if account_id is not None:
            return account_id
        if len(text) > _LONGEST_IBAN or not text.isascii():
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)
        try:
            return parse_iban(text)
        except InvalidCommand as error:
            raise refused_by(error) from None


class KeyField(_TextualField):
    """An idempotency key in a body: its plain characters, without the quotes that a header may have."""

    wrong_type_code = "idempotency_key_invalid"
    wrong_type_detail = f"Must be text of 1 to {LONGEST_KEY} printable ASCII characters."
    json_schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"}

    @override
    def parse(self, text: str) -> str:
        if not is_key(text):
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)
        return text


class CurrencyField(_TextualField):
    """A currency code of ISO 4217."""

    wrong_type_code = "invalid_currency"
    wrong_type_detail = "Must be a currency code of ISO 4217, such as EUR."

    @override
    def parse(self, text: str) -> str:
        try:
            exponent_of(text)
        except InvalidCommand as error:
            raise refused_by(error) from None
        return text


class AmountField(_TextualField):
    """The digits of an amount; what they mean depends on the currency beside them."""

    wrong_type_code = "invalid_amount"
    wrong_type_detail = "Must be a string of digits, such as 25.00."

    @override
    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None:
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)
        return super().validate_empty_values(data)

    @override
    def parse(self, text: str) -> str:
        return text


class MoneyField(StrictSerializer):
    """`{"amount": "25.00", "currency": "EUR"}`, read as Money."""

    amount = AmountField()
    currency = CurrencyField()

    def __init__(self, *, allow_zero: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.allow_zero = allow_zero

    @override
    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None:
            raise _no_money()
        return super().validate_empty_values(data)

    @override
    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, Mapping):
            raise _no_money()
        plain = self.read_plain(data)
        values = super().to_internal_value(data) if plain is None else plain
        try:
            return parse_amount(values["amount"], values["currency"], allow_zero=self.allow_zero)
        except InvalidCommand as error:
            raise serializers.ValidationError({"amount": [ErrorDetail(error.message, error.code)]}) from None


def _no_money() -> serializers.ValidationError:
    detail = 'Must be an object, such as {"amount": "25.00", "currency": "EUR"}.'
    return serializers.ValidationError(detail, code="invalid_amount")


class TimestampField(_TextualField):
    """A moment by RFC 3339, read as an aware datetime in UTC."""

    wrong_type_code = "invalid_timestamp"
    wrong_type_detail = "Must be a timestamp of RFC 3339, such as 2026-03-29T01:00:00Z."

    @override
    def parse(self, text: str) -> datetime:
        try:
            if not _TIMESTAMP.match(text):
                raise ValueError(text)
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code) from None


class DateField(_TextualField):
    """A calendar date by RFC 3339."""

    wrong_type_code = "invalid_date"
    wrong_type_detail = "Must be a date, such as 2026-03-29."

    @override
    def parse(self, text: str) -> date:
        try:
            if not _DATE.match(text):
                raise ValueError(text)
            return date.fromisoformat(text)
        except ValueError:
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code) from None


class DateOrTimestampField(_TextualField):
    """A calendar date or a moment by RFC 3339: a date, or an aware datetime in UTC."""

    wrong_type_code = "invalid_date"
    wrong_type_detail = "Must be a date, such as 2026-03-29, or a timestamp, such as 2026-03-29T01:00:00Z."

    @override
    def parse(self, text: str) -> date:
        try:
            if _TIMESTAMP.match(text):
                return datetime.fromisoformat(text.upper()).astimezone(UTC)
            if _DATE.match(text):
                return date.fromisoformat(text)
        except (ValueError, OverflowError):
            pass
        raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)


class WholeNumberField(_TextualField):
    """A whole number from `min_value` to `max_value`, in ASCII digits, as a query parameter has it."""

    def __init__(self, *, min_value: int, max_value: int, code: str = "invalid_number", **options: Any) -> None:
        super().__init__(**options)
        self.min_value = min_value
        self.max_value = max_value
        self.wrong_type_code = code
        self.wrong_type_detail = f"Must be a whole number from {min_value} to {max_value}."

    @override
    def parse(self, text: str) -> int:
        value = int(text) if _INTEGER.match(text) else self.min_value - 1
        if not self.min_value <= value <= self.max_value:
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)
        return value


class OneOfField(_TextualField):
    """One of a few words."""

    wrong_type_code = "invalid_choice"

    def __init__(self, *, choices: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices
        self.wrong_type_detail = f"Must be one of {', '.join(choices)}."

    @override
    def parse(self, text: str) -> str:
        if text not in self.choices:
            raise serializers.ValidationError(self.wrong_type_detail, code=self.wrong_type_code)
        return text
