"""What was typed when the session was over comes back after the sign-in: to who typed it, and to nobody else."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from bank.identity.models import Role
from bank.web import drafts, typed
from tests.web.drafting import drafted_id, path
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

PRIVATE = "Salary of a private person"


def sent_away(browser: Browser, customer: Customer, task: str = "withdraw", **values: str) -> str:
    """The form is sent when the session is over: the address to which the sign-in leads back."""
    form = browser.open(path(customer, task))
    browser.client.logout()
    answer = browser.send(form, "Continue", **({"amount": "100", "reference": PRIVATE} | values))
    assert answer.status == 302
    return parse_qs(urlsplit(location(answer)).query)["next"][0]


def test_the_form_is_filled_again_and_goes_on_under_its_id(browser: Browser, ada: Customer) -> None:
    ticket = browser.open(path(ada, "withdraw")).form("Continue").fields["ticket"]
    back_to = sent_away(browser, ada, ticket=ticket)
    browser.client.force_login(ada.user)
    form = browser.open(back_to)
    assert (form.form("Continue").fields["amount"], form.form("Continue").fields["reference"]) == ("100", PRIVATE)
    check = browser.follow(browser.send(form, "Continue"))
    subject = str(ada.account_id)
    assert drafted_id(check, ada) == drafts.read_ticket(ticket, ada.user, subject=subject).command_id
    assert browser.follow(browser.send(check, "Withdraw now")).status == 200
    assert ada.account.balance_minor == 400_00


def test_a_transfer_keeps_where_the_money_goes(browser: Browser, ada: Customer, grace: Customer) -> None:
    back_to = sent_away(browser, ada, "transfer", to="iban", iban=grace.account.iban)
    browser.client.force_login(ada.user)
    check = browser.follow(browser.send(browser.open(back_to), "Continue"))
    browser.follow(browser.send(check, "Transfer now"))
    assert grace.account.balance_minor == 200_00


def test_nobody_else_is_led_to_a_form_that_is_filled_in(browser: Browser, ada: Customer, grace: Customer) -> None:
    """Neither to the same account (404 for others), nor to the own one with another's words in it."""
    back_to = sent_away(browser, ada)
    other = Browser.signed_in(grace.user)
    assert other.open(back_to).status == 404
    page = other.open(f"{path(grace, 'withdraw')}?{urlsplit(back_to).query}")
    assert (page.status, PRIVATE in page.text) == (400, False)


def test_ticks_come_back_too(bank: None) -> None:
    operator = a_login("operations", Role.OPERATIONS)
    desk = Browser.signed_in(operator)
    fields = desk.open("/webhooks/register").form("Continue").fields
    desk.client.logout()
    chosen = {"url": "https://hooks.example.com/", "event_types": ["DepositMade", "AccountOpened"]}
    answer = desk.client.post("/webhooks/register", {**fields, **chosen})
    desk.client.force_login(operator)
    html = desk.open(parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]).html
    ticked = [tag for tag in re.findall(r"<input[^>]*>", html) if "checked" in tag]
    assert sorted(re.findall('value="([^"]*)"', " ".join(ticked))) == ["AccountOpened", "DepositMade"]


def test_who_signed_in_anew_in_another_tab_is_led_back_to_what_was_typed(ada: Customer) -> None:
    """A sign-in makes the forms of before worthless (CSRF)."""
    browser = Browser(Client(enforce_csrf_checks=True))
    browser.client.force_login(ada.user)
    form = browser.open(path(ada, "withdraw"))
    refused = browser.send(form, "Continue", amount="100", csrfmiddlewaretoken="x" * 32)
    assert (refused.status, "This form cannot be used any more" in refused.text) == (403, True)
    form = browser.open(refused.link("Open the page again"))
    check = browser.follow(browser.send(form, "Continue"))
    refused = browser.send(check, "Withdraw now", csrfmiddlewaretoken="x" * 32)
    assert ada.account.balance_minor == 500_00
    check = browser.open(refused.link("Open the page again"))
    assert browser.follow(browser.send(check, "Withdraw now")).status == 200
    assert ada.account.balance_minor == 400_00


def test_where_nothing_was_typed_there_is_nothing_to_open_again(ada: Customer) -> None:
    refused = Browser(Client(enforce_csrf_checks=True)).post("/sign-out", {})
    assert (refused.status, "Open the page again" in refused.links) == (403, False)


@pytest.mark.parametrize("token", ["", "x", "gAAAAA==", "\u00e9", "%00", "A" * 9_000])
def test_what_the_bank_did_not_make_is_refused(browser: Browser, ada: Customer, token: str) -> None:
    assert browser.open(f"{path(ada, 'withdraw')}?typed={token}").status == 400


def test_after_some_hours_it_is_gone(browser: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    back_to = sent_away(browser, ada)
    browser.client.force_login(ada.user)
    monkeypatch.setattr(typed, "MAX_AGE_SECONDS", -1)
    assert browser.open(back_to).status == 400


def test_it_is_not_to_be_read_in_the_address(browser: Browser, ada: Customer) -> None:
    assert PRIVATE.split(maxsplit=1)[0] not in sent_away(browser, ada)


@pytest.mark.parametrize(("text", "is_kept"), [("漢" * 140, True), ("a\x00\u202eb", True), ("x" * 100_000, False)])
def test_whatever_is_typed_leads_past_the_sign_in(browser: Browser, ada: Customer, text: str, is_kept: bool) -> None:
    back_to = sent_away(browser, ada, reference=text)
    assert ("typed=" in back_to) is is_kept
    browser.client.force_login(ada.user)
    form: Page = browser.open(back_to)
    assert (form.status, bool(form.form("Continue").fields["amount"])) == (200, is_kept)


def test_a_hint_that_is_asked_for_without_a_session_leaves_the_page_as_it_is(browser: Browser, ada: Customer) -> None:
    browser.client.logout()
    answer = browser.client.post("/iban-hint", {"iban": "x"}, headers={"HX-Request": "true"})
    assert (answer.status_code, "HX-Refresh" in answer.headers) == (204, False)
