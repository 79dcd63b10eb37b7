"""The paths of the dashboard and the reports."""

from typing import Final

from django.urls import URLPattern, path

from bank.web.pages.reports.dashboard import dashboard
from bank.web.pages.reports.index import reports_index
from bank.web.pages.reports.report import report_file, report_page
from bank.web.reports.catalogue import REPORTS

PATHS: Final[list[URLPattern]] = [
    path("dashboard", dashboard, name="dashboard"),
    path("reports", reports_index, name="reports"),
    *(path(f"reports/{report.path}", report_page, {"report": report}, name=report.name) for report in REPORTS),
    *(
        path(f"reports/{report.path}.csv", report_file, {"report": report}, name=f"{report.name}_csv")
        for report in REPORTS
    ),
]
