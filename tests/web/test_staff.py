"""Staff find customers, serve them at the cash desk, and care for their accounts."""

import re

import pytest

from accounts.account_commands import SetOverdraftLimit
from accounts.iban import format_iban
from accounts.money import Money
from bank.identity.models import Role
from bank.web.formats import MINUS
from readmodels import balances, finding
from tests.spec import envelope
from tests.steps import a_customer, an_account, do
from tests.web.pages import Browser, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(bank: None) -> Browser:
    return Browser.signed_in(a_login("teller", Role.TELLER))


def find(teller: Browser, text: str) -> str:
    page = teller.send(teller.open("/customers"), "Find customer", q=text)
    return teller.follow(page).text


class TestFinding:
    @pytest.mark.parametrize("text", ["lovel", "ADA@example", "LOVELACE", "love ada"])
    def test_by_how_words_of_name_or_email_begin(
        self, teller: Browser, ada: Customer, grace: Customer, text: str
    ) -> None:
        found = find(teller, text)
        assert "Ada L•••" in found
        assert "Grace H•••" not in found

    def test_by_iban_with_spaces(self, teller: Browser, ada: Customer, grace: Customer) -> None:
        iban = ada.account.iban
        found = find(teller, f"{iban[:4]} {iban[4:8].lower()} {iban[8:]}")
        assert "Ada L•••" in found
        assert "Grace H•••" not in found

    @pytest.mark.parametrize("text", ["Lovelace", "ada@example.org"])
    def test_what_is_found_is_masked_until_one_opens_the_customer(
        self, teller: Browser, ada: Customer, text: str
    ) -> None:
        sought = teller.follow(teller.send(teller.open("/customers"), "Find customer", q=text))
        found = sought.text.replace(f"“{text}”", "")
        iban = ada.account.iban
        assert "Ada L•••" in found
        assert "a•••@example.org" in found
        assert f"{iban[:4]} •••• {iban[-4:]}" in found
        for whole in ("Lovelace", "ada@example.org", iban, format_iban(iban)):
            assert whole not in found
        opened = teller.open(sought.link("Ada L•••")).text
        for whole in ("Ada Lovelace", "ada@example.org", format_iban(iban)):
            assert whole in opened

    def test_more_than_a_page_goes_on_behind_it(self, teller: Browser) -> None:
        expected = [a_customer(f"Zuse {n:02d}") for n in range(30)]
        page = teller.follow(teller.send(teller.open("/customers"), "Find customer", q="zuse"))
        found = re.findall(r'href="/customers/([0-9a-f-]{36})"', page.html)
        assert len(found) == 25
        more = teller.open(page.link("Show more customers"))
        found += re.findall(r'href="/customers/([0-9a-f-]{36})"', more.html)
        assert found == [str(customer_id) for customer_id in expected]
        assert "Show more customers" not in more.links

    @pytest.mark.parametrize("after", ["x", "7", "%00"])
    def test_an_edited_address_is_nothing(self, teller: Browser, ada: Customer, after: str) -> None:
        find(teller, "Lovelace")
        assert teller.open(f"/customers?after={after}").status == 404

    def test_where_nobody_is_found_it_says_what_to_try(self, teller: Browser, ada: Customer) -> None:
        assert "Try the beginning of the first or the last name" in find(teller, "zuse")

    def test_before_one_searches_it_says_how(self, teller: Browser, ada: Customer) -> None:
        page = teller.open("/customers")
        assert "Type the beginning of a name" in page.text
        assert "Ada" not in page.text

    def test_what_was_typed_is_in_no_address(self, teller: Browser, ada: Customer) -> None:
        page = teller.send(teller.open("/customers"), "Find customer", q="Lovelace")
        assert location(page) == "/customers"

    @pytest.mark.parametrize("text", ["", "a", "x" * 141, "\x00\x00"])
    def test_too_little_and_too_much_is_said(self, teller: Browser, text: str) -> None:
        assert teller.send(teller.open("/customers"), "Find customer", q=text).status == 422

    @pytest.mark.parametrize("text", ["%%", "__", "\\\\", "'; --", "<b>x</b>"])
    def test_signs_of_a_pattern_mean_themselves(self, teller: Browser, ada: Customer, text: str) -> None:
        found = find(teller, text)
        assert "Nobody found" in found
        assert text in found


class TestOnboarding:
    def test_a_customer_is_registered_and_gets_an_account(self, teller: Browser) -> None:
        receipt = teller.do("/customers/register", "Register customer", name="Edsger Dijkstra", email="e@d.example")
        assert "Customer registered" in receipt.text
        opened = teller.do(
            receipt.link("Open an account"), "Open account", name="Everyday", currency="KWD", overdraft_limit="1.5"
        )
        assert "Account opened" in opened.text
        (customer,) = finding.customers("Dijkstra", 5)
        account = balances.of_customer(customer.customer_id)[0]
        assert (account.currency, account.overdraft_limit_minor, account.status) == ("KWD", 1_500, "open")
        assert "KWD 1.500" in opened.text.replace("\xa0", " ")

    def test_registering_twice_by_the_same_form_registers_one(self, teller: Browser) -> None:
        form = teller.open("/customers/register")
        check = teller.follow(teller.send(form, "Continue", name="Edsger Dijkstra"))
        assert location(teller.send(check, "Register customer")) == location(teller.send(check, "Register customer"))
        assert len(finding.customers("Dijkstra", 5)) == 1

    @pytest.mark.parametrize("email", ["nonsense", "a@", "@b", "a b@c.d", "a@b@c"])
    def test_an_email_that_is_none_is_marked(self, teller: Browser, email: str) -> None:
        page = teller.send(teller.open("/customers/register"), "Continue", name="Edsger", email=email)
        assert page.status == 422
        assert "Enter an email address" in page.text

    @pytest.mark.parametrize("currency", ["", "XXX", "eur", "EURO"])
    def test_a_currency_that_is_none_is_marked(self, teller: Browser, ada: Customer, currency: str) -> None:
        form = teller.open(f"/customers/{ada.customer_id}/open-account")
        page = teller.send(form, "Continue", name="X", currency=currency, overdraft_limit="0")
        assert page.status == 422


class TestCashDesk:
    def test_money_is_taken_in_and_paid_out_for_a_customer(self, teller: Browser, ada: Customer) -> None:
        url = f"/accounts/{ada.account_id}"
        taken = teller.do(f"{url}/deposit", "Deposit now", amount="20", reference="Counter")
        assert "Deposit done" in taken.text
        teller.do(f"{url}/withdraw", "Withdraw now", amount="5")
        assert ada.account.balance_minor == 515_00
        assert "cash desk" in teller.open(f"{url}/movements/3").text

    def test_the_check_page_names_the_customer(self, teller: Browser, ada: Customer) -> None:
        page = teller.send(teller.open(f"/accounts/{ada.account_id}/deposit"), "Continue", amount="20")
        assert "Ada Lovelace" in teller.follow(page).text


class TestCare:
    def test_freeze_with_a_reason_and_unfreeze(self, teller: Browser, ada: Customer) -> None:
        url = f"/accounts/{ada.account_id}"
        assert teller.send(teller.open(f"{url}/freeze"), "Continue", reason="").status == 422
        receipt = teller.do(f"{url}/freeze", "Freeze account", reason="Card stolen")
        assert "Account frozen" in receipt.text
        assert "Card stolen" in receipt.text
        page = teller.open(url)
        assert "Frozen" in page.text
        assert "Freeze account" not in page.links
        assert "The account is frozen" in teller.open(f"{url}/freeze").text
        teller.do(f"{url}/unfreeze", "Unfreeze account", reason="Found again")
        assert ada.account.status == "open"

    def test_the_overdraft_limit(self, teller: Browser, ada: Customer) -> None:
        url = f"/accounts/{ada.account_id}/overdraft"
        assert teller.open(url).form("Continue").fields["overdraft_limit"] == "0.00"
        receipt = teller.do(url, "Set overdraft limit", overdraft_limit="250")
        assert "Overdraft limit set" in receipt.text
        assert "€750.00" in receipt.text
        assert ada.account.overdraft_limit_minor == 250_00

    def test_a_limit_below_its_use_is_allowed(self, teller: Browser, ada: Customer) -> None:
        do(SetOverdraftLimit(account_id=ada.account_id, overdraft_limit=Money(100_00, "EUR"), **envelope()))
        teller.do(f"/accounts/{ada.account_id}/withdraw", "Withdraw now", amount="600")
        teller.do(f"/accounts/{ada.account_id}/overdraft", "Set overdraft limit", overdraft_limit="0")
        assert ada.account.available_minor == -100_00
        page = teller.open(f"/accounts/{ada.account_id}")
        assert f"minus {MINUS} €100.00" in page.text

    def test_an_empty_account_is_closed_for_ever(self, teller: Browser, ada: Customer) -> None:
        account_id = an_account(customer_id=ada.customer_id)
        receipt = teller.do(f"/accounts/{account_id}/close", "Close account for ever", reason="Moved away")
        assert "Account closed" in receipt.text
        page = teller.open(f"/accounts/{account_id}")
        assert "Closed" in page.text
        assert "The account is closed." in teller.open(f"/accounts/{account_id}/deposit").text
