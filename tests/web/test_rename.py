"""Rename an account: by its owner and by staff, and everywhere at once."""

import pytest

from accounts.account_commands import CloseAccount, FreezeAccount, RenameAccount
from bank.identity.models import Role
from ledger.reading import read_stream
from tests.spec import envelope
from tests.steps import do, withdraw
from tests.web.drafting import drafted, path
from tests.web.pages import Browser
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_checked_then_done_then_receipted(browser: Browser, ada: Customer) -> None:
    form = browser.open(path(ada, "rename"))
    assert form.form("Continue").fields["name"] == "Everyday ada"
    check = browser.follow(browser.send(form, "Continue", name="  Holidays "))
    assert "Holidays" in check.text
    assert "Everyday ada" in check.text
    assert ada.account.name == "Everyday ada"
    receipt = browser.follow(browser.send(check, "Rename account"))
    assert "Account renamed" in receipt.text
    assert "Holidays" in receipt.text
    assert ada.account.name == "Holidays"
    for url in ("/", f"/accounts/{ada.account_id}", path(ada, "withdraw")):
        assert "Holidays" in browser.open(url).text


def test_the_event_is_among_those_that_explain_the_balance_and_has_its_page(browser: Browser, ada: Customer) -> None:
    browser.do(path(ada, "rename"), "Rename account", name="Holidays")
    page = browser.open(browser.open(f"/accounts/{ada.account_id}/explained").link("Account renamed"))
    assert "Holidays" in page.text
    assert "AccountRenamed" in page.text


def test_the_receipt_keeps_the_name_that_was_given_then(browser: Browser, ada: Customer) -> None:
    receipt = browser.do(path(ada, "rename"), "Rename account", name="Holidays")
    do(RenameAccount(account_id=ada.account_id, name="Rainy days", **envelope()))
    assert "New name Holidays" in browser.open(receipt.url).text


def test_the_name_that_it_has_already_is_refused_at_its_field(browser: Browser, ada: Customer) -> None:
    page = browser.send(browser.open(path(ada, "rename")), "Continue", name="Everyday ada")
    assert page.status == 422
    assert "The account has this name already." in page.text
    assert 'aria-invalid="true"' in page.html


@pytest.mark.parametrize("name", ["", "x" * 101, "a\u202eb"])
def test_what_is_no_name_is_marked(browser: Browser, ada: Customer, name: str) -> None:
    page = browser.send(browser.open(path(ada, "rename")), "Continue", name=name)
    assert page.status == 422
    assert 'aria-invalid="true"' in page.html


def test_a_closed_account_keeps_its_name(browser: Browser, ada: Customer) -> None:
    check = drafted(browser, ada, "rename", name="Holidays")
    do(withdraw(ada.account_id, 500_00))
    do(CloseAccount(account_id=ada.account_id, **envelope()))
    told = browser.follow(browser.send(check, "Rename account"))
    assert "The account is closed." in told.text
    assert "Rename account" not in browser.open(f"/accounts/{ada.account_id}").text
    assert ada.account.name == "Everyday ada"


def test_a_frozen_account_can_be_renamed(browser: Browser, ada: Customer) -> None:
    do(FreezeAccount(account_id=ada.account_id, **envelope()))
    browser.do(path(ada, "rename"), "Rename account", name="Holidays")
    assert ada.account.name == "Holidays"


def test_staff_rename_for_a_customer_and_the_event_says_who(ada: Customer) -> None:
    teller = a_login("teller", Role.TELLER)
    desk = Browser.signed_in(teller)
    check = drafted(desk, ada, "rename", name="Holidays")
    assert "Ada Lovelace" in check.text
    desk.send(check, "Rename account")
    event = list(read_stream(ada.account_id))[-1]
    assert (event.type, event.metadata["actor"]) == ("AccountRenamed", f"user:{teller.pk}")


def test_a_hostile_name_stays_text(browser: Browser, ada: Customer) -> None:
    receipt = browser.do(path(ada, "rename"), "Rename account", name="<b onclick=x>Rich</b>")
    for page in (receipt, browser.open("/"), browser.open(f"/accounts/{ada.account_id}")):
        assert "<b onclick" not in page.html
        assert "<b onclick=x>Rich</b>" in page.text
