"""What came of a request: its commands, accepted and refused, their events, and what those led to."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.handler import handle, handle_all
from accounts.record_job import RequestVerification
from accounts.refusals import InsufficientFunds
from bank.access_records.models import AccessRecord
from bank.identity.models import Role
from bank.jobs import asking, working
from bank.web.pages.audit import correlation
from bank.web.pages.audit.correlation import CommandNode, tree_of
from bank.webhooks.models import Delivery, Lane
from ledger.ids import new_id
from ledger.runner import drain
from readmodels import causation
from tests.acting import as_owner
from tests.ledger.conftest import own_key
from tests.ledger.owner import a_book
from tests.readmodels.strange_events import strange
from tests.steps import BY, an_account, deposit, do, transfer, withdraw
from tests.web.pages import Browser, location
from tests.web.people import Customer, a_login
from tests.webhooks.receiver import a_receiver
from tests.webhooks.steps import an_endpoint, send

__all__ = ["own_key"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


def a_request(ada: Customer, grace: Customer) -> tuple[UUID, UUID]:
    """(its id, the id of its first event): a deposit, a transfer that its event led to, and a refused withdrawal."""
    request_id = new_id()
    first = handle(deposit(ada.account_id, 5_00), by=BY, correlation_id=request_id)
    event_id = first.events[0].id
    sent = transfer(ada.account_id, grace.account_id, 1_00)
    handle(sent, by=BY, correlation_id=request_id, causation_id=event_id)
    with suppress(InsufficientFunds):
        handle(withdraw(ada.account_id, 10**9), by=BY, correlation_id=request_id)
    drain()
    return request_id, event_id


def shape(node: CommandNode) -> object:
    """The types of a node and of all below it."""
    events = [(event.event.type, [shape(caused) for caused in event.commands]) for event in node.events]
    return node.line.command.type, events, [shape(caused) for caused in node.commands]


def test_commands_stand_below_the_event_that_led_to_them_and_refused_ones_below_the_request(
    ada: Customer, grace: Customer
) -> None:
    request_id, _ = a_request(ada, grace)
    assert [shape(node) for node in tree_of(causation.chapter(request_id, 50))] == [
        ("Deposit", [("DepositMade", [("Transfer", [("TransferSent", []), ("TransferReceived", [])], [])])], []),
        ("Withdraw", [], []),
    ]


def test_the_page_shows_the_tree_with_links_to_all_that_is_in_it(
    auditor: Browser, ada: Customer, grace: Customer
) -> None:
    request_id, _ = a_request(ada, grace)
    page = auditor.open(f"/audit/correlations/{request_id}")
    assert page.status == 200
    for words in ("3 commands", "1 of them refused", "3 events", "The balance does not cover this", "sealed after"):
        assert words in page.text
    assert re.fullmatch(r"/audit/events/\d+", page.link("Transfer sent"))
    assert page.link("Withdraw").startswith("/audit/commands/")
    assert auditor.open(page.link("Version 3 of its stream")).status == 200


def test_who_looks_at_whose_request_is_on_record(auditor: Browser, ada: Customer, grace: Customer) -> None:
    request_id, _ = a_request(ada, grace)
    auditor.open(f"/audit/correlations/{request_id}")
    assert set(AccessRecord.objects.values_list("account_id", flat=True)) == {ada.account_id, grace.account_id}


def test_what_is_sent_of_an_event_stands_below_it(auditor: Browser, ada: Customer, grace: Customer) -> None:
    endpoint_id, _ = an_endpoint("https://hooks.example.com/")
    drain()
    request_id, event_id = a_request(ada, grace)
    with as_owner():
        Delivery.objects.filter(event_id=event_id).update(
            status="delivered", next_attempt_at=None, attempts=1, last_attempt_at=datetime.now(UTC)
        )
    page = auditor.open(f"/audit/correlations/{request_id}")
    assert Lane.objects.count() == 1
    assert page.text.count("Webhook") == 3
    assert "Delivered" in page.text
    assert page.link(str(endpoint_id)) == f"/audit/streams/{endpoint_id}"
    assert "Webhook" not in page.links  # the log of deliveries is for operations
    chief = Browser.signed_in(a_login("chief", Role.ADMIN))
    assert chief.open(chief.open(f"/audit/correlations/{request_id}").link("Webhook")).status == 200


def test_a_job_stands_below_the_event_that_asked_for_it_and_what_it_came_to_below_the_job(
    auditor: Browser, own_key: Path
) -> None:
    a_book(signed=True)
    command_id = new_id()
    job_id = asking.job_id_of(command_id)
    do(RequestVerification(command_id=command_id, at=timezone.now(), job_id=job_id))
    drain()
    waiting = auditor.open(f"/audit/correlations/{command_id}")
    assert "Waiting for a worker" in waiting.text
    assert waiting.link("Job in a worker") == f"/audit/verification/{job_id}"
    working.run_all()
    drain()
    assert [shape(node) for node in tree_of(causation.chapter(command_id, 50))] == [
        (
            "RequestVerification",
            [("VerificationRequested", [("NoteVerification", [("VerificationFinished", [])], [])])],
            [],
        )
    ]
    done = auditor.open(f"/audit/correlations/{command_id}")
    for words in ("All right", "worked for", "NoteVerification", "Verification finished"):
        assert words in done.text


def test_a_webhook_that_is_disabled_stands_below_the_event_that_could_not_be_delivered(
    settings: Settings, ada: Customer
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with a_receiver() as receiver:
        endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
        drain()
        made = do(deposit(ada.account_id, 5_00))
        receiver.says(410)
        assert send(endpoint_id) == 1
    drain()
    assert [shape(node) for node in tree_of(causation.chapter(made.command_id, 50))] == [
        ("Deposit", [("DepositMade", [("DisableWebhookEndpoint", [("WebhookEndpointDisabled", [])], [])])], []),
    ]


def test_a_command_leads_to_what_it_belongs_to(auditor: Browser, ada: Customer) -> None:
    request_id = new_id()
    made = handle(deposit(ada.account_id, 5_00), by=BY, correlation_id=request_id)
    drain()
    assert location(auditor.open(f"/audit/correlations/{made.command_id}")) == f"/audit/correlations/{request_id}"


def test_a_large_batch_comes_in_parts(auditor: Browser) -> None:
    account_id, request_id = an_account(), new_id()
    size = correlation.PAGE_SIZE + 10
    handle_all([deposit(account_id, 1) for _ in range(size)], by=BY, correlation_id=request_id)
    drain()
    last = auditor.open(f"/audit/correlations/{request_id}")
    assert f"{correlation.PAGE_SIZE} commands" in last.text
    first = auditor.open(f"/audit/correlations/{request_id}{last.link('Earlier commands')}")
    assert "10 commands" in first.text
    assert "Earlier commands" not in first.links
    again = auditor.open(f"/audit/correlations/{request_id}{first.link('Later commands')}")
    assert f"{correlation.PAGE_SIZE} commands" in again.text


def test_a_record_that_makes_no_sense_makes_no_circle(ada: Customer) -> None:
    request_id = new_id()
    made = deposit(ada.account_id, 5_00)
    handle(made, by=BY, correlation_id=request_id, causation_id=new_id())
    drain()
    (node,) = tree_of(causation.chapter(request_id, 50))
    assert shape(node) == ("Deposit", [("DepositMade", [])], [])


def test_an_event_that_the_code_does_not_know_harms_no_tree(auditor: Browser, ada: Customer) -> None:
    made = do(deposit(ada.account_id, 5_00))
    strange(ada.account_id, "account", correlationId=str(made.command_id))
    drain()
    assert auditor.open(f"/audit/correlations/{made.command_id}").status == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 404), ("?before=x", 400), ("?after=1", 400), (f"?before={new_id()}&after={new_id()}", 400)],
)
def test_what_is_not_on_record_or_not_to_be_read_is_said_in_words(auditor: Browser, query: str, status: int) -> None:
    page = auditor.open(f"/audit/correlations/{new_id()}{query}")
    assert page.status == status
    assert "on record" in page.text or "cannot be read" in page.text
