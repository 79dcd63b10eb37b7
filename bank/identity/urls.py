"""The addresses of signing in. Names are those by which allauth finds its pages; what is not here does not exist."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path, re_path
from django.views.decorators.cache import never_cache

from bank.identity import views


def _page(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """No cache keeps these pages."""
    return path(route, never_cache(view), name=name)


urlpatterns: list[URLPattern] = [
    _page("sign-in", views.SignInView.as_view(), "account_login"),
    _page("sign-out", views.SignOutView.as_view(), "account_logout"),
    _page("sign-in/again", views.ReauthenticateView.as_view(), "account_reauthenticate"),
    _page("password/forgotten", views.ForgottenPasswordView.as_view(), "account_reset_password"),
    _page("password/forgotten/sent", views.LinkSentView.as_view(), "account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)$",
        never_cache(views.NewPasswordView.as_view()),
        name="account_reset_password_from_key",
    ),
    _page("password/new", views.PasswordIsNewView.as_view(), "account_reset_password_from_key_done"),
    _page("security/password", views.ChangePasswordView.as_view(), "account_change_password"),
]
