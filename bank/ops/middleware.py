"""Every request, of the pages and of the API alike: whose work it is, one line in the log, one count."""

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from bank.ops import logs, work
from bank.ops.metrics import instruments
from bank.ops.metrics.later import count_later

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
            route = mine.route
            label, status = _label(mine, route), response.status_code
            count_later(instruments.count_request, label, request.method, status, seconds)
            logs.log_access(
                method=request.method,
                status=response.status_code,
                milliseconds=round(seconds * 1_000, 2),
                request_id=mine.request_id,
                actor=mine.actor,
                route=route,
            )
        finally:
            work.end(token)
        return response


def _label(mine: work.RequestWork, route: str | None) -> str:
    if route is not None:
        return route
    return _STATIC if mine.request.path_info.startswith(settings.STATIC_URL) else _NOWHERE
