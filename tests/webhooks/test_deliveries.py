"""Each sealed event goes to each endpoint that is subscribed where it stands in the book: once, signed, in order."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.webhook_commands import (
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    RegisterWebhookEndpoint,
    RemoveWebhookEndpoint,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookTest,
)
from bank.webhooks import deliveries, projection, secrets
from bank.webhooks.models import Delivery, Progress, Secret, Status
from bank.webhooks.payload import WITHHELD
from bank.webhooks.sending import deliver_due
from ledger.connections import transaction
from ledger.ids import new_id
from ledger.reading import head_position, read_sealed
from ledger.rebuilding import rebuild
from ledger.records import public_form
from ledger.runner import drain
from tests.steps import a_customer, an_account, deposit, do, transfer, withdraw
from tests.webhooks.receiver import Receiver
from tests.webhooks.steps import MovedClock, about, an_endpoint, book, rows, send

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = "http://127.0.0.1:9/hooks"


def test_every_event_arrives_once_in_book_order_with_its_public_form(receiver: Receiver) -> None:
    endpoint_id, secret = an_endpoint(receiver.url)
    account_id = an_account(500)
    do(withdraw(account_id, 100, reference="Kolo štěstí"))
    assert send(endpoint_id) == 4
    assert send(endpoint_id) == 0
    told = book()[1:]
    assert receiver.ids == [f"msg_{event.id}" for event in told]
    assert [one.message for one in receiver.received][1:] == [public_form(event) for event in told][1:]
    assert all(one.verified_by(secret) for one in receiver.received)
    assert {one.path for one in receiver.received} == {"/hooks?tenant=7"}
    assert {one.headers["content-type"] for one in receiver.received} == {"application/json"}
    assert {row.status for row in rows(endpoint_id)} == {Status.DELIVERED}


def test_a_message_holds_no_personal_data_and_no_other_receivers_address(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url)
    a_customer("Ada Lovelace", "ada@example.org")
    an_endpoint("https://hooks.example.com/capability-8f2a", description="Somebody else")
    send(endpoint_id)
    said = b"".join(one.body for one in receiver.received)
    for secret in (b"Ada", b"Lovelace", b"ada@", b"capability", b"Somebody", b"whsec_"):
        assert secret not in said
    customer, other = (one.message for one in receiver.received)
    assert (customer["data"]["name"], customer["data"]["email"]) == (WITHHELD, WITHHELD)
    assert other["data"]["url"] == WITHHELD


def test_only_types_that_were_subscribed_are_sent(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade", "TransferSent")
    one, other = an_account(500), an_account()
    do(transfer(one, other, 100))
    do(withdraw(one, 1))
    send(endpoint_id)
    assert [received.message["type"] for received in receiver.received] == ["DepositMade", "TransferSent"]


def test_an_endpoint_is_told_of_what_stands_behind_its_registration_and_not_of_its_own_life(receiver: Receiver) -> None:
    account_id = an_account(500)
    endpoint_id, _ = an_endpoint(receiver.url)
    about(RotateWebhookSecret, endpoint_id, overlap_seconds=60)
    do(deposit(account_id, 1))
    about(DisableWebhookEndpoint, endpoint_id)
    do(deposit(account_id, 2))
    about(EnableWebhookEndpoint, endpoint_id)
    do(deposit(account_id, 3))
    assert send(endpoint_id) == 2
    assert [one.message["data"]["amount_minor"] for one in receiver.received] == [1, 3]


def test_whatever_the_size_of_batches_the_deliveries_are_the_same() -> None:
    endpoints = [an_endpoint(NOBODY)[0], an_endpoint(NOBODY, "DepositMade")[0]]
    account_id = an_account(500)
    for number in range(12):
        do(deposit(account_id, 1 + number))
        if number == 4:
            about(DisableWebhookEndpoint, endpoints[0])
        if number == 8:
            about(EnableWebhookEndpoint, endpoints[0])
    drain()
    found = [[(row.position, row.event_id) for row in rows(endpoint_id)] for endpoint_id in endpoints]
    for size in (1, 3, 1_000):
        Delivery.objects.all().delete()
        Progress.objects.all().delete()
        with transaction() as cur:
            cur.execute("delete from webhooks_subscription")
        for after in range(0, head_position(), size):
            with transaction() as cur:
                projection.apply(cur, read_sealed(cur, after=after, to=after + size))
        assert [[(row.position, row.event_id) for row in rows(endpoint_id)] for endpoint_id in endpoints] == found
    assert [len(one) for one in found] == [12, 13]


def test_a_rebuild_and_a_lost_checkpoint_send_nothing_twice(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url)
    account_id = an_account(500)
    assert send(endpoint_id) == 3
    Delivery.objects.filter(endpoint_id=endpoint_id, event_type="AccountOpened").delete()  # cleaned away
    with pytest.raises(ValueError, match="nothing to rebuild"):
        rebuild(projection.NAME)
    with transaction() as cur:
        projection.apply(cur, read_sealed(cur, after=0, to=head_position()))
    assert send(endpoint_id) == 0
    with transaction() as cur:
        cur.execute("delete from ledger_checkpoint where projection = %s", (projection.NAME,))
    assert send(endpoint_id) == 0
    do(deposit(account_id, 1))
    assert send(endpoint_id) == 1
    assert len(receiver.received) == len(set(receiver.ids)) == 4


def test_both_secrets_sign_until_the_old_one_ends(receiver: Receiver) -> None:
    endpoint_id, old = an_endpoint(receiver.url, "DepositMade")
    account_id = an_account(500)
    command_id = new_id()
    new = secrets.secret_for(command_id, endpoint_id)
    about(RotateWebhookSecret, endpoint_id, command_id=command_id, overlap_seconds=60)
    assert new != old
    send(endpoint_id)
    assert [receiver.received[-1].verified_by(secret) for secret in (new, old)] == [True, True]
    do(deposit(account_id, 1))
    drain()
    deliver_due(endpoint_id, clock=MovedClock(timezone.now() + timedelta(seconds=61)))
    assert [receiver.received[-1].verified_by(secret) for secret in (new, old)] == [True, False]
    assert len(receiver.received[-1].headers["webhook-signature"].split(" ")) == 1


def test_a_leaked_secret_can_be_ended_at_once(receiver: Receiver) -> None:
    endpoint_id, old = an_endpoint(receiver.url, "DepositMade")
    an_account(500)
    command_id = new_id()
    new = secrets.secret_for(command_id, endpoint_id)
    about(RotateWebhookSecret, endpoint_id, command_id=command_id, overlap_seconds=0)
    send(endpoint_id)
    assert [receiver.received[-1].verified_by(secret) for secret in (new, old)] == [True, False]


def test_a_secret_is_encrypted_at_rest_and_shown_once() -> None:
    endpoint_id, secret = an_endpoint(NOBODY)
    row = Secret.objects.get(endpoint_id=endpoint_id)
    assert secret.startswith("whsec_")
    assert secret.removeprefix("whsec_").encode() not in bytes(row.sealed)
    assert secrets.is_to_be_shown(row.secret_id)
    assert secrets.show_once(row.secret_id) == secret
    assert not secrets.is_to_be_shown(row.secret_id)
    assert secrets.show_once(row.secret_id) is None
    assert secrets.show_once(new_id()) is None
    assert secrets.secret_for(row.secret_id, endpoint_id) == secret


def test_a_test_goes_to_its_own_endpoint_whatever_it_is_subscribed_to(receiver: Receiver) -> None:
    endpoint_id, secret = an_endpoint(receiver.url, "DepositMade")
    other, _ = an_endpoint(NOBODY)
    about(SendWebhookTest, endpoint_id)
    assert send(endpoint_id) == 1
    assert receiver.received[0].message["type"] == "WebhookTestRequested"
    assert receiver.received[0].verified_by(secret)
    assert [row.event_type for row in rows(other)] == []


def test_one_message_is_replayed_under_its_id(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    account_id = an_account(500)
    do(deposit(account_id, 1))
    assert send(endpoint_id) == 2
    first = rows(endpoint_id)[0]
    about(ReplayWebhook, endpoint_id, event_id=first.event_id)
    assert send(endpoint_id) == 1
    assert receiver.ids[2] == receiver.ids[0]
    again = deliveries.find(endpoint_id, first.event_id)
    assert again is not None
    assert (again.status, again.round, again.attempts) == (Status.DELIVERED, 2, 1)
    assert len(deliveries.attempts_of(again)) == 2


def test_a_replay_since_a_moment_sends_what_was_missed_cleaned_or_failed_and_nothing_older(receiver: Receiver) -> None:
    account_id = an_account(1)
    endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
    do(deposit(account_id, 2))
    assert send(endpoint_id) == 1
    since = timezone.now()
    do(deposit(account_id, 3))
    about(DisableWebhookEndpoint, endpoint_id)
    do(deposit(account_id, 4))
    do(withdraw(account_id, 1))
    about(EnableWebhookEndpoint, endpoint_id)
    do(deposit(account_id, 5))
    assert send(endpoint_id) == 2
    Delivery.objects.filter(endpoint_id=endpoint_id, event_id=rows(endpoint_id)[1].event_id).delete()
    receiver.received.clear()
    about(ReplayWebhook, endpoint_id, since=since)
    assert send(endpoint_id) == 3
    assert [one.message["data"]["amount_minor"] for one in receiver.received] == [3, 4, 5]
    receiver.received.clear()
    about(ReplayWebhook, endpoint_id, since=timezone.now() - timedelta(days=29))
    assert send(endpoint_id) == 4
    assert [one.message["data"]["amount_minor"] for one in receiver.received] == [2, 3, 4, 5]


def test_what_waits_for_a_removed_endpoint_is_never_sent(receiver: Receiver) -> None:
    endpoint_id, _ = an_endpoint(receiver.url)
    account_id = an_account(500)
    drain()
    about(RemoveWebhookEndpoint, endpoint_id)
    do(deposit(account_id, 1))
    assert deliver_due(endpoint_id).count == 0
    assert send(endpoint_id) == 0
    assert {row.status for row in rows(endpoint_id)} == {Status.CANCELLED}
    assert len(rows(endpoint_id)) == 3


def test_a_registration_that_comes_again_is_the_same_endpoint() -> None:
    command = RegisterWebhookEndpoint(
        command_id=new_id(), at=timezone.now(), endpoint_id=new_id(), url="https://example.com/x"
    )
    first, again = do(command), do(command)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.events == tuple(again.events) or first.events[0].id == again.events[0].id
