"""Errors below /api/ that no view made (no route, a bad host, a crash) as problems, like all others."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from bank.api.problems import CONTENT_TYPE, status_problem
from bank.web.middleware import correlation_id
from ledger.codec import encode_json

_PREFIX = "/api/"
_KEPT_HEADERS = ("Allow", "Retry-After")


class ProblemMiddleware:
    """Outermost but for the request id. Django has turned exceptions of everything inside into HTML by now."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        is_ours = request.path_info.startswith(_PREFIX)
        if not is_ours or response.status_code < HTTPStatus.BAD_REQUEST or _is_problem(response):
            return response
        problem = status_problem(response.status_code)
        answer = HttpResponse(
            encode_json(problem.body(instance=request.path, request_id=correlation_id(request))),
            status=response.status_code,
            content_type=CONTENT_TYPE,
            headers=dict(problem.headers),
        )
        for name in _KEPT_HEADERS:
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer


def _is_problem(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith(CONTENT_TYPE)
