"""The lines of a batch: what a client may send in one, and the same reading and checking as in a single call."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from rest_framework.serializers import ValidationError

from accounts.account_commands import CloseAccount, Deposit, FreezeAccount, UnfreezeAccount, Withdraw
from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.money import parse_amount
from accounts.text import REFERENCE_LENGTH
from bank.api import building
from bank.api.commanding import Intent
from bank.api.fields import KeyField, OneOfField, StrictSerializer, TextField, UuidField, parse_uuid, read
from bank.api.idempotency import command_id_of, fingerprint_of, is_key
from bank.api.problems import InputError, Problem, bad_request, invalid_input, status_problem
from bank.api.requests import (
    CashRequest,
    OpenAccountRequest,
    OverdraftLimitRequest,
    ReasonRequest,
    RegisterCustomerRequest,
    TransferRequest,
)
from bank.api.scopes import Scope
from bank.api.strict_json import MAX_BODY_BYTES, parse_object, too_deep

MAX_LINES: Final = 10_000
MAX_ERRORS: Final = 20
MAX_BYTES: Final = 8 * 1024 * 1024
NDJSON: Final = "application/x-ndjson"

_split_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a line of this type is: the single call that it stands for, and who may make it (any one of `scopes`).

    `build` makes the command of the intent and the accounts that the line names: the one it is about, or both sides.
    """

    call: str
    form: StrictSerializer
    scopes: tuple[Scope, ...]
    build: Callable[..., Command]
    about_account: bool = True


_CASH, _STAFF = (Scope.CASH_WRITE,), (Scope.CUSTOMERS_WRITE,)
# By the names that the command log has for them.
KINDS: Final[Mapping[str, Kind]] = {
    "RegisterCustomer": Kind(
        call="customers",
        form=RegisterCustomerRequest(),
        scopes=_STAFF,
        build=building.register_customer,
        about_account=False,
    ),
    "OpenAccount": Kind(
        call="accounts", form=OpenAccountRequest(), scopes=_STAFF, build=building.open_account, about_account=False
    ),
    "Deposit": Kind(call="deposits", form=CashRequest(), scopes=_CASH, build=lambda i, a: building.cash(Deposit, i, a)),
    "Withdraw": Kind(
        call="withdrawals", form=CashRequest(), scopes=_CASH, build=lambda i, a: building.cash(Withdraw, i, a)
    ),
    "Transfer": Kind(
        call="transfers",
        form=TransferRequest(),
        scopes=(Scope.CASH_WRITE, Scope.PAYMENTS_WRITE),
        build=building.transfer,
        about_account=False,
    ),
    "FreezeAccount": Kind(
        call="freeze",
        form=ReasonRequest(),
        scopes=_STAFF,
        build=lambda i, a: building.with_reason(FreezeAccount, i, a),
    ),
    "UnfreezeAccount": Kind(
        call="unfreeze",
        form=ReasonRequest(),
        scopes=_STAFF,
        build=lambda i, a: building.with_reason(UnfreezeAccount, i, a),
    ),
    "CloseAccount": Kind(
        call="close", form=ReasonRequest(), scopes=_STAFF, build=lambda i, a: building.with_reason(CloseAccount, i, a)
    ),
    "SetOverdraftLimit": Kind(
        call="overdraft-limit", form=OverdraftLimitRequest(), scopes=_STAFF, build=building.set_overdraft_limit
    ),
}


class LineHead(StrictSerializer):
    """What every line has, besides the body of the single call."""

    type = OneOfField(choices=tuple(KINDS))
    idempotency_key = KeyField()


class LineHeadOfAccount(LineHead):
    """The same for a line about one account, which the single call names in its path."""

    account_id = UuidField()


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was read. `account_id`: of the one account that it is about, where its type has one."""

    key: str
    kind: Kind
    intent: Intent
    account_id: UUID | None


_HEAD, _HEAD_OF_ACCOUNT = LineHead(), LineHeadOfAccount()
_NAMES: Final = ("type", "idempotency_key")
_NAMES_OF_ACCOUNT: Final = (*_NAMES, "account_id")


def split(body: bytes, *, is_ndjson: bool) -> list[bytes]:
    """The lines, not yet read. Raises Problem: 413 for too much, 400 for none and for what is no list."""
    if len(body) > MAX_BYTES:
        raise status_problem(413)
    if is_ndjson:
        lines = body.split(b"\n", MAX_LINES + 1)
        while lines and not lines[-1].strip():
            lines.pop()
    else:
        try:
            lines = [bytes(raw) for raw in _split_list(body)]
        except msgspec.ValidationError:
            raise bad_request("not_a_list", "The body must be a JSON list of commands.") from None
        except RecursionError:
            raise too_deep() from None
        except ValueError as error:
            raise bad_request("malformed_json", f"The body is not JSON: {error}.") from None
    if not lines:
        raise bad_request("empty_batch", "A batch has at least one command.")
    if len(lines) > MAX_LINES:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_many_commands", f"A batch has at most {MAX_LINES:,} commands."
        )
    return lines


def read_lines(lines: Iterable[bytes], *, user_pk: int, at: datetime, root: str) -> list[Line]:
    """Every line, by the rules of the single calls, whose paths begin with `root`.

    Raises Problem (400) with a pointer to what is wrong in which line (/0 is the first); then nothing was done.
    """
    found, errors = [], list[InputError]()
    for number, raw in enumerate(lines):
        try:
            found.append(_read(raw, user_pk, at, root))
        except Problem as problem:
            errors += in_line(number, problem)
            if len(errors) >= MAX_ERRORS:
                break
    if errors:
        raise invalid_input(errors)
    return found


def in_line(number: int, problem: Problem) -> list[InputError]:
    """What is wrong with one command, as errors of the whole batch. Raises a Problem that is not about the input."""
    if problem.status != HTTPStatus.BAD_REQUEST:
        raise problem
    if not problem.errors:
        return [InputError(f"/{number}", problem.code, problem.detail)]
    return [InputError(f"/{number}{error.pointer}", error.code, error.detail) for error in problem.errors]


class _Sum(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    amount: str
    currency: str


class _CashLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The most frequent lines by far, read at once where nothing about them is odd."""

    type: Literal["Deposit", "Withdraw"]
    idempotency_key: str
    account_id: str
    amount: _Sum
    reference: str | msgspec.UnsetType = msgspec.UNSET


_decode_cash: Final = msgspec.json.Decoder(_CashLine).decode
# Two around each name and each text. A name that is there twice has more of them.
_QUOTES: Final = 22
_QUOTES_WITH_REFERENCE: Final = 26
_read_reference: Final = TextField(max_length=REFERENCE_LENGTH).parse


def _read_cash(raw: bytes, user_pk: int, at: datetime, root: str) -> Line | None:
    """The line, if it is a deposit or a withdrawal that is right; None where `_read_any` must say what it is.

    It reads what that reads: without escapes a text is what is written, so every quote is one of those counted.
    """
    if b"\\" in raw or len(raw) > MAX_BODY_BYTES:
        return None
    try:
        sent = _decode_cash(raw)
        account_id = parse_uuid(sent.account_id)
        amount = parse_amount(sent.amount.amount, sent.amount.currency)
        values: dict[str, Any] = {"amount": amount}
        body: dict[str, Any] = {"amount": sent.amount}
        quotes = _QUOTES
        if sent.reference is not msgspec.UNSET:
            values["reference"] = _read_reference(sent.reference)
            body["reference"] = sent.reference
            quotes = _QUOTES_WITH_REFERENCE
    except (ValueError, RecursionError, InvalidCommand, ValidationError):
        return None
    key = sent.idempotency_key
    if account_id is None or not is_key(key) or raw.count(b'"') != quotes:
        return None
    kind = KINDS[sent.type]
    fingerprint = fingerprint_of("POST", f"{root}accounts/{account_id}/{kind.call}", body)
    return Line(
        key,
        kind,
        Intent(command_id=command_id_of(user_pk, key), at=at, fingerprint=fingerprint, values=values),
        account_id,
    )


def _read(raw: bytes, user_pk: int, at: datetime, root: str) -> Line:
    return _read_cash(raw, user_pk, at, root) or _read_any(raw, user_pk, at, root)


def _read_any(raw: bytes, user_pk: int, at: datetime, root: str) -> Line:
    sent = parse_object(raw)
    name = sent.get("type")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        read(_HEAD, {field: sent[field] for field in _NAMES if field in sent})  # raises: the type is wrong
    assert kind is not None
    head_form, names = (_HEAD_OF_ACCOUNT, _NAMES_OF_ACCOUNT) if kind.about_account else (_HEAD, _NAMES)
    head = {field: sent.pop(field) for field in names if field in sent}
    head, values = _read_both(head_form, head, kind.form, sent)
    key, account_id = head["idempotency_key"], head.get("account_id")
    path = f"{root}{kind.call}" if account_id is None else f"{root}accounts/{account_id}/{kind.call}"
    intent = Intent(
        command_id=command_id_of(user_pk, key), at=at, fingerprint=fingerprint_of("POST", path, sent), values=values
    )
    return Line(key, kind, intent, account_id)


def _read_both(
    head_form: StrictSerializer, head: dict[str, Any], form: StrictSerializer, body: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both parts of a line; raises one Problem with all that is wrong in either."""
    parts, errors = [], list[InputError]()
    for part_form, part in ((head_form, head), (form, body)):
        try:
            parts.append(read(part_form, part))
        except Problem as problem:
            errors += problem.errors
    if errors:
        raise invalid_input(errors)
    return parts[0], parts[1]
