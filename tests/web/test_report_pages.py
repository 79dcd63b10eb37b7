"""Each report's page and file: figures with their charts, filters in the address, what is wrong or missing said."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.account_commands import CloseAccount
from accounts.handler import handle_all
from bank.identity.models import Role
from bank.web.reports.catalogue import REPORTS
from bank.web.reports.report import Report
from ledger import checkpoints
from ledger.projections import async_projection
from ledger.runner import drain
from tests.acting import as_owner
from tests.spec import envelope
from tests.steps import BY, an_account, deposit, do, transfer, withdraw
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
MARCH = "from=2026-03-01&to=2026-03-28&currency=EUR"  # before the money that the fixtures bring
each_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)


@pytest.fixture
def operations(bank: None) -> Browser:
    return Browser.signed_in(a_login("operations", Role.OPERATIONS))


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


def a_march(ada: Customer, grace: Customer) -> None:
    """A deposit, a withdrawal and a transfer at noon (UTC) on the fifth."""
    do(deposit(ada.account_id, 1_234_00, at=AT))
    do(withdraw(ada.account_id, 34_00, at=AT))
    do(transfer(ada.account_id, grace.account_id, 55_00, at=AT))
    drain()


def figures(page: Page, row: str) -> list[str]:
    """The cells of the row with this head, as they are read."""
    for found in re.findall(r"<tr[^>]*>(.*?)</tr>", page.html, re.DOTALL):
        head, _, rest = found.partition("</th>")
        if row == _words(head):
            return [_words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", rest, re.DOTALL)]
    raise AssertionError(f"no row {row} in {page.text}")


def _words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


@each_report
def test_an_empty_bank_has_a_page_of_each_report(operations: Browser, report: Report) -> None:
    page = operations.open(f"/reports/{report.path}")
    assert page.status == 200
    assert "<table" not in page.html
    assert str(report.title) in page.text


@each_report
def test_each_report_has_figures_and_a_file(
    operations: Browser, ada: Customer, grace: Customer, report: Report
) -> None:
    do(transfer(ada.account_id, grace.account_id, 1_00, at=timezone.now()))
    handle_all([withdraw(ada.account_id, 10**9)], by=BY)
    an_account(5_00, customer_id=ada.customer_id)
    drain()
    query = f"?from={AT.date()}&to={timezone.now().date()}" if report.has_period else "?unused=1"
    page = operations.open(f"/reports/{report.path}{query}")
    assert page.status == 200
    assert "As of event" in page.text
    assert "<table" in page.html
    file = operations.open(f"/reports/{report.path}.csv{query}")
    assert file.status == 200
    assert file.response.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(file.html.splitlines()))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) > 1


@each_report
def test_a_report_asks_again_with_its_filters_and_hears_nothing_while_nothing_is_new(
    operations: Browser, ada: Customer, report: Report
) -> None:
    drain()
    page = operations.open(f"/reports/{report.path}?currency=EUR")
    (poll,) = re.findall(r'hx-get="([^"]+)"', page.html)
    assert ("currency=EUR" in poll) == (report.currencies is not None)
    assert operations.open(poll.replace("&amp;", "&")).status == 204


@each_report
@pytest.mark.parametrize("query", ["currency=XXX", "from=x", "days=8", "from=9999-12-31", "kind=theft", "unused=0",
                                   "unused=x", "after=x", "after=2026-01-01.y", "to=2026-02-30"])  # fmt: skip
def test_nonsense_in_filters_is_said_and_never_breaks(
    operations: Browser, ada: Customer, report: Report, query: str
) -> None:
    drain()
    name = query.partition("=")[0]
    period = {"from", "to", "days"} if report.has_period else set()
    knows = {*report.fields, *period, *({"currency"} if report.currencies else set())}
    for address in (f"/reports/{report.path}?{query}", f"/reports/{report.path}.csv?{query}"):
        page = operations.open(address)
        assert page.status == (422 if name in knows else 200), address
        assert ("error-summary" in page.html) == (name in knows)


@pytest.mark.parametrize("report", [report for report in REPORTS if report.projections], ids=lambda report: report.name)
def test_a_report_whose_projection_is_paused_says_that_it_stands_still(
    operations: Browser, ada: Customer, report: Report
) -> None:
    drain()
    with as_owner():
        for projection in report.projections:
            checkpoints.pause(async_projection(projection))
    page = operations.open(f"/reports/{report.path}")
    assert page.status == 200
    assert "These figures stand still." in page.text
    assert re.search(r"This report stands still since event \d", page.text)
    assert "Stands still since event" in operations.open("/reports").text


def test_a_month_of_days_and_a_year_of_months(operations: Browser, ada: Customer, grace: Customer) -> None:
    a_march(ada, grace)
    page = operations.open(f"/reports/daily-flows?{MARCH}")
    assert figures(page, "5 Mar 2026") == ["€1,234.00", "€34.00", "€1,200.00", "€55.00", "3"]
    assert figures(page, "6 Mar 2026") == ["€0.00", "€0.00", "€0.00", "€0.00", "0"]
    assert figures(page, "Altogether") == figures(page, "5 Mar 2026")
    year = operations.open("/reports/daily-flows?from=2026-01-15&to=2026-12-31&currency=EUR")
    assert figures(year, "Mar 2026") == ["€1,834.00", "€34.00", "€1,800.00", "€55.00", "5"]
    assert "from=2026-03-01&to=2026-03-31" in year.link("Mar 2026").replace("&amp;", "&")
    assert "from=2026-01-15&to=2026-01-31" in year.link("Jan 2026").replace("&amp;", "&")


def test_what_the_bank_holds_at_the_end_of_each_day(operations: Browser, ada: Customer, grace: Customer) -> None:
    a_march(ada, grace)
    page = operations.open(f"/reports/cash-position?{MARCH}")
    assert figures(page, "4 Mar 2026")[:3] == ["€0.00", "€0.00", "€0.00"]
    assert figures(page, "5 Mar 2026")[:3] == ["€1,234.00", "€34.00", "€1,200.00"]
    assert figures(page, "28 Mar 2026")[:3] == ["€0.00", "€0.00", "€1,200.00"]


def test_how_many_accounts_hold_how_much(operations: Browser, ada: Customer, grace: Customer) -> None:
    an_account(customer_id=ada.customer_id)
    drain()
    page = operations.open("/reports/balance-distribution?currency=EUR")
    assert figures(page, "€100 to €1,000") == ["2", "66.7 %", "€600.00"]
    assert figures(page, "€0") == ["1", "33.3 %", "€0.00"]


def test_customers_and_accounts_over_time(operations: Browser, ada: Customer, grace: Customer) -> None:
    empty = an_account(customer_id=ada.customer_id)
    do(CloseAccount(account_id=empty, reason="unused", **envelope()))
    drain()
    day = f"from={envelope()['at'].date()}&to={envelope()['at'].date() + timedelta(days=1)}"
    page = operations.open(f"/reports/growth?{day}")
    rows = [figures(page, row) for row in re.findall(r"\d+ \w+ \d{4}(?=</time></th>)", page.html)]
    assert rows == [["2", "2", "0", "0", "0", "0", "0", "0"], ["2", "2", "2", "0", "3", "1", "0", "0"]]


def test_the_largest_movements_are_masked_and_lead_on_for_those_who_may(
    operations: Browser, auditor: Browser, ada: Customer, grace: Customer
) -> None:
    a_march(ada, grace)
    page = auditor.open(f"/reports/largest-movements?{MARCH}")
    assert figures(page, "1")[:2] == ["€1,234.00", "Deposit"]
    assert figures(page, "2")[:2] == ["€55.00", "Transfer sent"]
    assert "Ada L•••" in page.text
    assert "Lovelace" not in page.text
    assert f"/accounts/{ada.account_id}" in page.html
    assert "/audit/events/" in page.html
    of_operations = operations.open(f"/reports/largest-movements?{MARCH}")
    assert "Ada L•••" in of_operations.text
    assert "/accounts/" not in of_operations.html
    assert "/audit/events/" not in of_operations.html
    only = operations.open(f"/reports/largest-movements?{MARCH}&kind=withdrawal")
    assert figures(only, "1")[:2] == ["€34.00", "Withdrawal"]
    assert "€55.00" not in only.text


@pytest.mark.parametrize("kind", ["", "&kind=deposit", "&kind=transfer_sent"])
def test_the_file_of_largest_movements_has_the_rows_of_the_page(
    auditor: Browser, ada: Customer, grace: Customer, kind: str
) -> None:
    a_march(ada, grace)
    for minor in (5_00, 1_234_00, 7_00, 9_99):
        do(transfer(ada.account_id, grace.account_id, 1, at=AT))
        do(deposit(grace.account_id, minor, at=AT))
    drain()
    page = auditor.open(f"/reports/largest-movements?{MARCH}{kind}")
    file = csv.DictReader(auditor.open(f"/reports/largest-movements.csv?{MARCH}{kind}").html.splitlines())
    rows = list(file)
    shown = [figures(page, str(rank)) for rank in range(1, len(rows) + 1)]
    assert [(cells[0], cells[-1].replace(",", "")) for cells in shown] == [
        (f"\u20ac{float(row['amount']):,.2f}", row["position"]) for row in rows
    ]
    assert len(rows) == {"": 11, "&kind=deposit": 5, "&kind=transfer_sent": 5}[kind]
    assert f">{len(rows) + 1}<" not in re.sub(r"<td.*?</td>", "", page.html)
    assert {row["kind"] for row in rows} <= {"deposit", "withdrawal", "transfer_sent"}


def test_dormant_accounts_go_on_behind_the_last_of_a_page(
    auditor: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bank.web.reports.dormant.PAGE_SIZE", 1)
    long_ago = timezone.now() - timedelta(days=400)
    for days in (0, 10):
        account_id = an_account(customer_id=ada.customer_id, at=long_ago + timedelta(days=days))
        do(deposit(account_id, 7_00, at=long_ago + timedelta(days=days)))
    drain()
    first = auditor.open("/reports/dormant-accounts?currency=EUR")
    assert "400" in first.text
    second = auditor.open(first.link("Accounts that were used later"))
    assert "390" in second.text
    assert "Accounts that were used later" not in second.links
    assert "No open account has been unused" in auditor.open("/reports/dormant-accounts?unused=1000").text


def test_when_in_the_week_money_is_moved(operations: Browser, ada: Customer, grace: Customer) -> None:
    """The fifth of March 2026 is a Thursday; noon in UTC is one o'clock in Prague."""
    a_march(ada, grace)
    page = operations.open(f"/reports/activity?{MARCH}")
    assert figures(page, "13:00") == ["3", "0", "0", "0", "3", "0", "0", "0"]
    assert figures(page, "12:00") == ["0"] * 8
    assert page.html.count('class="shade-4"') == 1


def test_why_the_bank_refuses_is_counted_at_once_and_leads_auditors_to_the_commands(
    operations: Browser, auditor: Browser, ada: Customer, grace: Customer
) -> None:
    too_much = [withdraw(customer.account_id, 10**9) for customer in (ada, grace)]
    handle_all([*too_much, transfer(ada.account_id, ada.account_id, 1)], by=BY)
    page = operations.open("/reports/refusals")
    assert figures(page, "Balance too low") == ["2", "66.7 %"]
    assert figures(page, "To the same account") == ["1", "33.3 %"]
    (poll,) = re.findall(r'hx-get="([^"]+)"', page.html)
    assert operations.open(poll.replace("&amp;", "&")).status == 204
    handle_all([withdraw(ada.account_id, 10**9)], by=BY)
    assert figures(operations.open(poll.replace("&amp;", "&")), "Balance too low") == ["3", "75.0 %"]
    assert "/audit/commands" not in page.html
    assert "/audit/commands?outcome=refused" in auditor.open("/reports/refusals").html
    file = list(csv.reader(operations.open("/reports/refusals.csv").html.splitlines()))
    assert [row[1:] for row in file] == [["reason", "count"], ["insufficient_funds", "3"], ["same_account", "1"]]
    drain()
    dashboard = operations.open("/dashboard")
    assert "/reports/refusals?from=" in dashboard.html
    assert "most often: balance too low" in dashboard.text


def test_the_index_lists_every_report_with_its_freshness(operations: Browser, ada: Customer) -> None:
    drain()
    page = operations.open("/reports")
    for report in REPORTS:
        assert f'href="/reports/{report.path}"' in page.html
        assert str(report.about) in page.text
    assert page.text.count("As of event") >= sum(1 for report in REPORTS if report.projections)


def test_only_pages_of_figures_load_the_library_that_draws(operations: Browser, ada: Customer) -> None:
    assert "chart.umd" in operations.open("/reports/growth").html
    assert "chart.umd" not in Browser.signed_in(ada.user).open("/").html
    assert "chart.umd" not in operations.open("/reports").html
