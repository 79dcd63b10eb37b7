"""The event browser: whatever an auditor looks for, the newest first, both ways, and nothing that breaks it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from accounts.account_commands import FreezeAccount
from accounts.handler import Actor, Outcome, handle
from bank.access_records.models import AccessRecord
from bank.identity.models import Role
from bank.web.pages.audit.events import PAGE_SIZE
from ledger.ids import new_id
from ledger.runner import drain
from readmodels import event_pages
from readmodels.event_search import EventSearchRow
from tests.acting import as_owner
from tests.ledger.owner import tamper
from tests.spec import AT, envelope
from tests.steps import deposit, do, transfer, withdraw
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


def positions(page: Page) -> list[int]:
    """Those listed, in their order."""
    return [int(found) for found in re.findall(r'href="/audit/events/(\d+)"', page.html)]


def listed(auditor: Browser, query: str = "") -> list[int]:
    page = auditor.open(f"/audit/events{query}")
    assert page.status == 200, query
    return positions(page)


def position_of(outcome: Outcome, number: int = 0) -> int:
    return EventSearchRow.objects.get(
        stream_id=outcome.events[number].stream_id, stream_position=outcome.events[number].stream_position
    ).position


def test_every_sealed_event_is_listed_the_newest_first(auditor: Browser, ada: Customer, grace: Customer) -> None:
    drain()
    assert listed(auditor) == [6, 5, 4, 3, 2, 1]
    page = auditor.open("/audit/events")
    for words in ("Account opened", "Deposit made", "Customer registered", "€500.00", "As of event 6", "system:test"):
        assert words in page.text
    assert "Lovelace" not in page.html
    assert not AccessRecord.objects.exists(), "a list shows ids only"


def test_what_is_not_sealed_has_no_place_in_the_list_and_the_page_says_so(auditor: Browser, ada: Customer) -> None:
    drain()
    do(deposit(ada.account_id, 1_00))
    page = auditor.open("/audit/events")
    assert len(positions(page)) == 3
    assert "1 event waits to be listed" in page.text


def test_an_empty_book_says_so(auditor: Browser) -> None:
    page = auditor.open("/audit/events")
    assert (page.status, positions(page)) == (200, [])
    assert "Nothing has happened yet" in page.text


class TestFilters:
    @pytest.fixture
    def sent(self, ada: Customer, grace: Customer) -> Outcome:
        """Ada's 5.00 to Grace, by a teller, as part of something larger."""
        outcome = handle(
            transfer(ada.account_id, grace.account_id, 5_00, reference="Účet za večeři INV-77"),
            by=Actor(id=f"user:{a_login('teller', Role.TELLER).pk}", channel="web"),
            correlation_id=new_id(),
        )
        do(FreezeAccount(account_id=ada.account_id, reason="Card lost", **envelope()))
        drain()
        return outcome

    def test_each_finds_what_fits_and_nothing_else(
        self, auditor: Browser, sent: Outcome, ada: Customer, grace: Customer
    ) -> None:
        two = [position_of(sent, 1), position_of(sent)]
        recorded = sent.events[0].recorded_at
        for query, expected in (
            (f"stream={grace.account_id}", {two[0], *EventSearchRow.objects.filter(stream_id=grace.account_id)
                                            .values_list("position", flat=True)}),
            (f"stream={str(ada.account_id).upper()}&type=TransferSent", {two[1]}),
            ("type=TransferReceived", {two[0]}),
            ("type=NoSuchType", set()),
            ("kind=customer", {1, 4}),
            ("kind=webhook_endpoint", set()),
            ("actor=teller", set(two)),
            (f"actor={quote(sent.actor)}", set(two)),
            ("actor=system:nobody", set()),
            (f"correlation={sent.correlation_id}", set(two)),
            (f"command={sent.command_id}", set(two)),
            (f"command={new_id()}", set()),
            ("currency=EUR&min=5&max=5.00", set(two)),
            ("currency=EUR&min=500.01", set()),
            ("q=vecer", set(two)),
            ("q=INV-77+účet", set(two)),
            ("q=INV-78", set()),
            ("q=lovelace", set()),
            (f"q={quote('card lost')}", {9}),
            ("q=!!", set()),
            (f"first={two[1]}&last={two[0]}", set(two)),
            ("first=9", {9}),
            (f"from={quote(recorded.isoformat())}&type=TransferSent", {two[1]}),
            (f"from={recorded.date() + timedelta(days=1)}", set()),
            (f"to={recorded.date()}&type=TransferSent", {two[1]}),
            (f"to={recorded.date() - timedelta(days=1)}", set()),
            ("to=9999-12-31&kind=customer", {1, 4}),
            (f"clock=occurred&from={AT:%Y-%m-%dT%H:%M}&to={AT:%Y-%m-%dT%H:%M}", set(range(1, 10))),
            (f"clock=occurred&to={AT - timedelta(minutes=1):%Y-%m-%dT%H:%M}", set()),
        ):  # fmt: skip
            assert set(listed(auditor, f"?{query}")) == expected, query

    def test_together_they_narrow_down(self, auditor: Browser, sent: Outcome, ada: Customer) -> None:
        every = (
            f"stream={ada.account_id}&kind=account&type=TransferSent&actor=teller&correlation={sent.correlation_id}"
            f"&command={sent.command_id}&clock=occurred&from={AT.date()}&to={AT.date()}&first=1&last=99&currency=EUR"
            "&min=1&max=5&q=vecer"
        )
        page = auditor.open(f"/audit/events?{every}")
        assert positions(page) == [position_of(sent)]
        assert f'value="{ada.account_id}"' in page.html
        assert listed(auditor, f"?{every.replace('max=5', 'max=4')}") == []

    def test_an_iban_is_found_as_people_write_it(self, auditor: Browser, ada: Customer) -> None:
        drain()
        spaced = " ".join(re.findall("....", ada.account.iban))
        assert listed(auditor, f"?q={quote(spaced)}") == [2]

    @pytest.mark.parametrize(
        "query",
        ["stream=7", "correlation=x", "command=-", "kind=whatever", "actor=whoever", "clock=noon", "from=x",
         "to=2020-02-30", "from=2020-01-02&to=2020-01-01", "from=9999-12-31T23:59%2B99:00", "to=10000-01-01",
         "first=0", "last=x", "first=9&last=8", "first=99999999999999999999", "currency=XYZ", "min=5",
         "currency=EUR&min=x", "currency=EUR&max=-1", "before=x", "after=0", "before=99999999999999999999",
         "before=5&after=1", "q=%00", "type=%00", f"q={'x' * 141}"],
    )  # fmt: skip
    def test_nonsense_is_said(self, auditor: Browser, ada: Customer, query: str) -> None:
        drain()
        page = auditor.open(f"/audit/events?{query}")
        assert page.status == 422
        assert positions(page) == []
        assert "error-summary" in page.html

    def test_what_takes_too_long_is_given_up_with_words(
        self, auditor: Browser, sent: Outcome, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_pages, "_PATIENCE_MS", 100)
        with _held("readmodels_event_search"):
            page = auditor.open("/audit/events?q=salary")
        assert page.status == 422
        assert "takes too long" in page.text


class TestPaging:
    @pytest.fixture
    def many(self, ada: Customer) -> int:
        """How many events there are."""
        for _ in range(2 * PAGE_SIZE):
            do(deposit(ada.account_id, 1_00))
        drain()
        return 2 * PAGE_SIZE + 3

    @pytest.mark.parametrize("query", ["", "clock=occurred&from=2020-01-01", "q=nothing-but", "currency=EUR&min=1"])
    def test_pages_go_on_both_ways_while_events_come(
        self, auditor: Browser, many: int, ada: Customer, query: str
    ) -> None:
        url: str = f"/audit/events?{query}"
        pages: list[list[int]] = []
        while url:
            page = auditor.open(url)
            pages.append(positions(page))
            assert ("Newer" in page.links) == (len(pages) > 1)
            url = page.links.get("Older", "")
            do(deposit(ada.account_id, 1_00))
            drain()
        if query == "q=nothing-but":
            assert pages == [[]]
            return
        seen = [position for positions_of_page in pages for position in positions_of_page]
        assert seen == sorted(set(seen), reverse=True)
        assert len(seen) == (many if "min" not in query else many - 2)
        again, page = [], auditor.open(f"/audit/events?{query}&before={pages[-2][-1]}")
        while url := page.links.get("Newer", ""):
            page = auditor.open(url)
            again.append(positions(page))
        assert again[0] == pages[-2]
        assert again[-1][0] > seen[0], "on the way back there is what came meanwhile"

    def test_beyond_the_last_there_is_a_way_back(self, auditor: Browser, many: int) -> None:
        page = auditor.open("/audit/events?before=1")
        assert positions(page) == []
        assert "nothing beyond" in page.text
        assert len(positions(auditor.open(page.link("Newest")))) == PAGE_SIZE
        page = auditor.open(f"/audit/events?after={many}")
        assert positions(page) == []
        assert "Newest" in page.links


def test_an_event_whose_type_the_code_no_longer_knows_is_listed_and_marked(auditor: Browser, ada: Customer) -> None:
    with as_owner():
        tamper(
            """update ledger_event set type = 'FeeCharged', data = data || '{"note": "Quarterly fee"}'"""
            " where stream_id = %s and stream_position = 2",
            ada.account_id,
        )
    do(withdraw(ada.account_id, 1_00))
    drain()
    for query in ("", "?type=FeeCharged", "?q=quarterly", f"?stream={ada.account_id}", "?kind=account"):
        page = auditor.open(f"/audit/events{query}")
        assert 3 in positions(page), query
        assert "Unknown type" in page.text
    row = EventSearchRow.objects.get(position=3)
    assert (row.stream_kind, row.type, row.occurred_at, row.amount_minor) == ("account", "FeeCharged", AT, None)


def test_a_page_asks_as_many_statements_however_many_events_there_are(auditor: Browser, ada: Customer) -> None:
    drain()
    auditor.open("/audit/events")
    with _counted() as few:
        auditor.open("/audit/events")
    for _ in range(PAGE_SIZE):
        do(deposit(ada.account_id, 1_00))
    drain()
    with _counted() as many:
        auditor.open("/audit/events")
    assert len(few) == len(many)


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(execute: Callable[..., object], sql: str, *rest: object) -> object:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        yield statements


@contextmanager
def _held(table: str) -> Iterator[None]:
    """Somebody else keeps readers out of the table."""
    settings = connection.settings_dict
    with psycopg.connect(
        dbname=settings["NAME"], user=settings["USER"], host=settings["HOST"], port=settings["PORT"] or None
    ) as other:
        other.execute(f"lock table {table} in access exclusive mode")
        yield
        other.rollback()
