"""Access records, for auditors: who of the bank's people looked at which customer's data, where and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.access_records import reading
from bank.access_records.models import AccessRecord
from bank.access_records.reading import AccessFilter
from bank.identity import policy
from bank.identity.models import Role, User
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.filters import FROM, TO, day_field
from bank.web.masking import mask_name
from readmodels import parties

PAGE_SIZE: Final = 50
_MOST_NUMBER: Final = 2**63 - 1
_OF_USERS: Final = "user:"


def _text(attrs: Mapping[str, str]) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", **attrs})


class AccessFilterForm(forms.Form):
    """What to look for; everything is optional. `before` is the number of the last record of the page before."""

    actor = forms.CharField(label=_("Who looked"), required=False, max_length=150, widget=_text({"type": "search"}))
    customer = forms.UUIDField(
        label=_("Customer number"),
        required=False,
        widget=_text({"spellcheck": "false"}),
        error_messages={"invalid": _("Customer number: this is none.")},
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=_MOST_NUMBER, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        # "from" is a word of Python's own: it can't be an attribute of the class.
        self.fields["from"] = day_field(FROM)
        self.fields["to"] = day_field(TO)

    def clean_actor(self) -> str:
        """A user name becomes the number that records bear; a number may also be typed."""
        text: str = self.cleaned_data["actor"]
        number = text.removeprefix(_OF_USERS)
        if not text or (text.startswith(_OF_USERS) and number.isascii() and number.isdigit()):
            return text
        person = User.objects.filter(username=text).only("pk").first()
        if person is None:
            raise forms.ValidationError(gettext("Who looked: nobody has this user name."))
        return f"{_OF_USERS}{person.pk}"

    def clean(self) -> dict[str, Any]:
        """The range the right way round."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("from") and cleaned.get("to") and cleaned["from"] > cleaned["to"]:
            self.add_error("to", gettext("To: must not be before From."))
        return cleaned

    def wanted(self) -> AccessFilter:
        """The valid form as a filter."""
        cleaned = self.cleaned_data
        return AccessFilter(
            actor=cleaned["actor"], customer_id=cleaned["customer"], from_date=cleaned["from"], to_date=cleaned["to"]
        )

    def query(self) -> dict[str, str]:
        """The filters as they were typed, for links that keep them."""
        return {name: self.data[name] for name in self.fields if name != "before" and self.data.get(name)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A record as a row: who (a user name; empty where nobody has the number any more), and whose data, masked."""

    record: AccessRecord
    username: str
    roles: str
    customer: str


@allowed(policy.may_audit)
@signed_in
def access_records_page(request: SignedInRequest) -> HttpResponse:
    """The newest first, by the filters of the address."""
    form = AccessFilterForm(request.GET)
    found = reading.page(form.wanted(), PAGE_SIZE + 1, form.cleaned_data["before"]) if form.is_valid() else []
    shown = found[:PAGE_SIZE]
    query = form.query()
    more = {**query, "before": str(shown[-1].record_id)} if len(found) > PAGE_SIZE else {}
    context = {
        "form": form,
        "is_filtered": bool(query),
        "lines": lines_of(shown),
        "more_href": f"{reverse('web:access_records')}?{urlencode(more)}" if more else "",
    }
    return render(request, "web/access_records.html", context, status=200 if form.is_valid() else 422)


def lines_of(records: list[AccessRecord]) -> list[Line]:
    """Records as rows: who and whose, in two statements."""
    people = User.objects.in_bulk({_number(record.actor) for record in records})
    names = parties.customer_names({record.customer_id for record in records})
    return [
        Line(
            record=record,
            username=people[number].get_username() if (number := _number(record.actor)) in people else "",
            roles=_roles(record.roles),
            customer=mask_name(_name(names, record.customer_id)),
        )
        for record in records
    ]


def _number(actor: str) -> int:
    number = actor.removeprefix(_OF_USERS)
    return int(number) if number.isdigit() else 0


def _roles(roles: list[str]) -> str:
    return ", ".join(str(Role(role).label) if role in Role else role for role in roles)


def _name(names: Mapping[UUID, str], customer_id: UUID) -> str:
    return names.get(customer_id, "")
