"""GET /events: the sealed book of events, page by page, and as a feed that can be followed for ever."""

import time
from typing import Any, Final, TypedDict

from django.utils import timezone
from rest_framework.request import Request

from bank.access_records.recording import looks_at_streams
from bank.api.access import leave_records, require_role
from bank.api.answers import Answer
from bank.api.authentication import BearerAuthentication
from bank.api.base import ApiView, user_of
from bank.api.bodies import EventBody, event_body
from bank.api.fields import WholeNumberField
from bank.api.following import followers
from bank.api.paging import PageBody, key_of_cursor, page_body
from bank.api.problems import bad_request, insufficient_scope, retry_after
from bank.api.requests import EventsQuery
from bank.api.schema import kinds
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from readmodels import events

MOST_WAIT_SECONDS: Final = 20


class FeedQuery(EventsQuery):
    """`GET /events`, and how many seconds to wait where nothing is there yet."""

    wait = WholeNumberField(min_value=0, max_value=MOST_WAIT_SECONDS, code="invalid_wait", default=0)


class FollowBody(TypedDict):
    """Where to go on: all that fits up to this position was told."""

    next_after: kinds.Position


class FeedBody(PageBody, FollowBody):
    """A page of the book, and where to go on."""


class EventsView(ApiView):
    """Sealed events in book order, each exactly once. Whoever follows the book asks again with `after` set to the
    `next_after` of the answer, for ever; with `wait` the answer comes as soon as there is something to tell.
    """

    scopes = {"GET": (Scope.AUDIT_READ,)}
    parameters = {"GET": FeedQuery()}
    contract = {
        "GET": Operation(
            id="listEvents",
            summary="A page of the book, or a feed of it",
            answer=Page(item=EventBody, more=FollowBody),
            headers=("Retry-After",),
            problems={400: ("conflicting_parameters",)},
        )
    }

    def get(self, request: Request) -> Answer:
        require_role(policy.may_audit(user_of(request)))
        query = self.query
        if "cursor" in query and "after" in query:
            raise bad_request("conflicting_parameters", "Go on by a cursor or after a position, not by both.")
        key = key_of_cursor(request, query)
        after = int(key) if key else query.get("after", 0)
        body = _page(request, query, after)
        if body["data"] or not query["wait"] or _is_over(query):
            return Answer(body)
        with followers.place() as has_place:
            if not has_place:
                return Answer(body, headers=retry_after())
            body = _wait(request, query, body)
        _authenticate_again(request)
        return Answer(body)


def _page(request: Request, query: dict[str, Any], after: int) -> FeedBody:
    """What fits behind `after`. The head is read first: up to there, the rows miss nothing."""
    head, limit = events.head_position(), query["limit"]
    rows = events.page(
        after=after,
        limit=limit + 1,
        stream_id=query.get("stream"),
        type_name=query.get("type"),
        actor=query.get("actor"),
        correlation_id=query.get("correlation_id"),
        from_at=query.get("from"),
        to_at=query.get("to"),
        also_unreadable=True,
    )
    leave_records(request, looks_at_streams({event.stream_id for event in rows[:limit]}))
    page = page_body(request, rows, limit, body=event_body, key=lambda event: event.position)
    last = max((event.position or 0 for event in rows[:limit]), default=0)
    return {**page, "next_after": last if page["has_more"] else max(after, head, last)}


def _wait(request: Request, query: dict[str, Any], body: FeedBody) -> FeedBody:
    """Look again whenever the book has grown, behind what was looked through already, until something fits."""
    ends = time.monotonic() + query["wait"]
    while not body["data"] and followers.wait_beyond(body["next_after"], ends - time.monotonic()):
        body = _page(request, query, body["next_after"])
    return body


def _is_over(query: dict[str, Any]) -> bool:
    """Whether nothing that is still to come can be wanted."""
    return "to" in query and query["to"] <= timezone.now()


def _authenticate_again(request: Request) -> None:
    """A token that was revoked meanwhile opens nothing any more."""
    user, credential = BearerAuthentication().authenticate(request)
    require_role(policy.may_audit(user))
    if not credential.grants(Scope.AUDIT_READ):
        raise insufficient_scope([Scope.AUDIT_READ])
