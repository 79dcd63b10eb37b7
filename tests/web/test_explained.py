"""Explain this balance: every event from the opening on, none twice, none left out, and a sum that is the balance."""

import re
from typing import get_args

import pytest

from accounts.account import AccountEvent
from accounts.account_commands import FreezeAccount, SetOverdraftLimit
from accounts.money import Money
from bank.identity.models import Role
from bank.web.formats import MINUS
from bank.web.pages.explanation import EVENT_WORDS, PAGE_SIZE
from ledger.ids import new_id
from ledger.runner import drain
from readmodels.balances import AccountRow
from readmodels.movements import KINDS
from tests.spec import envelope
from tests.steps import an_account, do, transfer, withdraw
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = 2 * PAGE_SIZE + 12


@pytest.fixture
def busy(ada: Customer) -> str:
    """Ada's account after so many withdrawals of a cent that it has EVENTS events; half of them in the read model."""
    for number in range(EVENTS - 2):
        do(withdraw(ada.account_id, 1, reference=f"Cent {number + 3}"))
        if number == EVENTS // 2:
            drain()
    return f"/accounts/{ada.account_id}"


def events_of(page: Page) -> list[int]:
    return [int(number) for number in re.findall(r"Event (\d+)", page.text)]


def sum_of(page: Page) -> str:
    """The amount of the last line of the table."""
    foot = page.html.partition("<tfoot")[2].partition("</tfoot>")[0]
    found = re.search(r'<data class="[^"]*" value="([^"]*)"', foot)
    assert found
    return found[1]


def test_the_account_page_leads_to_every_event_from_the_opening_to_now(browser: Browser, ada: Customer) -> None:
    do(withdraw(ada.account_id, 12_34, reference="Shoes"))
    page = browser.open(browser.open(f"/accounts/{ada.account_id}").link("Explain this balance"))
    assert page.status == 200
    assert events_of(page) == [1, 2, 3]
    for words in ("3 events make this balance", "Account opened", "Deposit", "Shoes", f"{MINUS} €12.34", "€487.66"):
        assert words in page.text
    assert sum_of(page) == "487.66"
    assert "Balance Sum of all 3 events" in page.text
    assert "Show later events" not in page.links


def test_an_account_that_was_only_opened_is_explained_by_that(browser: Browser, ada: Customer) -> None:
    empty = an_account(customer_id=ada.customer_id)
    page = browser.open(f"/accounts/{empty}/explained")
    assert "One event makes this balance" in page.text
    assert sum_of(page) == "0.00"


def test_a_movement_leads_to_the_events_up_to_it_and_no_further(browser: Browser, ada: Customer) -> None:
    for _ in range(3):
        do(withdraw(ada.account_id, 1_00))
    movement = browser.open(f"/accounts/{ada.account_id}/movements/4")
    page = browser.open(movement.link("Explain this balance"))
    assert events_of(page) == [1, 2, 3, 4]
    assert sum_of(page) == "498.00"


def test_each_event_leads_to_its_own_page(browser: Browser, ada: Customer, grace: Customer) -> None:
    do(transfer(ada.account_id, grace.account_id, 30_00))
    do(SetOverdraftLimit(account_id=ada.account_id, overdraft_limit=Money(75_00, "EUR"), **envelope()))
    page = browser.open(f"/accounts/{ada.account_id}/explained")
    assert "AccountOpened" in browser.open(page.link("Account opened")).text
    assert "TransferSent" in browser.open(page.link("To Grace Hopper")).text
    limit = browser.open(page.link("Overdraft limit set"))
    assert "€75.00" in limit.text
    assert "Number 4" in limit.text


def test_a_long_history_comes_by_keyset_and_each_page_carries_its_sum_forward(browser: Browser, busy: str) -> None:
    seen: list[int] = []
    carried = "0.00"
    page = browser.open(f"{busy}/explained")
    while True:
        if seen:
            assert f"Brought forward {len(seen)} events before these" in page.text
            assert f'value="{carried}"' in page.html
        seen += events_of(page)
        carried = sum_of(page)
        if "Show later events" not in page.links:
            break
        assert f"Carried forward Sum of events 1 to {len(seen)}" in page.text
        page = browser.open(page.link("Show later events"))
    assert seen == list(range(1, EVENTS + 1))
    assert carried == f"{500 - (EVENTS - 2) / 100:.2f}"


def test_the_last_events_are_one_step_away_and_so_is_the_opening(browser: Browser, busy: str) -> None:
    last = browser.open(browser.open(f"{busy}/explained").link("The last events"))
    assert events_of(last) == list(range(EVENTS - PAGE_SIZE + 1, EVENTS + 1))
    assert f"Sum of all {EVENTS} events" in last.text
    assert events_of(browser.open(last.link("From the opening")))[0] == 1


def test_a_balance_that_the_events_do_not_make_is_said_to_be_wrong(browser: Browser, ada: Customer) -> None:
    url = f"/accounts/{ada.account_id}/explained"
    assert "which is not the balance" not in browser.open(url).text
    AccountRow.objects.filter(account_id=ada.account_id).update(balance_minor=500_01)
    page = browser.open(url)
    assert "add up to €500.00 , which is not the balance" in page.text.replace("€500.00,", "€500.00 ,")


@pytest.mark.parametrize("query", ["after=2", "after=99999999999999", "after=-1", "after=x", "after=%C2%B2", "after="])
def test_a_page_that_begins_nowhere_is_not_found(browser: Browser, ada: Customer, query: str) -> None:
    assert browser.open(f"/accounts/{ada.account_id}/explained?{query}").status == 404


def test_there_is_no_page_of_an_event_that_is_not_there(browser: Browser, ada: Customer) -> None:
    for position in (0, 3, 99999999999):
        assert browser.open(f"/accounts/{ada.account_id}/events/{position}").status == 404
        assert browser.open(f"/accounts/{ada.account_id}/movements/{position}/explained").status == 404
    assert browser.open(f"/accounts/{ada.account_id}/movements/1/explained").status == 404  # it moved nothing
    assert browser.open(f"/accounts/{new_id()}/events/1").status == 404


def test_an_event_that_moved_money_has_the_page_of_its_movement(browser: Browser, ada: Customer) -> None:
    page = browser.open(f"/accounts/{ada.account_id}/events/2")
    assert location(page) == f"/accounts/{ada.account_id}/movements/2"


def test_why_staff_froze_an_account_is_for_staff_to_read(browser: Browser, ada: Customer) -> None:
    do(FreezeAccount(account_id=ada.account_id, reason="Court order 7", **envelope()))
    url = f"/accounts/{ada.account_id}/events/3"
    assert "Account frozen" in browser.open(url).text
    assert "Court order 7" not in browser.open(url).text
    assert "Sent by" not in browser.open(url).text
    desk = Browser.signed_in(a_login("desk", Role.TELLER))
    assert "Court order 7" in desk.open(url).text


def test_every_event_of_an_account_is_a_movement_or_has_words() -> None:
    assert len(get_args(AccountEvent)) == len(EVENT_WORDS) + len(KINDS)
    assert set(EVENT_WORDS) <= set(get_args(AccountEvent))
