"""All reports, each with what it tells and how far it has counted."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.reports.catalogue import REPORTS
from bank.web.reports.freshness import Freshness, freshness_of
from bank.web.reports.overview import DASHBOARD
from bank.web.rooms import RoomLink, links_of

_SECTION: Final = "reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A report as a link; `fresh` where it is made of projections that workers keep."""

    link: RoomLink
    fresh: Freshness | None


@allowed(policy.may_see_reports)
@signed_in
def reports_index(request: SignedInRequest) -> HttpResponse:
    """A line each."""
    today = timezone.now().date()
    made_of = {reverse(report.url_name): report.projections for report in (DASHBOARD, *REPORTS)}
    lines = [
        Line(link=link, fresh=freshness_of(made, today) if (made := made_of.get(link.href)) else None)
        for link in links_of(_SECTION, request.user, request.path)
    ]
    return render(request, "web/reports/index.html", {"lines": lines})
