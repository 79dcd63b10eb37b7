"""Signing secrets: made here, kept encrypted with the bank's master key, shown once."""

import base64
import hmac
import os
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils import timezone

from bank.webhooks.models import Secret
from readmodels.webhook_endpoints import WebhookEndpointRow

PREFIX: Final = "whsec_"  # Standard Webhooks: "whsec_" and 24 to 64 bytes in base64
_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12


def secret_for(command_id: UUID, endpoint_id: UUID) -> str:
    """The secret of the command that registers an endpoint or rotates its secret; made when first asked for.

    It is kept before the command is sent: a command that was carried out always has its secret. One whose command was
    refused signs nothing and is cleaned away.
    """
    sealed = _seal(secrets.token_bytes(_SECRET_BYTES), command_id, endpoint_id)
    row, _ = Secret.objects.get_or_create(secret_id=command_id, defaults={"endpoint_id": endpoint_id, "sealed": sealed})
    return _text(_open(row))


def find(secret_id: UUID) -> str | None:
    """The secret, where it is kept (still)."""
    row = Secret.objects.filter(secret_id=secret_id).first()
    return None if row is None else _text(_open(row))


def show_once(secret_id: UUID) -> str | None:
    """The secret, to the first who asks; None from then on, and where there is none (any more)."""
    if Secret.objects.filter(secret_id=secret_id, shown_at=None).update(shown_at=timezone.now()) == 0:
        return None
    return _text(_open(Secret.objects.get(secret_id=secret_id)))


def is_to_be_shown(secret_id: UUID) -> bool:
    """Whether nobody has seen it yet."""
    return Secret.objects.filter(secret_id=secret_id, shown_at=None).exists()


def mark_shown(secret_id: UUID) -> None:
    """It went out in an answer."""
    Secret.objects.filter(secret_id=secret_id, shown_at=None).update(shown_at=timezone.now())


def signing_keys(endpoint: WebhookEndpointRow, at: datetime) -> list[bytes]:
    """The keys that sign now: the newest first, the one before for as long as it is valid."""
    wanted = [endpoint.secret_id]
    if endpoint.previous_secret_id and endpoint.previous_valid_until and at < endpoint.previous_valid_until:
        wanted.append(endpoint.previous_secret_id)
    found = {row.secret_id: row for row in Secret.objects.filter(secret_id__in=wanted)}
    return [_open(found[secret_id]) for secret_id in wanted if secret_id in found]


def signatures(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one `v1` signature a key, apart by blanks (Standard Webhooks, "Signature")."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)


def _text(key: bytes) -> str:
    return PREFIX + base64.b64encode(key).decode()


def _seal(key: bytes, secret_id: UUID, endpoint_id: UUID) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_wrapping_key()).encrypt(nonce, key, secret_id.bytes + endpoint_id.bytes)


def _open(row: Secret) -> bytes:
    raw = bytes(row.sealed)
    context = row.secret_id.bytes + row.endpoint_id.bytes
    return AESGCM(_wrapping_key()).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context)


def _wrapping_key() -> bytes:
    """From the master key, for this use alone."""
    return hmac.digest(settings.PERSONAL_DATA_KEY(), b"webhook secrets", "sha256")
