"""Who calls: bearer tokens (RFC 6750) and nothing else; a browser's session does not open the API."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from typing_extensions import override

from bank.api.problems import unauthenticated
from bank.api.tokens import BadToken, Credential, look_up
from bank.identity.models import User


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; anything else is 401."""

    @override
    def authenticate(self, request: Request) -> tuple[User, Credential]:
        header = request.headers.get("Authorization")
        if header is None:
            raise unauthenticated("not_authenticated", "Send a token: Authorization: Bearer <token>.")
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise unauthenticated("not_authenticated", "Only bearer tokens are taken: Authorization: Bearer <token>.")
        try:
            return look_up(secret.strip())
        except BadToken:
            raise unauthenticated("invalid_token", "The token is not known, has expired or was revoked.") from None
