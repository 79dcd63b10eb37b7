"""Making, revoking and looking up API tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from bank.api import in_flight
from bank.api.models import ApiToken
from bank.api.scopes import Scope, grants
from bank.identity.models import User
from ledger.store import Head
from readmodels import balances, prepared
from readmodels.balances import AccountRow

# Marks the string as a secret of this bank, for people and for scanners of leaked secrets.
_MARK: Final = "pbk_"
_SHOWN_CHARACTERS: Final = 12
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A token that was looked up and found good."""

    token_id: int
    scopes: frozenset[str]
    # Whether this call alone is at work on its Idempotency-Key; None where it came without one.
    claimed: bool | None = None
    # The account in the call's path, read by the same statement; None where there is none.
    account: AccountRow | None = None
    # The head of its stream, where the call may write to it.
    head: Head | None = None

    def grants(self, scope: Scope) -> bool:
        return grants(self.scopes, scope)


class BadToken(Exception):
    """The token is unknown, expired or revoked, or its user is not active; which of these is nobody's business."""


def issue_token(
    user: User, *, label: str, scopes: Sequence[Scope], lifetime: timedelta, request_id: UUID | None = None
) -> tuple[ApiToken, str]:
    """Make a token; the second value is its secret, which cannot be had again. One `request_id` makes one token."""
    secret = _MARK + secrets.token_urlsafe(32)
    now = timezone.now()
    token = ApiToken.objects.create(
        user=user,
        label=label,
        prefix=secret[:_SHOWN_CHARACTERS],
        digest=digest_of(secret),
        scopes=sorted({str(scope) for scope in scopes}),
        created_at=now,
        expires_at=now + lifetime,
        request_id=request_id,
    )
    return token, secret


def revoke_token(token: ApiToken) -> bool:
    """From now on the token opens nothing; whether it did until now. Revoking it again changes nothing."""
    return ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()) > 0


def tokens_in_use(user: User) -> list[ApiToken]:
    """A person's tokens that open something, the newest first."""
    return list(ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now()).order_by("-pk"))


# One round trip for token and user, past the ORM: every call of the API begins with it.
_USER_COLUMNS: Final = ("id", "username", "first_name", "last_name", "is_active", "roles", "customer_id")
_LOOK_UP: Final = f"""
    select t.id, t.scopes, t.last_used_at, {{claim}}, {", ".join(f"u.{column}" for column in _USER_COLUMNS)}{{columns}}
    from api_apitoken t join identity_user u on u.id = t.user_id {{account}}
    where t.digest = %(digest)s and t.revoked_at is null and t.expires_at > %(now)s and u.is_active
"""
_ACCOUNT: Final = {"columns": ", account.*", "account": f"left join lateral ({balances.SELECT_BY_ID}) account on true"}
_NO_ACCOUNT: Final = {"columns": "", "account": ""}
# A call with a key is about to write: what the command is decided on comes along, and spares it a round trip.
_ACCOUNT_AND_HEAD: Final = {
    "columns": f"{_ACCOUNT['columns']}, head.category, head.version, head.snapshot::text, head.snapshot_schema",
    "account": f"{_ACCOUNT['account']} left join ledger_stream head on head.id = %(account)s",
}
_HEAD_COLUMNS: Final = 4
# By whether a key is to be claimed, and whether the path names an account.
_LOOK_UPS: Final = {
    (claims, has_account): _LOOK_UP.format(
        claim=in_flight.CLAIM if claims else "null",
        **((_ACCOUNT_AND_HEAD if claims else _ACCOUNT) if has_account else _NO_ACCOUNT),
    )
    for claims in (False, True)
    for has_account in (False, True)
}
# A condition in the statement, so that of many calls in the same second one writes.
_NOTE_USE: Final = """
    update api_apitoken set last_used_at = %(now)s
    where id = %(id)s and (last_used_at is null or last_used_at <= %(stale)s)
"""


def look_up(digest: bytes, key: str | None = None, account_id: UUID | None = None) -> tuple[User, Credential]:
    """The user and the scopes behind the token of this digest; raises BadToken.

    Claims the user's idempotency `key`, if there is one. The account that the call is about comes along: whether the
    user may see it is not looked at here.
    """
    now = timezone.now()
    parameters: dict[str, Any] = {"digest": digest, "now": now}
    if key is not None:
        parameters["key"] = key
    if account_id is not None:
        parameters["account"] = account_id
    rows = prepared.fetch_all(_LOOK_UPS[key is not None, account_id is not None], parameters)
    if not rows:
        raise BadToken
    token_id, scopes, last_used_at, claimed, *values = rows[0]
    if _is_stale(last_used_at, now):
        with connection.cursor() as cursor:
            cursor.execute(_NOTE_USE, {"id": token_id, "now": now, "stale": now - _USE_NOTED_EVERY})
    user = prepared.instance(User, _USER_COLUMNS, values[: len(_USER_COLUMNS)])
    account, head, of_account = None, None, values[len(_USER_COLUMNS) :]
    if account_id is not None:
        if key is not None:
            of_account, of_head = of_account[:-_HEAD_COLUMNS], of_account[-_HEAD_COLUMNS:]
            head = Head(*of_head) if of_head[0] is not None else None
        account = balances.row_of(of_account)
    return user, Credential(token_id=token_id, scopes=frozenset(scopes), claimed=claimed, account=account, head=head)


def _is_stale(last_used_at: datetime | None, now: datetime) -> bool:
    return last_used_at is None or last_used_at <= now - _USE_NOTED_EVERY


def digest_of(secret: str) -> bytes:
    """What the bank keeps of a token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
