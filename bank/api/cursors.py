"""Keyset cursors: where a list goes on, in a form that only this bank can make."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from bank.api.problems import Problem, invalid_field

_SALT: Final = "bank.api.cursors"
_SEAL_BYTES: Final = 12
_LONGEST: Final = 200


def make_cursor(place: str, key: str) -> str:
    """An opaque cursor for the row with sort key `key` of the list `place`."""
    payload = key.encode()
    return urlsafe_b64encode(_seal(place, payload) + payload).rstrip(b"=").decode()


def read_cursor(place: str, cursor: str) -> str:
    """The sort key in a cursor of this list; raises Problem (400) for one not made here, or for another list."""
    if len(cursor) > _LONGEST or not cursor.isascii():
        raise _invalid()
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise _invalid() from None
    seal, payload = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(place, payload)) or make_cursor(place, payload.decode()) != cursor:
        raise _invalid()
    return payload.decode()


def _seal(place: str, payload: bytes) -> bytes:
    return salted_hmac(
        _SALT, place.encode() + b"\0" + payload, secret=settings.SECRET_KEY, algorithm="sha256"
    ).digest()[:_SEAL_BYTES]


def _invalid() -> Problem:
    return invalid_field("/cursor", "invalid_cursor", "Not a cursor of this list.")
