"""Signing keys (Ed25519, RFC 8032). The private key comes from the environment or from a file, never from the database.

A key's id is the public key itself, 32 bytes in base64: whoever holds a signature knows which key to ask for.
"""

import base64
import binascii
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from ledger.errors import LedgerError

_KEY_BYTES: Final = 32


class InvalidKey(LedgerError):
    """A key that cannot be used: not 32 bytes in base64, or in a file that others can read."""


class NoSigningKey(LedgerError):
    """There is no private key on this machine."""


class SigningKey:
    """A private key; `id` is its public key."""

    def __init__(self, seed: str, origin: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_decode(seed, origin))
        self.id = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, message: bytes) -> bytes:
        """64 bytes that only the holder of this key can make."""
        return self._key.sign(message)


def signing_key() -> SigningKey:
    """The bank's: PASSBOOK_SIGNING_KEY (32 bytes in base64), else the key file. Raises NoSigningKey, InvalidKey."""
    if seed := settings.LEDGER_SIGNING_KEY:
        return SigningKey(seed, "PASSBOOK_SIGNING_KEY")
    path = Path(settings.LEDGER_SIGNING_KEY_FILE)
    try:
        mode = path.stat().st_mode
        if mode & 0o077:
            raise InvalidKey(f"{path} can be read by others: chmod 600 it, and think about who has read it")
        return SigningKey(path.read_text(), str(path))
    except FileNotFoundError:
        raise NoSigningKey(f"no PASSBOOK_SIGNING_KEY and no {path}") from None


def make_key_file() -> None:
    """A new key in the key file, readable by its owner only; an existing file stays."""
    path = Path(settings.LEDGER_SIGNING_KEY_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whole before it has its name, and a link never replaces: two makers end with one key.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)).decode() + "\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()


def trusted_keys(extra: Iterable[str] = ()) -> frozenset[str]:
    """The ids of the keys whose signatures count: PASSBOOK_PUBLIC_KEYS, `extra`, and this machine's own, if it has one.

    Raises InvalidKey.
    """
    found = {key_id(text) for text in (*settings.LEDGER_PUBLIC_KEYS, *extra)}
    with suppress(NoSigningKey):
        found.add(signing_key().id)
    return frozenset(found)


def key_id(text: str) -> str:
    """A public key in base64, as it is written everywhere; raises InvalidKey."""
    return base64.b64encode(_decode(text, "the public key")).decode()


def is_signed(message: bytes, signature: bytes, key: str) -> bool:
    """Whether the key with this id signed exactly this message."""
    try:
        Ed25519PublicKey.from_public_bytes(_decode(key, "the public key")).verify(signature, message)
    except (InvalidSignature, InvalidKey):
        return False
    return True


def _decode(text: str, origin: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidKey(f"{origin} is not base64") from error
    if len(raw) != _KEY_BYTES:
        raise InvalidKey(f"{origin} is {len(raw)} bytes, not {_KEY_BYTES}")
    return raw
