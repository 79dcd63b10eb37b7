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

MAX_AGE_SECONDS: Final = 12 * 60 * 60
# A draft carries a reference of 140 characters at most; what is far longer was not made by us.
MAX_LENGTH: Final = 8_192
_NONCE_BYTES: Final = 12


class DraftExpired(Exception):
    """The draft is older than MAX_AGE_SECONDS."""


class DraftNotValid(Exception):
    """The draft was edited, belongs to somebody else, or is for another task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a form carries: the id of its command (sent twice, it is one), and the account as it was, as in Draft."""

    command_id: UUID
    version: int = 0
    balance_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A task's validated values, as typed, under the id that its command will have.

    `version` and `balance_minor` are the account's when the page was opened that led here (0 where the task has no
    account): the check page tells what changed since.
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


def sign_ticket(ticket: Ticket, user: User, *, subject: str) -> str:
    """The ticket as a token for a form about `subject`, bound to `user`."""
    fields = [ticket.command_id.hex, ticket.version, ticket.balance_minor]
    return _signer_of_tickets(user, subject).sign_object(fields)


def read_ticket(token: str, user: User, *, subject: str) -> Ticket:
    """The ticket of `token`. Raises DraftNotValid."""
    try:
        command_id, version, balance_minor = _signer_of_tickets(user, subject).unsign_object(token)
    except signing.BadSignature:
        raise DraftNotValid from None
    return Ticket(command_id=UUID(command_id), version=version, balance_minor=balance_minor)


def _signer_of_tickets(user: User, subject: str) -> signing.Signer:
    return signing.Signer(salt=f"{_salt('ticket', user)}:{subject}")


def _key(user: User) -> bytes:
    """32 bytes for this user's drafts, from the secret key."""
    return salted_hmac(_salt("draft key", user), "", algorithm="sha256").digest()


def _salt(kind: str, user: User) -> str:
    return f"bank.web.{kind}:{user.pk}"
