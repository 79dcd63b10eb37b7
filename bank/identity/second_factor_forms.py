"""The forms of second factors. Codes are guessed no faster than passwords."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as allauth
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn import forms as passkeys
from cryptography.exceptions import InvalidSignature
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.invalid import InvalidCommand
from accounts.text import clean_text
from bank.identity import throttle
from bank.identity.adapters import TooManyTries
from bank.identity.models import User
from bank.identity.sealing import seal, unseal

_NAME_LENGTH: Final = 60


def code_field(label: StrOrPromise, help_text: StrOrPromise) -> forms.CharField:
    """Six or eight digits; spaces between them do no harm."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=20,
        widget=forms.TextInput(
            attrs={"class": "form-control code", "autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
        error_messages={"required": _("Enter the code.")},
    )


class _Guarded:
    """Closes the door after too many wrong codes, for each person and each address."""

    user: User

    def clean_code(self) -> str:
        """The code, where it is right."""
        request, name = context.request, f"second factor of {self.user.pk}"
        if wait := throttle.wait_seconds(request, name):
            raise TooManyTries(wait)
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            throttle.note_failure(request, name)
            raise
        throttle.forget_failures(request, name)
        return code


class CodeForm(_Guarded, allauth.AuthenticateForm):
    """A code of the app, or a recovery code."""

    code = code_field(_("Code"), _("Six digits from your authenticator app; or one of your recovery codes."))


class ReauthenticateByCodeForm(_Guarded, allauth.ReauthenticateForm):
    """The same, once more."""

    code = code_field(_("Code"), _("Six digits from your authenticator app; or one of your recovery codes."))


class _Activation(forms.Form):
    """The secret waits in the session, sealed there too, until its first code proves that the app has it."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        session = context.request.session
        kept = session.get(totp.SECRET_SESSION_KEY)
        self.secret = unseal(kept) if kept and self.is_bound else totp.generate_totp_secret()
        if not (kept and self.is_bound):
            session[totp.SECRET_SESSION_KEY] = seal(self.secret)

    def clean_code(self) -> str:
        """Right for the secret that was shown."""
        code: str = self.cleaned_data["code"]
        if not totp.validate_totp_code(self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class ActivateAppForm(_Guarded, _Activation):
    """The first code of an app."""

    code = code_field(_("Code"), _("Six digits that the app shows now."))


class _Unreadable:
    """What the browser sends is anything at all, and the library that reads it stumbles over some of that."""

    def clean(self) -> dict[str, Any]:
        """A passkey that cannot be read is a wrong one."""
        with _stumbling():
            cleaned: dict[str, Any] = super().clean()  # type: ignore[misc]
        return cleaned


class _UnreadableProof:
    """The same, where a passkey proves who somebody is."""

    def clean_credential(self) -> Any:
        """A passkey that cannot be read is a wrong one."""
        with _stumbling():
            return super().clean_credential()  # type: ignore[misc]


@contextmanager
def _stumbling() -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, LookupError, AttributeError, InvalidSignature) as error:
        raise get_adapter().validation_error("incorrect_code") from error


class SecondFactorPasskeyForm(_UnreadableProof, passkeys.AuthenticateWebAuthnForm):
    """After the password."""


class PasskeySignInForm(_UnreadableProof, passkeys.LoginWebAuthnForm):
    """Instead of the password."""


class ReauthenticateByPasskeyForm(_UnreadableProof, passkeys.ReauthenticateWebAuthnForm):
    """Before what would do harm."""


class AddPasskeyForm(_Unreadable, passkeys.AddWebAuthnForm):
    """A name to tell passkeys apart; the browser brings the rest."""

    name = forms.CharField(
        label=_("Name of the passkey (optional)"),
        help_text=_("So that you can tell your passkeys apart, such as Phone."),
        required=False,
        max_length=_NAME_LENGTH,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    # Every passkey here can stand for the password, too.
    passwordless = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def clean_name(self) -> str:
        """By the same rule as every other line of text; a passkey is not turned away for its name."""
        try:
            self.cleaned_data["name"] = clean_text(self.cleaned_data["name"], "name", max_length=_NAME_LENGTH)
        except InvalidCommand:
            self.cleaned_data["name"] = ""
        return str(super().clean_name())
