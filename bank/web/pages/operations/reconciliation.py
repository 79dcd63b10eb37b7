"""The reconciliation: whether what the bank keeps twice agrees, what does not, and when that was looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise, StrPromise

from bank.access_records.recording import looks_at_streams, record_looks
from bank.identity import policy
from bank.reconciliation import reading
from bank.reconciliation.breaks import OF_STREAMS, Check
from bank.reconciliation.models import Break
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.formats import money_html
from readmodels.balances import AccountRow

RUNS_SHOWN: Final = 20
_BREAKS_SHOWN: Final = 100
_PAST_SHOWN: Final = 20
_MOST_NUMBER: Final = 2**63 - 1
_MINOR: Final = "_minor"

CHECK_WORDS: Final[Mapping[str, StrPromise]] = {
    Check.CONTROL: _("All balances, and customer deposits in the general ledger"),
    Check.TRANSIT: _("Transfers in transit, and nothing"),
    Check.TRIAL: _("All debits, and all credits"),
    Check.ACCOUNT: _("An account, and its events"),
    Check.SNAPSHOT: _("A snapshot, and its events"),
}
FIELD_WORDS: Final[Mapping[str, StrPromise]] = {
    "balance_minor": _("Balance"),
    "credits_minor": _("Credits"),
    "held_minor": _("Held"),
    "overdraft_limit_minor": _("Overdraft limit"),
    "status": _("Status"),
    "version": _("Version"),
    "name": _("Name"),
    "currency": _("Currency"),
    "customer_id": _("Customer number"),
    "opened_at": _("Opened"),
}


class PlaceForm(forms.Form):
    """Where the list of runs goes on."""

    before = forms.IntegerField(required=False, min_value=1, max_value=_MOST_NUMBER, widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A difference as a row. Values of somebody's account are for auditors: `has_values`."""

    difference: Break
    check: StrOrPromise
    field: StrOrPromise
    is_stream: bool
    has_values: bool
    expected: str | SafeString
    found: str | SafeString


@allowed(policy.may_see_reconciliation)
@signed_in
def reconciliation_page(request: SignedInRequest) -> HttpResponse:
    """The page asks again by itself; 204 while nothing is new: nothing is swapped then."""
    last = reading.last_run()
    alarm = reading.alarm()
    seen = f"{last.run_id if last else 0}-{int(alarm.is_late)}"
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    form = PlaceForm(request.GET)
    if not form.is_valid():
        return render(request, "web/operations/reconciliation_wrong.html", status=422)
    runs = reading.runs(RUNS_SHOWN + 1, form.cleaned_data["before"])
    compared = reading.last_comparison()
    may_audit = policy.may_audit(request.user)
    open_breaks, past_breaks = reading.open_breaks(_BREAKS_SHOWN), reading.past_breaks(_PAST_SHOWN)
    if may_audit:
        record_looks(request, request.user, looks_at_streams(_streams_of([*open_breaks, *past_breaks])))
    context: dict[str, Any] = {
        "seen": seen,
        "alarm": alarm,
        "last": last,
        "compared": compared,
        "figures": reading.figures_of(compared) if compared else [],
        "walk": reading.walk(),
        "may_audit": may_audit,
        "is_operator": policy.may_operate(request.user),
        "open_breaks": _lines(open_breaks, may_audit=may_audit),
        "past_breaks": _lines(past_breaks, may_audit=may_audit),
        "runs": runs[:RUNS_SHOWN],
        "more_href": _more(runs[RUNS_SHOWN - 1].run_id) if len(runs) > RUNS_SHOWN else "",
    }
    return render(request, "web/operations/reconciliation.html", context)


def _more(before: int) -> str:
    return f"{reverse('web:reconciliation')}?{urlencode({'before': before})}"


def _streams_of(breaks: Sequence[Break]) -> list[UUID]:
    return list({UUID(b.subject): None for b in breaks if b.check_name in OF_STREAMS})


def _lines(breaks: Sequence[Break], *, may_audit: bool) -> list[Line]:
    streams = _streams_of(breaks)
    currencies: dict[UUID, str] = dict(
        AccountRow.objects.filter(account_id__in=streams).values_list("account_id", "currency")
    )
    return [_line(b, currencies, may_audit=may_audit) for b in breaks]


def _line(difference: Break, currencies: Mapping[UUID, str], *, may_audit: bool) -> Line:
    is_stream = difference.check_name in OF_STREAMS
    currency = currencies.get(UUID(difference.subject), "") if is_stream else difference.subject
    return Line(
        difference=difference,
        check=CHECK_WORDS.get(difference.check_name, difference.check_name),
        field=FIELD_WORDS.get(difference.field, difference.field),
        is_stream=is_stream,
        has_values=may_audit or not is_stream,
        expected=_value(difference.field, difference.expected, currency),
        found=_value(difference.field, difference.found, currency),
    )


def _value(field: str, text: str, currency: str) -> str | SafeString:
    """An amount as one; whatever else as it stands on record."""
    if not field.endswith(_MINOR) or not currency or not text.removeprefix("-").isdigit():
        return text
    return money_html(int(text), currency)
