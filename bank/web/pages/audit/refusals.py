"""Refusals over time: how often the bank said no, by day and by reason, as table, chart and file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.csv_file import csv_file
from bank.web.filters import FROM, TO, day_field
from bank.web.formats import day_of_month
from bank.web.pages.audit.command_filters import CHANNELS, TYPES, choice_field
from readmodels import refusals
from readmodels.refusals import DayOfRefusals, RefusalFilter

_DAYS_SHOWN: Final = 30
_DAYS_AT_MOST: Final = 366
_WIDTH: Final = 960
_HEIGHT: Final = 220
_LEFT: Final = 48
_TOP: Final = 12
_BOTTOM: Final = 28
_LABELS_AT_MOST: Final = 8
_LINES: Final = 4


class RefusalFilterForm(forms.Form):
    """Which days, whose commands; what is not said is 30 days up to today."""

    type = choice_field(_("What was asked"), {t: t for t in TYPES}, _("What was asked: choose one of the list."))
    channel = choice_field(_("Channel"), CHANNELS, _("Channel: choose one of the list."))

    def __init__(self, query: QueryDict) -> None:
        super().__init__(_with_defaults(query))
        self.fields["from"] = day_field(FROM, required=True)
        self.fields["to"] = day_field(TO, required=True)

    def clean(self) -> dict[str, Any]:
        """The range the right way round, and of a length that a page can hold."""
        cleaned: dict[str, Any] = super().clean() or {}
        from_date, to_date = cleaned.get("from"), cleaned.get("to")
        if from_date and to_date and not 0 <= (to_date - from_date).days < _DAYS_AT_MOST:
            message = gettext("To: choose a day not before From, and at most %(most)s days in all.")
            self.add_error("to", message % {"most": _DAYS_AT_MOST})
        return cleaned

    def wanted(self) -> RefusalFilter:
        """The valid form as the read model's filter."""
        cleaned = self.cleaned_data
        return RefusalFilter(
            from_date=cleaned["from"], to_date=cleaned["to"], type=cleaned["type"], channel=cleaned["channel"]
        )

    def query(self) -> dict[str, str]:
        """The filters, for links that keep them: the period as it is shown, all else as it was typed."""
        return {name: self.data[name] for name in ("from", "to", "type", "channel") if self.data.get(name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often, and where these commands are listed."""

    number: int
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A day with its number for each reason, and for all."""

    day: date
    counts: list[Count]
    total: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day's bar."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Refusals a day, upwards from one line."""

    bars: list[Bar]
    value_ticks: list[Tick]
    day_ticks: list[Tick]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    base: int = _HEIGHT - _BOTTOM


@allowed(policy.may_audit)
@signed_in
def refusals_page(request: SignedInRequest) -> HttpResponse:
    """Table and chart of a period; each number leads to its commands."""
    form = RefusalFilterForm(request.GET)
    context: dict[str, Any] = {"form": form}
    if not form.is_valid():
        return render(request, "web/audit/refusals.html", context, status=422)
    days = refusals.by_day(form.wanted())
    reasons = _reasons(days)
    kept = {"outcome": "refused", **{k: v for k, v in form.query().items() if k in {"type", "channel"}}}
    period = {"from": str(form.cleaned_data["from"]), "to": str(form.cleaned_data["to"])}
    totals: Counter[str] = Counter()
    for day in days:
        totals.update(day.counts)
    context |= {
        "from_date": form.cleaned_data["from"],
        "to_date": form.cleaned_data["to"],
        "reasons": reasons,
        "rows": [_row(day, reasons, kept) for day in days],
        "totals": [_count(totals[reason], kept | period, reason) for reason in reasons],
        "total": _count(totals.total(), kept | period),
        "chart": _chart(days, form.cleaned_data["from"], form.cleaned_data["to"]) if days else None,
        "csv_href": f"{reverse('web:audit_refusals_csv')}?{urlencode(form.query())}",
    }
    return render(request, "web/audit/refusals.html", context)


@allowed(policy.may_audit)
@signed_in
def refusals_csv(request: SignedInRequest) -> HttpResponseBase:
    """The same as a file: day, reason, how often."""
    form = RefusalFilterForm(request.GET)
    if not form.is_valid():
        return render(request, "web/audit/refusals.html", {"form": form}, status=422)
    wanted = form.wanted()
    rows = (
        (str(day.day), reason, str(count))
        for day in refusals.by_day(wanted)
        for reason, count in sorted(day.counts.items())
    )
    return csv_file(f"refusals-{wanted.from_date}-{wanted.to_date}.csv", ("day", "reason", "count"), rows)


def _with_defaults(query: QueryDict) -> dict[str, str]:
    """The query with what it does not say. Where a date is no date, the form will tell."""
    to_text = query.get("to") or str(timezone.now().date())
    try:
        first = str(date.fromisoformat(to_text) - timedelta(days=_DAYS_SHOWN - 1))
    except (ValueError, OverflowError):
        first = to_text
    given = {name: str(query[name]) for name in query}
    return {**given, "from": query.get("from") or first, "to": to_text}


def _reasons(days: Sequence[DayOfRefusals]) -> list[str]:
    """Those that were given, the most frequent first."""
    totals: Counter[str] = Counter()
    for day in days:
        totals.update(day.counts)
    return sorted(totals, key=lambda reason: (-totals[reason], reason))


def _row(day: DayOfRefusals, reasons: Sequence[str], kept: dict[str, str]) -> Row:
    on_it = kept | {"from": str(day.day), "to": str(day.day)}
    counts = [_count(day.counts.get(reason, 0), on_it, reason) for reason in reasons]
    return Row(day=day.day, counts=counts, total=_count(day.total, on_it))


def _count(number: int, kept: dict[str, str], reason: str = "") -> Count:
    query = kept | ({"reason": reason} if reason else {})
    return Count(number=number, href=f"{reverse('web:audit_commands')}?{urlencode(query)}" if number else "")


def _chart(days: Sequence[DayOfRefusals], from_date: date, to_date: date) -> Chart:
    count = (to_date - from_date).days + 1
    slot = (_WIDTH - _LEFT) / count
    step = max(-(-max(day.total for day in days) // _LINES), 1)
    scale = (_HEIGHT - _TOP - _BOTTOM) / (step * _LINES)
    base = _HEIGHT - _BOTTOM
    every = max(1, -(-count // _LABELS_AT_MOST))
    return Chart(
        bars=[
            Bar(
                x=round(_LEFT + (day.day - from_date).days * slot + slot * 0.15, 1),
                y=round(base - day.total * scale, 1),
                width=round(slot * 0.7, 1),
                height=round(day.total * scale, 1),
            )
            for day in days
        ],
        value_ticks=[Tick(at=round(base - n * step * scale, 1), text=str(n * step)) for n in range(_LINES + 1)],
        day_ticks=[
            Tick(at=round(_LEFT + (n + 0.5) * slot, 1), text=day_of_month(from_date + timedelta(days=n)))
            for n in range(0, count, every)
        ],
    )
