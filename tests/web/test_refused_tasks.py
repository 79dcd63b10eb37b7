"""What a task refuses, in which words, and that hostile text stays text."""

import pytest

from accounts.account_commands import CloseAccount, FreezeAccount
from accounts.handler import find_outcome
from readmodels import balances
from tests.spec import envelope
from tests.steps import an_account, do
from tests.web.drafting import drafted, drafted_id, path
from tests.web.pages import Browser
from tests.web.people import Customer, a_customer_with_login

pytestmark = pytest.mark.django_db(transaction=True)


class TestRefusals:
    def test_said_in_words_on_continue_with_the_values_kept(self, browser: Browser, ada: Customer) -> None:
        page = browser.send(browser.open(path(ada, "withdraw")), "Continue", amount="500.01", reference="Too much")
        assert page.status == 422
        assert "The balance does not cover this: 500.00 EUR available." in page.text
        fields = page.form("Continue").fields
        assert (fields["amount"], fields["reference"]) == ("500.01", "Too much")

    def test_the_last_cent_may_go(self, browser: Browser, ada: Customer) -> None:
        browser.do(path(ada, "withdraw"), "Withdraw now", amount="500.00")
        assert ada.account.balance_minor == 0

    def test_refused_between_two_tabs_and_tried_again_with_less(self, browser: Browser, ada: Customer) -> None:
        """The other side's state changes without this account's version moving on: only the handler sees it."""
        target = a_customer_with_login("alan", "Alan Turing")
        values = {"to": "iban", "iban": target.account.iban, "amount": "10"}
        check = drafted(browser, ada, "transfer", **values)
        close_account(target)
        refused = browser.send(check, "Transfer now")
        assert refused.status == 422
        assert "The account is closed." in refused.text
        assert refused.form("Continue").fields["amount"] == "10"
        assert browser.send(check, "Transfer now").status == 422  # the recorded outcome again
        grace = a_customer_with_login("grace", "Grace Hopper")
        fixed = browser.send(refused, "Continue", iban=grace.account.iban)
        assert browser.follow(browser.send(browser.follow(fixed), "Transfer now")).status == 200
        assert ada.account.balance_minor == 490_00

    def test_the_refusal_is_in_the_command_log(self, browser: Browser, ada: Customer) -> None:
        target = a_customer_with_login("alan", "Alan Turing")
        check = drafted(browser, ada, "transfer", to="iban", iban=target.account.iban, amount="10")
        close_account(target)
        browser.send(check, "Transfer now")
        outcome = find_outcome(drafted_id(check, ada, "Transfer now"))
        assert outcome is not None
        assert not outcome.accepted
        assert outcome.actor == f"user:{ada.user.pk}"
        receipt = browser.open(f"/receipts/{outcome.command_id}")
        assert "nothing was changed" in receipt.text

    @pytest.mark.parametrize(
        ("amount", "says"),
        [
            ("", "Enter an amount."),
            ("0", "The amount must be more than zero."),
            ("0.00", "The amount must be more than zero."),
            ("-5", "Enter an amount in digits"),
            ("+5", "Enter an amount in digits"),
            ("1,000", "can be read in two ways"),
            ("1,00.00", "Enter an amount in digits"),
            ("1e3", "Enter an amount in digits"),
            ("0x10", "Enter an amount in digits"),
            ("\u0661\u0660", "Enter an amount in digits"),
            ("10 00", "Enter an amount in digits"),
            ("NaN", "Enter an amount in digits"),
            ("5.001", "at most 2 decimals"),
            ("99999999999999", "Enter an amount in digits"),
            ("5\x00", "Null characters are not allowed."),
            ("9" * 2_000, "at most 1000 characters"),
            ("<b>5</b>", "Enter an amount in digits"),
        ],
    )
    def test_a_wrong_amount_is_marked(self, browser: Browser, ada: Customer, amount: str, says: str) -> None:
        page = browser.send(browser.open(path(ada, "withdraw")), "Continue", amount=amount, reference="Kept")
        assert page.status == 422
        assert says in page.text
        assert 'aria-invalid="true"' in page.html
        assert page.form("Continue").fields["reference"] == "Kept"

    def test_spaces_around_an_amount_are_harmless(self, browser: Browser, ada: Customer) -> None:
        assert "€5.50" in drafted(browser, ada, amount="  5.50 ").text

    def test_decimals_are_the_currencys_own(self, browser: Browser, ada: Customer) -> None:
        yen = an_account(1_000, customer_id=ada.customer_id, currency="JPY")
        page = browser.send(browser.open(f"/accounts/{yen}/withdraw"), "Continue", amount="5.0")
        assert "An amount in JPY has no decimals." in page.text
        assert "¥5" in browser.do(f"/accounts/{yen}/withdraw", "Withdraw now", amount="5").text

    def test_a_frozen_account_says_why_nothing_goes_out(self, browser: Browser, ada: Customer) -> None:
        opened_before = browser.open(path(ada, "withdraw"))
        do(FreezeAccount(account_id=ada.account_id, **envelope()))
        page = browser.open(path(ada, "withdraw"))
        assert "The account is frozen" in page.text
        assert "Continue" not in page.text
        assert "The account is frozen" in browser.open(f"/accounts/{ada.account_id}").text
        sent = browser.send(opened_before, "Continue", amount="5")
        assert sent.status == 422
        assert "The account is frozen" in sent.text

    @pytest.mark.parametrize(
        ("iban", "says"),
        [
            ("", "Enter the IBAN"),
            ("LU28 0019 4006 4475 0001", "Not a valid IBAN"),
            ("DE89370400440532013000", "No account of this bank has this IBAN"),
            ("' or 1=1 --", "Not a valid IBAN"),
            ("\u202eLU28", "Not a valid IBAN"),
        ],
    )
    def test_a_wrong_iban_is_marked(self, browser: Browser, ada: Customer, iban: str, says: str) -> None:
        page = browser.send(browser.open(path(ada, "transfer")), "Continue", to="iban", iban=iban, amount="5")
        assert page.status == 422
        assert says in page.text

    def test_not_to_itself_and_not_across_currencies(self, browser: Browser, ada: Customer) -> None:
        yen = a_customer_with_login("yen", "Yen")
        other = an_account(customer_id=yen.customer_id, currency="JPY")
        row = balances.find(other)
        assert row is not None
        form = browser.open(path(ada, "transfer"))
        for iban, says in ((ada.account.iban, "comes from"), (row.iban, "kept in JPY")):
            page = browser.send(form, "Continue", to="iban", iban=iban, amount="5")
            assert page.status == 422
            assert says in page.text

    def test_only_own_accounts_can_be_chosen(self, browser: Browser, ada: Customer, grace: Customer) -> None:
        page = browser.send(browser.open(path(ada, "transfer")), "Continue", to=str(grace.account_id), amount="5")
        assert page.status == 422
        assert "Choose where the money goes." in page.text


class TestHostileText:
    @pytest.mark.parametrize(
        "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}", "'; --"]
    )
    def test_a_reference_is_shown_as_it_was_typed(self, browser: Browser, ada: Customer, text: str) -> None:
        check = drafted(browser, ada, reference=text)
        receipt = browser.follow(browser.send(check, "Withdraw now"))
        account = browser.open(f"/accounts/{ada.account_id}")
        for page in (check, receipt, account):
            assert text in page.text
            assert "<script>alert" not in page.html
            assert "<img src=x" not in page.html

    @pytest.mark.parametrize("text", ["a\nb", "a\u202eb", "x" * 141])
    def test_a_reference_that_is_not_a_line_of_text_is_marked(self, browser: Browser, ada: Customer, text: str) -> None:
        page = browser.send(browser.open(path(ada, "withdraw")), "Continue", amount="5", reference=text)
        assert page.status == 422

    def test_a_reference_of_140_signs_of_any_script_fits(self, browser: Browser, ada: Customer) -> None:
        text = "漢" * 140
        assert text in browser.do(path(ada, "withdraw"), "Withdraw now", amount="5", reference=text).text


def close_account(customer: Customer) -> None:
    do(CloseAccount(account_id=customer.account_id, **envelope()))
