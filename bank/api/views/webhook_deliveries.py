"""/webhook-endpoints/{id}/deliveries: what became of each message to an endpoint. For operations."""

from typing import Any

from rest_framework.request import Request

from bank.api.answers import Answer
from bank.api.base import ApiView
from bank.api.bodies import AsOfBody, WithAsOfBody, as_of_body
from bank.api.freshness import wait_until_consistent
from bank.api.paging import key_of_cursor, page_body
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.api.views.webhooks import delivery_not_found, endpoint_in_path
from bank.api.webhook_bodies import DeliveryBody, DeliveryLogBody, attempt_body, delivery_body
from bank.api.webhook_forms import DeliveriesQuery, DeliveryQuery, event_of_message
from bank.webhooks import deliveries, projection
from readmodels import freshness


class DeliveriesView(ApiView):
    """What was sent to an endpoint and what is to be, the newest event first. Operations only."""

    scopes = {"GET": (Scope.OPERATIONS_WRITE,)}
    parameters = {"GET": DeliveriesQuery()}
    contract = {
        "GET": Operation(
            id="listWebhookDeliveries",
            summary="A page of an endpoint's deliveries",
            answer=Page(item=DeliveryBody, more=WithAsOfBody),
            problems={404: ("webhook_endpoint_not_found",), 503: ("not_yet_consistent",)},
        )
    }

    def get(self, request: Request, endpoint_id: str) -> Answer:
        row = endpoint_in_path(request, endpoint_id)
        as_of = _as_of(self.query)
        limit, before = self.query["limit"], key_of_cursor(request, self.query)
        rows = deliveries.page(
            row.endpoint_id, limit + 1, before=int(before) if before else None, status=self.query.get("status")
        )
        page = page_body(request, rows, limit, body=delivery_body, key=lambda delivery: delivery.position)
        return Answer({**page, "as_of": as_of})


class DeliveryView(ApiView):
    """One delivery with its attempts. Operations only."""

    scopes = {"GET": (Scope.OPERATIONS_WRITE,)}
    parameters = {"GET": DeliveryQuery()}
    contract = {
        "GET": Operation(
            id="showWebhookDelivery",
            summary="A delivery and its attempts",
            answer=DeliveryLogBody,
            problems={404: ("webhook_endpoint_not_found", "delivery_not_found"), 503: ("not_yet_consistent",)},
        )
    }

    def get(self, request: Request, endpoint_id: str, message_id: str) -> Answer:
        row = endpoint_in_path(request, endpoint_id)
        as_of = _as_of(self.query)
        event_id = event_of_message(message_id)
        delivery = deliveries.find(row.endpoint_id, event_id) if event_id else None
        if delivery is None:
            raise delivery_not_found()
        body: DeliveryLogBody = {
            **delivery_body(delivery),
            "log": [attempt_body(attempt) for attempt in deliveries.attempts_of(delivery)],
            "as_of": as_of,
        }
        return Answer(body)


def _as_of(query: dict[str, Any]) -> AsOfBody:
    """How far the book has become deliveries; waits for the command that the query names. Raises Problem (400, 503)."""
    wait_until_consistent(projection.NAME, query)
    return as_of_body(freshness.as_of(projection.NAME))
