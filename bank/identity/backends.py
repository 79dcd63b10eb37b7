"""Who a name and a password belong to: one look for the person, one hash, whether there is such a person or not."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Q
from django.http import HttpRequest

from bank.identity.models import User


class PasswordBackend(AuthenticationBackend):
    """By user name or email. What takes time is the hash of the password: it is made once for every try.

    allauth's own tries each way of signing in by itself; an email that is known then takes twice as long.
    """

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002 - Django's signature
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        **_: Any,
    ) -> User | None:
        """The person, if active and the password is right."""
        if not password:
            return None
        people = people_named(username or email or "")
        if not people:
            User().set_password(password)
        return next((p for p in people if p.check_password(password) and self.user_can_authenticate(p)), None)


def people_named(name: str) -> list[User]:
    """Whose user name this is; else whose email: a household may share one."""
    if not name:
        return []
    found = list(User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).order_by("pk")[:10])
    return [p for p in found if p.username.casefold() == name.casefold()] or found
