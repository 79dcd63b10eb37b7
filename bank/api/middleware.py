"""Errors below /api/ that neither a view nor Django's handlers made into a problem."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from bank.api import routes
from bank.api.answers import add_headers
from bank.api.problems import CONTENT_TYPE, Problem, status_problem
from bank.web.middleware import correlation_id
from ledger.codec import encode_json

_PREFIX: Final = "/api/"
_RESOURCES: Final = f"{_PREFIX}v1/"
_KEPT_HEADERS: Final = ("Allow", "Retry-After")
_NO_DOCUMENT: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}


class ProblemMiddleware:
    """Outermost but for the request id: whatever error comes out from below /api/ leaves as a problem."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or not is_of_the_api(request) or _is_problem(response):
            return response
        answer = problem_response(request, status_problem(response.status_code))
        for name in _KEPT_HEADERS:
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer


class ShortWayMiddleware:
    """Leads requests for resources past all middleware that only pages need: sessions, CSRF, messages, files, htmx.

    A program has a token and no cookie, and its answers are no documents that a browser shows; two headers say so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._long_way = get_response
        self._short_way: Callable[[HttpRequest], HttpResponse] = convert_exception_to_response(  # type: ignore[assignment]
            _Views().answer
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(_RESOURCES):
            return self._long_way(request)
        response = self._short_way(request)
        add_headers(response, {"Content-Length": str(len(response.content)), **_NO_DOCUMENT})
        return response


class _Views(BaseHandler):
    """Django's way from a path to a view, without middleware between."""

    def __init__(self) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []

    def answer(self, request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises where it is none of ours
        found = routes.find(request)
        if found is None:
            response: HttpResponse = self._get_response(request)  # type: ignore[attr-defined]
            return response
        request.resolver_match = found
        answer: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return answer


def is_of_the_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(_PREFIX)


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as an answer, without the framework."""
    return HttpResponse(
        encode_json(problem.body(instance=escape_uri_path(request.path), request_id=correlation_id(request))),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "private, no-cache", **problem.headers},
    )


def _is_problem(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith(CONTENT_TYPE)
