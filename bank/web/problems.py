"""The pages for what went wrong: plain, calm, and without asking the database."""

import sys
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from bank.web.context import bank
from bank.web.middleware import correlation_id
from bank.web.typed import page_again
from ledger.errors import StoreBusy, StoreUnavailable, TooMuchContention, UnreadableEvent
from ledger.partitions import EventsDetached

RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What the page says: `title` what happened, `detail` what it means and what to do now."""

    status: int
    title: StrOrPromise
    detail: StrOrPromise


BAD_REQUEST = Problem(
    status=400,
    title=_("This request cannot be read"),
    detail=_("Something in it is missing or malformed. Nothing was changed. Go back and try again."),
)
FORM_EXPIRED = Problem(
    status=403,
    title=_("This form cannot be used any more"),
    detail=_(
        "It may be older than your session, or cookies may be switched off. Nothing was changed. "
        "Open the page again and repeat what you wanted to do."
    ),
)
FORBIDDEN = Problem(
    status=403,
    title=_("You may not open this page"),
    detail=_("Your roles do not allow it. If you need it for your work, ask an administrator."),
)
NOT_FOUND = Problem(
    status=404,
    title=_("Page not found"),
    detail=_("There is nothing at this address, or it is not yours to see. Check the address for a typing mistake."),
)
SERVER_ERROR = Problem(
    status=500,
    title=_("Something went wrong on our side"),
    detail=_(
        "If you were sending something, it was either done whole or not at all: look at the account before you "
        "repeat it. Tell us the request number below."
    ),
)
UNAVAILABLE = Problem(
    status=503,
    title=_("The bank is pausing for a moment"),
    detail=_(
        "Our records cannot be reached just now. Nothing is lost. If you were sending something, reload this "
        "page in a few seconds: it will be done once, however often you send it."
    ),
)


def problem_page(request: HttpRequest, problem: Problem, *, again: str = "") -> HttpResponse:
    """The page for `problem`, with a way back to the page `again` where there is one.

    It takes nothing from the session or the database, so that it works when they do not.
    """
    html = render_to_string(
        "problem.html",
        {**bank(request), "problem": problem, "again": again, "request_id": correlation_id(request)},
    )
    response = HttpResponse(html, status=problem.status)
    response.headers["Cache-Control"] = "no-store"
    if problem.status == UNAVAILABLE.status:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Django's handler400."""
    return problem_page(request, BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Django's handler403."""
    return problem_page(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Django's handler404."""
    return problem_page(request, NOT_FOUND)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django names it
    """Django's CSRF_FAILURE_VIEW. Most of all this meets who signed in again in another tab: nothing typed is lost."""
    return problem_page(request, FORM_EXPIRED, again=page_again(request))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a database that is away is a pause (503), all else is a mistake of ours."""
    return problem_page(request, UNAVAILABLE if is_unavailable(sys.exc_info()[1]) else SERVER_ERROR)


_AWAY = (
    StoreBusy,
    StoreUnavailable,
    TooMuchContention,
    EventsDetached,
    UnreadableEvent,
    OperationalError,
    InterfaceError,
)


def is_unavailable(error: BaseException | None) -> bool:
    """Whether `error` says that the store or the database can't be reached just now."""
    return isinstance(error, _AWAY)
