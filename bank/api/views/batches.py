"""/batches: many commands of staff in one request."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from bank.api import batch_lines, batching, in_flight
from bank.api.access import require_role
from bank.api.base import ApiView, credential_of, user_of
from bank.api.batch_lines import NDJSON, Line
from bank.api.problems import insufficient_scope, status_problem
from bank.api.schema.batches import batch_schema, codes_of_batches
from bank.api.schema.operation import Operation
from bank.api.scopes import Scope
from bank.api.strict_json import refuse_longer
from bank.identity import policy
from bank.web.middleware import correlation_id
from ledger.codec import encode_json

_JSON: Final = "application/json"
_CHARSETS: Final = frozenset({"", "utf-8", "utf8"})
_ENCODINGS: Final = frozenset({"", "identity"})
_encode_lines: Final = msgspec.json.Encoder().encode_lines


class BatchesView(ApiView):
    """Staff send up to 10,000 commands as NDJSON or as a JSON list, and get one outcome each in the same form and
    order. Each has its own idempotency key, and is carried out or refused like the single call that it stands for.
    """

    scopes = {"POST": (Scope.CASH_WRITE, Scope.PAYMENTS_WRITE, Scope.CUSTOMERS_WRITE)}
    contract = {
        "POST": Operation(
            id="sendBatch",
            summary="One outcome a line, in order",
            answer=list[batching.LineBody],
            answer_media=(_JSON, NDJSON),
            status=201,
            body_media={_JSON: batch_schema, NDJSON: batch_schema},
            problems={
                400: codes_of_batches(),
                413: ("body_too_large", "too_many_commands"),
                503: ("store_busy", "too_much_contention"),
            },
            example=[
                {
                    "type": "Deposit",
                    "idempotency_key": "9f8e0f6e-0f0c-4a56-9d5e-6b0c3f3f0a11",
                    "account_id": "ff54a805-229d-5d03-9d44-bcb91a03abd6",
                    "amount": {"amount": "25.00", "currency": "EUR"},
                }
            ],
        )
    }

    def post(self, request: Request) -> HttpResponse:
        user = user_of(request)
        require_role(policy.may_run_cash_desk(user) and policy.may_serve_customers(user))
        media_type = _media_type(request)
        raw = batch_lines.split(_body(request), is_ndjson=media_type == NDJSON)
        lines = batch_lines.read_lines(
            raw, user_pk=user.pk, at=timezone.now(), root=request.path.removesuffix("batches")
        )
        _require_scopes(request, lines)
        bodies = batching.carry_out(
            lines,
            by=policy.actor_of(user, "batch"),
            correlation_id=correlation_id(getattr(request, "_request", request)),
        )
        if credential_of(request).claimed:
            in_flight.let_go()  # a key in the header means nothing here: nothing was recorded under it
        content = _encode_lines(bodies) if media_type == NDJSON else encode_json(bodies)
        return HttpResponse(content, status=HTTPStatus.CREATED, content_type=media_type)


def _media_type(request: Request) -> str:
    """One of the two that are taken; raises Problem (415)."""
    media_type, _, options = (request.content_type or "").lower().partition(";")
    charset = next((o.split("=", 1)[1] for o in options.split(";") if o.strip().startswith("charset=")), "")
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if media_type.strip() not in {_JSON, NDJSON} or charset.strip(' "') not in _CHARSETS or encoding not in _ENCODINGS:
        raise status_problem(415)
    return media_type.strip()


def _body(request: Request) -> bytes:
    """At most one byte more than a batch may have. Raises Problem (411)."""
    if request.META.get("CONTENT_LENGTH") in (None, "") and request.headers.get("Transfer-Encoding"):
        raise status_problem(411)
    refuse_longer(request.META.get("CONTENT_LENGTH"), batch_lines.MAX_BYTES)
    body: bytes = request.stream.read(batch_lines.MAX_BYTES + 1) if request.stream else b""
    return body


def _require_scopes(request: Request, lines: Iterable[Line]) -> None:
    """Raises Problem (403) where the token lacks the scope that the single call of some line needs: none is done."""
    credential = credential_of(request)
    for wanted in sorted({line.kind.scopes for line in lines}):
        if not any(credential.grants(scope) for scope in wanted):
            raise insufficient_scope(wanted)
