"""From whatever was raised to the problem that the client reads."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

import psycopg
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, UnreadablePostError
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions as framework

from accounts.invalid import InvalidCommand
from accounts.refusals import Refused
from bank.api.answers import Answer
from bank.api.fields import validation_problem
from bank.api.preconditions import precondition_failed
from bank.api.problems import (
    CONTENT_TYPE,
    REFUSAL_STATUSES,
    Problem,
    invalid_field,
    not_found,
    status_problem,
    unavailable,
)
from bank.web.middleware import correlation_id
from ledger.errors import (
    NoConnection,
    StoreBusy,
    StoreUnavailable,
    TooMuchContention,
    UnreadableEvent,
    VersionConflict,
)
from ledger.partitions import EventsDetached

logger = logging.getLogger(__name__)

_AWAY = (StoreUnavailable, OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def respond(error: Exception, request: HttpRequest, methods: Sequence[str]) -> Answer | None:
    """The answer of a view that takes these methods. None means that it is a bug: Django logs it and answers 500."""
    problem = problem_of(error)
    if problem is None:
        return None
    body = problem.body(instance=escape_uri_path(request.path), request_id=correlation_id(request))
    headers = dict(problem.headers)
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(methods)
    return Answer(body, problem.status, headers=headers, content_type=CONTENT_TYPE)


def problem_of(error: Exception) -> Problem | None:
    """The problem that `error` means; None for what nobody foresaw."""
    match error:
        case Problem():
            return error
        case InvalidCommand():
            return invalid_field(f"/{error.field}", error.code, error.message)
        case Refused():
            return problem_of_refusal(error)
        case VersionConflict():
            return precondition_failed()
        case StoreBusy():
            return unavailable("store_busy", "Too many commands are waiting. Try again.")
        case TooMuchContention():
            return unavailable("too_much_contention", "The account is very busy: nothing was done. Try again.")
        case _ if isinstance(error, _AWAY):
            logger.warning("database away: %s", error)
            return status_problem(503)
        case _:
            return _other_problem(error)


def is_lost_connection(error: Exception) -> bool:
    """Whether PostgreSQL went away under a connection that had been good; where none is to be had it is away still."""
    return isinstance(error, _AWAY) and not isinstance(error, NoConnection)


def problem_of_refusal(refusal: Refused) -> Problem:
    """The one way from a refusal to a status; a refusal that this table does not know yet is a rule's (422)."""
    if refusal.code == "key_reused":
        return Problem(422, "idempotency_key_reused", "This Idempotency-Key was used for another request.")
    return Problem(REFUSAL_STATUSES.get(refusal.code, 422), refusal.code, str(refusal))


def _other_problem(error: Exception) -> Problem | None:
    match error:
        case EventsDetached() | UnreadableEvent():
            return _out_of_reach(error)
        case framework.ValidationError():
            return validation_problem(error)
        case framework.APIException():
            return status_problem(error.status_code)
        case Http404():
            return not_found()
        case PermissionDenied():
            return status_problem(403)
        case RequestDataTooBig():
            return status_problem(413)
        case SuspiciousOperation() | UnreadablePostError():
            return status_problem(400)
        case _:
            return None


def _out_of_reach(error: EventsDetached | UnreadableEvent) -> Problem:
    """503: an event that the answer needs is in the record, but not to be read as things are."""
    if isinstance(error, EventsDetached):
        return unavailable("unavailable", "Events of that time are archived. The bank can have them back.")
    logger.error("an answer needs an event that cannot be read: %s", error)
    return unavailable("unavailable", "An event that the answer needs cannot be read just now.")
