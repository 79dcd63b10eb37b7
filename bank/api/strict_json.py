"""Reading JSON bodies without mercy: what two parsers could read differently is refused."""

import json
from typing import Any, Final, NoReturn

from bank.api.problems import Problem, bad_request, status_problem
from ledger.codec import decode_json, encode_json

MAX_BODY_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 32


def refuse_longer(declared: str | None, most: int) -> None:
    """Raise Problem (413) where the Content-Length announces more than `most` bytes: nobody waits for them."""
    if declared and declared.isdecimal() and int(declared[:20]) > most:
        raise status_problem(413)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object (RFC 8259) in `body`; raises Problem.

    413 above MAX_BODY_BYTES; 400 for what is not UTF-8, not JSON, not an object, nested deeper than MAX_DEPTH, or has
    duplicate names, NaN, Infinity, NUL characters or lone surrogates.
    """
    if len(body) > MAX_BODY_BYTES:
        raise status_problem(413)
    quick = _plain_object(body)
    return _judged_object(body) if quick is None else quick


def _plain_object(body: bytes) -> dict[str, Any] | None:
    """The object where a quick look shows that nothing is odd about it; None where `_judged_object` must decide.

    Without escapes a text is what is written, so each colon belongs to a text or stands behind a name. Where there are
    as many after writing the object anew, no name was there twice. Raw control characters are no JSON.
    """
    if b"\\" in body or body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        return None
    try:
        value = decode_json(body)
    except (ValueError, RecursionError):
        return None
    if type(value) is not dict or encode_json(value).count(b":") != body.count(b":"):
        return None
    return value


def _judged_object(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("malformed_json", "The body is not UTF-8.") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise too_deep() from None
    except json.JSONDecodeError as error:
        raise bad_request("malformed_json", f"The body is not JSON: {error}.") from None
    except ValueError:  # an integer of thousands of digits
        raise bad_request("malformed_json", "The body holds a number that is too long.") from None
    if not isinstance(value, dict):
        raise bad_request("not_an_object", "The body must be a JSON object.")
    _check(value, depth=1)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise bad_request("duplicate_name", "An object has the same name twice.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise bad_request("malformed_json", f"The body is not JSON: {name} is not a number of JSON.")


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        _check_depth(depth)
        for name, member in value.items():
            _check_text(name)
            _check(member, depth + 1)
    elif isinstance(value, list):
        _check_depth(depth)
        for item in value:
            _check(item, depth + 1)


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise too_deep()


def _check_text(text: str) -> None:
    if text.isascii():
        bad = "\0" in text
    else:
        bad = any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)
    if bad:
        raise bad_request("invalid_text", "Text must not hold NUL characters or lone surrogates.")


def too_deep() -> Problem:
    """400: nobody needs that many levels."""
    return bad_request("too_deep", f"The body is nested deeper than {MAX_DEPTH} levels.")
