"""The filters of the books, kept in their addresses."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.postings import AccountClass
from bank.web.filters import FROM, TO, day_field
from bank.web.pages.accounting.words import CLASS_WORDS

DAYS_SHOWN: Final = 30
_DAYS_AT_MOST: Final = 3_660
_MOST_POSITION: Final = 10**18


class _BookForm(forms.Form):
    """What the address says, with what is usual in place of what it does not say."""

    names: tuple[str, ...] = ()

    def __init__(self, query: QueryDict, usual: Mapping[str, str]) -> None:
        self.typed = query
        said: dict[str, str] = {name: str(text) for name, text in query.items() if text}
        super().__init__({**usual, **said})

    def query(self) -> dict[str, str]:
        """The filters as they were typed, for links that keep them."""
        return {name: str(self.typed[name]) for name in self.names if self.typed.get(name)}

    @property
    def account_class(self) -> AccountClass | None:
        """Of a valid form; None for all."""
        chosen = self.cleaned_data.get("class")
        return AccountClass(chosen) if chosen else None


def _currency_field(currencies: Sequence[str], every: Promise | None = None) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Currency"),
        required=every is None,
        choices=[*([("", every)] if every is not None else []), *((code, code) for code in currencies)],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": _("Currency: nothing moved in this one.")},
    )


def _class_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Account class"),
        required=False,
        choices=[("", _("All")), *((c.value, words) for c, words in CLASS_WORDS.items())],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": _("Account class: choose one of the list.")},
    )


def usual_currency(currencies: Sequence[str]) -> str:
    """The one that is shown where none is chosen."""
    return "EUR" if "EUR" in currencies or not currencies else currencies[0]


def _first_before(to_text: str) -> str:
    """The first of the days that are shown where only the last is known. Where that is no date, the form will tell."""
    try:
        return str(date.fromisoformat(to_text) - timedelta(days=DAYS_SHOWN - 1))
    except (ValueError, OverflowError):
        return to_text


class TrialBalanceForm(_BookForm):
    """The day at whose end, and a currency or all; today and all where nothing is said."""

    names = ("on", "currency")

    def __init__(self, query: QueryDict, today: date, currencies: Sequence[str]) -> None:
        super().__init__(query, {"on": str(today)})
        self.fields["on"] = day_field(_("At the end of"), required=True)
        self.fields["currency"] = _currency_field(currencies, _("All"))


class GeneralLedgerForm(_BookForm):
    """A range of days, a currency, a class or all; 30 days up to today where nothing is said."""

    names = ("from", "to", "currency", "class")

    def __init__(self, query: QueryDict, today: date, currencies: Sequence[str]) -> None:
        to_text = query.get("to") or str(today)
        usual = {"from": _first_before(to_text), "to": to_text, "currency": usual_currency(currencies)}
        super().__init__(query, usual)
        # "from" and "class" are words of Python's own: they can't be attributes of the class.
        self.fields["from"] = day_field(FROM, required=True)
        self.fields["to"] = day_field(TO, required=True)
        self.fields["currency"] = _currency_field(currencies)
        self.fields["class"] = _class_field()

    def clean(self) -> dict[str, Any]:
        """The range the right way round, and of a length that a page can hold."""
        cleaned: dict[str, Any] = super().clean() or {}
        from_date, to_date = cleaned.get("from"), cleaned.get("to")
        if from_date and to_date and not 0 <= (to_date - from_date).days < _DAYS_AT_MOST:
            message = gettext("To: choose a day not before From, and at most %(most)s days in all.")
            self.add_error("to", message % {"most": _DAYS_AT_MOST})
        return cleaned


class JournalForm(_BookForm):
    """One day, a currency, a class or all. `after` and `before`: the position that the page begins or ends at."""

    names = ("on", "currency", "class")

    def __init__(self, query: QueryDict, today: date, currencies: Sequence[str]) -> None:
        super().__init__(query, {"on": str(today), "currency": usual_currency(currencies)})
        self.fields["on"] = day_field(_("Day"), required=True)
        self.fields["currency"] = _currency_field(currencies)
        self.fields["class"] = _class_field()
        for name in ("after", "before"):
            self.fields[name] = forms.IntegerField(
                required=False, min_value=0, max_value=_MOST_POSITION, widget=forms.HiddenInput
            )

    def clean(self) -> dict[str, Any]:
        """A place in the list is no field that anybody sees: what is wrong with it stands above the others."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors.keys() & {"after", "before"}:
            self.add_error(None, gettext("The address names a place that is none in this list."))
        return cleaned
