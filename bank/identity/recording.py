"""What happens at the door goes on record as events of the log-in's own stream; none of them says who somebody is."""

from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.http import HttpRequest
from django.utils import timezone

from accounts.handler import Actor, handle
from accounts.log_in import (
    ChangeRoles,
    NoteFailedSignIn,
    NotePassword,
    NoteSecondFactor,
    NoteSignIn,
    NoteSignOut,
    NoteToken,
    NoteTokenRevoked,
)
from bank.identity import policy
from bank.identity.models import User
from bank.web.middleware import correlation_id
from ledger.ids import derived_id, new_id

CHANNEL: Final = "web"
OPERATOR: Final = Actor(id="system:operator", channel="job")  # whoever may type commands on the machine
_NAMESPACE: Final = UUID("0193c1a0-5d52-7c3e-9a64-3f0e6f1b7a20")
_NOBODY_KNOWN: Final = Actor(id="anonymous", channel=CHANNEL)


class Token(Protocol):
    """What the record says of a token of the API; the secret and what it is called are nobody else's business."""

    pk: Any
    scopes: list[str]
    expires_at: datetime


def log_in_id(user_id: int | None) -> UUID:
    """The stream of a log-in; all tries with names that nobody has share one."""
    return derived_id(_NAMESPACE, "user", str(user_id)) if user_id is not None else derived_id(_NAMESPACE, "nobody")


def signed_in(request: HttpRequest, user: User, methods: list[str]) -> None:
    """Before the session begins: who is in, is on record."""
    _send(NoteSignIn(**_about(user.pk), user_id=user.pk, methods=methods), request, user)


def signed_out(request: HttpRequest, user: User) -> None:
    """By the person's own wish; a session that ends by itself is not seen."""
    _send(NoteSignOut(**_about(user.pk), user_id=user.pk), request, user)


def sign_in_failed(request: HttpRequest, user_id: int | None, step: str) -> None:
    """For names that nobody has as well: the same work, the same time."""
    command = NoteFailedSignIn(**_about(user_id), user_id=user_id, step=step)
    handle(command, by=_NOBODY_KNOWN, correlation_id=correlation_id(request))


def password_set(request: HttpRequest, user: User, how: str) -> None:
    """`how`: changed, reset, invited or admin."""
    by = request.user if isinstance(request.user, User) else user
    _send(NotePassword(**_about(user.pk), user_id=user.pk, how=how), request, by)


def roles_changed(request: HttpRequest, user: User, by: User) -> None:
    """What the person is to the bank from now on."""
    command = ChangeRoles(
        **_about(user.pk),
        user_id=user.pk,
        roles=[str(role) for role in user.roles],
        customer_id=user.customer_id,
        is_active=user.is_active,
    )
    _send(command, request, by)


def token_made(user: User, token: Token, by: Actor, request: HttpRequest | None = None) -> None:
    """A program may act for the person from now on. On the command line there is no request."""
    command = NoteToken(
        **_about(user.pk), user_id=user.pk, token_id=token.pk, scopes=token.scopes, expires_at=token.expires_at
    )
    handle(command, by=by, correlation_id=correlation_id(request) if request else None)


def token_revoked(user: User, token: Token, by: Actor, request: HttpRequest | None = None) -> None:
    """And no longer."""
    command = NoteTokenRevoked(**_about(user.pk), user_id=user.pk, token_id=token.pk)
    handle(command, by=by, correlation_id=correlation_id(request) if request else None)


def listen() -> None:
    """To what allauth tells."""
    account.password_changed.connect(_on_password_changed)
    account.password_reset.connect(_on_password_reset)
    mfa.authentication_failed.connect(_on_wrong_code)
    mfa.authenticator_added.connect(_on_factor_added)
    mfa.authenticator_reset.connect(_on_factor_added)
    mfa.authenticator_removed.connect(_on_factor_removed)


def _on_password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    password_set(request, user, "changed")


def _on_password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    password_set(request, user, "reset")


def _on_wrong_code(request: HttpRequest, user: User, **_: Any) -> None:
    sign_in_failed(request, user.pk, "second_factor")


def _on_factor_added(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _note_factor(request, user, authenticator, is_added=True)


def _on_factor_removed(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _note_factor(request, user, authenticator, is_added=False)


def _note_factor(request: HttpRequest, user: User, authenticator: Any, *, is_added: bool) -> None:
    command = NoteSecondFactor(**_about(user.pk), user_id=user.pk, kind=str(authenticator.type), is_added=is_added)
    _send(command, request, user)


def _about(user_id: int | None) -> dict[str, Any]:
    return {"command_id": new_id(), "at": timezone.now(), "log_in_id": log_in_id(user_id)}


def _send(command: Any, request: HttpRequest, by: User) -> None:
    handle(command, by=policy.actor_of(by, CHANNEL), correlation_id=correlation_id(request))
