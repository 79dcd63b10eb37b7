"""The addresses of signing in. Names are those by which allauth finds its pages; what is not here does not exist."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.urls import URLPattern, path, re_path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from bank.identity import invitation_views, views
from bank.identity import second_factor_views as factors


def _page(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """No cache keeps these pages."""
    return path(route, never_cache(view), name=name)


def _own(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """Nor these, which are for who is signed in."""
    return _page(route, login_required(view), name)


urlpatterns: list[URLPattern] = [
    _page("sign-in", views.SignInView.as_view(), "account_login"),
    _page("sign-out", views.SignOutView.as_view(), "account_logout"),
    _own("sign-in/again", views.ReauthenticateView.as_view(), "account_reauthenticate"),
    _page("invitations/<str:token>", invitation_views.invitation, "invitation"),
    _page("password/forgotten", views.ForgottenPasswordView.as_view(), "account_reset_password"),
    _page("password/forgotten/sent", views.LinkSentView.as_view(), "account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)$",
        never_cache(views.NewPasswordView.as_view()),
        name="account_reset_password_from_key",
    ),
    _page("password/new", views.PasswordIsNewView.as_view(), "account_reset_password_from_key_done"),
    _page("sign-in/second-factor", factors.SecondFactorView.as_view(), "mfa_authenticate"),
    _page("sign-in/passkey", factors.PasskeySignInView.as_view(), "mfa_login_webauthn"),
    _own("sign-in/again/code", factors.ReauthenticateByCodeView.as_view(), "mfa_reauthenticate"),
    _own("sign-in/again/passkey", factors.ReauthenticateByPasskeyView.as_view(), "mfa_reauthenticate_webauthn"),
    _own("security/app/add", factors.AddAppView.as_view(), "mfa_activate_totp"),
    _own("security/app/remove", factors.RemoveAppView.as_view(), "mfa_deactivate_totp"),
    _own("security/recovery-codes", factors.RecoveryCodesView.as_view(), "mfa_view_recovery_codes"),
    _own("security/recovery-codes/new", factors.NewRecoveryCodesView.as_view(), "mfa_generate_recovery_codes"),
    _own("security/recovery-codes.txt", factors.DownloadRecoveryCodesView.as_view(), "mfa_download_recovery_codes"),
    _own("security/passkeys/add", factors.AddPasskeyView.as_view(), "mfa_add_webauthn"),
    _own("security/passkeys/<int:pk>/remove", factors.RemovePasskeyView.as_view(), "mfa_remove_webauthn"),
    # Where allauth goes back to.
    _own("security/second-factors", RedirectView.as_view(pattern_name="web:security"), "mfa_index"),
    _own("security/password", views.ChangePasswordView.as_view(), "account_change_password"),
]
