"""Daily flows: how much came, went and moved inside the bank, by day, with how fresh the figures are."""

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.filters import FROM, TO, day_field
from bank.web.flow_chart import chart_of, days_of
from readmodels import daily_flows, freshness

_DAYS_SHOWN: Final = 30
_DAYS_AT_MOST: Final = 366
_BEHIND_SECONDS: Final = 10.0


class PeriodForm(forms.Form):
    """Which days, which currency; what is not said is 30 days up to today, in the bank's first currency."""

    to = day_field(TO, required=True)
    currency = forms.ChoiceField(label=_("Currency"))

    def __init__(self, query: QueryDict, *, currencies: list[str]) -> None:
        super().__init__(_with_defaults(query, currencies))
        self.fields["from"] = day_field(FROM, required=True)
        currency = self.fields["currency"]
        assert isinstance(currency, forms.ChoiceField)
        currency.choices = [(code, code) for code in currencies]
        currency.widget.attrs["class"] = "form-select"
        currency.error_messages["invalid_choice"] = _("Currency: nothing moved in this one.")

    def clean(self) -> dict[str, Any]:
        """The range the right way round, and of a length that a page can hold."""
        cleaned: dict[str, Any] = super().clean() or {}
        from_date, to_date = cleaned.get("from"), cleaned.get("to")
        if from_date and to_date and not 0 <= (to_date - from_date).days < _DAYS_AT_MOST:
            message = gettext("To: choose a day not before From, and at most %(most)s days in all.")
            self.add_error("to", message % {"most": _DAYS_AT_MOST})
        return cleaned


@allowed(policy.may_see_reports)
@signed_in
def daily_flows_page(request: SignedInRequest) -> HttpResponse:
    """Table and chart. The page asks again by itself; 204 while nothing is new: nothing is swapped then."""
    # The freshness is read first: the figures are then at least as new as it says.
    as_of = freshness.as_of("daily_flows")
    is_behind = as_of.lag_seconds > _BEHIND_SECONDS
    seen = f"{as_of.position}-{as_of.lag_events}-{int(is_behind)}"
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    currencies = daily_flows.currencies()
    form = PeriodForm(request.GET, currencies=currencies)
    context: dict[str, Any] = {
        "form": form,
        "as_of": as_of,
        "is_behind": is_behind,
        "filters": {name: request.GET[name] for name in ("from", "to", "currency") if request.GET.get(name)},
        "seen": seen,
    }
    if not currencies:
        return render(request, "web/daily_flows.html", context)
    if not form.is_valid():
        return render(request, "web/daily_flows.html", context | {"shows_errors": True}, status=422)
    from_date, to_date, currency = form.cleaned_data["from"], form.cleaned_data["to"], form.cleaned_data["currency"]
    days = days_of(daily_flows.between(from_date, to_date, currency))
    context |= {
        "from_date": from_date,
        "to_date": to_date,
        "currency": currency,
        "days": days,
        "chart": chart_of(days, from_date, to_date, currency),
    }
    return render(request, "web/daily_flows.html", context)


def _with_defaults(query: QueryDict, currencies: list[str]) -> dict[str, str]:
    """The query with what it does not say. Where a date is no date, the form will tell."""
    to_text = query.get("to") or str(timezone.now().date())
    try:
        first = str(date.fromisoformat(to_text) - timedelta(days=_DAYS_SHOWN - 1))
    except (ValueError, OverflowError):
        first = to_text
    return {
        "from": query.get("from") or first,
        "to": to_text,
        "currency": query.get("currency") or _usual(currencies),
    }


def _usual(currencies: list[str]) -> str:
    return "EUR" if "EUR" in currencies or not currencies else currencies[0]
