"""The movement filters of an account's page, kept in its URL."""

from datetime import date
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.invalid import InvalidCommand
from accounts.money import parse_amount
from bank.web.amounts import NotAnAmount, read_amount
from bank.web.movements import KIND_WORDS
from bank.web.words import of_invalid
from readmodels.movements import MovementFilter

_MAX_POSITION = 2**31 - 1
# Of a time, not of a payment: other languages have other words for the two.
FROM: Final = pgettext_lazy("a time", "From")
TO: Final = pgettext_lazy("a time", "To")


class DayInput(forms.DateInput):
    """A browser's date field. What is no date (an edited address) is not put into it: the error says what it was."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"class": "form-control"}, format="%Y-%m-%d")

    def format_value(self, value: Any) -> str | None:
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            return None


def day_field(label: StrOrPromise, *, required: bool = False) -> forms.DateField:
    """A day of the calendar, as ISO 8601 writes it."""
    return forms.DateField(
        label=label,
        required=required,
        input_formats=["%Y-%m-%d"],
        widget=DayInput(),
        error_messages={"invalid": format_lazy(_("{field}: enter a date, such as 2026-11-23."), field=label)},
    )


def _amount_field(label: StrOrPromise) -> forms.CharField:
    attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "form-control"}
    return forms.CharField(label=label, required=False, max_length=30, widget=forms.TextInput(attrs=attrs))


class MovementFilterForm(forms.Form):
    """What to look for; everything is optional. `before` is the place of the last row of the page before."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=140,
        widget=forms.TextInput(attrs={"type": "search", "class": "form-control", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("All")), *KIND_WORDS.items()],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": _("Kind: choose one of the list.")},
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=_MAX_POSITION, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, *, currency: str) -> None:
        super().__init__(data)
        self.currency = currency
        # "from" is a word of Python's own: it can't be an attribute of the class.
        self.fields["from"] = day_field(FROM)
        self.fields["to"] = day_field(TO)
        self.fields["min"] = _amount_field(_("At least"))
        self.fields["max"] = _amount_field(_("At most"))

    def clean(self) -> dict[str, Any]:
        """Amounts by the one parser; the range the right way round."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("min", "max"):
            if cleaned.get(name):
                try:
                    amount = read_amount(cleaned[name])
                    cleaned[name] = parse_amount(amount, self.currency, allow_zero=True).minor
                except NotAnAmount as error:
                    self.add_error(name, f"{self.fields[name].label}: {error}")
                except InvalidCommand as invalid:
                    self.add_error(name, f"{self.fields[name].label}: {of_invalid(invalid)}")
        if cleaned.get("from") and cleaned.get("to") and cleaned["from"] > cleaned["to"]:
            self.add_error("to", _("To: must not be before From."))
        return cleaned

    def wanted(self) -> MovementFilter:
        """The valid form as the read model's filter."""
        cleaned = self.cleaned_data
        return MovementFilter(
            from_date=cleaned["from"],
            to_date=cleaned["to"],
            kind=cleaned["kind"] or None,
            min_minor=cleaned["min"] if cleaned["min"] != "" else None,
            max_minor=cleaned["max"] if cleaned["max"] != "" else None,
            text=cleaned["q"],
        )

    def begins_before(self) -> int | None:
        """Where the page begins."""
        value: int | None = self.cleaned_data["before"]
        return value

    def query(self) -> dict[str, str]:
        """The filters as they were typed, for links that keep them."""
        return {name: self.data[name] for name in self.fields if name != "before" and self.data.get(name)}

    @property
    def is_active(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.query())

    @property
    def has_more_than_search(self) -> bool:
        """Whether one of the filters behind "More filters" is in use."""
        return bool(set(self.query()) - {"q"})
