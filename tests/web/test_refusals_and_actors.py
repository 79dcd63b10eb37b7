"""Refusals over time, and the history of an actor: what the pages say, to whom, and where their links lead."""

import re
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.handler import Actor, handle
from accounts.refusals import InsufficientFunds
from bank.access_records import reading
from bank.access_records.reading import AccessFilter
from bank.identity import policy
from bank.identity.models import Role, User
from ledger.runner import drain
from tests.steps import deposit, withdraw
from tests.web.pages import Browser, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)
CARDS = Actor(id="system:cards", channel="api")
PATHS = ("/audit/refusals", "/audit/refusals.csv", "/audit/actors", "/audit/actors/system:cards")


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


def refused(account_id: UUID, by: Actor, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(InsufficientFunds):
            handle(withdraw(account_id, 10**9), by=by)
    drain()


def today() -> str:
    return str(timezone.now().date())


class TestRefusals:
    def test_each_number_leads_to_its_commands(self, auditor: Browser, ada: Customer) -> None:
        refused(ada.account_id, CARDS, times=3)
        page = auditor.open("/audit/refusals")
        assert page.status == 200
        assert "insufficient_funds" in page.text
        commands = auditor.open(page.link("3"))
        assert commands.url.startswith("/audit/commands?")
        assert len(set(re.findall(r"/audit/commands/([0-9a-f-]{36})", commands.html))) == 3

    def test_filters_narrow_it_and_what_is_left_out_is_the_last_month(self, auditor: Browser, ada: Customer) -> None:
        refused(ada.account_id, CARDS)
        for query, found in {
            "": True,
            f"?from={today()}&to={today()}": True,
            "?channel=api&type=Withdraw": True,
            "?channel=web": False,
            "?type=Transfer": False,
            "?to=2020-01-01": False,
        }.items():
            page = auditor.open(f"/audit/refusals{query}")
            assert page.status == 200
            assert ("insufficient_funds" in page.text) is found, query

    @pytest.mark.parametrize(
        "query", ["?from=x", "?channel=x", "?type=x", "?from=2021-01-02&to=2021-01-01", "?to=9999"]
    )
    @pytest.mark.parametrize("path", PATHS[:2])
    def test_nonsense_is_said_in_words(self, auditor: Browser, path: str, query: str) -> None:
        page = auditor.open(path + query)
        assert page.status == 422
        assert "until the filters are right" in page.text

    def test_the_file_says_the_same(self, auditor: Browser, ada: Customer) -> None:
        refused(ada.account_id, CARDS, times=2)
        file = auditor.open("/audit/refusals.csv")
        assert file.response["Content-Type"].startswith("text/csv")
        head, *rows = file.html.splitlines()
        assert head.lstrip("\ufeff") == "day,reason,count"
        assert f"{today()},insufficient_funds,2" in rows


class TestActors:
    def test_a_name_leads_to_its_history_and_so_does_what_the_record_has(self, auditor: Browser, ada: Customer) -> None:
        actor = f"user:{ada.user.pk}"
        for asked in (ada.user.username, actor):
            assert location(auditor.open(f"/audit/actors?who={asked}")) == f"/audit/actors/{actor}"
        assert location(auditor.open("/audit/actors?who=system:cards")) == "/audit/actors/system:cards"

    @pytest.mark.parametrize("asked", ["", "whoever", "x" * 1_000, "%00"])
    def test_nobody_of_that_name_is_said_in_words(self, auditor: Browser, asked: str) -> None:
        page = auditor.open(f"/audit/actors?who={asked}")
        assert page.status == 422
        assert "Actors" in page.text

    def test_people_of_the_bank_are_listed_and_customers_are_not(self, auditor: Browser, ada: Customer) -> None:
        page = auditor.open("/audit/actors")
        assert page.link("auditor").startswith("/audit/actors/user:")
        assert ada.user.username not in page.links

    def test_a_history_has_commands_log_ins_and_looks(self, auditor: Browser, ada: Customer) -> None:
        by = policy.actor_of(ada.user, "web")
        handle(deposit(ada.account_id, 1_00), by=by)
        refused(ada.account_id, by)
        page = auditor.open(f"/audit/actors/{by.id}")
        assert page.status == 200
        for words in (ada.user.username, by.id, "Deposit", "Accepted", "Withdraw", "Refused", "Customer"):
            assert words in page.text, words
        looked = [(record.actor, record.customer_id) for record in reading.page(AccessFilter(), 10)]
        assert (f"user:{User.objects.get(username='auditor').pk}", ada.customer_id) in looked

    def test_who_never_signed_in_has_a_room_for_it_all_the_same(self, auditor: Browser) -> None:
        page = auditor.open(f"/audit/actors/user:{User.objects.get(username='auditor').pk}")
        assert page.status == 200
        assert "Log-ins, and what may be done" in page.text

    def test_a_program_has_commands_and_no_log_ins(self, auditor: Browser, ada: Customer) -> None:
        refused(ada.account_id, CARDS)
        page = auditor.open("/audit/actors/system:cards")
        assert page.status == 200
        assert "Withdraw" in page.text
        assert "Log-ins, and what may be done" not in page.text

    def test_a_log_in_that_never_was_is_not_found(self, auditor: Browser) -> None:
        assert auditor.open("/audit/actors/user:999999999").status == 404

    @pytest.mark.parametrize("before", ["x", "1", "-5", "9" * 30])
    def test_a_place_that_is_none_is_said_in_words(self, auditor: Browser, before: str) -> None:
        page = auditor.open(f"/audit/actors/system:cards?before={before}")
        assert page.status == 422
        assert "begin again with the newest" in page.text


def test_customers_tellers_and_operations_see_none_of_it(ada: Customer) -> None:
    for person in (ada.user, a_login("teller", Role.TELLER), a_login("operations", Role.OPERATIONS)):
        browser = Browser.signed_in(person)
        assert [browser.open(path).status for path in PATHS] == [403] * len(PATHS)
