"""Balances that change while one looks: a page asks, and is answered with nothing as long as nothing is new."""

import re
from html import unescape

import pytest

from accounts.account_commands import CloseAccount, FreezeAccount
from bank.identity.models import Role
from tests.spec import envelope
from tests.steps import an_account, deposit, do
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)


def asked_by(page: Page) -> str:
    """The address that the page asks by itself."""
    found = re.search(r'hx-get="([^"]*seen=[^"]*)"', page.html)
    assert found
    return found[1]


def test_the_account_page_asks_for_its_figures_and_gets_nothing_while_they_are_right(
    browser: Browser, ada: Customer
) -> None:
    url = asked_by(browser.open(f"/accounts/{ada.account_id}"))
    assert browser.open(url).status == 204
    do(deposit(ada.account_id, 40_00))
    news = browser.open(url)
    assert news.status == 200
    assert "The balance is €540.00 now." in news.text
    assert "no-store" in news.response.headers["Cache-Control"]
    assert browser.open(asked_by(news)).status == 204


def test_the_form_of_a_task_asks_for_what_its_account_holds(browser: Browser, ada: Customer) -> None:
    url = unescape(asked_by(browser.open(f"/accounts/{ada.account_id}/withdraw")))
    assert browser.open(url).status == 204
    do(deposit(ada.account_id, 40_00))
    news = browser.open(url)
    assert "€540.00 available" in news.text
    assert browser.open(unescape(asked_by(news))).status == 204


def test_a_change_that_moves_no_money_is_news_too(browser: Browser, ada: Customer) -> None:
    url = asked_by(browser.open(f"/accounts/{ada.account_id}"))
    do(FreezeAccount(account_id=ada.account_id, **envelope()))
    assert browser.open(url).status == 200


def test_the_overview_asks_for_all_accounts_at_once_and_names_those_that_changed(
    browser: Browser, ada: Customer
) -> None:
    savings = an_account(10_00, customer_id=ada.customer_id, name="Savings")
    url = asked_by(browser.open("/"))
    assert browser.open(url).status == 204
    do(deposit(savings, 5_00))
    news = browser.open(url)
    assert "Savings has changed: the balance is €15.00 now." in news.text
    assert "Everyday ada has changed" not in news.text
    assert browser.open(asked_by(news)).status == 204


def test_an_account_that_was_opened_or_closed_meanwhile_is_news(browser: Browser, ada: Customer) -> None:
    url = asked_by(browser.open("/"))
    savings = an_account(customer_id=ada.customer_id, name="Savings")
    news = browser.open(url)
    assert "Savings" in news.text
    do(CloseAccount(account_id=savings, **envelope()))
    assert "Savings has changed" in browser.open(asked_by(news)).text


def test_staff_are_not_shown_a_page_that_looks_again_and_again(ada: Customer) -> None:
    """Each look of theirs is recorded, and nobody looked."""
    desk = Browser.signed_in(a_login("teller", Role.TELLER))
    for url in (f"/accounts/{ada.account_id}", f"/accounts/{ada.account_id}/withdraw"):
        assert "seen=" not in desk.open(url).html


@pytest.mark.parametrize("seen", ["", "0", "x", "1.2.3", "999999999999999999999", "\x00"])
def test_whatever_a_page_says_it_has_seen_it_gets_what_is_so(browser: Browser, ada: Customer, seen: str) -> None:
    for url in ("/balances", f"/accounts/{ada.account_id}/balance"):
        page = Page(browser.client.get(url, {"seen": seen}), url)
        assert page.status == 200
        assert "€500.00" in page.text


def test_who_was_signed_out_meanwhile_is_led_to_the_sign_in(browser: Browser, ada: Customer) -> None:
    url = asked_by(browser.open("/"))
    browser.client.logout()
    answer = browser.open(url, **{"HX-Request": "true"})
    assert (answer.status, answer.response.headers["HX-Refresh"]) == (204, "true")


def test_who_fills_in_a_form_keeps_it_when_signed_out_meanwhile(browser: Browser, ada: Customer) -> None:
    url = unescape(asked_by(browser.open(f"/accounts/{ada.account_id}/withdraw")))
    browser.client.logout()
    answer = browser.open(url, **{"HX-Request": "true"})
    assert answer.status == 204
    assert "HX-Refresh" not in answer.response.headers
