"""Drafts: what a person wants to do, signed for that person, on its way from the form to the check page and back.

A draft is not stored anywhere: it travels in the page's address and in the form. Its signature is salted with the
user, so that an edited draft and somebody else's are both refused. It is encrypted, too: addresses stand in histories
and logs, and drafts hold names and references.
"""

import base64
import json
import os
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core import signing
from django.utils.crypto import salted_hmac

from bank.identity.models import User
from ledger.ids import new_id

MAX_AGE_SECONDS: Final = 12 * 60 * 60
# A draft carries a reference of 140 characters at most; what is far longer was not made by us.
MAX_LENGTH: Final = 8_192
_NONCE_BYTES: Final = 12


class DraftExpired(Exception):
    """The draft is older than MAX_AGE_SECONDS."""


class DraftNotValid(Exception):
    """The draft was edited, belongs to somebody else, or is for another task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A task's validated values, as typed, under the id that its command will have.

    `version` and `balance_minor` are the account's when it was drafted (0 where the task has no account): the check
    page tells what changed since.
    """

    task: str
    subject: str
    command_id: UUID
    values: dict[str, str]
    version: int = 0
    balance_minor: int = 0


def sign_draft(draft: Draft, user: User) -> str:
    """The draft as a token for URLs and forms: nobody but this bank can read it, nobody but `user` can use it."""
    fields: dict[str, Any] = asdict(draft) | {"command_id": draft.command_id.hex}
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + AESGCM(_key(user)).encrypt(nonce, json.dumps(fields).encode(), None)
    return signing.dumps(base64.b64encode(sealed).decode(), salt=_salt("draft", user))


def load_draft(token: str, user: User, *, task: str, subject: str) -> Draft:
    """The draft of `token`. Raises DraftExpired, DraftNotValid."""
    fields = _opened(token, user)
    draft = Draft(**(fields | {"command_id": UUID(fields["command_id"])}))
    if (draft.task, draft.subject) != (task, subject):
        raise DraftNotValid
    return draft


def _opened(token: str, user: User) -> dict[str, Any]:
    if len(token) > MAX_LENGTH:
        raise DraftNotValid
    try:
        sealed = base64.b64decode(signing.loads(token, salt=_salt("draft", user), max_age=MAX_AGE_SECONDS))
    except signing.SignatureExpired:
        raise DraftExpired from None
    except signing.BadSignature:
        raise DraftNotValid from None
    # What bears our signature is what we encrypted.
    fields: dict[str, Any] = json.loads(AESGCM(_key(user)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None))
    return fields


def new_ticket(user: User, command_id: UUID | None = None) -> str:
    """A command id for a form, bound to `user`: whoever sends the form twice sends one command."""
    return signing.Signer(salt=_salt("ticket", user)).sign((command_id or new_id()).hex)


def read_ticket(ticket: str, user: User) -> UUID:
    """The command id of a form. Raises DraftNotValid."""
    try:
        return UUID(signing.Signer(salt=_salt("ticket", user)).unsign(ticket))
    except (signing.BadSignature, ValueError):
        raise DraftNotValid from None


def _key(user: User) -> bytes:
    """32 bytes for this user's drafts, from the secret key."""
    return salted_hmac(_salt("draft key", user), "", algorithm="sha256").digest()


def _salt(kind: str, user: User) -> str:
    return f"bank.web.{kind}:{user.pk}"
