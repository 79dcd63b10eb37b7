"""The log-in: who got in, who did not, and what changed about how somebody gets in; its commands, events and state.

Nothing here says who a person is: a log-in is named by its number, a customer by its stream. Names, addresses and
devices stand elsewhere, where they can be forgotten.
"""

from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

import msgspec

from accounts.command import Command
from ledger.codec import event

CATEGORY: Final = "log_in"


@event("SignedIn", version=1)
class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody got in. `methods`: what was shown, in order, such as password and totp."""

    user_id: int
    methods: list[str]
    occurred_at: datetime


@event("SignInFailed", version=1)
class SignInFailed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody did not get in. `step`: password or second_factor; no `user_id`: nobody has that name."""

    user_id: int | None
    step: str
    occurred_at: datetime


@event("SignedOut", version=1)
class SignedOut(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody left."""

    user_id: int
    occurred_at: datetime


@event("SecondFactorAdded", version=1)
class SecondFactorAdded(msgspec.Struct, frozen=True, kw_only=True):
    """Another way to show who one is. `kind`: totp, webauthn or recovery_codes."""

    user_id: int
    kind: str
    occurred_at: datetime


@event("SecondFactorRemoved", version=1)
class SecondFactorRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """One way less."""

    user_id: int
    kind: str
    occurred_at: datetime


@event("PasswordChanged", version=1)
class PasswordChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A new password. `how`: changed (by the person), reset (by letter), invited (the first one) or admin."""

    user_id: int
    how: str
    occurred_at: datetime


@event("RolesChanged", version=1)
class RolesChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What the person is to the bank from now on. `customer_id`: which customer; not `is_active`: nobody gets in."""

    user_id: int
    roles: list[str]
    customer_id: UUID | None
    is_active: bool
    occurred_at: datetime


@event("TokenMade", version=1)
class TokenMade(msgspec.Struct, frozen=True, kw_only=True):
    """A program may act as the person, within these scopes, until then."""

    user_id: int
    token_id: int
    scopes: list[str]
    expires_at: datetime
    occurred_at: datetime


@event("TokenRevoked", version=1)
class TokenRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """The token opens nothing any more."""

    user_id: int
    token_id: int
    occurred_at: datetime


@event("CustomerInvited", version=1)
class CustomerInvited(msgspec.Struct, frozen=True, kw_only=True):
    """A customer may open a log-in, with a link that is good until then."""

    customer_id: UUID
    invitation_id: UUID
    expires_at: datetime
    occurred_at: datetime


LogInEvent = (
    SignedIn
    | SignInFailed
    | SignedOut
    | SecondFactorAdded
    | SecondFactorRemoved
    | PasswordChanged
    | RolesChanged
    | TokenMade
    | TokenRevoked
    | CustomerInvited
)


class LogIn(msgspec.Struct, frozen=True, kw_only=True):
    """The folded state: since when nobody got in, and what the person is to the bank."""

    log_in_id: UUID
    roles: list[str] = []
    failures_since_success: int = 0


class AboutLogIn(Command, frozen=True, kw_only=True):
    """What happened to one log-in; it cannot be refused: it has happened."""

    log_in_id: UUID


class NoteSignIn(AboutLogIn, frozen=True, kw_only=True):
    """Put on record that somebody got in."""

    user_id: int
    methods: list[str]


class NoteFailedSignIn(AboutLogIn, frozen=True, kw_only=True):
    """Put on record that somebody did not."""

    user_id: int | None
    step: str


class NoteSignOut(AboutLogIn, frozen=True, kw_only=True):
    """Put on record that somebody left."""

    user_id: int


class NoteSecondFactor(AboutLogIn, frozen=True, kw_only=True):
    """Put on record that a second factor was added, or removed."""

    user_id: int
    kind: str
    is_added: bool


class NotePassword(AboutLogIn, frozen=True, kw_only=True):
    """Put on record that there is a new password."""

    user_id: int
    how: str


class ChangeRoles(AboutLogIn, frozen=True, kw_only=True):
    """Make of somebody what the roles say."""

    user_id: int
    roles: list[str]
    customer_id: UUID | None = None
    is_active: bool = True


class NoteToken(AboutLogIn, frozen=True, kw_only=True):
    """Put on record that a token was made."""

    user_id: int
    token_id: int
    scopes: list[str]
    expires_at: datetime


class NoteTokenRevoked(AboutLogIn, frozen=True, kw_only=True):
    """Put on record that a token was revoked."""

    user_id: int
    token_id: int


class InviteCustomer(AboutLogIn, frozen=True, kw_only=True):
    """Let a customer open a log-in. The invitation's id is the command's."""

    customer_id: UUID
    expires_at: datetime


LogInCommand = (
    NoteSignIn
    | NoteFailedSignIn
    | NoteSignOut
    | NoteSecondFactor
    | NotePassword
    | ChangeRoles
    | NoteToken
    | NoteTokenRevoked
    | InviteCustomer
)


def evolve(log_in: LogIn | None, event: LogInEvent, log_in_id: UUID) -> LogIn:
    """The state after `event`. History has happened: this never refuses."""
    state = log_in or LogIn(log_in_id=log_in_id)
    change = msgspec.structs.replace
    match event:
        case SignedIn():
            return change(state, failures_since_success=0)
        case SignInFailed():
            return change(state, failures_since_success=state.failures_since_success + 1)
        case RolesChanged():
            return change(state, roles=event.roles)
        case SignedOut() | SecondFactorAdded() | SecondFactorRemoved() | PasswordChanged():
            return state
        case TokenMade() | TokenRevoked() | CustomerInvited():
            return state
        case _:
            assert_never(event)


def note(log_in: LogIn | None, command: LogInCommand) -> list[LogInEvent]:
    """The event that the command is about: what has happened cannot be refused."""
    del log_in
    at = command.at
    match command:
        case NoteSignIn():
            return [SignedIn(user_id=command.user_id, methods=command.methods, occurred_at=at)]
        case NoteFailedSignIn():
            return [SignInFailed(user_id=command.user_id, step=command.step, occurred_at=at)]
        case NoteSignOut():
            return [SignedOut(user_id=command.user_id, occurred_at=at)]
        case NoteSecondFactor():
            kind = SecondFactorAdded if command.is_added else SecondFactorRemoved
            return [kind(user_id=command.user_id, kind=command.kind, occurred_at=at)]
        case NotePassword():
            return [PasswordChanged(user_id=command.user_id, how=command.how, occurred_at=at)]
        case ChangeRoles():
            return [
                RolesChanged(
                    user_id=command.user_id,
                    roles=sorted(command.roles),
                    customer_id=command.customer_id,
                    is_active=command.is_active,
                    occurred_at=at,
                )
            ]
        case NoteToken() | NoteTokenRevoked():
            return [_about_token(command)]
        case InviteCustomer():
            return [
                CustomerInvited(
                    customer_id=command.customer_id,
                    invitation_id=command.command_id,
                    expires_at=command.expires_at,
                    occurred_at=at,
                )
            ]
        case _:
            assert_never(command)


def _about_token(command: NoteToken | NoteTokenRevoked) -> TokenMade | TokenRevoked:
    if isinstance(command, NoteTokenRevoked):
        return TokenRevoked(user_id=command.user_id, token_id=command.token_id, occurred_at=command.at)
    return TokenMade(
        user_id=command.user_id,
        token_id=command.token_id,
        scopes=command.scopes,
        expires_at=command.expires_at,
        occurred_at=command.at,
    )
