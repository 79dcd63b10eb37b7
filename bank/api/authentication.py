"""Who calls: bearer tokens (RFC 6750) and nothing else; a browser's session does not open the API."""

from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from typing_extensions import override

from bank.api import guessing, idempotency
from bank.api.fields import parse_uuid
from bank.api.problems import Problem, unauthenticated
from bank.api.tokens import BadToken, Credential, digest_of, look_up
from bank.identity.models import User
from bank.identity.throttle import client_address


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; anything else is 401, and too often from one address 429."""

    @override
    def authenticate(self, request: Request) -> tuple[User, Credential]:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            raise unauthenticated("not_authenticated", "Send a token: Authorization: Bearer <token>.")
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise unauthenticated("not_authenticated", "Only bearer tokens are taken: Authorization: Bearer <token>.")
        digest, address = digest_of(secret.strip()), client_address(request._request)  # noqa: SLF001 - it reads META and headers
        guessing.require_welcome(address, digest)
        try:
            found = look_up(digest, _key_of(request), _account_of(request))
        except BadToken:
            guessing.note_bad(address)
            raise unauthenticated("invalid_token", "The token is not known, has expired or was revoked.") from None
        guessing.note_good(digest)
        return found


def _key_of(request: Request) -> str | None:
    """The idempotency key that the call is to claim; a malformed one is for the view to refuse."""
    header = request.META.get(idempotency.VARIABLE) if request.method == "POST" else None
    try:
        return None if header is None else idempotency.parse_key(header)
    except Problem:
        return None


def _account_of(request: Request) -> UUID | None:
    """The account that the path names, so that it is read along; what is no id is for the view to refuse."""
    named = request.parser_context["kwargs"].get("account_id")
    return None if named is None else parse_uuid(named)
