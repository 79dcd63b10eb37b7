"""The bank's URLs, and below /api/ some that fail as code does that nobody foresaw."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import path
from rest_framework.exceptions import NotFound, ParseError, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from bank import urls
from bank.api.base import ApiView

ERRORS: dict[str, Exception] = {
    "bug": RuntimeError("a bug"),
    "recursion": RecursionError("deep"),
    "missing": Http404(),
    "denied": PermissionDenied(),
    "suspicious": SuspiciousOperation("odd"),
    "throttled": Throttled(wait=3),
    "unparsable": ParseError(),
    "nowhere": NotFound(),
}


def _bare(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(_request: HttpRequest) -> HttpResponse:
        raise error

    return view


def _of_the_api(error: Exception) -> Callable[..., HttpResponse]:
    class Crashing(ApiView):
        def perform_authentication(self, request: Request) -> None:
            raise error

        def get(self, _request: Request) -> Response:
            return Response({})

    return Crashing.as_view()


def _forbidden(_request: HttpRequest) -> HttpResponse:
    return HttpResponseForbidden("<h1>no</h1>")


urlpatterns = [
    *(path(f"api/bare/{name}", _bare(error)) for name, error in ERRORS.items()),
    *(path(f"api/view/{name}", _of_the_api(error)) for name, error in ERRORS.items()),
    path("api/bare/forbidden", _forbidden),
    path("elsewhere/missing", _bare(Http404())),
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
