"""Personal data: encrypted with a key of its subject. Destroying the key erases it; events and their hashes stay.

A field of an event is marked by its type, `Personal`; its subject is the event's stream. It is stored as
`{"$personal": "<base64 of nonce and ciphertext>"}` (AES-256-GCM, bound to subject, event type and field), which is what
the hash covers. Subjects' keys stand in `ledger_subject_key`, wrapped with the bank's master key, which does not.
"""

import base64
import hmac
import os
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from ledger.connections import Cursor
from ledger.errors import LedgerError

_MARK: Final = "$personal"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12

# What stands in place of a person's data once it is erased.
ERASED: Final = "(erased)"

Personal = Annotated[str, msgspec.Meta(extra={"personal": True})]


class WrongMasterKey(LedgerError):
    """The bank's master key does not open a subject's key: it is another bank's, or was lost."""


def personal_fields(cls: type[Any]) -> tuple[str, ...]:
    """The fields of an event class that are marked `Personal`."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(name for name, hint in hints.items() if _is_personal(hint))


def protect(event: Any, name: str, fields: tuple[str, ...], subject_id: UUID, key: bytes) -> dict[str, Any]:
    """The event's data as they are stored: JSON types, the personal `fields` encrypted."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    for field in fields:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, data[field].encode(), _context(subject_id, name, field))
        data[field] = {_MARK: base64.b64encode(nonce + sealed).decode()}
    return data


def reveal(data: dict[str, Any], name: str, subject_id: UUID, key: bytes | None) -> dict[str, Any]:
    """`data` as stored with every personal field readable again, or saying that it is erased (no key)."""
    return {
        field: _reveal_field(value[_MARK], key, _context(subject_id, name, field)) if _is_sealed(value) else value
        for field, value in data.items()
    }


def keyed(digest: bytes) -> bytes:
    """A digest that nobody without the master key can make: a plain one of a name can be found by trying names."""
    # A copy of what is keyed already: to key it anew is to let go of the interpreter's lock, which others then hold.
    keyed_hash = _keyed_hash(settings.PERSONAL_DATA_KEY()).copy()
    keyed_hash.update(digest)
    return keyed_hash.digest()


@cache
def _keyed_hash(key: bytes) -> hmac.HMAC:
    return hmac.new(key, b"fingerprint", "sha256")


def new_key() -> bytes:
    """A key for a new subject."""
    return AESGCM.generate_key(bit_length=_KEY_BYTES * 8)


def wrap(key: bytes, subject_id: UUID) -> bytes:
    """A subject's key under the master key, bound to the subject: what the table keeps."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(settings.PERSONAL_DATA_KEY()).encrypt(nonce, key, subject_id.bytes)


def load_keys(cur: Cursor, subject_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """The keys of those subjects that have one still. Never kept: a key destroyed elsewhere must be gone here too."""
    wanted = list(subject_ids)
    if not wanted:
        return {}
    rows = cur.execute("select subject_id, key from ledger_subject_key where subject_id = any(%s)", (wanted,))
    return {subject_id: _unwrap(wrapped, subject_id) for subject_id, wrapped in rows.fetchall()}


def _unwrap(wrapped: bytes, subject_id: UUID) -> bytes:
    try:
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        return AESGCM(settings.PERSONAL_DATA_KEY()).decrypt(nonce, sealed, subject_id.bytes)
    except InvalidTag as error:
        raise WrongMasterKey(f"the master key does not open the key of {subject_id}") from error


def _reveal_field(text: str, key: bytes | None, context: bytes) -> str:
    if key is None:
        return ERASED
    raw = base64.b64decode(text)
    return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context).decode()


def _context(subject_id: UUID, name: str, field: str) -> bytes:
    return f"{subject_id}/{name}/{field}".encode()


def _is_sealed(value: object) -> bool:
    return isinstance(value, dict) and _MARK in value


def _is_personal(hint: Any) -> bool:
    return get_origin(hint) is Annotated and any(
        isinstance(meta, msgspec.Meta) and (meta.extra or {}).get("personal") for meta in get_args(hint)[1:]
    )
