"""Balances that change while one looks, in a real browser: the page follows, quietly, and only while it is seen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Person
from tests.steps import an_account, deposit, do, withdraw
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
Somebody = Callable[..., Person]
AWAIT_MS = 30_000
COUNT = "() => { window.sent = 0; document.addEventListener('htmx:beforeSend', () => window.sent++); }"
# The tab goes out of sight, or comes back: how many questions that made the page ask.
TURN = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  window.sent = 0;
  document.dispatchEvent(new Event("visibilitychange"));
  return window.sent;
}"""


def test_the_account_page_shows_what_came_says_so_and_keeps_the_focus(somebody: Somebody, ada: Customer) -> None:
    person = somebody(signed_in=ada.user)
    person.open(f"/accounts/{ada.account_id}")
    person.page.get_by_role("link", name="Explain this balance").focus()
    do(deposit(ada.account_id, 40_00))
    news = person.page.locator("#balance-news[role=status]")
    expect(news).to_contain_text("The balance is €540.00 now.", timeout=AWAIT_MS)
    expect(person.page.locator("#balance .amount")).to_have_text("€540.00")
    expect(person.page.get_by_role("link", name="Explain this balance")).to_be_focused()
    assert person.barriers() == []
    person.go("Show what happened")
    expect(news).to_be_empty()
    expect(person.page.locator("#movement-rows tr")).to_have_count(2)


def test_the_overview_shows_what_came_and_keeps_the_focus(somebody: Somebody, ada: Customer) -> None:
    savings = an_account(10_00, customer_id=ada.customer_id, name="Savings")
    person = somebody(signed_in=ada.user)
    person.page.get_by_role("link", name="Savings", exact=True).focus()
    do(withdraw(savings, 3_00))
    news = person.page.locator("#balance-news[role=status]")
    expect(news).to_contain_text("Savings has changed: the balance is €7.00 now.", timeout=AWAIT_MS)
    expect(person.page.get_by_role("link", name="Savings", exact=True)).to_be_focused()
    assert person.barriers() == []


def test_the_form_of_a_task_follows_the_balance_and_keeps_what_is_typed(somebody: Somebody, ada: Customer) -> None:
    person = somebody(signed_in=ada.user)
    person.open(f"/accounts/{ada.account_id}/withdraw")
    person.fill("Amount", "520")
    do(deposit(ada.account_id, 40_00))
    expect(person.page.get_by_role("status")).to_contain_text("€540.00 available", timeout=AWAIT_MS)
    expect(person.page.get_by_label("Amount")).to_have_value("520")
    expect(person.page.get_by_label("Amount")).to_be_focused()
    assert person.barriers() == []


def test_a_tab_that_nobody_sees_asks_nothing_and_asks_at_once_when_it_is_seen_again(
    somebody: Somebody, ada: Customer
) -> None:
    person = somebody(signed_in=ada.user)
    person.open(f"/accounts/{ada.account_id}")
    do(deposit(ada.account_id, 40_00))
    person.page.evaluate(COUNT)
    assert person.page.evaluate(TURN, True) == 0
    assert person.page.evaluate(TURN, False) == 1
    expect(person.page.locator("#balance .amount")).to_have_text("€540.00")


def test_without_scripts_the_page_is_as_it_was_and_right_when_it_is_opened_again(
    somebody: Somebody, ada: Customer
) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=False)
    person.open(f"/accounts/{ada.account_id}")
    do(deposit(ada.account_id, 40_00))
    person.page.reload()
    person.sees("€540.00")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_notifications_lead_to_receipts_and_go_on(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    for number in range(30):
        do(deposit(ada.account_id, 1_00, counterparty=f"Shop {number:02}"))
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Notifications")
    rows = person.page.locator("#notice-rows tr")
    expect(rows).to_have_count(25)
    person.go("Show older notifications")
    person.sees("Account opened")
    expect(rows).to_have_count(32 if scripts else 7)
    person.go("Account opened")
    person.sees("Its event")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_account_gets_another_name(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.open(f"/accounts/{ada.account_id}")
    person.go("Rename account")
    person.fill("New name", "Holidays")
    person.press("Continue")
    person.press("Rename account")
    person.sees("Account renamed")
    person.go("Go to Holidays")
    assert person.heading == "Holidays"
