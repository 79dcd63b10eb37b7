"""Idempotency keys: the same key of the same user is the same command, for ever."""

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from bank.api.problems import Problem, bad_request, retry_after
from ledger.codec import encode_canonical
from ledger.ids import derived_id

HEADER: Final = "Idempotency-Key"
VARIABLE: Final = "HTTP_IDEMPOTENCY_KEY"  # where the header is in a request's META
LONGEST_KEY: Final = 255
_NAMESPACE: Final = UUID("5b0a9c1e-0d0f-4b1c-9a53-6a2f7d3c8e41")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+\Z")
# A string of RFC 9651, section 3.3.3: in quotes, with \" and \\ as the only escapes.
_QUOTED: Final = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"\Z')


def parse_key(header: str | None) -> str:
    """The key in the header, quoted or bare; both spell the same key. Raises Problem (400)."""
    if header is None or not header.strip():
        raise bad_request("idempotency_key_missing", f"Send an {HEADER} header of 1 to {LONGEST_KEY} characters.")
    key = header.strip()
    if key.startswith('"'):
        quoted = _QUOTED.match(key)
        key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    if not is_key(key):
        detail = f"The {HEADER} must have 1 to {LONGEST_KEY} printable ASCII characters, bare or in quotes."
        raise bad_request("idempotency_key_invalid", detail)
    return key


def is_key(text: str) -> bool:
    """Whether `text` can be a key."""
    return len(text) <= LONGEST_KEY and _PRINTABLE.match(text) is not None


def still_in_flight() -> Problem:
    """409: another request with this key has not been answered yet."""
    detail = f"Another request with this {HEADER} is at work. Repeat yours in a moment: it will get the one answer."
    return Problem(HTTPStatus.CONFLICT, "idempotency_in_flight", detail, headers=retry_after())


def command_id_of(user_pk: int, key: str) -> UUID:
    """The id of the command that this user names by this key."""
    return derived_id(_NAMESPACE, str(user_pk), key)


def fingerprint_of(method: str, path: str, body: Mapping[str, Any]) -> bytes:
    """What makes two requests the same: method, path and canonical body (SHA-256, 32 bytes)."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), encode_canonical(body)))).digest()
