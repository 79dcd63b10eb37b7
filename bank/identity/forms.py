"""The forms of signing in, in the bank's words."""

from typing import Any, Final

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.password_reset import request_password_reset
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from bank.identity import letters
from bank.identity.models import User

_LENGTH: Final = 1_000


def password_field(
    label: StrOrPromise, *, is_new: bool = False, missing: StrOrPromise = "", help_text: StrOrPromise = ""
) -> forms.CharField:
    """A password, as typed: nothing is stripped, and it is never sent back."""
    autocomplete = "new-password" if is_new else "current-password"
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=_LENGTH,
        strip=False,
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": autocomplete}),
        error_messages={"required": missing or _("Enter your password.")},
    )


class SignInForm(allauth.LoginForm):
    """Name and password, as typed. Which of the two is wrong is never said."""

    password = password_field(_("Password"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("User name or email"),
            max_length=254,
            error_messages={"required": _("Enter your user name or email.")},
            widget=forms.TextInput(
                attrs={
                    "class": "form-control",
                    "autocomplete": "username",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                }
            ),
        )
        self.order_fields(["login", "password"])


class ReauthenticateForm(allauth.ReauthenticateForm):
    """The password once more."""

    password = password_field(_("Your password"))


class _NewPassword:
    """Two fields for a new password; the bank's rules are said beside the first."""

    fields: dict[str, Any]
    cleaned_data: dict[str, Any]

    def check_new_password(self, user: Any) -> None:
        """Puts what is wrong with it beside the field."""
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if not first:
            return
        try:
            password_validation.validate_password(first, user)
        except ValidationError as error:
            self.add_error("password1", error)  # type: ignore[attr-defined]
        if second and first != second:
            self.add_error("password2", _("Both must be the same."))  # type: ignore[attr-defined]


RULES: Final = _("At least 12 characters. Three or four words that nobody would put together are good.")


class NewPasswordForm(_NewPassword, forms.Form):
    """A new password, twice."""

    password1 = password_field(_("New password"), is_new=True, missing=_("Enter a new password."), help_text=RULES)
    password2 = password_field(_("New password again"), is_new=True, missing=_("Enter the new password again."))

    def __init__(self, *args: Any, user: Any = None, temp_key: str = "", **kwargs: Any) -> None:  # noqa: ARG002 - allauth's
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """By the bank's rules for passwords."""
        cleaned: dict[str, Any] = super().clean() or {}
        self.check_new_password(self.user)
        return cleaned

    def save(self) -> None:
        """The person's password from now on."""
        get_adapter().set_password(self.user, self.cleaned_data["password1"])


class ChangePasswordForm(NewPasswordForm):
    """The password of now, and a new one twice."""

    oldpassword = password_field(_("Password of now"), missing=_("Enter the password of now."))
    field_order = ["oldpassword", "password1", "password2"]

    def clean_oldpassword(self) -> str:
        """Counted as a try to sign in."""
        password: str = self.cleaned_data["oldpassword"]
        adapter = get_adapter()
        if not adapter.reauthenticate(self.user, password):
            raise adapter.validation_error("incorrect_password")
        return password


class ForgottenPasswordForm(allauth.ResetPasswordForm):
    """Where to send the link. A letter goes out in any case: so the answer, and its time, tell nothing."""

    email = forms.EmailField(
        label=_("Email"),
        help_text=_("The address that the bank has of you."),
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "email"}),
        error_messages={
            "required": _("Enter your email address."),
            "invalid": _("Enter an email address, such as name@example.com."),
        },
    )

    def clean_email(self) -> str:
        """Whose it is, however they wrote it."""
        email: str = self.cleaned_data["email"]
        self.people = list(User.objects.filter(email__iexact=email, is_active=True).order_by("pk")[:10])
        return email

    def save(self, request: HttpRequest, **_: Any) -> str:
        """The letter with the link, to the address that the bank has; or one that says that nobody has this address."""
        email: str = self.cleaned_data["email"]
        for person in self.people:
            request_password_reset(request, person.email, [person], allauth.default_token_generator)
        if not self.people:
            text = render_to_string("account/email/unknown_account_message.txt", {"bank_name": settings.BANK_NAME})
            subject = gettext("%(bank)s: your password") % {"bank": settings.BANK_NAME}
            letters.send(EmailMessage(subject, text, to=[email]))
        return email
