"""From a request to a command, and from its outcome to an answer that stays the same for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.command import Command
from accounts.deciding import offer_recent
from accounts.handler import find_outcome, handle
from accounts.outcome import Outcome
from accounts.refusals import Refused
from bank.api.answers import Answer
from bank.api.base import ApiView, credential_of, user_of
from bank.api.bodies import receipt_body
from bank.api.errors import problem_of_refusal
from bank.api.fields import StrictSerializer
from bank.api.idempotency import VARIABLE, command_id_of, fingerprint_of, parse_key, still_in_flight
from bank.api.preconditions import etag, expected_version
from bank.identity.policy import actor_of
from bank.web.middleware import correlation_id
from readmodels.balances import AccountRow

REPLAYED_HEADER = "Idempotency-Replayed"
TOKEN_HEADER = "Consistency-Token"  # noqa: S105 - a place in the book, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a POST asks for, before it is a command. `values` are the body's fields, read."""

    command_id: UUID
    at: datetime
    fingerprint: bytes
    values: dict[str, Any]


class CommandView(ApiView):
    """The base of every POST that changes something."""

    def read_intent(self, request: Request, serializer: StrictSerializer) -> Intent:
        """Key and body; raises Problem (400, 409 where another request with this key is at work, 413, 415)."""
        key = parse_key(request.META.get(VARIABLE))
        body, values = self.read_body(request, serializer)
        command_id = command_id_of(user_of(request).pk, key)
        if credential_of(request).claimed is False and find_outcome(command_id) is None:
            raise still_in_flight()
        return Intent(
            command_id=command_id,
            at=timezone.now(),
            fingerprint=fingerprint_of(str(request.method), request.path, body),
            values=values,
        )

    def carry_out(
        self, request: Request, command: Command, intent: Intent, *, row: AccountRow | None = None
    ) -> Outcome:
        """Hand the command to the handler; a refusal becomes a Problem. `If-Match` is about the account of `row`."""
        expected = expected_version(request.META.get("HTTP_IF_MATCH"), row.version) if row else None
        head = credential_of(request).head
        if row is not None and head is not None:
            offer_recent(row.account_id, head)
        try:
            return handle(
                command,
                by=actor_of(user_of(request), "api"),
                correlation_id=_correlation_id(request),
                expected_version=expected,
                fingerprint=intent.fingerprint,
            )
        except Refused as refusal:
            problem = problem_of_refusal(refusal)
            outcome = refusal.outcome
            if isinstance(outcome, Outcome) and problem.code == refusal.code:
                # As it was told the first time, with that request's id.
                problem.command_id = outcome.command_id
                problem.request_id = outcome.correlation_id
                problem.headers = {**problem.headers, **_replayed_header(outcome)}
            raise problem from None

    def receipt(self, request: Request, command: Command, intent: Intent, row: AccountRow) -> Answer:
        """Carry out a command about the account of `row` and answer with a receipt."""
        outcome = self.carry_out(request, command, intent, row=row)
        body = receipt_body(outcome, row.account_id, row.customer_name)
        return created(body, outcome, version=outcome.versions[row.account_id])


def created(
    body: Mapping[str, Any], outcome: Outcome, *, version: int | None = None, location: str | None = None
) -> Answer:
    """201 with the headers of an accepted command."""
    headers = _replayed_header(outcome)
    token = outcome.consistency_token
    if token is not None:
        headers[TOKEN_HEADER] = token
    if version is not None:
        headers["ETag"] = etag(version)
    if location is not None:
        headers["Location"] = location
    return Answer(body, status=201, headers=headers)


def _replayed_header(outcome: Outcome) -> dict[str, str]:
    return {REPLAYED_HEADER: "true"} if outcome.replayed else {}


def _correlation_id(request: Request) -> UUID:
    return correlation_id(getattr(request, "_request", request))
