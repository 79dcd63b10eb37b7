"""A page of figures: filters, and up to which event they are counted; a report's page is its charts and tables."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.csv_file import csv_file
from bank.web.reports.filters import ReportForm
from bank.web.reports.freshness import freshness_now, freshness_of
from bank.web.reports.report import Asked, Report


@allowed(policy.may_see_reports)
@signed_in
def report_page(request: SignedInRequest, report: Report) -> HttpResponse:
    """One of the reports."""
    return figures_page(request, report, "web/reports/report.html", lambda asked: {"sections": report.sections(asked)})


@allowed(policy.may_see_reports)
@signed_in
def report_file(request: SignedInRequest, report: Report) -> HttpResponseBase:
    """The same, as comma-separated values."""
    assert report.lines is not None, "a report without a file has no such address"
    form = _form_of(request, report)
    if not form.is_valid():
        context = {"report": report, "form": form}
        return render(request, "web/reports/no_file.html", context, status=422)
    asked = form.asked(request.user)
    lines = report.lines(asked)
    span = f"-{asked.from_date}-{asked.to_date}" if report.has_period else f"-{asked.today}"
    return csv_file(f"{report.path}{span}.csv", next(lines), lines)


def figures_page(
    request: SignedInRequest, report: Report, template: str, show: Callable[[Asked], dict[str, Any]]
) -> HttpResponse:
    """`show` makes the template's context of what was asked for.

    The page asks again by itself; 204 while nothing is new: nothing is swapped then. 422 where the filters of its
    address cannot be used.
    """
    today = timezone.now().date()
    # The freshness is read first: the figures are then at least as new as it says.
    fresh = freshness_now(report.last(), today) if report.last else freshness_of(report.projections, today)
    if request.GET.get("seen") == fresh.seen:
        return HttpResponse(status=204)
    form = _form_of(request, report)
    context: dict[str, Any] = {"report": report, "form": form, "fresh": fresh, "filters": form.query()}
    if report.currencies is not None and not form.currencies:
        return render(request, template, context)
    if not form.is_valid():
        return render(request, template, context | {"shows_errors": True}, status=422)
    asked = form.asked(request.user)
    return render(request, template, context | {"asked": asked, **show(asked)})


def _form_of(request: SignedInRequest, report: Report) -> ReportForm:
    currencies = report.currencies() if report.currencies is not None else []
    return ReportForm(request.GET, report, today=timezone.now().date(), currencies=currencies)
