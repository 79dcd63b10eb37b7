"""Notifications: each thing that happened once, in words, with the page that says more; and what is new."""

import re
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from accounts.account_commands import FreezeAccount, RenameAccount
from accounts.handler import handle
from accounts.refusals import Refused
from bank.identity import policy
from bank.identity.models import Role
from tests.spec import envelope
from tests.steps import an_account, deposit, do, transfer, withdraw
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login, add_payee

pytestmark = pytest.mark.django_db(transaction=True)


def by(customer: Customer, command: Any) -> None:
    """The customer sends it; a refusal is recorded."""
    with suppress(Refused):
        handle(command, by=policy.actor_of(customer.user, "web"))


def titles(page: Page) -> list[str]:
    return re.findall(r'<a href="/(?:receipts|accounts)/[^"]*(?:/(?:movements|events)/\d+|)">([^<]*)</a>', page.html)


def test_money_received_is_told_and_leads_to_its_movement(browser: Browser, ada: Customer, grace: Customer) -> None:
    do(transfer(grace.account_id, ada.account_id, 7_00, reference="Lunch"))
    page = browser.open("/notifications")
    assert page.link("From Grace Hopper") == f"/accounts/{ada.account_id}/movements/3"
    assert "Lunch" in page.text
    assert "€7.00" in page.text


def test_what_oneself_sent_leads_to_its_receipt(browser: Browser, ada: Customer) -> None:
    command = withdraw(ada.account_id, 5_00)
    by(ada, command)
    page = browser.open("/notifications")
    assert page.link("Withdrawal") == f"/receipts/{command.command_id}"
    assert browser.open(page.link("Withdrawal")).status == 200


def test_a_refusal_says_what_was_refused_and_why(browser: Browser, ada: Customer) -> None:
    command = withdraw(ada.account_id, 500_01)
    by(ada, command)
    page = browser.open("/notifications")
    assert page.link("Withdrawal refused") == f"/receipts/{command.command_id}"
    assert "The balance does not cover this: 500.00 EUR available." in page.text
    assert "nothing was changed" in browser.open(page.link("Withdrawal refused")).text


def test_nobody_is_told_of_what_others_were_refused(browser: Browser, ada: Customer, grace: Customer) -> None:
    by(grace, withdraw(ada.account_id, 500_01))
    do(transfer(grace.account_id, an_account(), 7_00))
    page = browser.open("/notifications")
    assert "refused" not in page.text.replace("what the bank refused", "")
    assert "€7.00" not in page.text


def test_what_the_bank_did_to_an_account_leads_to_its_event(browser: Browser, ada: Customer) -> None:
    do(FreezeAccount(account_id=ada.account_id, reason="Card reported stolen", **envelope()))
    page = browser.open("/notifications")
    assert page.link("Account frozen") == f"/accounts/{ada.account_id}/events/3"
    assert "Card reported stolen" not in page.text  # staff's words are for staff


def test_what_a_standing_order_or_an_import_took_is_among_the_movements_and_no_news(
    browser: Browser, ada: Customer
) -> None:
    do(withdraw(ada.account_id, 7_00, counterparty="Landlord"))
    assert "Landlord" not in browser.open("/notifications").text


def test_what_staff_paid_out_at_the_desk_leads_to_its_movement(browser: Browser, ada: Customer) -> None:
    teller = a_login("teller", Role.TELLER)
    handle(withdraw(ada.account_id, 7_00), by=policy.actor_of(teller, "web"))
    assert browser.open("/notifications").link("Withdrawal") == f"/accounts/{ada.account_id}/movements/3"


def test_a_transfer_between_own_accounts_is_told_once(browser: Browser, ada: Customer) -> None:
    savings = an_account(customer_id=ada.customer_id, name="Savings")
    by(ada, transfer(ada.account_id, savings, 7_00))
    text = browser.open("/notifications").text
    assert "To Savings" in text
    assert "From Everyday ada" not in text


def test_payees_and_new_names_are_told_too(browser: Browser, ada: Customer, grace: Customer) -> None:
    add_payee(ada.customer_id, "Aunt G.", grace.account.iban)
    by(ada, RenameAccount(account_id=ada.account_id, name="Holidays", **envelope()))
    text = browser.open("/notifications").text
    assert "Payee added" in text
    assert "Aunt G." in text
    assert "Account renamed" in text


def test_what_is_new_is_marked_until_it_was_looked_at(browser: Browser, ada: Customer) -> None:
    assert " New " not in browser.open("/notifications").text  # all that is older than the log-in
    do(deposit(ada.account_id, 7_00, at=timezone.now()))
    assert browser.open("/").text.count(" New ") == 1
    assert browser.open("/notifications").text.count(" New ") == 1
    assert " New " not in browser.open("/notifications").text
    assert " New " not in browser.open("/").text


def test_the_overview_shows_the_last_three_and_leads_to_all(browser: Browser, ada: Customer) -> None:
    for number in range(5):
        do(deposit(ada.account_id, 1_00, counterparty=f"Shop {number}"))
    page = browser.open("/")
    notices = page.html.partition('id="notice-rows"')[2].partition("</table>")[0]
    assert [f"Shop {number}" in notices for number in range(5)] == [False, False, True, True, True]
    assert page.link("All notifications") == "/notifications"


def test_older_ones_come_by_keyset_while_new_ones_arrive(browser: Browser, ada: Customer) -> None:
    for number in range(60):
        do(deposit(ada.account_id, 1_00, counterparty=f"Shop {number:02}"))
    page, seen = browser.open("/notifications"), []
    while True:
        seen += re.findall(r"Shop \d\d", page.html)
        if "Show older notifications" not in page.links:
            break
        do(deposit(ada.account_id, 1_00, counterparty="Meanwhile"))
        page = browser.open(page.link("Show older notifications"))
    assert seen == [f"Shop {number:02}" for number in reversed(range(60))]


@pytest.mark.parametrize("behind", ["x", "e30=", "eyJzdHJlYW1zIjp7fSwicmVmdXNlZCI6MX0=", "\u00e9", "\x00", "A" * 500])
def test_a_place_that_no_page_gave_out_is_not_found(browser: Browser, behind: str) -> None:
    assert browser.client.get("/notifications", {"behind": behind}).status_code == 404


def test_hostile_words_stay_text(browser: Browser, ada: Customer) -> None:
    do(deposit(ada.account_id, 1, counterparty="<img src=x onerror=alert(1)>", reference="<b>x</b>"))
    html = browser.open("/notifications").html
    assert "<img src=x" not in html
    assert "<b>x" not in html


def test_a_long_stretch_without_news_is_looked_behind(
    browser: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bank.web.pages.home.NOTICES_AMONG", 4)
    for _ in range(11):
        do(withdraw(ada.account_id, 1))
    assert "Deposit" in browser.open("/").text.partition("All notifications")[2]
