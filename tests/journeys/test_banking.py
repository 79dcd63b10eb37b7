"""People at the bank, in a real browser, with scripts and without."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.account_commands import FreezeAccount
from bank.identity.models import User
from ledger.reading import read_stream
from ledger.runner import drain
from tests.journeys.person import Person
from tests.spec import envelope
from tests.steps import an_account, deposit, do
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
Somebody = Callable[..., Person]
both = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


def withdrawals_of(customer: Customer) -> int:
    return sum(event.type == "WithdrawalMade" for event in read_stream(customer.account_id))


@both
def test_ada_deposits_withdraws_and_sends_money_to_grace(
    somebody: Somebody, ada: Customer, grace: Customer, scripts: bool
) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    assert person.heading == "Hello, Ada Lovelace"

    person.go("Deposit money")
    person.fill("Amount", "50")
    person.press("Continue")
    person.press("Deposit now")
    person.sees("Deposit done")
    person.sees("€550.00")

    person.go("Overview")
    person.go("Withdraw money")
    person.fill("Amount", "30.50")
    person.press("Continue")
    person.press("Withdraw now")
    person.sees("Withdrawal done")

    person.go("Transfer")
    person.page.get_by_label("Another account, by its IBAN").check(force=True)
    person.fill("IBAN", grace.account.iban)
    if scripts:
        person.sees("This is an account at this bank.")
    person.fill("Amount", "19.50")
    person.fill("Reference (optional)", "Lunch")
    person.press("Continue")
    person.sees("An account at this bank")
    person.press("Transfer now")
    person.sees("Transfer done")
    person.sees("€500.00")

    assert (ada.account.balance_minor, grace.account.balance_minor) == (500_00, 119_50)
    other = somebody(signed_in=grace.user, java_script_enabled=scripts)
    other.sees("€119.50")
    other.sees("From Ada Lovelace")
    person.press("Sign out")
    assert person.heading == "Sign in"


@both
def test_a_double_click_makes_one_event(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "10")
    person.press("Continue")
    person.page.get_by_role("button", name="Withdraw now").dblclick(no_wait_after=True)
    person.sees("Withdrawal done")
    assert withdrawals_of(ada) == 1
    assert ada.account.balance_minor == 490_00


@both
def test_the_back_button_is_safe(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "10")
    person.press("Continue")
    person.press("Withdraw now")
    person.sees("Withdrawal done")
    person.page.go_back()
    person.sees("This was already done")
    person.go("See the receipt")
    person.sees("Withdrawal done")
    assert withdrawals_of(ada) == 1


@both
def test_a_page_that_went_stale_says_what_changed_and_lets_one_go_on(
    somebody: Somebody, ada: Customer, scripts: bool
) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "10")
    person.press("Continue")
    do(deposit(ada.account_id, 7_00))
    person.press("Withdraw now")
    person.sees("The account has changed since you opened this page.")
    expect(person.page.locator(".notice[autofocus]")).to_be_focused()
    person.press("Withdraw now")
    person.sees("Withdrawal done")
    assert ada.account.balance_minor == 497_00


@both
def test_a_refusal_takes_the_focus_and_keeps_the_values(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "501")
    person.fill("Reference (optional)", "Rent")
    person.press("Continue")
    summary = person.page.get_by_role("alert")
    assert "The balance does not cover this: 500.00 EUR available." in summary.inner_text()
    if scripts:  # only then can the test ask what has the focus
        assert summary.evaluate("e => e === document.activeElement")
    person.go("The balance does not cover this: 500.00 EUR available.")
    person.page.keyboard.type("")
    assert person.page.get_by_label("Reference (optional)").input_value() == "Rent"
    person.fill("Amount", "500")
    person.press("Continue")
    person.press("Withdraw now")
    person.sees("Withdrawal done")
    assert ada.account.balance_minor == 0


@both
def test_a_transfer_by_keyboard_alone(somebody: Somebody, ada: Customer, grace: Customer, scripts: bool) -> None:
    savings = an_account(customer_id=ada.customer_id, name="Savings")
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.open(f"/accounts/{ada.account_id}/transfer")
    keyboard = person.page.keyboard

    def tab_to(selector: str) -> None:
        for _ in range(30):
            if person.page.locator(f"{selector}:focus").count():
                return
            keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    keyboard.press("Tab")
    expect(person.page.locator(":focus")).to_have_text("Skip to the content")
    keyboard.press("Enter")
    tab_to(f"#to-{savings}")
    keyboard.press("Space")
    tab_to("#id_amount")
    keyboard.type("25")
    keyboard.press("Enter")
    person.sees("Check the transfer")
    tab_to("main button")
    keyboard.press("Enter")
    person.sees("Transfer done")
    assert ada.account.balance_minor == 475_00


@both
def test_older_movements_and_filters(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    for number in range(40):
        do(deposit(ada.account_id, 1_00, reference=f"Gift {number:02d}"))
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.open(f"/accounts/{ada.account_id}")
    rows = person.page.locator("#movement-rows tr")
    expect(rows).to_have_count(25)
    person.go("Show older movements")
    person.sees("Gift 00")
    expect(rows).to_have_count(41 if scripts else 16)
    person.fill("Search", "Gift 07")
    person.press("Search")
    person.page.wait_for_url(re.compile("q=Gift(%20|[+])07"))
    expect(rows).to_have_count(1)
    person.page.go_back()
    expect(rows).not_to_have_count(1)
    assert "q=" not in person.page.url


def test_a_filter_that_cannot_be_used_is_said_also_in_a_swap(somebody: Somebody, ada: Customer) -> None:
    person = somebody(signed_in=ada.user)
    person.open(f"/accounts/{ada.account_id}")
    person.page.get_by_text("More filters").click()
    person.fill("At least", "much")
    person.press("Search")
    person.sees("At least: Enter an amount in digits")
    expect(person.page.get_by_role("alert")).to_be_focused()


def test_where_a_swap_fails_the_plain_link_goes_its_way(somebody: Somebody, ada: Customer) -> None:
    for number in range(30):
        do(deposit(ada.account_id, 1_00, reference=f"Gift {number:02d}"))
    person = somebody(signed_in=ada.user)
    person.open(f"/accounts/{ada.account_id}")
    person.context.route(
        "**/*before=*", lambda route: route.abort() if route.request.headers.get("hx-request") else route.continue_()
    )
    person.go("Show older movements")
    person.page.wait_for_url("**before=*")
    person.sees("Gift 00")
    person.complaints.clear()  # the browser's own note of the request that was cut


def test_the_theme_follows_the_system_and_can_be_chosen_without_scripts(somebody: Somebody) -> None:
    person = somebody(java_script_enabled=False, color_scheme="dark")
    person.open("/sign-in")

    def ground() -> str:
        return str(person.page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor"))

    dark = ground()
    person.press("Light")
    light = ground()
    person.press("System")
    assert ground() == dark
    assert light != dark


def test_the_daily_flows_refresh_themselves(somebody: Somebody, ada: Customer, teller: User) -> None:
    do(deposit(ada.account_id, 42_00, at=timezone.now()))
    drain()
    person = somebody(signed_in=teller)
    person.open("/reports/daily-flows")
    person.sees("€42.00")
    do(deposit(ada.account_id, 77_00, at=timezone.now()))
    drain()
    person.sees("€119.00")


@both
def test_the_teller_freezes_and_the_customer_is_told_why_nothing_goes_out(
    somebody: Somebody, ada: Customer, teller: User, scripts: bool
) -> None:
    desk = somebody(signed_in=teller, java_script_enabled=scripts)
    desk.fill("Name, email or IBAN", "lovelace")
    desk.press("Find customer")
    desk.go("Ada L•••")
    desk.go("Everyday ada")
    desk.go("Freeze account")
    desk.fill("Reason", "Card reported stolen")
    desk.press("Continue")
    desk.press("Freeze account")
    assert desk.heading == "Account frozen"
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Everyday ada")
    person.sees("Frozen")
    person.sees("The account is frozen: money can come in, but not go out.")
    expect(person.page.get_by_role("link", name="Withdraw money")).to_have_count(0)


def test_registered_and_served_on_one_day(somebody: Somebody, teller: User) -> None:
    desk = somebody(signed_in=teller)
    desk.go("Register customer")
    desk.fill("Name", "Edsger Dijkstra")
    desk.press("Continue")
    desk.press("Register customer")
    desk.go("Open an account")
    desk.fill("Name of the account", "Everyday")
    desk.press("Continue")
    desk.press("Open account")
    desk.go("Go to Everyday")
    desk.go("Deposit money")
    desk.fill("Amount", "100")
    desk.press("Continue")
    desk.press("Deposit now")
    desk.sees("Deposit done")
    desk.sees("€100.00")


@both
def test_an_account_frozen_between_two_pages(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "10")
    person.press("Continue")
    do(FreezeAccount(account_id=ada.account_id, **envelope()))
    person.press("Withdraw now")
    person.sees("The account is frozen")
    expect(person.page.get_by_role("button", name="Withdraw now")).to_have_count(0)
    assert withdrawals_of(ada) == 0
