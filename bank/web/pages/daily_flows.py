"""Daily flows: how much came, went and moved inside the bank, by day, with how fresh the figures are."""

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.flow_chart import DayOfFlows, chart_of, days_of
from readmodels import daily_flows, freshness

_DAYS_SHOWN: Final = 30
_DAYS_AT_MOST: Final = 366
_BEHIND_SECONDS: Final = 10.0


class PeriodForm(forms.Form):
    """Which days, which currency."""

    to = forms.DateField(label="To", required=False, input_formats=["%Y-%m-%d"])
    currency = forms.ChoiceField(label="Currency", required=False)

    def __init__(self, data: QueryDict, *, currencies: list[str]) -> None:
        super().__init__(data)
        attrs = {"type": "date", "class": "form-control"}
        self.fields["from"] = forms.DateField(label="From", required=False, input_formats=["%Y-%m-%d"])
        for name in ("from", "to"):
            self.fields[name].widget = forms.DateInput(attrs=attrs, format="%Y-%m-%d")
            self.fields[name].error_messages["invalid"] = "Enter a date, such as 2026-11-23."
        currency = self.fields["currency"]
        assert isinstance(currency, forms.ChoiceField)
        currency.choices = [(code, code) for code in currencies]
        currency.widget.attrs["class"] = "form-select"
        currency.error_messages["invalid_choice"] = "There are no movements in this currency."

    def clean(self) -> dict[str, Any]:
        """The range the right way round, and of a length that a page can hold."""
        cleaned: dict[str, Any] = super().clean() or {}
        from_date, to_date = cleaned.get("from"), cleaned.get("to")
        if from_date and to_date and not 0 <= (to_date - from_date).days < _DAYS_AT_MOST:
            self.add_error("to", f"Choose a day after the first, and at most {_DAYS_AT_MOST} days.")
        return cleaned

    def period(self) -> tuple[date, date]:
        """(first, last day): 30 days up to today unless said otherwise."""
        span = timedelta(days=_DAYS_SHOWN - 1)
        from_date, to_date = self.cleaned_data["from"], self.cleaned_data["to"]
        if to_date is None:
            to_date = min(from_date + span, date.max) if from_date else timezone.now().date()
        return from_date or to_date - span, to_date


@allowed(policy.may_see_reports)
@signed_in
def daily_flows_page(request: SignedInRequest) -> HttpResponse:
    """Table and chart. The page asks again by itself; 204 while nothing is new: nothing is swapped then."""
    # The freshness is read first: the figures are then at least as new as it says.
    as_of = freshness.as_of("daily_flows")
    if request.GET.get("seen") == f"{as_of.position}-{as_of.lag_events}":
        return HttpResponse(status=204)
    currencies = daily_flows.currencies()
    form = PeriodForm(request.GET, currencies=currencies)
    days: list[DayOfFlows] = []
    context: dict[str, Any] = {"form": form, "as_of": as_of, "is_behind": as_of.lag_seconds > _BEHIND_SECONDS}
    if form.is_valid() and currencies:
        from_date, to_date = form.period()
        currency = form.cleaned_data["currency"] or _usual(currencies)
        days = days_of(daily_flows.between(from_date, to_date, currency))
        context |= {
            "from_date": from_date,
            "to_date": to_date,
            "currency": currency,
            "chart": chart_of(days, from_date, to_date, currency),
        }
    context |= {"days": days, "filters": _typed(request.GET), "seen": f"{as_of.position}-{as_of.lag_events}"}
    return render(request, "web/daily_flows.html", context, status=200 if form.is_valid() else 422)


def _usual(currencies: list[str]) -> str:
    return "EUR" if "EUR" in currencies else currencies[0]


def _typed(query: QueryDict) -> dict[str, str]:
    return {name: query[name] for name in ("from", "to", "currency") if query.get(name)}
