"""Signing in and out, and the password: allauth's ways under the bank's addresses, words and status codes."""

from typing import Any, Final

from allauth.account import views as allauth
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bank.identity.adapters import TOO_MANY, TooManyTries, is_own_path
from bank.identity.forms import (
    ChangePasswordForm,
    ForgottenPasswordForm,
    NewPasswordForm,
    ReauthenticateForm,
    SignInForm,
)

RETRY_AFTER_SECONDS: Final = 60

DEMO_PASSWORD = "passbook-demo"  # noqa: S105 - printed on the demo's sign-in page
DEMO_LOGINS = (
    ("ada", _("Customer")),
    ("grace", _("Customer")),
    ("alan", _("Customer")),
    ("katherine", _("Customer with a second factor")),
    ("teller", _("Serves customers, runs the cash desk")),
    ("auditor", _("Reads every event and command")),
    ("operations", _("Sees the reports and the machinery")),
    ("admin", _("All of the staff's rooms, and users")),
)


class Wrong:
    """Answers 422 to what is wrong and 429 to what was tried too often, as every form of this bank does."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """The form again."""
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return with_status_of(form, response)


def with_status_of(form: BaseForm, response: HttpResponse) -> HttpResponse:
    """`response` with the status that the form's errors ask for, and how long to wait."""
    tried = [e for errors in form.errors.as_data().values() for e in errors if e.code == TOO_MANY]
    response.status_code = 429 if tried else 422
    if tried and isinstance(tried[0], TooManyTries):
        response.headers["Retry-After"] = str(tried[0].wait_seconds)
    return response


class SignInView(Wrong, allauth.LoginView):
    """GET: the form. POST: a new session, or the same words whether the name or the password is wrong."""

    template_name = "identity/sign_in.html"
    form_class = SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the demo's log-ins, where this is the demo."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["next"] = self.request.POST.get("next") or self.request.GET.get("next") or ""
        context["demo_logins"] = DEMO_LOGINS if settings.DEMO else ()
        context["demo_password"] = DEMO_PASSWORD
        return context


class SignOutView(allauth.LogoutView):
    """POST ends the session."""

    http_method_names = ["post", "options"]


class ReauthenticateView(Wrong, allauth.ReauthenticateView):
    """The password once more, before what would do harm in wrong hands."""

    template_name = "identity/reauthenticate.html"
    form_class = ReauthenticateForm


class ForgottenPasswordView(Wrong, allauth.PasswordResetView):
    """Asks where to send a link; what it answers is the same for everybody."""

    template_name = "identity/password_forgotten.html"
    form_class = ForgottenPasswordForm


class LinkSentView(allauth.PasswordResetDoneView):
    """Says so, whether there is such a person or not."""

    template_name = "identity/password_link_sent.html"


class NewPasswordView(Wrong, allauth.PasswordResetFromKeyView):
    """The link of the letter: a new password."""

    template_name = "identity/password_new.html"
    form_class = NewPasswordForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whose password it is, for password managers."""
        return {**super().get_context_data(**kwargs), "username": getattr(self.reset_user, "username", "")}


class PasswordIsNewView(allauth.PasswordResetFromKeyDoneView):
    """It worked."""

    template_name = "identity/password_is_new.html"


class ChangePasswordView(Wrong, allauth.PasswordChangeView):
    """Password of now, new password twice. Other sessions end; this one goes on."""

    template_name = "identity/password_change.html"
    form_class = ChangePasswordForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who has no password, such as after signing in with a passkey alone, gets one by letter."""
        if request.user.is_authenticated and not request.user.has_usable_password():
            return HttpResponseRedirect(reverse("account_reset_password"))
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """handler429: what was asked too often, by whoever it was."""
    context = {"wait_seconds": RETRY_AFTER_SECONDS}
    response = render(request, "identity/too_many.html", context, status=429)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def next_url(request: HttpRequest, default: str | None = None) -> str:
    """Where `next` wants to go, if that is here at this host; else the overview."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if is_own_path(request, wanted) else resolve_url(default or settings.LOGIN_REDIRECT_URL)
