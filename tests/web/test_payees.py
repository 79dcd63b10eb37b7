"""Payees: added with a check of the name that never tells whose the account is, paid by a choice, removed."""

import pytest

from accounts.customer import ErasePersonalData
from bank.web.name_check import Fit, fit_of
from ledger.ids import new_id
from readmodels import payees
from tests.spec import envelope
from tests.steps import do
from tests.web.pages import Browser
from tests.web.people import Customer, add_payee

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("typed", "fit"),
    [
        ("Grace Hopper", Fit.MATCHES),
        ("hopper,  GRACE", Fit.MATCHES),
        ("Gráce Hopper", Fit.MATCHES),
        ("Grace Hoper", Fit.CLOSE),
        ("Grace", Fit.DIFFERENT),
        ("Ada Lovelace", Fit.DIFFERENT),
        ("...", Fit.DIFFERENT),
    ],
)
def test_a_name_fits_well_or_nearly_or_not(typed: str, fit: Fit) -> None:
    assert fit_of(typed, "Grace Hopper") is fit


def test_a_part_of_a_long_name_is_close_and_two_strangers_are_not() -> None:
    assert fit_of("Grace Hopper", "Grace Brewster Murray Hopper") is Fit.CLOSE
    assert fit_of("Grace Hopper", "") is Fit.DIFFERENT


@pytest.mark.parametrize(
    ("typed", "words"), [("grace hopper", "Matches"), ("Grase Hopper", "Close"), ("Bob", "Does not match")]
)
def test_the_check_says_how_well_the_name_fits_and_never_whose_it_is(
    browser: Browser, grace: Customer, typed: str, words: str
) -> None:
    form = browser.open("/payees/add")
    assert {"name", "iban"} <= form.form("Continue").fields.keys()
    check = browser.follow(browser.send(form, "Continue", name=typed, iban=grace.account.iban))
    assert f"Name check {words}" in check.text
    assert "Grace Hopper" not in check.html
    receipt = browser.follow(browser.send(check, "Add payee"))
    assert "Payee added" in receipt.text
    assert "Grace Hopper" not in receipt.html
    page = browser.open(receipt.link("Go to the payees"))
    assert typed in page.text
    assert "Grace Hopper" not in page.html


def test_a_payee_is_removed(browser: Browser, ada: Customer, grace: Customer) -> None:
    payee_id = add_payee(ada.customer_id, "Gracie", grace.account.iban)
    check = browser.follow(browser.open(f"/payees/{payee_id}/remove"))
    assert "Payee removed" in browser.follow(browser.send(check, "Remove payee")).text
    assert "You keep no payees yet." in browser.open("/payees").text
    assert browser.open(f"/payees/{payee_id}/remove").status == 404


def test_a_payee_is_added_once_and_only_with_an_account_of_this_bank(
    browser: Browser, ada: Customer, grace: Customer
) -> None:
    add_payee(ada.customer_id, "Gracie", grace.account.iban)
    for iban, words in {
        grace.account.iban: "This IBAN is among the payees already.",
        "LU280019400644750000": "No account of this bank has this IBAN",
        "LU00": "Not a valid IBAN",
    }.items():
        page = browser.send(browser.open("/payees/add"), "Continue", name="Gracie", iban=iban)
        assert page.status == 422
        assert words in page.text
    assert browser.send(browser.open("/payees/add"), "Continue", name="", iban="").status == 422


def test_a_transfer_offers_payees_to_their_customer_alone(browser: Browser, ada: Customer, grace: Customer) -> None:
    payee_id = add_payee(ada.customer_id, "Gracie", grace.account.iban)
    url = f"/accounts/{ada.account_id}/transfer"
    assert "Gracie" in browser.open(url).text
    assert "Transfer done" in browser.do(url, "Transfer now", to=f"payee:{payee_id}", amount="5").text
    assert grace.account.balance_minor == 105_00
    others = Browser.signed_in(grace.user)
    theirs = f"/accounts/{grace.account_id}/transfer"
    assert "Gracie" not in others.open(theirs).text
    for to in (f"payee:{payee_id}", f"payee:{new_id()}", "payee:", "payee:x"):
        assert others.send(others.open(theirs), "Continue", to=to, amount="5").status == 422


def test_payees_are_gone_when_their_customer_is_erased(ada: Customer, grace: Customer) -> None:
    add_payee(ada.customer_id, "Gracie", grace.account.iban)
    assert [payee.name for payee in payees.of_customer(ada.customer_id)] == ["Gracie"]
    do(ErasePersonalData(customer_id=ada.customer_id, **envelope()))
    assert payees.of_customer(ada.customer_id) == []


def test_a_removed_payee_of_an_open_transfer_is_not_paid(browser: Browser, ada: Customer, grace: Customer) -> None:
    payee_id = add_payee(ada.customer_id, "Gracie", grace.account.iban)
    url = f"/accounts/{ada.account_id}/transfer"
    check = browser.follow(browser.send(browser.open(url), "Continue", to=f"payee:{payee_id}", amount="5"))
    removal = browser.follow(browser.open(f"/payees/{payee_id}/remove"))
    browser.send(removal, "Remove payee")
    assert browser.send(check, "Transfer now").status == 400
    assert grace.account.balance_minor == 100_00
