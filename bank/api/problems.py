"""Errors as RFC 9457 has them: one shape, one list of codes, one table from refusals to statuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Final, NotRequired, TypedDict
from uuid import UUID

from bank.api.schema.kinds import Code, Id, Kind, ProblemStatus

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 1
_TYPE_PREFIX: Final = "urn:passbook:problem:"
_MOST_ERRORS: Final = 20


class ErrorBody(TypedDict):
    """One thing that is wrong with the input. `pointer` (RFC 6901) leads into the body, or names a query parameter."""

    pointer: Annotated[str, Kind({"examples": ["/amount/amount"]})]
    code: Code
    detail: str


class ProblemBody(TypedDict):
    """An `application/problem+json` answer. Clients branch on `code`; `title` and `detail` are for people."""

    type: Annotated[str, Kind({"pattern": f"^{_TYPE_PREFIX}"})]
    title: str
    status: ProblemStatus
    detail: str
    instance: str
    code: Code
    errors: list[ErrorBody]
    request_id: Id
    command_id: NotRequired[Id]


@dataclass(frozen=True, slots=True)
class InputError:
    """One thing that is wrong with the input."""

    pointer: str
    code: str
    detail: str

    def body(self) -> ErrorBody:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


# What a refusal of accounts/ is to HTTP: 409 the state forbids it, 422 a rule refused it, 404 there is no such thing.
REFUSAL_STATUSES: Final[Mapping[str, HTTPStatus]] = {
    "account_not_found": HTTPStatus.NOT_FOUND,
    "customer_not_found": HTTPStatus.NOT_FOUND,
    "account_already_opened": HTTPStatus.CONFLICT,
    "customer_already_registered": HTTPStatus.CONFLICT,
    "iban_taken": HTTPStatus.CONFLICT,
    "id_taken": HTTPStatus.CONFLICT,
    "customer_erased": HTTPStatus.CONFLICT,
    "payee_not_found": HTTPStatus.NOT_FOUND,
    "payee_already_added": HTTPStatus.CONFLICT,
    "name_unchanged": HTTPStatus.CONFLICT,
    "too_many_payees": HTTPStatus.CONFLICT,
    "account_frozen": HTTPStatus.CONFLICT,
    "account_not_frozen": HTTPStatus.CONFLICT,
    "account_closed": HTTPStatus.CONFLICT,
    "webhook_endpoint_not_found": HTTPStatus.NOT_FOUND,
    "webhook_endpoint_already_registered": HTTPStatus.CONFLICT,
    "webhook_endpoint_disabled": HTTPStatus.CONFLICT,
    "webhook_endpoint_not_disabled": HTTPStatus.CONFLICT,
    "webhook_endpoint_removed": HTTPStatus.CONFLICT,
    "record_job_not_found": HTTPStatus.NOT_FOUND,
    "record_job_already_requested": HTTPStatus.CONFLICT,
    "insufficient_funds": HTTPStatus.UNPROCESSABLE_ENTITY,
    "limit_exceeded": HTTPStatus.UNPROCESSABLE_ENTITY,
    "currency_mismatch": HTTPStatus.UNPROCESSABLE_ENTITY,
    "same_account": HTTPStatus.UNPROCESSABLE_ENTITY,
    "balance_not_zero": HTTPStatus.UNPROCESSABLE_ENTITY,
}


@dataclass(slots=True, eq=False)
class Problem(Exception):
    """An answer that is not a success, raised anywhere below a view of the API."""

    status: int
    code: str
    detail: str
    errors: Sequence[InputError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    command_id: UUID | None = None
    request_id: UUID | None = None  # where the answer repeats a recorded one

    def body(self, *, instance: str, request_id: UUID) -> ProblemBody:
        """The members of the answer."""
        body: ProblemBody = {
            "type": type_of_code(self.code),
            "title": title_of(self.code),
            "status": int(self.status),
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "errors": [error.body() for error in self.errors[:_MOST_ERRORS]],
            "request_id": str(self.request_id or request_id),
        }
        if self.command_id is not None:
            body["command_id"] = str(self.command_id)
        return body


def type_of_code(code: str) -> str:
    """The URI of a problem's type."""
    return _TYPE_PREFIX + code


def title_of(code: str) -> str:
    """A problem's title: its code as words."""
    return code.replace("_", " ").capitalize()


def bad_request(code: str, detail: str) -> Problem:
    """400: the request as a whole is malformed."""
    return Problem(HTTPStatus.BAD_REQUEST, code, detail)


def invalid_input(errors: Sequence[InputError]) -> Problem:
    """400 for marked fields. The problem's code is that of its errors where they agree, else `invalid_input`."""
    codes = {error.code for error in errors}
    code = codes.pop() if len(codes) == 1 else "invalid_input"
    detail = errors[0].detail if len(errors) == 1 else f"{len(errors)} things are wrong with the input."
    return Problem(HTTPStatus.BAD_REQUEST, code, detail, errors)


def invalid_field(pointer: str, code: str, detail: str) -> Problem:
    """400 for one marked field."""
    return invalid_input([InputError(pointer, code, detail)])


def unauthenticated(code: str, detail: str) -> Problem:
    """401, with the challenge of RFC 6750."""
    challenge = 'Bearer realm="passbook"'
    if code == "invalid_token":
        challenge += ', error="invalid_token"'
    return Problem(HTTPStatus.UNAUTHORIZED, code, detail, headers={"WWW-Authenticate": challenge})


def insufficient_scope(wanted: Sequence[str]) -> Problem:
    """403: the token lacks every scope that would do."""
    challenge = f'Bearer realm="passbook", error="insufficient_scope", scope="{" ".join(wanted)}"'
    detail = f"The token lacks the scope {' or '.join(wanted)}."
    return Problem(HTTPStatus.FORBIDDEN, "insufficient_scope", detail, headers={"WWW-Authenticate": challenge})


def forbidden() -> Problem:
    """403: the user's roles do not allow it."""
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", "Your roles do not allow this.")


def not_found(code: str = "not_found", detail: str = "There is nothing here.", pointer: str | None = None) -> Problem:
    """404, also for what exists but is none of the caller's business."""
    errors = () if pointer is None else (InputError(pointer, code, detail),)
    return Problem(HTTPStatus.NOT_FOUND, code, detail, errors)


def unavailable(code: str, detail: str) -> Problem:
    """503: nothing is known to have happened; the same request later tells."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, code, detail, headers=retry_after())


def retry_after() -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_SECONDS)}


# Answers that other layers gave without words of their own (Django's handlers, the framework's exceptions).
STATUS_PROBLEMS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad_request", "The request is malformed."),
    401: ("not_authenticated", "Send a token: Authorization: Bearer <token>."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This resource does not have that method."),
    406: ("not_acceptable", "Answers are JSON."),
    411: ("length_required", "Send the body with a Content-Length."),
    413: ("body_too_large", "The body is too large."),
    415: ("unsupported_media_type", "Send JSON with Content-Type: application/json."),
    429: ("rate_limited", "Too many requests: slow down."),
    500: ("internal_error", "Something went wrong on our side. Repeat the request with the same Idempotency-Key."),
    503: ("unavailable", "The bank cannot answer just now. Repeat the request with the same Idempotency-Key."),
}


def status_problem(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem that a bare status means."""
    code, detail = STATUS_PROBLEMS.get(status) or STATUS_PROBLEMS[400 if status < 500 else 500]
    retry: Mapping[str, str] = retry_after() if status == 503 else {}
    return Problem(status, code, detail, headers={**retry, **(headers or {})})
