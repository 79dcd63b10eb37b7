"""The daily-flows page: figures with how fresh they are."""

import html
import re
from datetime import UTC, datetime

import pytest

from bank.identity.models import Role
from ledger.runner import drain
from tests.steps import deposit, do, transfer, withdraw
from tests.web.pages import Browser
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/reports/daily-flows"
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def operations(bank: None) -> Browser:
    return Browser.signed_in(a_login("operations", Role.OPERATIONS))


def test_an_empty_bank_has_no_figures_but_a_page(operations: Browser) -> None:
    page = operations.open(URL)
    assert page.status == 200
    assert "No figures" in page.text


def test_the_figures_of_a_day(operations: Browser, ada: Customer, grace: Customer) -> None:
    do(deposit(ada.account_id, 1_234_00, at=AT))
    do(withdraw(ada.account_id, 34_00, at=AT))
    do(transfer(ada.account_id, grace.account_id, 55_00, at=AT))
    drain()
    page = operations.open(f"{URL}?from=2026-03-01&to=2026-03-31&currency=EUR")
    for figure in ("5 Mar 2026", "€1,234.00", "€34.00", "€1,200.00", "€55.00"):
        assert figure in page.text
    assert 'data-chart-of="flows-table"' in page.html
    assert "Nothing came or went" in operations.open(f"{URL}?from=2026-04-01&to=2026-04-30").text


def test_it_says_as_of_which_event_and_does_not_answer_again_while_nothing_is_new(
    operations: Browser, ada: Customer
) -> None:
    drain()
    page = operations.open(URL)
    assert "As of event 3, 0.0 s ago" in page.text
    poll = html.unescape(re.findall(r'hx-get="([^"]+)"', page.html)[0])
    assert operations.open(poll).status == 204
    do(deposit(ada.account_id, 5))
    assert operations.open(poll).status == 200


def test_it_says_that_figures_are_behind_when_nobody_counts(
    operations: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bank.web.reports.freshness.BEHIND_SECONDS", 0.0)
    page = operations.open(URL)
    assert "These figures are behind." in page.text
    assert "3 events wait to be counted" in page.text
    drain()
    assert "behind" not in operations.open(URL).text


def test_a_page_that_is_open_says_so_too_though_nothing_new_comes(
    operations: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = html.unescape(re.findall(r'hx-get="([^"]+)"', operations.open(URL).html)[0])
    assert operations.open(poll).status == 204
    monkeypatch.setattr("bank.web.reports.freshness.BEHIND_SECONDS", 0.0)
    assert "These figures are behind." in operations.open(poll).text


@pytest.mark.parametrize(
    "query",
    ["from=x", "to=2026-02-30", "from=2026-02-02&to=2026-01-01", "from=1900-01-01&to=2026-01-01", "currency=XXX",
     "from=9999-12-31"],
)  # fmt: skip
def test_a_period_that_cannot_be_shown_is_said(operations: Browser, ada: Customer, query: str) -> None:
    drain()
    page = operations.open(f"{URL}?{query}")
    assert page.status == 422
    assert "can\u2019t be shown" in page.text


def test_the_first_day_of_the_calendar_is_a_day(operations: Browser, ada: Customer) -> None:
    drain()
    assert operations.open(f"{URL}?to=0001-01-01").status == 200


def test_any_query_is_answered_by_an_empty_bank_too(operations: Browser) -> None:
    assert operations.open(f"{URL}?from=x&currency=%00").status in {200, 422}
