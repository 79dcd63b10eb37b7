"""The dashboard: the day beside the usual, what there is altogether, and whether the books agree."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bank.identity.models import Role
from bank.reconciliation.reading import Alarm
from bank.web.reports import usual
from ledger import checkpoints
from ledger.projections import async_projection
from ledger.runner import drain
from readmodels.general_ledger import Turnover
from tests.acting import as_owner
from tests.steps import an_account, deposit, do, withdraw
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/dashboard"


@pytest.fixture
def operations(bank: None) -> Browser:
    return Browser.signed_in(a_login("operations", Role.OPERATIONS))


def tile(page: Page, label: str) -> str:
    """What the tile with this label says."""
    for found in re.findall(r'<div class="panel tile">(.*?)</div>', page.html, re.DOTALL):
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found)).strip()
        if words.startswith(label):
            return words
    raise AssertionError(f"no tile {label} in {page.text}")


def test_those_who_count_begin_at_the_dashboard(operations: Browser) -> None:
    assert location(operations.open("/")) == URL


def test_an_empty_bank_has_a_dashboard_without_figures(operations: Browser) -> None:
    page = operations.open(URL)
    assert page.status == 200
    assert "nothing has happened yet" in page.text


def test_the_day_so_far_stands_beside_what_is_usual(operations: Browser) -> None:
    now = timezone.now()
    account_id = an_account(currency="GBP")
    for weeks, minor in ((1, 100_00), (2, 300_00), (3, 200_00)):
        do(deposit(account_id, minor, "GBP", at=now - timedelta(weeks=weeks)))
    do(deposit(account_id, 50_00, "GBP", at=now))
    do(withdraw(account_id, 10_00, "GBP", at=now))
    drain()
    page = operations.open(f"{URL}?currency=GBP")
    assert "£50.00" in tile(page, "Deposits")
    assert "£200.00" in tile(page, "Deposits")
    assert "25 % of the usual" in tile(page, "Deposits")
    assert "£10.00" in tile(page, "Withdrawals")
    assert "40.00" in tile(page, "Net flow")
    assert re.search(r"Movements 2\b", tile(page, "Movements"))
    assert "usual by this hour" in tile(page, "Movements")


def test_a_bank_of_today_has_nothing_to_compare_with(operations: Browser) -> None:
    do(deposit(an_account(), 50_00, at=timezone.now()))
    drain()
    page = operations.open(URL)
    assert "nothing to compare with yet" in tile(page, "Movements")


def test_what_there_is_altogether(operations: Browser, ada: Customer, grace: Customer) -> None:
    drain()
    page = operations.open(URL)
    assert tile(page, "Customers") == "Customers 2"
    assert tile(page, "Open accounts").startswith("Open accounts 2")
    assert "€600.00" in tile(page, "All balances together")
    assert "Right" in tile(page, "Trial balance")


def test_a_trial_balance_that_is_not_zero_is_cried_out(
    operations: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain()
    wrong: list[Any] = [
        Turnover(account_class=Any, currency="EUR", debit_minor=5_00, credit_minor=4_00, count=1)  # type: ignore[arg-type]
    ]
    monkeypatch.setattr("readmodels.general_ledger.trial_balance", lambda _day: wrong)
    assert "€1.00" in tile(operations.open(URL), "Trial balance")
    assert "Wrong" in tile(operations.open(URL), "Trial balance")


@pytest.mark.parametrize(
    ("breaks", "is_late", "words"),
    [(0, False, "All agrees"), (0, True, "Not known"), (3, False, "3 Wrong"), (3, True, "3 Wrong")],
)
def test_the_reconciliation_is_told(
    operations: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch, breaks: int, is_late: bool, words: str
) -> None:
    drain()
    at = datetime(2026, 11, 23, tzinfo=UTC)
    alarm = Alarm(breaks=breaks, since=at if breaks else None, last_run_at=at, is_late=is_late)
    monkeypatch.setattr("bank.reconciliation.reading.alarm", lambda: alarm)
    assert words in tile(operations.open(URL), "Reconciliation")


def test_links_to_reports_keep_the_filters(operations: Browser, ada: Customer) -> None:
    drain()
    page = operations.open(f"{URL}?days=90&currency=EUR")
    assert re.search(r'href="/reports/cash-position\?(currency=EUR&amp;days=90|days=90&amp;currency=EUR)"', page.html)
    assert 'href="/reports/balance-distribution?currency=EUR"' in page.html
    assert re.search(r'href="[^"]*days=7[^"]*currency=EUR|href="[^"]*currency=EUR&amp;days=7"', page.html)


def test_it_does_not_answer_again_while_nothing_is_new(operations: Browser, ada: Customer) -> None:
    drain()
    (poll,) = re.findall(r'hx-get="([^"]+)"', operations.open(f"{URL}?days=7").html)
    poll = poll.replace("&amp;", "&")
    assert "days=7" in poll
    assert operations.open(poll).status == 204
    do(deposit(ada.account_id, 5))
    assert operations.open(poll).status == 200


def test_figures_that_stand_still_are_said_to(operations: Browser, ada: Customer) -> None:
    drain()
    with as_owner():
        checkpoints.pause(async_projection("growth"))
    assert "These figures stand still." in operations.open(URL).text


@pytest.mark.parametrize("query", ["from=x", "days=-1", "currency=%00", "to=2026-02-30", "from=1900-01-01"])
def test_nonsense_in_the_address_is_said(operations: Browser, ada: Customer, query: str) -> None:
    drain()
    page = operations.open(f"{URL}?{query}")
    assert page.status == 422
    assert "error-summary" in page.html


def test_the_same_weekday_of_eight_weeks_but_not_before_the_first_day() -> None:
    monday = date(2026, 11, 23)
    assert usual.same_weekdays(monday, None) == []
    assert usual.same_weekdays(monday, monday) == []
    assert usual.same_weekdays(monday, date(2026, 11, 9)) == [date(2026, 11, 16), date(2026, 11, 9)]
    assert len(usual.same_weekdays(monday, date(2020, 1, 1))) == 8
