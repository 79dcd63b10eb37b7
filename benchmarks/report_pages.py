"""The dashboard, the books and every report: what the server takes for a page, with 1,000,000 events of six years."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from benchmarks.account_page import measure_page
from benchmarks.bank import Bank

if TYPE_CHECKING:
    from django.test import Client

EVENTS: Final = 1_000_000
YEARS: Final = 6
TARGET_MS: Final = 150


def report_pages(_bank: Bank) -> None:
    """Server time of the dashboard, the books and every report with a million events, in ms (minutes: only named)."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from bank.identity.models import User
    from bank.ops import places
    from bank.ops.large_bank import fill, plan
    from ledger import runner

    logging.getLogger("bank.access").setLevel(logging.WARNING)  # its lines would stand among the figures
    (places.home() / "static").mkdir(exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    fill(plan(EVENTS, timezone.now()), beside_others=True)
    runner.drain()
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze)")
    # An auditor's pages hold the most: the way to each event besides.
    person = User.objects.create(username="auditor", roles=["auditor"], password="!")  # noqa: S106 - nobody's
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person)
    measure_all(client)


def measure_all(client: "Client") -> None:
    """Print each page's time; of files the time until their first line."""
    for label, path in _pages():
        measure_page(label, client, path, first_byte=".csv" in path, target_ms=TARGET_MS)


def _pages() -> Iterator[tuple[str, str]]:
    """Each page as it is opened, and over all the years, the longest that its filters allow."""
    from bank.web.reports.catalogue import REPORTS

    today = timezone.now().date()
    years = f"from={today - timedelta(days=365 * YEARS)}&to={today}&currency=EUR"
    yield "the index", "/reports"
    yield "the dashboard", "/dashboard"
    yield "the dashboard, all years", f"/dashboard?{years}"
    for report in REPORTS:
        query = years if report.has_period else "currency=EUR"
        path = f"/reports/{report.path}"
        yield report.name, path
        if report.has_period:
            yield f"{report.name}, a year", f"{path}?days=365&currency=EUR"
            yield f"{report.name}, all years", f"{path}?{query}"
        yield f"{report.name}, the file's first line", f"{path}.csv?{query}"
    yield "trial balance", "/reports/trial-balance"
    yield "trial balance, three years ago", f"/reports/trial-balance?on={today - timedelta(days=365 * 3)}"
    yield "general ledger", "/reports/general-ledger"
    yield "general ledger, all years", f"/reports/general-ledger?{years}"
    yield "general ledger, the file's first line", f"/reports/general-ledger.csv?{years}"
    busy = today - timedelta(days=365)
    yield "journal", f"/reports/journal?on={busy}&currency=EUR"
    yield "journal, of cash", f"/reports/journal?on={busy}&currency=EUR&class=cash"
    yield "journal, the file's first line", f"/reports/journal.csv?on={busy}&currency=EUR"


CASES = {"report_pages": report_pages}
