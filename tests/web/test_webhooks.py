"""Webhooks on the pages: tasks with check page and receipt, the secret shown once, the log of what became of it."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from bank.identity.models import Role, User
from ledger.runner import drain
from readmodels import webhook_endpoints
from readmodels.webhook_endpoints import WebhookEndpointRow
from tests.steps import an_account, deposit, do
from tests.web.pages import Browser, Page, location
from tests.web.people import a_login
from tests.webhooks.receiver import a_receiver
from tests.webhooks.steps import an_endpoint, deliver, rows, send

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://hooks.example.com/passbook"


@pytest.fixture(autouse=True)
def _in_production(settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False


@pytest.fixture
def operator(bank: None) -> User:
    return a_login("operations", Role.OPERATIONS)


@pytest.fixture
def desk(operator: User) -> Browser:
    return Browser.signed_in(operator)


def register(desk: Browser, url: str = URL) -> Page:
    fields = {"url": url, "event_types": "DepositMade", "description": "Books"}
    form = desk.open("/webhooks/register")
    check = desk.follow(desk.post("/webhooks/register", {**form.form("Continue").fields, **fields}))
    return desk.follow(desk.send(check, "Register webhook"))


def the_endpoint() -> WebhookEndpointRow:
    (endpoint,) = webhook_endpoints.page(10)
    return endpoint


def test_an_endpoint_is_registered_by_form_check_and_receipt_and_its_secret_shown_once(desk: Browser) -> None:
    receipt = register(desk)
    assert "Webhook registered" in receipt.text
    assert URL in receipt.text
    assert "whsec_" not in receipt.html
    shown = desk.send(receipt, "Show the secret")
    assert "whsec_" in shown.html
    again = desk.send(receipt, "Show the secret")
    assert again.status == 409
    assert "whsec_" not in again.html
    assert "Show the secret" not in desk.open(receipt.url).text
    endpoint = the_endpoint()
    assert (endpoint.url, endpoint.event_types, endpoint.description) == (URL, ["DepositMade"], "Books")
    assert URL in desk.open("/webhooks").text


def test_a_secret_is_for_who_asked_for_it(desk: Browser) -> None:
    receipt = register(desk)
    other = Browser.signed_in(a_login("other", Role.OPERATIONS))
    command_id = receipt.url.rsplit("/", 1)[1]
    assert other.post(f"/webhooks/secrets/{command_id}", {}).status == 404
    assert "whsec_" in desk.send(receipt, "Show the secret").html


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Enter the address."),
        ("http://hooks.example.com", "must begin with https://"),
        ("https://10.0.0.1/x", "must be a public one"),
        ("nonsense", "Enter an address"),
    ],
)
def test_an_address_that_cannot_be_is_said_at_its_field(desk: Browser, url: str, words: str) -> None:
    page = desk.send(desk.open("/webhooks/register"), "Continue", url=url, description="Kept")
    assert page.status == 422
    assert words in page.text
    assert 'value="Kept"' in page.html


def test_what_was_ticked_stays_ticked_on_the_way_back(desk: Browser) -> None:
    form = desk.open("/webhooks/register")
    check = desk.follow(desk.send(form, "Continue", url=URL, event_types="TransferSent", description=""))
    assert "TransferSent" in check.text
    back = desk.open(next(href for words, href in check.links.items() if words.startswith("Change address")))
    assert back.html.count("checked") == 1
    assert URL in back.html


def test_each_task_ends_in_a_receipt(desk: Browser) -> None:
    endpoint_id, _ = an_endpoint(URL)
    page = f"/webhooks/{endpoint_id}"
    assert "Test on its way" in straight(desk, f"{page}/test", "Send test").text
    since = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    assert "Messages on their way again" in desk.do(f"{page}/replay", "Replay now", since=since).text
    rotated = desk.do(f"{page}/rotate-secret", "Rotate secret", overlap_hours="1")
    assert "Secret rotated" in rotated.text
    assert "whsec_" in desk.send(rotated, "Show the secret").html
    assert "Webhook disabled" in desk.do(f"{page}/disable", "Disable webhook", reason="Moving").text
    assert "Moving" in desk.open(page).text
    assert "Webhook enabled" in straight(desk, f"{page}/enable", "Enable webhook").text
    assert "Webhook removed" in desk.do(f"{page}/remove", "Remove webhook for ever", reason="Gone").text
    assert "Removed" in desk.open(page).text
    assert URL not in desk.open("/webhooks").text


def straight(desk: Browser, url: str, confirm: str) -> Page:
    """A task without anything to fill in."""
    return desk.follow(desk.send(desk.follow(desk.open(url)), confirm))


def test_a_task_that_the_state_forbids_says_so(desk: Browser) -> None:
    endpoint_id, _ = an_endpoint(URL)
    check = desk.follow(desk.open(f"/webhooks/{endpoint_id}/enable"))
    assert "The webhook endpoint is not disabled." in check.text
    test = desk.follow(desk.open(f"/webhooks/{endpoint_id}/test"))
    desk.do(f"/webhooks/{endpoint_id}/disable", "Disable webhook", reason="Moving")
    refused = desk.send(test, "Send test")
    assert "nothing is sent to it" in desk.open(location(refused)).text


def test_a_wrong_moment_is_said_at_its_field(desk: Browser) -> None:
    endpoint_id, _ = an_endpoint(URL)
    for since, words in {"": "Enter since when.", "x": "such as", "2020-01-01T00:00": "last 30 days"}.items():
        page = desk.send(desk.open(f"/webhooks/{endpoint_id}/replay"), "Continue", since=since)
        assert page.status == 422
        assert words in page.text


def test_the_log_shows_what_became_of_each_message_and_sends_one_again(desk: Browser, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with a_receiver() as receiver:
        endpoint_id, _ = an_endpoint(receiver.url, "DepositMade")
        account_id = an_account(500)
        receiver.says(500, b"<b>no</b>")
        send(endpoint_id)
        do(deposit(account_id, 1))
        receiver.answer = None
        send(endpoint_id)
        page = desk.open(f"/webhooks/{endpoint_id}")
        assert "Waiting, tried 1 time" in page.text
        assert "Delivered" in page.text
        filtered = desk.open(f"/webhooks/{endpoint_id}?status=failed")
        assert "No delivery fits." in filtered.text
        assert desk.open(f"/webhooks/{endpoint_id}?status=lost").status == 422
        failed, delivered = rows(endpoint_id)
        one = desk.open(f"/webhooks/{endpoint_id}/deliveries/{failed.event_id}")
        assert "500" in one.text
        assert "&lt;b&gt;no&lt;/b&gt;" in one.html
        place = f"/webhooks/{endpoint_id}/deliveries/{delivered.event_id}"
        assert "Messages on their way again" in straight(desk, f"{place}/replay", "Send again").text
        drain()
        deliver(endpoint_id)
        assert receiver.ids.count(delivered.message_id) == 2
        assert "Asked for" in desk.open(place).text


def test_older_deliveries_are_a_page_away(desk: Browser) -> None:
    endpoint_id, _ = an_endpoint(URL, "DepositMade")
    account_id = an_account()
    for minor in range(1, 28):
        do(deposit(account_id, minor))
    drain()
    first = desk.open(f"/webhooks/{endpoint_id}")
    rest = desk.open(f"/webhooks/{endpoint_id}" + first.links["Older deliveries"].partition(str(endpoint_id))[2])
    found = [row.event_id for row in rows(endpoint_id)]
    seen = [[i for i in found if str(i) in page.html] for page in (first, rest)]
    assert [len(ids) for ids in seen] == [25, 2]
    assert sorted([*seen[0], *seen[1]]) == sorted(found)


def test_nothing_new_is_no_content(desk: Browser) -> None:
    endpoint_id, _ = an_endpoint(URL, "DepositMade")
    drain()
    page = desk.open(f"/webhooks/{endpoint_id}")
    polled = page.html.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    assert desk.open(polled).status == 204
    an_account(500)
    drain()
    assert desk.open(polled).status == 200


def test_what_is_not_there_is_404(desk: Browser) -> None:
    endpoint_id, _ = an_endpoint(URL)
    nowhere = UUID(int=7)
    for url in (
        f"/webhooks/{nowhere}",
        f"/webhooks/{nowhere}/disable",
        f"/webhooks/{endpoint_id}/deliveries/{nowhere}",
        f"/webhooks/{endpoint_id}/deliveries/{nowhere}/replay",
    ):
        assert desk.open(url).status == 404
