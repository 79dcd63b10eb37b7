"""Django's handlers of errors that no view answered: problems for the API, pages for people."""

import sys

from django.http import HttpRequest, HttpResponse

from bank.api.errors import problem_of
from bank.api.middleware import is_of_the_api, problem_response
from bank.api.problems import status_problem
from bank.web import problems as pages


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400"""
    return _problem(request, 400, exception) if is_of_the_api(request) else pages.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403"""
    return _problem(request, 403, exception) if is_of_the_api(request) else pages.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404"""
    return _problem(request, 404, exception) if is_of_the_api(request) else pages.not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500"""
    return _problem(request, 500, sys.exc_info()[1]) if is_of_the_api(request) else pages.server_error(request)


def _problem(request: HttpRequest, status: int, error: BaseException | None) -> HttpResponse:
    # The framework's hook is asked first: it tells a database that is away (503) or a body too large (413) apart.
    known = problem_of(error) if isinstance(error, Exception) else None
    return problem_response(request, known or status_problem(status))
