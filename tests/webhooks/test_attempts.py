"""Receivers that fail, are gone or have too much to do; senders that die or are slow; and what is cleaned away."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.refusals import WebhookEndpointIsDisabled
from accounts.webhook_commands import (
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    SendWebhookTest,
)
from bank.webhooks import deliveries, secrets
from bank.webhooks.cleaning import clean
from bank.webhooks.models import Attempt, Delivery, Lane, Secret, Status
from bank.webhooks.schedule import DELAYS, MAX_ATTEMPTS
from bank.webhooks.transport import Answer
from ledger.ids import new_id
from ledger.runner import drain
from readmodels import webhook_endpoints
from tests.steps import an_account, deposit, do
from tests.webhooks.receiver import Receiver
from tests.webhooks.steps import MovedClock, about, an_endpoint, book, rows, send

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = "http://127.0.0.1:9/hooks"


def test_attempts_follow_the_schedule_and_end(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    an_account(500)
    receiver.says(500, b"broken\x00 " + b"x" * 5_000)
    clock = MovedClock()
    for number, delay in enumerate(DELAYS, start=1):
        assert send(endpoint_id, clock) == 1
        (row,) = rows(endpoint_id)
        assert (row.status, row.attempts, row.last_result) == (Status.PENDING, number, "500")
        assert row.next_attempt_at is not None
        assert delay <= row.next_attempt_at - clock.now <= delay * 1.1
        clock.now = row.next_attempt_at - timedelta(microseconds=1)
        assert send(endpoint_id, clock) == 0
        clock.now = row.next_attempt_at
    assert send(endpoint_id, clock) == 1
    (row,) = rows(endpoint_id)
    assert (row.status, row.attempts, row.next_attempt_at) == (Status.FAILED, MAX_ATTEMPTS, None)
    clock.forward(days=30)
    assert send(endpoint_id, clock) == 0
    assert len(receiver.received) == MAX_ATTEMPTS == 10
    assert len(set(receiver.ids)) == 1
    attempt = Attempt.objects.filter(endpoint_id=endpoint_id).first()
    assert attempt is not None
    assert (attempt.status_code, attempt.error) == (500, "")
    assert attempt.answer == "broken\N{REPLACEMENT CHARACTER} " + "x" * 492


def test_a_message_that_fails_holds_none_up_behind_it(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    account_id = an_account()
    for minor in (1, 2, 3):
        do(deposit(account_id, minor))

    def refuse_the_first(handler: Any) -> None:
        handler.send_response(500 if receiver.received[-1].message["data"]["amount_minor"] == 1 else 204)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answer = refuse_the_first
    clock = MovedClock()
    assert send(endpoint_id, clock) == 3
    receiver.answer = None
    clock.forward(seconds=6)
    assert send(endpoint_id, clock) == 1
    assert [one.message["data"]["amount_minor"] for one in receiver.received] == [1, 2, 3, 1]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_receiver_with_too_much_to_do_is_left_alone_for_a_while(receiver: Receiver, status: int) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    account_id = an_account()
    for minor in (1, 2, 3):
        do(deposit(account_id, minor))
    receiver.says(status, Retry_After="90")
    clock = MovedClock()
    assert send(endpoint_id, clock) == 1
    assert send(endpoint_id, clock) == 0
    clock.forward(seconds=89)
    assert send(endpoint_id, clock) == 0
    receiver.answer = None
    clock.forward(seconds=2)
    assert send(endpoint_id, clock) == 3
    assert [one.message["data"]["amount_minor"] for one in receiver.received] == [1, 1, 2, 3]
    assert Lane.objects.get(endpoint_id=endpoint_id).failures == 0


def test_a_receiver_that_is_gone_is_disabled_at_once_and_on_record(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    an_account(500)
    account_id = an_account(500)
    receiver.says(410)
    assert send(endpoint_id) == 1
    endpoint = webhook_endpoints.find(endpoint_id)
    assert endpoint is not None
    assert (endpoint.status, endpoint.reason) == ("disabled", "It answered 410 Gone.")
    event = book()[-1]
    assert (event.type, event.stream_id, event.metadata["actor"]) == (
        "WebhookEndpointDisabled",
        endpoint_id,
        "system:webhooks",
    )
    do(deposit(account_id, 1))
    assert send(endpoint_id) == 0
    assert [row.status for row in rows(endpoint_id)] == [Status.FAILED, Status.PENDING]
    receiver.answer = None
    about(EnableWebhookEndpoint, endpoint_id)
    assert send(endpoint_id) == 1
    about(DisableWebhookEndpoint, endpoint_id)
    with pytest.raises(WebhookEndpointIsDisabled):
        about(SendWebhookTest, endpoint_id)


def test_an_endpoint_that_fails_for_days_is_disabled(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    account_id = an_account(500)
    receiver.says(500)
    clock = MovedClock()
    send(endpoint_id, clock)
    clock.forward(days=4, hours=23)
    send(endpoint_id, clock)
    assert status_of(endpoint_id) == "active"
    clock.forward(hours=2)
    do(deposit(account_id, 1))
    send(endpoint_id, clock)
    assert status_of(endpoint_id) == "disabled"


def test_one_success_begins_the_count_of_days_anew(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    account_id = an_account(500)
    receiver.says(500)
    clock = MovedClock()
    send(endpoint_id, clock)
    receiver.answer = None
    clock.forward(days=4)
    assert send(endpoint_id, clock) == 1
    receiver.says(500)
    clock.forward(days=4)
    do(deposit(account_id, 1))
    assert send(endpoint_id, clock) == 1
    assert status_of(endpoint_id) == "active"


def status_of(endpoint_id: UUID) -> str:
    endpoint = webhook_endpoints.find(endpoint_id)
    assert endpoint is not None
    return endpoint.status


def test_whoever_is_killed_while_sending_leaves_a_claim_that_ends(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    an_account(500)
    drain()
    clock = MovedClock()
    assert len(deliveries.claim_due(endpoint_id, clock.now)) == 1  # and is never heard of again
    assert send(endpoint_id, clock) == 0
    clock.now += deliveries.CLAIM_TIME
    assert send(endpoint_id, clock) == 1


def test_an_endpoint_gets_one_batch_at_a_time_unless_more_are_allowed(settings: Any) -> None:
    endpoint_id, _ = an_endpoint(NOBODY, "DepositMade")
    account_id = an_account()
    for minor in range(1, 6):
        do(deposit(account_id, minor))
    drain()
    now = timezone.now()
    first = deliveries.claim_due(endpoint_id, now, limit=2)
    assert deliveries.claim_due(endpoint_id, now, limit=2) == []
    settings.WEBHOOKS_CONCURRENCY = 2
    second = deliveries.claim_due(endpoint_id, now, limit=2)
    assert deliveries.claim_due(endpoint_id, now, limit=2) == []
    deliveries.give_back(first)
    third = deliveries.claim_due(endpoint_id, now, limit=2)
    positions = [[one.position for one in claimed] for claimed in (first, second, third)]
    assert positions == [sorted(p) for p in positions]
    assert positions[0] == positions[2]
    assert not set(positions[0]) & set(positions[1])


def test_a_worker_that_was_too_slow_settles_nothing(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    an_account(500)
    drain()
    clock = MovedClock()
    (slow,) = deliveries.claim_due(endpoint_id, clock.now)
    clock.now += deliveries.CLAIM_TIME
    assert send(endpoint_id, clock) == 1
    late = deliveries.Tried(claimed=slow, answer=Answer(error="late"), at=clock.now)
    deliveries.record_failure(late, pauses=False)
    deliveries.record_successes([late])
    assert [row.status for row in rows(endpoint_id)] == [Status.DELIVERED]


def test_what_is_over_for_long_is_cleaned_away_and_what_waits_stays(receiver: Receiver) -> None:
    endpoint_id, secret = an_endpoint(receiver.url, "DepositMade")
    account_id = an_account(500)
    assert send(endpoint_id) == 1
    receiver.says(500)
    do(deposit(account_id, 1))
    assert send(endpoint_id) == 1
    orphan = new_id()
    secrets.secret_for(orphan, endpoint_id)
    now = timezone.now()
    assert clean(now + timedelta(days=29)) == 1  # the secret of no command
    assert not Secret.objects.filter(secret_id=orphan).exists()
    assert len(rows(endpoint_id)) == 2
    clean(now + timedelta(days=31))
    assert [row.status for row in rows(endpoint_id)] == [Status.PENDING]
    assert not Attempt.objects.filter(endpoint_id=endpoint_id).exists()
    assert secrets.secret_for(Secret.objects.get(endpoint_id=endpoint_id).secret_id, endpoint_id) == secret


def test_plain_http_ends_with_the_permission_for_it(receiver: Receiver, settings: Any) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    an_account(500)
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    assert send(endpoint_id) == 1
    assert receiver.received == []
    assert [row.last_result for row in rows(endpoint_id)] == ["the address does not begin with https://"]


def test_the_database_refuses_a_wait_without_a_time() -> None:
    endpoint_id, _ = an_endpoint(NOBODY, "DepositMade")
    an_account(500)
    drain()
    with pytest.raises(Exception, match="webhooks_delivery_pending_has_time"):
        Delivery.objects.filter(endpoint_id=endpoint_id).update(next_attempt_at=None)
