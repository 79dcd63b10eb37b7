"""A customer's page for staff: every account with its tasks, and why what can't be done can't; closing by checklist."""

import pytest

from accounts.account_commands import CloseAccount, FreezeAccount, SetOverdraftLimit
from accounts.customer import ErasePersonalData
from accounts.money import Money
from bank.identity.models import Role
from bank.web.masking import mask_name
from tests.spec import envelope
from tests.steps import a_customer, an_account, deposit, do, withdraw
from tests.web.pages import Browser
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

DESK = ("Transfer money", "Deposit money", "Withdraw money")
CARE = ("Set overdraft limit", "Freeze account", "Close account")
HOSTILE = '<script>alert(1)</script> O\'Neil & "Sons"'


@pytest.fixture
def teller(bank: None) -> Browser:
    return Browser.signed_in(a_login("teller", Role.TELLER))


class TestTasks:
    def test_an_open_account_offers_the_cash_desk_and_care(self, teller: Browser, ada: Customer) -> None:
        page = teller.open(f"/customers/{ada.customer_id}")
        for words in (*DESK, *CARE, "Open account"):
            assert teller.open(page.link(words)).status == 200, words
        assert "Unfreeze account" not in page.links

    def test_a_frozen_one_offers_what_it_lets_through_and_says_why_not_the_rest(
        self, teller: Browser, ada: Customer
    ) -> None:
        do(FreezeAccount(account_id=ada.account_id, **envelope()))
        page = teller.open(f"/customers/{ada.customer_id}")
        assert {"Deposit money", "Unfreeze account", "Close account"} <= set(page.links)
        assert {"Withdraw money", "Transfer money", "Freeze account"}.isdisjoint(page.links)
        assert "Withdraw money The account is frozen: money can come in, but not go out." in page.text

    def test_a_closed_one_stays_with_its_history(self, teller: Browser, ada: Customer) -> None:
        account_id = an_account(customer_id=ada.customer_id, name="Old")
        do(CloseAccount(account_id=account_id, **envelope()))
        page = teller.open(f"/customers/{ada.customer_id}")
        assert "This account is closed. Its history stays." in page.text
        assert page.link("Old") == f"/accounts/{account_id}"

    def test_each_of_several_accounts_has_its_own(self, teller: Browser, ada: Customer) -> None:
        an_account(customer_id=ada.customer_id, name="Savings")
        page = teller.open(f"/customers/{ada.customer_id}")
        assert page.html.count("/deposit") == 2
        assert page.html.count("The balance does not cover this") == 2  # nothing can leave the empty one

    def test_a_customer_without_accounts_is_offered_one(self, teller: Browser) -> None:
        page = teller.open(f"/customers/{a_customer('Nora New')}")
        assert "No account yet." in page.text
        assert "Open account" in page.links

    def test_who_was_erased_holds_no_new_account(self, teller: Browser) -> None:
        customer_id = a_customer("Nora New")
        do(ErasePersonalData(customer_id=customer_id, reason="Asked", **envelope()))
        page = teller.open(f"/customers/{customer_id}")
        assert "Open account" not in page.links
        assert "nobody is left to hold an account" in page.text
        assert "nobody is left to hold an account" in teller.open(f"/customers/{customer_id}/open-account").text

    def test_an_auditor_looks_and_changes_nothing(self, ada: Customer) -> None:
        page = Browser.signed_in(a_login("auditor", Role.AUDITOR)).open(f"/customers/{ada.customer_id}")
        assert "You can look at this customer, but not change anything." in page.text
        assert {*DESK, *CARE, "Open account"}.isdisjoint(page.links)

    def test_hostile_names_are_shown_as_they_are(self, teller: Browser) -> None:
        customer_id = a_customer(HOSTILE)
        an_account(customer_id=customer_id, name=HOSTILE)
        page = teller.open(f"/customers/{customer_id}")
        assert "<script>alert" not in page.html
        assert page.text.count(HOSTILE) >= 2


class TestClosing:
    def test_what_is_left_is_to_be_paid_out_or_transferred_first(self, teller: Browser, ada: Customer) -> None:
        url = f"/accounts/{ada.account_id}"
        page = teller.open(f"{url}/close")
        assert "To do first The balance is zero There are €500.00 left" in page.text
        assert "Nothing is held Done" in page.text
        assert (page.link("Withdraw money"), page.link("Transfer money")) == (f"{url}/withdraw", f"{url}/transfer")
        assert "Continue" not in page.text

    def test_what_is_owed_is_to_be_taken_in_first(self, teller: Browser, ada: Customer) -> None:
        do(SetOverdraftLimit(account_id=ada.account_id, overdraft_limit=Money(100_00, "EUR"), **envelope()))
        do(withdraw(ada.account_id, 540_00))
        page = teller.open(f"/accounts/{ada.account_id}/close")
        assert "The customer owes €40.00 : take that in first." in page.text
        assert "Deposit money" in page.links
        assert "Withdraw money" not in page.links

    def test_what_a_frozen_account_holds_is_to_be_let_out_first(self, teller: Browser, ada: Customer) -> None:
        do(FreezeAccount(account_id=ada.account_id, **envelope()))
        page = teller.open(f"/accounts/{ada.account_id}/close")
        assert "Money can go out The account is frozen" in page.text
        assert "Unfreeze account" in page.links
        assert {"Withdraw money", "Transfer money"}.isdisjoint(page.links)

    def test_sending_the_form_all_the_same_changes_nothing(self, teller: Browser, ada: Customer) -> None:
        do(withdraw(ada.account_id, 500_00))
        form = teller.open(f"/accounts/{ada.account_id}/close")
        do(deposit(ada.account_id, 1_00))
        page = teller.send(form, "Continue", reason="Now")
        assert page.status == 422
        assert "The balance must be zero before the account can be closed" in page.text
        assert "Continue" not in page.text
        assert ada.account.status == "open"

    def test_money_that_came_in_meanwhile_stops_it(self, teller: Browser, ada: Customer) -> None:
        do(withdraw(ada.account_id, 500_00))
        form = teller.open(f"/accounts/{ada.account_id}/close")
        assert "Nothing stands in the way" in form.text
        check = teller.follow(teller.send(form, "Continue", reason="Moved away"))
        teller.do(f"/accounts/{ada.account_id}/deposit", "Deposit now", amount="1")
        again = teller.follow(teller.send(check, "Close account for ever"))
        assert "The balance must be zero before the account can be closed: it is 1.00 EUR." in again.text
        assert ada.account.status == "open"

    def test_a_frozen_account_without_money_is_closed(self, teller: Browser, ada: Customer) -> None:
        account_id = an_account(customer_id=ada.customer_id)
        do(FreezeAccount(account_id=account_id, **envelope()))
        receipt = teller.do(f"/accounts/{account_id}/close", "Close account for ever", reason="Moved away")
        assert "Account closed" in receipt.text

    def test_a_closed_account_has_no_way_there(self, teller: Browser, ada: Customer) -> None:
        account_id = an_account(customer_id=ada.customer_id)
        do(CloseAccount(account_id=account_id, **envelope()))
        page = teller.open(f"/accounts/{account_id}/close")
        assert "The account is closed." in page.text
        assert "Continue" not in page.text


class TestTheSlip:
    def test_it_says_what_a_customer_takes_home_and_no_more(self, ada: Customer) -> None:
        person = a_login("teller", Role.TELLER)
        person.first_name, person.last_name = "Tilly", "Teller"
        person.save()
        teller = Browser.signed_in(person)
        receipt = teller.do(f"/accounts/{ada.account_id}/deposit", "Deposit now", amount="20", reference="<b>Rent</b>")
        slip = teller.open(receipt.link("Print receipt"))
        iban = ada.account.iban
        for words in ("Passbook Cash paid in", "€20.00", f"{iban[:4]} •••• {iban[-4:]}", "€520.00", "<b>Rent</b>",
                      "Tilly Teller", receipt.url.rpartition("/")[2], "UTC"):  # fmt: skip
            assert words in slip.text, words
        for whole in ("Ada Lovelace", iban):
            assert whole not in slip.text
        for inline in (" style=", "<style", " onclick", "<script>"):
            assert inline not in slip.html
        assert (
            "Cash paid out"
            in teller.open(
                teller.do(f"/accounts/{ada.account_id}/withdraw", "Withdraw now", amount="5").link("Print receipt")
            ).text
        )

    def test_it_keeps_the_balance_of_its_moment(self, teller: Browser, ada: Customer) -> None:
        receipt = teller.do(f"/accounts/{ada.account_id}/deposit", "Deposit now", amount="20")
        teller.do(f"/accounts/{ada.account_id}/deposit", "Deposit now", amount="1")
        assert "€520.00" in teller.open(receipt.link("Print receipt")).text

    def test_who_served_oneself_is_named_as_nobodys_teller(self, ada: Customer) -> None:
        browser = Browser.signed_in(ada.user)
        receipt = browser.do(f"/accounts/{ada.account_id}/withdraw", "Withdraw now", amount="5")
        slip = browser.open(receipt.link("Print receipt"))
        assert slip.status == 200
        assert "Served by" not in slip.text

    def test_there_is_none_where_no_cash_moved(self, teller: Browser, ada: Customer) -> None:
        receipt = teller.do(f"/accounts/{ada.account_id}/freeze", "Freeze account", reason="Lost card")
        assert "Print receipt" not in receipt.links
        assert teller.open(f"{receipt.url}/slip").status == 404


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Ada Lovelace", "Ada L•••"),
        ("Ada King Lovelace", "Ada L•••"),
        ("Plato", "P•••"),
        ("<b>x</b>", "<•••"),
        ("(erased)", "(erased)"),
        ("", ""),
    ],
)
def test_names_are_shortened(name: str, masked: str) -> None:
    assert mask_name(name) == masked
