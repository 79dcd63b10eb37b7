"""Which door a path leads to."""

from http import HTTPStatus

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path, re_path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from bank.api.base import NoSuchResource
from bank.api.views import docs
from bank.identity import policy
from bank.ops import health
from bank.ops.metrics import exposing


def to_the_one_door(request: HttpRequest) -> HttpResponse:
    """Sign in where everybody does; whoever is signed in and was sent here may not see the admin."""
    if request.user.is_authenticated:
        if not policy.may_enter_admin(request.user):
            return redirect("web:security")
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))


def out_of_the_one_door(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Whoever leaves the admin leaves the bank, and goes on record; what was sent is sent there."""
    return HttpResponse(status=HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": reverse("account_logout")})


def to_the_one_password(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A new password goes on record where everybody sets one."""
    return redirect("account_change_password")


urlpatterns = [
    path("livez", csrf_exempt(require_safe(health.livez)), name="livez"),
    path("readyz", csrf_exempt(require_safe(health.readyz)), name="readyz"),
    path("metrics", exposing.metrics, name="metrics"),
    # One door for everybody: the admin has no log-in of its own.
    path("admin/login/", to_the_one_door),
    path("admin/logout/", out_of_the_one_door),
    path("admin/password_change/", to_the_one_password),
    path("admin/", admin.site.urls),
    path("api/v1/", include("bank.api.urls")),
    path("api/schema/", docs.schema, name="schema"),
    path("api/docs/", docs.DocsView.as_view(), name="docs"),
    re_path(r"^api/", NoSuchResource.as_view()),
    path("", include("bank.identity.urls")),
    path("", include("bank.web.urls")),
]

handler400 = "bank.errors.bad_request"
handler403 = "bank.errors.permission_denied"
handler404 = "bank.errors.not_found"
handler500 = "bank.errors.server_error"
handler429 = "bank.identity.views.too_many_requests"
