"""The command log's filters, kept in its address."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.aggregates import COMMANDS
from bank.api.idempotency import LONGEST_KEY, command_id_of
from bank.web.filters import FROM, TO, day_field
from bank.web.pages.audit.actors import read_actor, user_number
from bank.web.words import REFUSAL_WORDS
from ledger.steering import REFUSALS, Act
from readmodels.command_log import CommandFilter

OUTCOMES: Final = {"accepted": _("Accepted"), "refused": _("Refused")}
CHANNELS: Final = {"web": _("Web"), "api": _("API"), "batch": _("Batch"), "job": _("Job")}
TYPES: Final = sorted({*(kind.__name__ for kind in COMMANDS), *(str(act) for act in Act)})
REASONS: Final = sorted({*REFUSAL_WORDS, *REFUSALS} - {"key_reused"})
_EDGES: Final = ("before", "after")
# What is asked for most stands open, all else behind "More filters".
_OPEN: Final = frozenset({"type", "actor", "outcome", "reason"})


def _input(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false", **attrs})


def choice_field(label: StrOrPromise, choices: Mapping[str, StrOrPromise], wrong: StrOrPromise) -> forms.ChoiceField:
    """One of a list, or all of them."""
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[("", _("All")), *choices.items()],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": wrong},
    )


def _id(label: StrOrPromise, wrong: StrOrPromise) -> forms.UUIDField:
    return forms.UUIDField(label=label, required=False, widget=_input(), error_messages={"invalid": wrong})


class CommandFilterForm(forms.Form):
    """What to look for; everything is optional. `before`, `after`: the command behind which the page begins."""

    type = choice_field(_("What was asked"), {t: t for t in TYPES}, _("What was asked: choose one of the list."))
    actor = forms.CharField(label=_("Who asked"), required=False, max_length=150, widget=_input(type="search"))
    outcome = choice_field(_("Outcome"), OUTCOMES, _("Outcome: choose one of the list."))
    reason = choice_field(_("Reason"), {code: code for code in REASONS}, _("Reason: choose one of the list."))
    channel = choice_field(_("Channel"), CHANNELS, _("Channel: choose one of the list."))
    stream = _id(_("Stream that it changed"), _("Stream: this is no id."))
    correlation = _id(_("Correlation"), _("Correlation: this is no id."))
    command = _id(_("Command"), _("Command: this is no id."))
    key = forms.CharField(label=_("Idempotency key"), required=False, max_length=LONGEST_KEY, widget=_input())

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        # "from" is a word of Python's own: it can't be an attribute of the class.
        self.fields["from"] = day_field(FROM)
        self.fields["to"] = day_field(TO)
        for name in _EDGES:
            self.fields[name] = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_actor(self) -> str:
        """A user name becomes what the record has."""
        return read_actor(self.cleaned_data["actor"])

    def clean(self) -> dict[str, Any]:
        """The range the right way round; one edge; a key with the person whose key it is."""
        cleaned: dict[str, Any] = super().clean() or {}
        if any(name in self.errors for name in _EDGES) or all(cleaned.get(name) for name in _EDGES):
            for name in _EDGES:
                self.errors.pop(name, None)
            self.add_error(None, gettext("The address of this page is not right: begin again with the newest."))
        if cleaned.get("from") and cleaned.get("to") and cleaned["from"] > cleaned["to"]:
            self.add_error("to", gettext("To: must not be before From."))
        if cleaned.get("key") and "actor" not in self.errors:
            number = user_number(cleaned.get("actor", ""))
            if number is None:
                self.add_error("key", gettext("Idempotency key: say under Who asked whose key it is."))
            else:
                cleaned["keyed"] = command_id_of(number, cleaned["key"])
        return cleaned

    def wanted(self) -> CommandFilter | None:
        """The valid form as the log's filter; None where nothing can fit: a key and the id of another command."""
        cleaned = self.cleaned_data
        keyed: UUID | None = cleaned.get("keyed")
        if keyed and cleaned["command"] not in {None, keyed}:
            return None
        return CommandFilter(
            type=cleaned["type"],
            actor=cleaned["actor"],
            outcome=cleaned["outcome"],
            refusal=cleaned["reason"],
            channel=cleaned["channel"],
            from_date=cleaned["from"],
            to_date=cleaned["to"],
            correlation_id=cleaned["correlation"],
            command_id=keyed or cleaned["command"],
            stream_id=cleaned["stream"],
        )

    def query(self) -> dict[str, str]:
        """The filters as they were typed, for links that keep them."""
        given: Mapping[str, str] = self.data
        return {name: given[name] for name in self.fields if name not in _EDGES and given.get(name)}

    @property
    def is_active(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.query())

    @property
    def has_more(self) -> bool:
        """Whether one of the filters behind "More filters" is in use."""
        return bool(set(self.query()) - _OPEN)
