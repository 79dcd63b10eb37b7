"""What a stale page says: which events came since it was opened, by whom, and what they moved."""

import pytest

from accounts.account_commands import FreezeAccount, SetOverdraftLimit, UnfreezeAccount, Withdraw
from accounts.handler import Actor, handle
from accounts.money import Money
from bank.identity import policy
from bank.identity.models import Role
from bank.web.formats import MINUS
from ledger.reading import read_stream
from tests.spec import envelope
from tests.steps import deposit, do, transfer, withdraw
from tests.web.drafting import drafted, path
from tests.web.pages import Browser, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)


def told_after(browser: Browser, check_page: object, button: str = "Withdraw now") -> str:
    """The text of the page that the stale page leads to."""
    return str(browser.follow(browser.send(check_page, button)).text)  # type: ignore[arg-type]


def test_each_event_is_told_with_its_amount_and_who_did_it(browser: Browser, ada: Customer, grace: Customer) -> None:
    teller = a_login("teller", Role.TELLER)
    check = drafted(browser, ada)
    own = Withdraw(account_id=ada.account_id, amount=Money(40_00, "EUR"), **envelope())
    handle(own, by=policy.actor_of(ada.user, "api"))
    do(transfer(grace.account_id, ada.account_id, 7_00))
    limit = SetOverdraftLimit(account_id=ada.account_id, overdraft_limit=Money(25_00, "EUR"), **envelope())
    handle(limit, by=policy.actor_of(teller, "web"))
    told = told_after(browser, check)
    assert "changed since you opened this page" in told
    assert "was €500.00 then and is €467.00 now" in told
    assert f"Withdrawal: minus {MINUS} €40.00 , by you" in told
    assert "From Grace Hopper: plus + €7.00 , " in told
    assert "Overdraft limit set: €25.00 , by the bank" in told
    assert "teller" not in told


def test_what_happened_while_the_form_was_filled_in_is_told_on_the_check_page(browser: Browser, ada: Customer) -> None:
    form = browser.open(path(ada, "withdraw"))
    do(deposit(ada.account_id, 40_00))
    check = browser.follow(browser.send(form, "Continue", amount="100"))
    assert "was €500.00 then and is €540.00 now" in check.text
    assert "Deposit: plus + €40.00 , by the bank" in check.text
    assert "€440.00" in browser.follow(browser.send(check, "Withdraw now")).text
    assert ada.account.balance_minor == 440_00


def test_a_page_that_is_not_stale_tells_of_no_change(browser: Browser, ada: Customer) -> None:
    do(deposit(ada.account_id, 40_00))
    assert "has changed" not in drafted(browser, ada).text


def test_a_form_sent_again_after_a_mistake_is_as_old_as_its_last_page(browser: Browser, ada: Customer) -> None:
    form = browser.open(path(ada, "withdraw"))
    do(deposit(ada.account_id, 40_00))
    again = browser.send(form, "Continue", amount="x")
    assert "€540.00" in again.text
    assert "has changed" not in browser.follow(browser.send(again, "Continue", amount="1")).text


def test_the_same_balance_after_two_changes_is_said_to_be_the_same(browser: Browser, ada: Customer) -> None:
    check = drafted(browser, ada)
    do(FreezeAccount(account_id=ada.account_id, **envelope()))
    do(UnfreezeAccount(account_id=ada.account_id, **envelope()))
    told = told_after(browser, check)
    assert "The balance is the same, €500.00" in told
    assert told.index("Account unfrozen") < told.index("Account frozen")


def test_of_many_changes_the_last_are_told_and_the_others_counted(browser: Browser, ada: Customer) -> None:
    check = drafted(browser, ada)
    for number in range(7):
        do(withdraw(ada.account_id, 1_00, counterparty=f"Shop {number}"))
    told = told_after(browser, check)
    assert [f"Shop {number}" in told for number in range(7)] == [False] * 2 + [True] * 5
    assert "2 more changes before" in told


def test_staff_are_told_who(ada: Customer) -> None:
    teller, other = a_login("teller", Role.TELLER), a_login("otto", Role.TELLER)
    desk = Browser.signed_in(teller)
    check = drafted(desk, ada, "freeze", reason="Lost card")
    taking = Withdraw(account_id=ada.account_id, amount=Money(1_00, "EUR"), **envelope())
    handle(taking, by=policy.actor_of(ada.user, "web"))
    putting = deposit(ada.account_id, 2_00)
    handle(putting, by=policy.actor_of(other, "web"))
    told = told_after(desk, check, "Freeze account")
    assert "by the customer" in told
    assert "by otto" in told


def test_what_no_user_did_was_done_by_the_bank(browser: Browser, ada: Customer) -> None:
    check = drafted(browser, ada)
    for actor in ("system:import", "user:", "user:x", "user:999999999"):
        handle(deposit(ada.account_id, 1), by=Actor(id=actor, channel="job"))
    assert told_after(browser, check).count("by the bank") == 4


def test_the_same_page_sent_twice_though_stale_makes_one_event(browser: Browser, ada: Customer) -> None:
    check = drafted(browser, ada)
    do(deposit(ada.account_id, 40_00))
    told = browser.follow(browser.send(check, "Withdraw now"))
    first, second = browser.send(told, "Withdraw now"), browser.send(told, "Withdraw now")
    assert location(first) == location(second)
    assert [e.type for e in read_stream(ada.account_id)].count("WithdrawalMade") == 1


def test_a_form_of_another_account_is_refused(browser: Browser, ada: Customer, grace: Customer) -> None:
    teller = Browser.signed_in(a_login("teller", Role.TELLER))
    ticket = teller.open(path(grace, "withdraw")).form("Continue").fields["ticket"]
    page = teller.send(teller.open(path(ada, "withdraw")), "Continue", ticket=ticket, amount="1")
    assert page.status == 400
