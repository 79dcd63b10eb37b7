"""Which version or moment of a stream is asked for, in the address of its pages; and the steps from there."""

import re
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from bank.web.pages.audit.event_filters import MomentField

HAPPENED: Final = "happened"
RECORDED: Final = "recorded"
_BACK: Final = 10
_OF_A_BROWSER: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepButton:
    """A step to another version; `version` is None where there is none to step to."""

    key: str
    words: StrOrPromise
    name: StrOrPromise
    version: int | None


class MomentInput(forms.DateTimeInput):
    """A browser's field of a day and a time. What is neither (an edited address) is not put into it."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"class": "form-control", "step": "1"})

    def format_value(self, value: Any) -> str | None:
        return str(value) if _OF_A_BROWSER.fullmatch(str(value)) else None


def version_field(label: StrOrPromise, head: int, first: int = 1) -> forms.IntegerField:
    """A number up to the stream's last version."""
    wrong = format_lazy(_("{field}: enter a number from {first} to {last}."), field=label, first=first, last=head)
    attrs = {"class": "form-control", "autocomplete": "off", "inputmode": "numeric"}
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=first,
        max_value=head,
        widget=forms.TextInput(attrs=attrs),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), wrong),
    )


class PlaceForm(forms.Form):
    """A version, or a moment and whose clock it is by; `before`: behind which event the list goes on."""

    clock = forms.ChoiceField(
        label=_("By the time when events"),
        required=False,
        choices=[(HAPPENED, _("happened")), (RECORDED, _("were recorded"))],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": _("By the time when events: choose one of the list.")},
    )

    def __init__(self, data: QueryDict, *, head: int) -> None:
        super().__init__(data)
        self.fields["version"] = version_field(_("Version"), head)
        self.fields["before"] = version_field(_("Before event"), head + 1)
        self.fields["at"] = MomentField(label=_("As it was at (UTC)"))
        self.fields["at"].widget = MomentInput()
        self.order_fields(["version", "at", "clock", "before"])

    def clean(self) -> dict[str, Any]:
        """One place."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("version") and cleaned.get("at"):
            self.add_error("at", _("Ask for a version or for a moment, not for both."))
        return cleaned


class SpanForm(forms.Form):
    """The two versions that are compared; what is left out is the first, or the last."""

    def __init__(self, data: QueryDict, *, head: int) -> None:
        super().__init__(data)
        # "from" is a word of Python's own: it can't be an attribute of the class.
        self.fields["from"] = version_field(pgettext_lazy("a version", "From version"), head)
        self.fields["to"] = version_field(pgettext_lazy("a version", "To version"), head)

    def clean(self) -> dict[str, Any]:
        """The range the right way round."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("from") and cleaned.get("to") and cleaned["from"] > cleaned["to"]:
            self.add_error("to", _("To version: must not be before From version."))
        return cleaned


def steps_from(version: int, head: int) -> list[StepButton]:
    """First, ten back, one back, one on, ten on, last."""
    asked: list[tuple[str, StrOrPromise, StrOrPromise, int]] = [
        ("first", _("First"), _("The first version"), 1),
        ("back-ten", "\N{MINUS SIGN}10", _("Ten versions back"), max(version - _BACK, 1)),
        ("back", "\N{MINUS SIGN}1", _("One version back"), version - 1),
        ("on", "+1", _("One version on"), version + 1),
        ("on-ten", "+10", _("Ten versions on"), min(version + _BACK, head)),
        ("last", _("Last"), _("The last version"), head),
    ]
    return [
        StepButton(
            key=key, words=words, name=name, version=target if 1 <= target <= head and target != version else None
        )
        for key, words, name, target in asked
    ]
