"""Gives every request an id, which becomes the correlation id of whatever it causes."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from ledger.ids import new_id

HEADER = "X-Request-ID"
_VARIABLE = "HTTP_X_REQUEST_ID"  # to look at one header is quicker here than among `request.headers`


class RequestIdMiddleware:
    """Takes the client's X-Request-ID where it is a UUID, makes one otherwise, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.correlation_id = _parse(request.META.get(_VARIABLE)) or new_id()  # type: ignore[attr-defined]
        response = self._get_response(request)
        response.headers[HEADER] = str(correlation_id(request))
        return response


def correlation_id(request: HttpRequest) -> UUID:
    """The id of this request; also where no middleware ran (a test's bare request)."""
    value = getattr(request, "correlation_id", None)
    if not isinstance(value, UUID):
        value = new_id()
        request.correlation_id = value  # type: ignore[attr-defined]
    return value


def _parse(text: str | None) -> UUID | None:
    """Only the plain form: 36 characters with hyphens, so that what goes out is what came in."""
    if text is None or len(text) != 36:
        return None
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
