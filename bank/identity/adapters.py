"""How allauth does things in this bank: its words, where it may lead, what slows down guessing, what it encrypts."""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from bank.identity import letters, recording, throttle
from bank.identity.backends import people_named
from bank.identity.models import User
from bank.web.languages import language_of

WRONG: Final = _("User name or password is wrong. Check both and try again.")
NOT_POSSIBLE: Final = _("This sign-in is not possible.")
TOO_MANY: Final = "too_many"

_ERRORS: Final = {
    "username_password_mismatch": WRONG,
    "email_password_mismatch": WRONG,
    "incorrect_password": _("The password is wrong. Check it and try again."),
    "enter_current_password": _("The password is wrong. Check it and try again."),
    "invalid_password_reset": _("The link cannot be used any more."),
}
_WAYS: Final = {
    "reauthenticate": _("Use your password"),
    "mfa_reauthenticate": _("Use a code of your app, or a recovery code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
}
# What is worth saying on the next page, by the template in which allauth would say it.
_MESSAGES: Final = {
    "account/messages/password_changed.txt": _("Your password is changed."),
    "mfa/messages/totp_activated.txt": _("The authenticator app is added."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app is removed."),
    "mfa/messages/webauthn_added.txt": _("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey is removed."),
    "mfa/messages/recovery_codes_generated.txt": _("These are your new recovery codes."),
}


class TooManyTries(ValidationError):
    """The door is closed for `wait_seconds`."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(throttle.words(wait_seconds), code=TOO_MANY)
        self.wait_seconds = wait_seconds


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by this bank's rules."""

    error_messages = {**DefaultAccountAdapter.error_messages, **_ERRORS}

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Nobody signs up: the bank registers its customers and invites them."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """A path of this bank: other hosts of ours have pages of their own."""
        return is_own_path(self.request, url)

    def get_client_ip(self, request: HttpRequest) -> str:
        """By the rule that holds everywhere in this bank."""
        return throttle.client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person, or None; raises TooManyTries. Who is switched off gets the same answer as who is wrong."""
        name = str(credentials.get("username") or credentials.get("email") or "")
        if wait := throttle.wait_seconds(request, name):
            raise TooManyTries(wait)
        user: User | None = super().authenticate(request, **credentials)
        if user is None:
            throttle.note_failure(request, name)
            known = people_named(name)
            recording.sign_in_failed(request, known[0].pk if known else None, "password")
            return None
        throttle.forget_failures(request, name)
        return user

    def login(self, request: HttpRequest, user: User) -> None:
        """On record first, then a session with a new key."""
        records = get_authentication_records(request, user)
        recording.signed_in(request, user, [str(record.get("type", record["method"])) for record in records])
        super().login(request, user)

    def logout(self, request: HttpRequest) -> None:
        """On record first."""
        if isinstance(request.user, User):
            recording.signed_out(request, request.user)
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Failures are counted in PostgreSQL, above."""

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG002 - allauth's
        """Only a passkey leads here: it proves who it is before anybody has looked."""
        messages.error(request, NOT_POSSIBLE)
        return HttpResponseRedirect(reverse("account_login"))

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,  # noqa: ARG002 - allauth's signature
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Only what is worth saying, in the bank's words."""
        words = message or _MESSAGES.get(message_template or "", "")
        if words:
            messages.add_message(request, level, str(words), extra_tags=extra_tags)

    def format_email_subject(self, subject: str) -> str:
        """As it is: the subject names the bank."""
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Letters know the bank's name, and speak the person's language."""
        context = {"request": self.request, "email": email, "bank_name": settings.BANK_NAME, **context}
        with override(language_of(context.get("user"))):
            message = self.render_mail(template_prefix, email, context)
        letters.send(message)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """In the language of whom it is about."""
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to confirm who one is, in the bank's words."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**method, "description": _WAYS[method["id"]]} for method in methods]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """Back to where the change began."""
        return reverse("web:security")


def is_own_path(request: HttpRequest, url: str | None) -> bool:
    """Whether `url` is a path here, at this host; what begins with two slashes is another host's."""
    return (
        bool(url)
        and str(url).startswith("/")
        and url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    )
