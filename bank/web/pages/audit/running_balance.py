"""Why is the balance this: the sum, event by event, at any version, from the record alone."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.account import CATEGORY, Account
from accounts.replay import happened_at
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.explained import ExplainedEvent
from bank.web.pages.audit.places import version_field
from bank.web.pages.audit.stream import facts_of, looked_at
from bank.web.words import of_event
from ledger.partitions import EventsDetached
from ledger.stored import StoredEvent
from readmodels import balances, time_travel
from readmodels.time_travel import Stream, Told

PAGE_SIZE: Final = 50


class SumForm(forms.Form):
    """Up to which version; `after`: behind which event the page begins."""

    def __init__(self, data: QueryDict, *, head: int) -> None:
        super().__init__(data)
        self.fields["version"] = version_field(_("Version"), head)
        self.fields["after"] = version_field(_("After event"), head, first=0)

    def clean(self) -> dict[str, Any]:
        """A page that has events."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("version") and cleaned.get("after") and cleaned["after"] >= cleaned["version"]:
            self.add_error("after", _("After event: must be before the version."))
        return cleaned


@allowed(policy.may_audit)
@signed_in
def balance_page(request: SignedInRequest, stream_id: UUID) -> HttpResponse:
    """The events of an account up to a version (the last, where the address has none), with their running sum."""
    stream = looked_at(request, stream_id)
    if stream.category != CATEGORY:
        raise Http404
    given = request.GET.copy()
    if not given.get("version"):
        given["version"] = str(stream.version)
    form = SumForm(given, head=stream.version)
    context: dict[str, Any] = {**facts_of(stream), "form": form}
    if not form.is_valid():
        return render(request, "web/audit/balance.html", context, status=400)
    version, after = form.cleaned_data["version"], form.cleaned_data["after"] or 0
    try:
        told = time_travel.tell(stream, after=after, to=min(after + PAGE_SIZE, version))
    except EventsDetached:
        return render(request, "web/audit/balance.html", {**context, "is_archived": True})
    context |= _table(stream, told, version, after)
    return render(request, "web/audit/balance.html", context)


def _table(stream: Stream, told: Told, version: int, after: int) -> dict[str, Any]:
    rows = _rows(told, after)
    reached = rows[-1].number
    sum_minor = rows[-1].balance_minor
    is_now = reached == stream.version
    account = balances.find(stream.id) if is_now else None
    return {
        "version": version,
        "last": version,
        "is_now": version == stream.version,
        "keeps": "" if version == stream.version else f"version={version}&",
        "rows": rows,
        "currency": _currency(stream, told),
        "after": after,
        "before_minor": _balance(told.before, after),
        "newest_after": max(version - PAGE_SIZE, 0),
        "reached": reached,
        "sum_minor": sum_minor,
        "next_after": reached if reached < version else None,
        "silence": told.silence,
        "is_wrong": account is not None and sum_minor is not None and account.balance_minor != sum_minor,
        "shown_minor": account.balance_minor if account is not None else None,
    }


def _rows(told: Told, after: int) -> list[ExplainedEvent]:
    rows, before = [], _balance(told.before, after)
    for step in told.steps:
        stored = step.stored
        balance_minor = _balance(step.state, stored.stream_position)
        rows.append(
            ExplainedEvent(
                number=stored.stream_position,
                occurred_at=happened_at(stored.event, stored.recorded_at),
                title=of_event(stored.type),
                detail=_detail(stored),
                href=reverse("web:audit_event", args=[stored.position]) if stored.position else "",
                amount_minor=0 if balance_minor is None or before is None else balance_minor - before,
                balance_minor=balance_minor,
            )
        )
        before = balance_minor
    return rows


def _balance(state: object, version: int) -> int | None:
    """The balance of a state; 0 before the first event, None where it is not known."""
    if isinstance(state, Account):
        return state.balance_minor
    return 0 if version == 0 else None


def _currency(stream: Stream, told: Told) -> str:
    """An account has one for ever."""
    known = [state for state in (told.after, told.before, stream.now) if isinstance(state, Account)]
    return known[0].currency if known else ""


def _detail(stored: StoredEvent) -> str:
    return stored.problem or str(getattr(stored.event, "reference", ""))
