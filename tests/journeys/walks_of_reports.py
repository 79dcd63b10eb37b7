"""A walk past the dashboard and the reports: empty, with figures, with wrong filters, and standing still."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from bank.identity.models import Role
from bank.web.reports.catalogue import REPORTS
from tests.journeys.person import Person
from tests.journeys.walks import Cast, somebody_new, walk

Stops = Iterator[tuple[str, Person]]


@walk("web:dashboard", "web:reports", *(report.url_name for report in REPORTS))
def figures(cast: Cast) -> Stops:
    person = cast.somebody(signed_in=somebody_new("counting", Role.AUDITOR, Role.OPERATIONS))
    today = timezone.now().date()
    for path in ("/reports", "/dashboard", "/dashboard?days=365", "/dashboard?from=x"):
        person.open(path)
        yield path, person
    for report in REPORTS:
        person.open(f"/reports/{report.path}")
        yield f"report: {report.name}", person
    long_ago = today - timedelta(days=3_000)
    for path in (
        f"/reports/daily-flows?from={today}&to={today}",
        f"/reports/daily-flows?from={long_ago}&to={long_ago}",
        "/reports/cash-position?days=365",
        "/reports/growth?from=x",
        "/reports/largest-movements?kind=theft",
        "/reports/dormant-accounts?unused=1",
        "/reports/dormant-accounts?unused=0",
    ):
        person.open(path)
        yield path, person
