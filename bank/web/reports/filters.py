"""The filters of reports, kept in their addresses: a range of days, a currency, and what a report asks besides."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity.models import User
from bank.web.filters import FROM, TO, day_field
from bank.web.reports.report import Asked, Report

# Ranges that end today, each a link: they stay right when the address is opened another day.
RANGES: Final = (7, 30, 90, 365)
_USUAL_DAYS: Final = 30
_DAYS_AT_MOST: Final = 3_660


class ReportForm(forms.Form):
    """What is not said is 30 days up to today, in the bank's first currency."""

    def __init__(self, query: QueryDict, report: Report, *, today: date, currencies: Sequence[str]) -> None:
        self.report, self.today, self.typed, self.currencies = report, today, query, currencies
        super().__init__(_with_defaults(query, today, currencies))
        if report.has_period:
            # "from" is a word of Python's own: it can't be an attribute of the class.
            self.fields["from"] = day_field(FROM, required=True)
            self.fields["to"] = day_field(TO, required=True)
        if report.currencies is not None:
            self.fields["currency"] = _currency_field(currencies)
        for name, make in report.fields.items():
            self.fields[name] = make()

    def clean(self) -> dict[str, Any]:
        """The range the right way round, and of a length that a page can hold."""
        cleaned: dict[str, Any] = super().clean() or {}
        from_date, to_date = cleaned.get("from"), cleaned.get("to")
        if from_date and to_date and not 0 <= (to_date - from_date).days < _DAYS_AT_MOST:
            message = gettext("To: choose a day not before From, and at most %(most)s days in all.")
            self.add_error("to", message % {"most": _DAYS_AT_MOST})
        if self.report.has_period and self.typed.get("days") and _range_of(self.typed) is None:
            self.add_error(None, gettext("Days: choose one of the ranges that are offered."))
        return cleaned

    def asked(self, by: User) -> Asked:
        """The valid form."""
        cleaned = self.cleaned_data
        return Asked(
            from_date=cleaned.get("from", self.today),
            to_date=cleaned.get("to", self.today),
            currency=cleaned.get("currency", ""),
            today=self.today,
            by=by,
            query=self.query(),
            more={name: cleaned[name] for name in self.report.fields},
        )

    def query(self) -> dict[str, str]:
        """The filters as they were typed, for links that keep them."""
        names = [*self.fields, *(["days"] if self.report.has_period else [])]
        return {name: str(self.typed[name]) for name in names if self.typed.get(name)}

    @property
    def days(self) -> int | None:
        """Which of the ranges is shown; None where the days were typed."""
        if self.typed.get("from") or self.typed.get("to"):
            return None
        return _range_of(self.typed) if self.typed.get("days") else _USUAL_DAYS

    def ranges(self) -> list[tuple[int, dict[str, str], bool]]:
        """(days, the query that shows them, whether they are shown): the other filters stay."""
        others = {name: value for name, value in self.query().items() if name not in {"from", "to", "days"}}
        return [(days, {**others, "days": str(days)}, days == self.days) for days in RANGES]


def _currency_field(currencies: Sequence[str]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Currency"),
        choices=[(code, code) for code in currencies],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": _("Currency: nothing moved in this one.")},
    )


def _with_defaults(query: QueryDict, today: date, currencies: Sequence[str]) -> Mapping[str, str]:
    """The query with what it does not say. Where a date is no date, the form will tell."""
    to_text = query.get("to") or str(today)
    days = _range_of(query) or _USUAL_DAYS
    try:
        first = str(date.fromisoformat(to_text) - timedelta(days=days - 1))
    except (ValueError, OverflowError):
        first = to_text
    given = {name: str(query[name]) for name in query}
    usual = "EUR" if "EUR" in currencies or not currencies else currencies[0]
    return given | {
        "from": query.get("from") or first,
        "to": to_text,
        "currency": query.get("currency") or usual,
    }


def _range_of(query: QueryDict) -> int | None:
    return next((days for days in RANGES if str(days) == query.get("days")), None)
