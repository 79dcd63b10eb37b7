"""Whose an account is, is for its holder to tell: a transfer tells customers no more than they knew."""

import pytest

from bank.identity.models import Role
from tests.web.drafting import drafted, path
from tests.web.pages import Browser
from tests.web.people import Customer, a_login, add_payee

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_customer_who_types_an_iban_is_told_that_it_is_an_account_and_not_whose(
    browser: Browser, ada: Customer, grace: Customer
) -> None:
    hint = browser.post("/iban-hint", {"iban": grace.account.iban})
    check = drafted(browser, ada, "transfer", to="iban", iban=grace.account.iban, amount="5")
    receipt = browser.follow(browser.send(check, "Transfer now"))
    assert "This is an account at this bank." in hint.text
    for page in (hint, check, receipt):
        assert "Hopper" not in page.html
        assert "Everyday grace" not in page.html


def test_a_payee_goes_by_the_name_that_the_customer_gave(browser: Browser, ada: Customer, grace: Customer) -> None:
    payee = add_payee(ada.customer_id, "Aunt G.", grace.account.iban)
    for fields in ({"to": f"payee:{payee}"}, {"to": "iban", "iban": grace.account.iban}):
        check = drafted(browser, ada, "transfer", amount="5", **fields)
        receipt = browser.follow(browser.send(check, "Transfer now"))
        for page in (check, receipt):
            assert "Aunt G." in page.text
            assert "Hopper" not in page.html


def test_staff_are_told_whose_account_it_is(ada: Customer, grace: Customer) -> None:
    desk = Browser.signed_in(a_login("teller", Role.TELLER))
    assert "Grace Hopper" in desk.post("/iban-hint", {"iban": grace.account.iban}).text
    check = drafted(desk, ada, "transfer", to="iban", iban=grace.account.iban, amount="5")
    assert "Grace Hopper" in check.text
    assert "Grace Hopper" in desk.follow(desk.send(check, "Transfer now")).text


@pytest.mark.parametrize(
    ("iban", "says"), [("", ""), ("LU28", "Not a valid IBAN"), ("DE89370400440532013000", "No acc")]
)
def test_what_is_no_account_is_said_while_it_is_typed(browser: Browser, ada: Customer, iban: str, says: str) -> None:
    assert says in browser.post("/iban-hint", {"iban": iban}).text
    assert browser.open(path(ada, "transfer")).status == 200
