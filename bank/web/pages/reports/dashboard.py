"""The dashboard: the day beside the usual, what there is altogether, and trends, each leading to its report."""

from typing import Any

from django.http import HttpResponse

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.reports.report import figures_page
from bank.web.reports import overview
from bank.web.reports.report import Asked


@allowed(policy.may_see_reports)
@signed_in
def dashboard(request: SignedInRequest) -> HttpResponse:
    """The bank at a glance."""
    return figures_page(request, overview.DASHBOARD, "web/reports/dashboard.html", _shown)


def _shown(asked: Asked) -> dict[str, Any]:
    return {
        "tiles_of_the_day": overview.tiles_of_the_day(asked),
        "tiles_of_the_bank": overview.tiles_of_the_bank(asked),
        "trends": overview.trends(asked),
    }
