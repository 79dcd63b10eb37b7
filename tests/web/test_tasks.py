"""The way of a task: form, check answers, done once, receipt; and what may come in between."""

from base64 import urlsafe_b64decode
from threading import Barrier, Thread
from urllib.parse import unquote
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.account_commands import FreezeAccount
from accounts.refusals import Refused
from bank.identity.models import Role
from bank.web.drafts import Draft, load_draft, sign_draft
from ledger.ids import new_id
from ledger.reading import read_stream
from tests.spec import envelope
from tests.steps import an_account, deposit, do, withdraw
from tests.web.drafting import drafted, drafted_id, path
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)


def events_of(customer: Customer) -> list[str]:
    return [event.type for event in read_stream(customer.account_id)]


def command_id_of(receipt_page: Page) -> UUID:
    return UUID(location(receipt_page).rpartition("/")[2])


class TestTheStraightWay:
    def test_a_withdrawal_is_checked_then_done_then_receipted(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada, amount="120.50", reference="Rent")
        assert "€120.50" in check.text
        assert "Rent" in check.text
        assert "€379.50" in check.text  # what is left
        assert ada.account.balance_minor == 500_00

        receipt = browser.follow(browser.send(check, "Withdraw now"))

        assert receipt.status == 200
        assert "Withdrawal done" in receipt.text
        assert "€379.50" in receipt.text
        assert ada.account.balance_minor == 379_50

    def test_a_deposit_by_oneself_where_the_bank_lets_one(
        self, browser: Browser, ada: Customer, settings: Settings
    ) -> None:
        settings.SELF_SERVICE_DEPOSITS = True
        receipt = browser.do(path(ada, "deposit"), "Deposit now", amount="25", reference="")
        assert "Deposit done" in receipt.text
        assert ada.account.balance_minor == 525_00

    def test_no_deposit_by_oneself_elsewhere(self, browser: Browser, ada: Customer) -> None:
        assert browser.open(path(ada, "deposit")).status == 403
        assert "Deposit money" not in browser.open("/").text

    def test_money_to_an_iban(self, browser: Browser, ada: Customer, grace: Customer) -> None:
        iban = f" {grace.account.iban[:4]} {grace.account.iban[4:].lower()} "
        page = browser.send(browser.open(path(ada, "transfer")), "Continue", to="iban", iban=iban, amount="30")
        check = browser.follow(page)
        assert "An account at this bank" in check.text
        assert "Grace Hopper" not in check.html
        receipt = browser.follow(browser.send(check, "Transfer now"))
        assert "Transfer done" in receipt.text
        assert "Grace Hopper" not in receipt.html
        assert "€470.00" in receipt.text
        assert "€130.00" not in receipt.text  # grace's balance is hers
        assert (ada.account.balance_minor, grace.account.balance_minor) == (470_00, 130_00)

    def test_money_between_own_accounts(self, browser: Browser, ada: Customer) -> None:
        savings = an_account(customer_id=ada.customer_id, name="Savings")
        receipt = browser.do(path(ada, "transfer"), "Transfer now", to=str(savings), amount="200")
        assert "€300.00" in receipt.text
        assert "€200.00" in receipt.text

    def test_change_brings_the_form_back_with_its_values(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada, amount="120.50", reference="Rent")
        form = browser.open(check.link("Change amount")).form("Continue")
        assert (form.fields["amount"], form.fields["reference"]) == ("120.50", "Rent")
        again = browser.follow(browser.post(form.action, form.fields | {"amount": "1"}))
        browser.send(again, "Withdraw now")
        assert ada.account.balance_minor == 499_00

    def test_the_receipt_says_what_was_right_after_it_for_ever(self, browser: Browser, ada: Customer) -> None:
        done = browser.send(drafted(browser, ada), "Withdraw now")
        do(deposit(ada.account_id, 7_77))
        assert "€400.00" in browser.follow(done).text

    def test_the_event_knows_who_and_through_which_request(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        request_id = str(new_id())
        form = check.form("Withdraw now")
        browser.client.post(form.action, form.fields, headers={"X-Request-ID": request_id})
        event = list(read_stream(ada.account_id))[-1]
        assert event.metadata["actor"] == f"user:{ada.user.pk}"
        assert event.metadata["correlationId"] == request_id


class TestOnce:
    def test_the_same_check_page_sent_twice_makes_one_event(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        first, second = browser.send(check, "Withdraw now"), browser.send(check, "Withdraw now")
        assert location(first) == location(second)
        assert events_of(ada).count("WithdrawalMade") == 1

    def test_a_double_click_at_the_same_instant_makes_one_event(self, browser: Browser, ada: Customer) -> None:
        form = drafted(browser, ada).form("Withdraw now")
        barrier, locations = Barrier(4), []

        def press() -> None:
            client = Client()
            client.cookies = browser.client.cookies
            barrier.wait(timeout=10)
            locations.append(client.post(form.action, form.fields).headers["Location"])
            connection.close()

        threads = [Thread(target=press) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert len(locations) == 4
        assert len(set(locations)) == 1
        assert events_of(ada).count("WithdrawalMade") == 1

    def test_the_form_sent_twice_is_one_command(self, browser: Browser, ada: Customer) -> None:
        form = browser.open(path(ada, "withdraw"))
        checks = [browser.follow(browser.send(form, "Continue", amount="100")) for _ in range(2)]
        receipts = [location(browser.send(check, "Withdraw now")) for check in checks]
        assert receipts[0] == receipts[1]
        assert ada.account.balance_minor == 400_00

    def test_the_back_button_leads_to_a_page_that_says_it_was_done(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        receipt_url = location(browser.send(check, "Withdraw now"))
        back = browser.open(check.url)
        assert "already done" in back.text
        assert back.link("See the receipt") == receipt_url

    def test_other_values_under_a_used_id_change_nothing(self, browser: Browser, ada: Customer) -> None:
        form = browser.open(path(ada, "withdraw"))
        done = browser.send(browser.follow(browser.send(form, "Continue", amount="100")), "Withdraw now")
        stale_check = browser.send(form, "Continue", amount="200")
        assert "already done" in browser.follow(stale_check).text
        token = location(stale_check).partition("draft=")[2]
        sent = browser.post(f"{path(ada, 'withdraw')}/check", {"draft": unquote(token)})
        told = browser.follow(sent)
        assert "already done" in told.text
        assert told.link("See the receipt") == location(done)
        assert ada.account.balance_minor == 400_00

    def test_other_values_under_an_id_that_was_refused_go_on_under_a_new_one(
        self, browser: Browser, ada: Customer
    ) -> None:
        form = browser.open(path(ada, "withdraw"))
        check = browser.follow(browser.send(form, "Continue", amount="50"))
        with pytest.raises(Refused):
            do(withdraw(ada.account_id, 500_01, command_id=drafted_id(check, ada)))
        told = browser.follow(browser.send(check, "Withdraw now"))
        assert browser.follow(browser.send(told, "Withdraw now")).status == 200
        assert ada.account.balance_minor == 450_00

    def test_a_fresh_form_after_it_is_a_new_task(self, browser: Browser, ada: Customer) -> None:
        for _ in range(2):
            browser.do(path(ada, "withdraw"), "Withdraw now", amount="100")
        assert ada.account.balance_minor == 300_00


class TestDrafts:
    def test_an_edited_draft_is_refused(self, browser: Browser, ada: Customer) -> None:
        form = drafted(browser, ada).form("Withdraw now")
        token = form.fields["draft"]
        for edited in (
            token[:-1] + ("A" if token[-1] != "A" else "B"),
            "x" + token,
            "",
            "a:b:c",
            "é",
            "\x00",
            token * 40,
        ):
            page = browser.post(form.action, form.fields | {"draft": edited})
            assert page.status == 400, edited
            assert "be used" in page.text
        assert ada.account.balance_minor == 500_00

    def test_an_edited_address_is_refused(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        assert browser.open(check.url[:-2]).status == 400
        assert browser.open(f"{path(ada, 'withdraw')}?draft=nonsense").status == 400

    def test_somebody_elses_draft_is_refused(self, browser: Browser, ada: Customer, grace: Customer) -> None:
        twin = a_login("twin", Role.CUSTOMER, customer_id=ada.customer_id)
        form = drafted(browser, ada).form("Withdraw now")
        page = Browser.signed_in(twin).post(form.action, {"draft": form.fields["draft"]})
        assert page.status == 400
        assert ada.account.balance_minor == 500_00

    def test_a_draft_of_another_task_or_account_is_refused(self, browser: Browser, ada: Customer) -> None:
        other = an_account(1_00, customer_id=ada.customer_id)
        token = drafted(browser, ada).form("Withdraw now").fields["draft"]
        assert browser.post(f"/accounts/{other}/withdraw/check", {"draft": token}).status == 400
        assert browser.post(f"{path(ada, 'transfer')}/check", {"draft": token}).status == 400

    def test_an_old_draft_says_that_it_is_old(
        self, browser: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        form = drafted(browser, ada).form("Withdraw now")
        monkeypatch.setattr("bank.web.drafts.MAX_AGE_SECONDS", -1)
        page = browser.post(form.action, form.fields)
        assert page.status == 410
        assert "too old" in page.text

    def test_a_signed_draft_whose_values_no_command_takes_is_refused(self, browser: Browser, ada: Customer) -> None:
        draft = Draft(
            task="withdraw",
            subject=str(ada.account_id),
            command_id=new_id(),
            values={"amount": "-5", "reference": ""},
        )
        page = browser.post(f"{path(ada, 'withdraw')}/check", {"draft": sign_draft(draft, ada.user)})
        assert page.status == 400

    def test_an_edited_ticket_is_refused(self, browser: Browser, ada: Customer, grace: Customer) -> None:
        page = browser.open(path(ada, "withdraw"))
        others = Browser.signed_in(grace.user).open(path(grace, "withdraw")).form("Continue").fields["ticket"]
        for ticket in ("", "nonsense", new_id().hex, others):
            assert browser.send(page, "Continue", ticket=ticket, amount="1").status == 400

    def test_the_session_ends_in_the_middle_and_the_draft_survives_the_sign_in(
        self, browser: Browser, ada: Customer
    ) -> None:
        check = drafted(browser, ada)
        form = check.form("Withdraw now")
        browser.client.logout()
        sent_away = browser.post(form.action, form.fields)
        assert sent_away.status == 302
        assert location(sent_away).startswith("/sign-in?next=")
        browser.client.force_login(ada.user)
        back = browser.open(form.action)
        assert browser.follow(browser.send(back, "Withdraw now")).status == 200
        assert ada.account.balance_minor == 400_00


class TestAStalePage:
    def test_it_says_what_changed_and_lets_one_go_on(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        do(deposit(ada.account_id, 40_00))
        told = browser.follow(browser.send(check, "Withdraw now"))
        assert "was €500.00 then and is €540.00 now" in told.text
        assert ada.account.balance_minor == 540_00
        receipt = browser.follow(browser.send(told, "Withdraw now"))
        assert "€440.00" in receipt.text

    def test_it_keeps_the_command_id(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        do(deposit(ada.account_id, 40_00))
        told = browser.follow(browser.send(check, "Withdraw now"))
        first = command_id_of(browser.send(told, "Withdraw now"))
        do(deposit(ada.account_id, 1))
        assert location(browser.send(check, "Withdraw now")).endswith(str(first))
        assert events_of(ada).count("WithdrawalMade") == 1

    def test_reloading_the_check_page_tells_too(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        do(withdraw(ada.account_id, 40_00))
        assert "was €500.00 then and is €460.00 now" in browser.open(check.url).text

    def test_where_it_is_no_longer_covered_nothing_is_offered(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada, amount="400")
        do(withdraw(ada.account_id, 450_00))
        told = browser.follow(browser.send(check, "Withdraw now"))
        assert "50.00 EUR available" in told.text
        assert "Withdraw now" not in told.text
        assert ada.account.balance_minor == 50_00

    def test_frozen_meanwhile(self, browser: Browser, ada: Customer) -> None:
        check = drafted(browser, ada)
        do(FreezeAccount(account_id=ada.account_id, **envelope()))
        told = browser.follow(browser.send(check, "Withdraw now"))
        assert "frozen" in told.text


def test_what_a_draft_says_is_not_to_be_read_in_its_address(ada: Customer) -> None:
    words = "salary of a private person"
    draft = Draft(task="withdraw", subject=str(ada.account_id), command_id=new_id(), values={"reference": words})
    token = sign_draft(draft, ada.user)
    payload = token.split(":")[0]
    for text in (token.encode(), urlsafe_b64decode(payload + "=" * (-len(payload) % 4))):
        assert words.encode() not in text
        assert str(ada.account_id).encode() not in text
    assert load_draft(token, ada.user, task="withdraw", subject=str(ada.account_id)) == draft
