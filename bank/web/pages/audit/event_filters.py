"""The event browser's filters, kept in its address."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.invalid import InvalidCommand
from accounts.money import parse_amount
from bank.identity.models import User
from bank.web.amounts import NotAnAmount, read_amount
from bank.web.streams import KIND_WORDS
from bank.web.words import of_invalid
from readmodels.event_pages import EventFilter

_OF_USERS: Final = "user:"
_MOST_POSITION: Final = 2**63 - 1
_EDGES: Final = ("before", "after")
# What is asked for most stands open, all else behind "More filters".
_OPEN: Final = frozenset({"q", "type", "kind"})


def _input(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false", **attrs})


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select"})


class MomentInput(forms.TextInput):
    """A browser's field for a moment. What is none (an edited address) is not put into it: the error says so."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        try:
            return datetime.fromisoformat(str(value)).replace(tzinfo=None).isoformat(timespec="minutes")
        except ValueError:
            return None


class MomentField(forms.Field):
    """A moment in UTC as ISO 8601 writes it, or a whole day. `ends`: of a day, or of a minute, its end."""

    def __init__(self, *, label: StrOrPromise, ends: bool = False) -> None:
        # A text field where a browser knows no other; what it sends is the same.
        super().__init__(label=label, required=False, widget=MomentInput({"class": "form-control"}))
        self._ends = ends

    def to_python(self, value: Any) -> Any:
        """A datetime, None for nothing."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            if "T" not in text and " " not in text:
                day = date.fromisoformat(text)
                return datetime.combine(day, time.max if self._ends else time.min, UTC)
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
            is_minute = found.second == found.microsecond == 0
            return found.replace(second=59, microsecond=999_999) if self._ends and is_minute else found
        except (ValueError, OverflowError):
            raise ValidationError(
                gettext("%(field)s: enter a moment, such as 2026-11-23T09:41, or a day.") % {"field": self.label}
            ) from None


def _id_field(label: StrOrPromise, wrong: StrOrPromise) -> forms.UUIDField:
    return forms.UUIDField(label=label, required=False, widget=_input(), error_messages={"invalid": wrong})


def _position_field(label: StrOrPromise, wrong: StrOrPromise) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=1,
        max_value=_MOST_POSITION,
        widget=_input(inputmode="numeric"),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), wrong),
    )


class EventFilterForm(forms.Form):
    """What to look for; everything is optional. `before` and `after`: the event behind which the page begins."""

    q = forms.CharField(label=_("Words"), required=False, max_length=140, widget=_input(type="search"))
    type = forms.CharField(label=_("What happened"), required=False, max_length=100, widget=_input(list="event-types"))
    kind = forms.ChoiceField(
        label=_("Kind of stream"),
        required=False,
        choices=[("", _("All")), *KIND_WORDS.items()],
        widget=_select(),
        error_messages={"invalid_choice": _("Kind of stream: choose one of the list.")},
    )
    stream = _id_field(_("Stream"), _("Stream: this is no id."))
    actor = forms.CharField(label=_("Who sent it"), required=False, max_length=150, widget=_input())
    correlation = _id_field(_("Correlation"), _("Correlation: this is no id."))
    command = _id_field(_("Command"), _("Command: this is no id."))
    clock = forms.ChoiceField(
        label=_("Time"),
        required=False,
        choices=[("recorded", _("when it was recorded")), ("occurred", _("when it happened"))],
        widget=_select(),
        error_messages={"invalid_choice": _("Time: choose one of the list.")},
    )
    first = _position_field(_("From position"), _("From position: enter a number from 1 up."))
    last = _position_field(_("To position"), _("To position: enter a number from 1 up."))
    currency = forms.ChoiceField(
        label=_("Currency"),
        required=False,
        widget=_select(),
        error_messages={"invalid_choice": _("Currency: nothing moved in this one.")},
    )
    min = forms.CharField(label=_("At least"), required=False, max_length=30, widget=_input(inputmode="decimal"))
    max = forms.CharField(label=_("At most"), required=False, max_length=30, widget=_input(inputmode="decimal"))

    def __init__(self, data: QueryDict, *, currencies: list[str]) -> None:
        super().__init__(data)
        # "from" is a word of Python's own: it can't be an attribute of the class.
        self.fields["from"] = MomentField(label=pgettext_lazy("a time", "From (UTC)"))
        self.fields["to"] = MomentField(label=pgettext_lazy("a time", "To (UTC)"), ends=True)
        currency = self.fields["currency"]
        assert isinstance(currency, forms.ChoiceField)
        currency.choices = [("", _("All")), *((code, code) for code in currencies)]
        for name in _EDGES:
            self.fields[name] = forms.IntegerField(
                required=False, min_value=1, max_value=_MOST_POSITION, widget=forms.HiddenInput
            )

    def clean_actor(self) -> str:
        """A user name becomes the number that the record has; an actor may also be typed as it stands there."""
        text: str = self.cleaned_data["actor"]
        if not text or ":" in text:
            return text
        person = User.objects.filter(username=text).only("pk").first()
        if person is None:
            raise ValidationError(gettext("Who sent it: nobody has this user name."))
        return f"{_OF_USERS}{person.pk}"

    def clean(self) -> dict[str, Any]:
        """Amounts by the one parser; ranges the right way round; one edge."""
        cleaned: dict[str, Any] = super().clean() or {}
        self._clean_amounts(cleaned)
        if any(name in self.errors for name in _EDGES) or all(cleaned.get(name) for name in _EDGES):
            for name in _EDGES:
                self.errors.pop(name, None)
            self.add_error(None, gettext("The address of this page is not right: begin again with the newest events."))
        if cleaned.get("from") and cleaned.get("to") and cleaned["from"] >= cleaned["to"]:
            self.add_error("to", gettext("To: must not be before From."))
        if cleaned.get("first") and cleaned.get("last") and cleaned["first"] > cleaned["last"]:
            self.add_error("last", gettext("To position: must not be before From position."))
        return cleaned

    def _clean_amounts(self, cleaned: dict[str, Any]) -> None:
        typed = [name for name in ("min", "max") if cleaned.get(name)]
        currency = cleaned.get("currency")
        if typed and not currency:
            if "currency" not in self.errors:
                self.add_error("currency", gettext("Currency: choose that of the amounts."))
            return
        for name in typed:
            try:
                cleaned[name] = parse_amount(read_amount(cleaned[name]), currency or "", allow_zero=True).minor
            except NotAnAmount as error:
                self.add_error(name, f"{self.fields[name].label}: {error}")
            except InvalidCommand as invalid:
                self.add_error(name, f"{self.fields[name].label}: {of_invalid(invalid)}")

    def wanted(self) -> EventFilter:
        """The valid form as the read model's filter."""
        cleaned = self.cleaned_data
        return EventFilter(
            stream_id=cleaned["stream"],
            kind=cleaned["kind"] or None,
            type=cleaned["type"] or None,
            actor=cleaned["actor"] or None,
            correlation_id=cleaned["correlation"],
            command_id=cleaned["command"],
            clock=cleaned["clock"] or "recorded",
            from_at=cleaned["from"],
            to_at=cleaned["to"],
            first=cleaned["first"],
            last=cleaned["last"],
            currency=cleaned["currency"] or None,
            min_minor=_number(cleaned["min"]),
            max_minor=_number(cleaned["max"]),
            text=cleaned["q"],
        )

    def query(self) -> dict[str, str]:
        """The filters as they were typed, for links that keep them."""
        given: Mapping[str, str] = self.data
        return {name: given[name] for name in self.fields if name not in _EDGES and given.get(name)}

    @property
    def is_active(self) -> bool:
        """Whether anything narrows the list."""
        return bool(set(self.query()) - {"clock"})

    @property
    def has_more(self) -> bool:
        """Whether one of the filters behind "More filters" is in use."""
        return bool(set(self.query()) - _OPEN)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
