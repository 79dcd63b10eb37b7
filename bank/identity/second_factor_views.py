"""Second factors: adding, removing and using them; allauth's ways under the bank's addresses and words."""

import json
import time
from typing import Any, Final

from allauth.mfa.app_settings import TOTP_PERIOD
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.internal import auth as auth_codes
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.conf import settings
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from bank.identity.sealing import unseal
from bank.identity.second_factor_forms import (
    ActivateAppForm,
    AddPasskeyForm,
    CodeForm,
    PasskeySignInForm,
    ReauthenticateByCodeForm,
    ReauthenticateByPasskeyForm,
    SecondFactorPasskeyForm,
)
from bank.identity.views import Wrong

# The app of the demo's customer who has one: its codes are shown, so that everybody can try.
DEMO_SECRET: Final = "PASSBOOKDEMOPASSBOOKDEMOPASSBOOK"  # noqa: S105 - public: it opens nothing but the demo
_PASSKEY_FAILED: Final = _("That passkey did not open the door. Try again, or sign in another way.")


class SecondFactorView(Wrong, base.AuthenticateView):
    """After the password: a code, or a passkey."""

    template_name = "identity/second_factor.html"
    form_class = CodeForm
    webauthn_form_class = SecondFactorPasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser needs to ask for a passkey, where the person has one."""
        context = _for_script(super().get_context_data(**kwargs))
        kinds = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        context["has_passkey"] = Authenticator.Type.WEBAUTHN in kinds
        return context | _demo_code(self.stage.login.user)


class PasskeySignInView(webauthn.LoginWebAuthnView):
    """A passkey instead of name and password."""

    form_class = PasskeySignInForm

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Back to the form for name and password; what was wrong with the passkey helps nobody."""
        del form
        messages.error(self.request, _PASSKEY_FAILED)
        return HttpResponseRedirect(reverse("account_login"))


class ReauthenticateByCodeView(Wrong, base.ReauthenticateView):
    """A code, to confirm that it is still the same person."""

    template_name = "identity/reauthenticate.html"
    form_class = ReauthenticateByCodeForm


class ReauthenticateByPasskeyView(webauthn.ReauthenticateWebAuthnView):
    """A passkey, to confirm that it is still the same person."""

    template_name = "identity/reauthenticate_passkey.html"
    form_class = ReauthenticateByPasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser needs, and the other ways, which allauth leaves out here."""
        context = _for_script(super().get_context_data(**kwargs))
        context["reauthentication_alternatives"] = self.get_reauthentication_alternatives()
        return context

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """The same page again."""
        del form
        messages.error(self.request, _PASSKEY_FAILED)
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))


class AddAppView(Wrong, totp.ActivateTOTPView):
    """Scan, type the first code."""

    template_name = "identity/app_add.html"
    form_class = ActivateAppForm


class RemoveAppView(totp.DeactivateTOTPView):
    """Asks once."""

    template_name = "identity/app_remove.html"


class RecoveryCodesView(recovery_codes.ViewRecoveryCodesView):
    """Those that are left, to be copied, printed or downloaded."""

    template_name = "identity/recovery_codes.html"


class NewRecoveryCodesView(recovery_codes.GenerateRecoveryCodesView):
    """Other codes instead of those of now."""

    template_name = "identity/recovery_codes_new.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Codes alone are no second factor."""
        if not request.user.is_authenticated or _has_factor(request):
            response: HttpResponse = super().dispatch(request, *args, **kwargs)
            return response
        return HttpResponseRedirect(reverse("web:security"))


class DownloadRecoveryCodesView(recovery_codes.DownloadRecoveryCodesView):
    """As a text file."""

    template_name = "identity/recovery_codes.txt"


class AddPasskeyView(Wrong, webauthn.AddWebAuthnView):
    """The browser makes a passkey."""

    template_name = "identity/passkey_add.html"
    form_class = AddPasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what the browser needs: a passkey that can stand for name and password, too."""
        context: dict[str, Any] = super(webauthn.AddWebAuthnView, self).get_context_data(**kwargs)
        context["js_data"] = {"creation_options": auth.begin_registration(self.request.user, passwordless=True)}
        return _for_script(context)


class RemovePasskeyView(webauthn.RemoveWebAuthnView):
    """Asks once."""

    template_name = "identity/passkey_remove.html"
    success_url = reverse_lazy("web:security")


def _demo_code(user: Any) -> dict[str, str]:
    """What the app shows now, in the demo, of the one whose secret everybody may know."""
    app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first() if settings.DEMO else None
    if app is None or unseal(app.data["secret"]) != DEMO_SECRET:
        return {}
    code = auth_codes.format_hotp_value(auth_codes.hotp_value(DEMO_SECRET, int(time.time()) // TOTP_PERIOD))
    return {"demo_name": user.username, "demo_code": code}


def _for_script(context: dict[str, Any]) -> dict[str, Any]:
    """The options for the browser as JSON, for an attribute: nothing on the page is a script."""
    for options in context.get("js_data", {}).values():
        context["passkey_options"] = json.dumps(options, cls=DjangoJSONEncoder)
    return context


def _has_factor(request: HttpRequest) -> bool:
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(Authenticator.objects.filter(user_id=request.user.pk, type__in=kinds).exists())
