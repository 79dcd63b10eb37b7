"""Every request, of the pages and of the API alike: whose work it is, one line in the log, one count."""

import time
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from bank.ops import work
from bank.ops.metrics import instruments

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("bank.access")

# What is served without a route: files, and paths that lead nowhere.
_STATIC: Final = "/static"
_NOWHERE: Final = "none"


class ObservingMiddleware:
    """Right behind the one that gives the request its id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        mine = work.RequestWork(request)
        token = work.begin(mine)
        try:
            response = self._get_response(request)
            seconds = time.perf_counter() - began
            instruments.count_request(_label(mine), request.method, response.status_code, seconds)
            _logger.info(
                "request", method=request.method, status=response.status_code, milliseconds=round(seconds * 1_000, 2)
            )
        finally:
            work.end(token)
        return response


def _label(mine: work.RequestWork) -> str:
    if mine.route is not None:
        return mine.route
    return _STATIC if mine.request.path_info.startswith(settings.STATIC_URL) else _NOWHERE
