"""Secrets of second factors, encrypted where they are kept: whoever reads the database alone can make no codes."""

import base64
import hmac
import os
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE_BYTES: Final = 12
_PURPOSE: Final = b"second factors"


def seal(text: str) -> str:
    """`text` under a key of the bank's master key (AES-256-GCM), in base64: nonce and ciphertext."""
    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(_key()).encrypt(nonce, text.encode(), _PURPOSE)).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises InvalidTag under another master key, or where it was changed."""
    raw = base64.b64decode(sealed)
    return AESGCM(_key()).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _PURPOSE).decode()


def _key() -> bytes:
    return hmac.digest(settings.PERSONAL_DATA_KEY(), _PURPOSE, "sha256")
