"""How a view says what it answers: one `Operation` for each method, beside its scopes, parameters and body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bank.api.bodies import ReceiptBody

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a list, of TypedDict `item`; `more` is a TypedDict of what the answer has besides, if it has."""

    item: Any
    more: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one view, as clients read of it.

    What follows from the view itself needs no words here: scopes, query parameters and the body with their codes, the
    token, the idempotency key, the headers that every answer has, the statuses of every call.
    """

    id: str  # operationId: camelCase, stable, unique
    summary: str
    answer: Any = None  # a TypedDict, a Page, a schema, or a function that makes one for a registry; None: no body
    status: int = 200
    description: str = ""  # where empty, the view's docstring
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # codes by status, besides the usual ones
    takes: tuple[str, ...] = ()  # request headers: If-Match, If-None-Match
    headers: tuple[str, ...] = ()  # headers of the answer, besides the usual ones
    example: Mapping[str, Any] | Sequence[Any] | None = None  # a body that can be sent
    # Bodies and answers that are not one JSON object: the same as in `answer`, by media type.
    body_media: Mapping[str, Any] = field(default_factory=dict)
    answer_media: tuple[str, ...] = (JSON,)


def receipt(
    operation_id: str,
    summary: str,
    *,
    refusals: Mapping[int, tuple[str, ...]],
    example: Mapping[str, Any],
    description: str = "",
) -> Operation:
    """A command about one account: 201 with a receipt, or one of these refusals."""
    return Operation(
        id=operation_id,
        summary=summary,
        description=description,
        answer=ReceiptBody,
        status=201,
        problems={404: ("account_not_found",), **refusals},
        takes=("If-Match",),
        headers=("ETag", "Consistency-Token", "Idempotency-Replayed"),
        example=example,
    )
