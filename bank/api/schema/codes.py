"""Every code of a problem, and what it means to a client: for the document's lists and examples."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.drainage import error
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from bank.api.problems import CONTENT_TYPE, ProblemBody, title_of, type_of_code
from bank.api.schema.shapes import Schema, register, schema_of

MEANINGS: Final[Mapping[str, str]] = {
    # 400, the request as a whole
    "bad_request": "The request is malformed.",
    "malformed_json": "The body is not JSON in UTF-8.",
    "duplicate_name": "An object has the same name twice.",
    "too_deep": "The body is nested deeper than 32 levels.",
    "not_an_object": "The body must be a JSON object.",
    "not_a_list": "The body must be a JSON list of commands.",
    "empty_batch": "A batch has at least one command.",
    "invalid_input": "Several things are wrong with the input: see `errors`.",
    "unknown_field": "There is no such field.",
    "unknown_parameter": "There is no such query parameter.",
    "repeated_parameter": "A query parameter may be given once.",
    "conflicting_parameters": "These query parameters exclude each other.",
    "idempotency_key_missing": "Send an Idempotency-Key header of 1 to 255 characters.",
    "idempotency_key_invalid": "The Idempotency-Key must have 1 to 255 printable ASCII characters.",
    "invalid_if_match": "If-Match must be entity tags, or *.",
    # 400, a field or a parameter
    "required": "This must be given, and must not be empty.",
    "null": "This must not be null.",
    "too_long": "This text is too long.",
    "invalid_text": "Must be one line of text without control characters.",
    "invalid_amount": "Must be a string of digits, more than zero, with at most the currency's decimals.",
    "invalid_currency": "Must be a currency code of ISO 4217, such as EUR.",
    "invalid_email": "Enter an email address, such as name@example.com.",
    "invalid_iban": "Not a valid IBAN: check it for a mistyped digit.",
    "invalid_account": "Must be an account's id or IBAN.",
    "invalid_id": "Must be a UUID.",
    "invalid_date": "Must be a date, such as 2026-03-29.",
    "invalid_timestamp": "Must be a timestamp of RFC 3339, such as 2026-03-29T01:00:00Z.",
    "invalid_limit": "Must be a whole number from 1 to 200.",
    "invalid_cursor": "Not a cursor of this list.",
    "invalid_version": "Must be a whole number from 1.",
    "invalid_position": "Must be a position in the book.",
    "invalid_wait": "Must be a whole number of seconds from 0 to 20.",
    "invalid_choice": "Must be one of the words that the document lists.",
    "invalid_consistency_token": "Not a consistency token.",
    "invalid_url": "Must be an address that begins with https:// and leads to a public place.",
    "invalid_event_types": "Must be a list of at most 100 event types.",
    "unknown_event_type": "There is no such event type.",
    "invalid_number": "Must be a whole number in the range that the document has.",
    "invalid_message_id": "Must be the id of a message.",
    "invalid_replay": "Name one message, or a moment since when; not both.",
    # 401, 403
    "not_authenticated": "Send a token: Authorization: Bearer <token>.",
    "invalid_token": "The token is not known, has expired or was revoked.",
    "insufficient_scope": "The token lacks the scope.",
    "forbidden": "Your roles do not allow this.",
    # 404
    "not_found": "There is no such resource.",
    "account_not_found": "There is no such account.",
    "customer_not_found": "There is no such customer.",
    "version_not_found": "It was not at that version, or not there yet at that moment.",
    "command_not_found": "There is no such command.",
    "event_not_found": "There is no event at this position.",
    "projection_not_found": "There is no such projection.",
    "stream_not_found": "There is no such stream.",
    "webhook_endpoint_not_found": "There is no such webhook endpoint.",
    "delivery_not_found": "There is no such delivery to this endpoint.",
    # 409, 412, 422
    "account_frozen": "The account is frozen: it takes credits only.",
    "account_not_frozen": "The account is not frozen.",
    "account_closed": "The account is closed.",
    "account_already_opened": "The account is open already.",
    "customer_already_registered": "The customer is registered already.",
    "customer_erased": "The customer's personal data were erased: nothing new begins for them.",
    "iban_taken": "The IBAN belongs to another account. Repeat the request with a new key.",
    "id_taken": "The id belongs to something else. Repeat the request with a new key.",
    "webhook_endpoint_already_registered": "The webhook endpoint is registered already.",
    "webhook_endpoint_disabled": "The webhook endpoint is disabled: nothing is sent to it.",
    "webhook_endpoint_not_disabled": "The webhook endpoint is not disabled.",
    "webhook_endpoint_removed": "The webhook endpoint was removed.",
    "record_job_not_found": "There is no such job about the record, or it is not made yet.",
    "record_job_already_requested": "There is a job about the record with this id already.",
    "idempotency_in_flight": "The first request with this key is still running. Ask again in a moment.",
    "precondition_failed": "The account has moved on since the version in If-Match.",
    "insufficient_funds": "The available balance does not cover this.",
    "limit_exceeded": "The balance would exceed what an account may hold.",
    "currency_mismatch": "The amount must be in the account's currency.",
    "same_account": "The two accounts must differ.",
    "balance_not_zero": "The balance must be zero.",
    "projection_not_async": "Only projections that workers write can be paused and resumed.",
    "projection_is_live": "The projection is folded when asked: there is nothing to rebuild.",
    "idempotency_key_reused": "This Idempotency-Key was used for another request.",
    # the rest
    "length_required": "Send the body with a Content-Length.",
    "body_too_large": "The body is too large.",
    "too_many_commands": "A batch has at most 10,000 commands.",
    "unsupported_media_type": "Send the body in a media type that the call takes.",
    "rate_limited": "Too many requests: slow down.",
    "unavailable": "The bank cannot answer just now. Repeat the request with the same Idempotency-Key.",
    "not_yet_consistent": "The report has not counted that command yet. Try again.",
    "too_much_contention": "The account is very busy: nothing was done. Try again.",
    "store_busy": "Too many commands are waiting. Try again.",
}


def problem_content(status: int, codes: Iterable[str], registry: ComponentRegistry) -> dict[str, dict[str, Any]]:
    """The content of a problem with this status: one shape, these codes, an example of each."""
    listed = sorted(set(codes))
    narrowed: Schema = {
        **schema_of(ProblemBody, registry),
        "properties": {"status": {"const": status}, "code": {"enum": listed}},
    }
    examples = {code: _example(status, code, registry) for code in listed}
    return {CONTENT_TYPE: {"schema": narrowed, "examples": examples}}


def problem_description(status: int, codes: Iterable[str]) -> str:
    """The status in words, and what each of the codes means."""
    lines = [f"- `{code}`: {meaning_of(code)}" for code in sorted(set(codes))]
    return "\n".join([f"{HTTPStatus(status).phrase}.", "", *lines])


def meaning_of(code: str) -> str:
    """What the code means; one that this module does not know is an error of the document."""
    if code not in MEANINGS:
        error(f"no meaning for the code {code}: give it one in {__name__}")
    return MEANINGS.get(code, title_of(code))


def _example(status: int, code: str, registry: ComponentRegistry) -> Schema:
    name = f"problem_{status}_{code}"
    value = {
        "type": type_of_code(code),
        "title": title_of(code),
        "status": status,
        "detail": meaning_of(code),
        "instance": "/api/v1/...",
        "code": code,
        "errors": [],
        "request_id": "01a207d8-6cc3-70ff-a427-5946bb5da903",
    }
    example = {"summary": meaning_of(code), "value": value}
    return register(registry, ResolvedComponent.EXAMPLE, name, example)
