"""Which door a path leads to."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from bank.api.base import NoSuchResource
from bank.ops import health

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    # One door for everybody: the admin has no log-in of its own.
    path("admin/login/", RedirectView.as_view(pattern_name="web:sign_in", query_string=True)),
    path("admin/", admin.site.urls),
    path("api/v1/", include("bank.api.urls")),
    re_path(r"^api/", NoSuchResource.as_view()),
    path("", include("bank.web.urls")),
]

handler400 = "bank.errors.bad_request"
handler403 = "bank.errors.permission_denied"
handler404 = "bank.errors.not_found"
handler500 = "bank.errors.server_error"
