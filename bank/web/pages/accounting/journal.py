"""The journal of a day: the events that moved money, each with both of its sides, in the order of the book."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from accounts.money import format_minor
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.csv_file import csv_file
from bank.web.pages.accounting.forms import JournalForm
from bank.web.pages.accounting.words import CLASS_WORDS
from bank.web.reports.freshness import freshness_of
from readmodels import general_ledger
from readmodels.general_ledger import PROJECTION, JournalEntry

PAGE_SIZE: Final = 50
_CHUNK: Final = 1_000
_TEMPLATE = "web/accounting/journal.html"
_CSV_HEADER = ("date", "position", "event", "debit", "credit", "amount", "currency")


@allowed(policy.may_see_reports)
@signed_in
def journal_page(request: SignedInRequest) -> HttpResponse:
    """A page of the day's events, by position; both ways by keyset."""
    today = timezone.now().date()
    fresh = freshness_of((PROJECTION.name,), today)
    currencies = general_ledger.currencies()
    form = JournalForm(request.GET, today, currencies)
    context: dict[str, Any] = {"form": form, "fresh": fresh, "filters": form.query(), "has_figures": bool(currencies)}
    if not currencies:
        return render(request, _TEMPLATE, context)
    if not form.is_valid():
        return render(request, _TEMPLATE, context | {"shows_errors": True}, status=422)
    day, currency = form.cleaned_data["on"], form.cleaned_data["currency"]
    entries, has_before, has_after = _page(form)
    context |= {
        "day": day,
        "currency": currency,
        "class_words": CLASS_WORDS[form.account_class] if form.account_class else "",
        "totals": [
            (CLASS_WORDS[turnover.account_class], turnover)
            for turnover in general_ledger.days(currency, day, day, form.account_class)
        ],
        "lines": [(entry, CLASS_WORDS[entry.debit], CLASS_WORDS[entry.credit]) for entry in entries],
        "before": entries[0].position if has_before else None,
        "after": entries[-1].position if has_after else None,
        "may_audit": policy.may_audit(request.user),
    }
    return render(request, _TEMPLATE, context)


@allowed(policy.may_see_reports)
@signed_in
def journal_csv(request: SignedInRequest) -> HttpResponseBase:
    """The whole day as a file, streamed."""
    form = JournalForm(request.GET, timezone.now().date(), general_ledger.currencies())
    if not form.is_valid():
        return render(request, "web/accounting/no_file.html", {"form": form}, status=422)
    return csv_file(f"journal-{form.cleaned_data['on']}.csv", _CSV_HEADER, _csv_rows(form))


def _page(form: JournalForm) -> tuple[list[JournalEntry], bool, bool]:
    """The entries, and whether there are any in front of them and behind them."""
    cleaned = form.cleaned_data
    of = (cleaned["on"], cleaned["currency"], PAGE_SIZE + 1, form.account_class)
    before, after = cleaned["before"], cleaned["after"]
    if before is not None:
        found = general_ledger.journal(*of, before=before)
        return found[-PAGE_SIZE:], len(found) > PAGE_SIZE, bool(found)
    found = general_ledger.journal(*of, after=after or 0)
    return found[:PAGE_SIZE], bool(after and found), len(found) > PAGE_SIZE


def _csv_rows(form: JournalForm) -> Iterator[list[str]]:
    day, currency, after = form.cleaned_data["on"], form.cleaned_data["currency"], 0
    while chunk := general_ledger.journal(day, currency, _CHUNK, form.account_class, after=after):
        for entry in chunk:
            amount = format_minor(entry.amount_minor, currency)
            yield [day.isoformat(), str(entry.position), entry.type, entry.debit, entry.credit, amount, currency]
        after = chunk[-1].position
