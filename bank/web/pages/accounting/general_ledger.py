"""The general ledger: an account class, or all, from an opening balance to a closing balance.

Day by day; where there are more days than somebody reads, month by month, and each month leads to its days.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.money import format_minor
from accounts.postings import AccountClass
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.csv_file import csv_file
from bank.web.pages.accounting.forms import GeneralLedgerForm
from bank.web.pages.accounting.words import CLASS_WORDS
from bank.web.reports.freshness import freshness_of
from readmodels import general_ledger
from readmodels.general_ledger import PROJECTION, Turnover

_LISTED_BY_DAY_AT_MOST: Final = 92
_TEMPLATE = "web/accounting/general_ledger.html"
_CSV_HEADER = ("date", "currency", "account_class", "debits", "credits", "balance", "postings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a class took in on a day, or in a month, and its balance at the end; `href`: what is behind it."""

    turnover: Turnover
    balance_minor: int
    href: str


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A class over the days of the range."""

    account_class: AccountClass
    opening_minor: int
    days: list[Day] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What people call the class."""
        return str(CLASS_WORDS[self.account_class])

    @property
    def debit_minor(self) -> int:
        """All of the range."""
        return sum(day.turnover.debit_minor for day in self.days)

    @property
    def credit_minor(self) -> int:
        """All of the range."""
        return sum(day.turnover.credit_minor for day in self.days)

    @property
    def closing_minor(self) -> int:
        """At the end of the range."""
        return self.days[-1].balance_minor if self.days else self.opening_minor


@allowed(policy.may_see_reports)
@signed_in
def general_ledger_page(request: SignedInRequest) -> HttpResponse:
    """A sheet a class. The page asks again by itself; 204 while nothing is new: nothing is swapped then."""
    today = timezone.now().date()
    # The freshness is read first: the figures are then at least as new as it says.
    fresh = freshness_of((PROJECTION.name,), today)
    if request.GET.get("seen") == fresh.seen:
        return HttpResponse(status=204)
    currencies = general_ledger.currencies()
    form = GeneralLedgerForm(request.GET, today, currencies)
    context: dict[str, Any] = {"form": form, "fresh": fresh, "filters": form.query(), "has_figures": bool(currencies)}
    if not currencies:
        return render(request, _TEMPLATE, context)
    if not form.is_valid():
        return render(request, _TEMPLATE, context | {"shows_errors": True}, status=422)
    from_date, to_date = form.cleaned_data["from"], form.cleaned_data["to"]
    context |= {
        "currency": form.cleaned_data["currency"],
        "from_date": from_date,
        "to_date": to_date,
        "sheets": _sheets(form, by_month=(by_month := (to_date - from_date).days >= _LISTED_BY_DAY_AT_MOST)),
        "by_month": by_month,
        "earlier": form.query() | _range_of(from_date, from_date - to_date - timedelta(days=1)),
        "later": form.query() | _range_of(to_date, to_date - from_date + timedelta(days=1)),
    }
    return render(request, _TEMPLATE, context)


@allowed(policy.may_see_reports)
@signed_in
def general_ledger_csv(request: SignedInRequest) -> HttpResponseBase:
    """The same as a file, always by day, without opening and closing lines."""
    form = GeneralLedgerForm(request.GET, timezone.now().date(), general_ledger.currencies())
    if not form.is_valid():
        return render(request, "web/accounting/no_file.html", {"form": form}, status=422)
    name = f"general-ledger-{form.cleaned_data['from']}-{form.cleaned_data['to']}.csv"
    return csv_file(name, _CSV_HEADER, _csv_rows(_sheets(form, by_month=False)))


def _sheets(form: GeneralLedgerForm, *, by_month: bool) -> list[Sheet]:
    cleaned = form.cleaned_data
    currency, from_date, to_date = cleaned["currency"], cleaned["from"], cleaned["to"]
    chosen = form.account_class
    openings = _balances_before(from_date, currency)
    sheets = {
        account_class: Sheet(account_class=account_class, opening_minor=openings.get(account_class, 0))
        for account_class in AccountClass
        if chosen in {None, account_class}
    }
    read = general_ledger.months if by_month else general_ledger.days
    for turnover in read(currency, from_date, to_date, chosen):
        sheet = sheets[turnover.account_class]
        balance_minor = sheet.closing_minor + turnover.balance_minor
        href = _days_of(turnover, from_date, to_date) if by_month else _journal_of(turnover)
        sheet.days.append(Day(turnover=turnover, balance_minor=balance_minor, href=href))
    return list(sheets.values())


def _balances_before(day: date, currency: str) -> dict[AccountClass, int]:
    if day == date.min:
        return {}
    lines = general_ledger.trial_balance(day - timedelta(days=1), currency)
    return {line.account_class: line.balance_minor for line in lines}


def _journal_of(turnover: Turnover) -> str:
    query = {"on": str(turnover.day), "currency": turnover.currency, "class": turnover.account_class.value}
    return f"{reverse('web:journal')}?{urlencode(query)}"


def _days_of(turnover: Turnover, from_date: date, to_date: date) -> str:
    """The month's days, as far as they are in the range."""
    first = turnover.day
    assert first is not None, "a month has a first day"
    last = first.replace(day=monthrange(first.year, first.month)[1])
    query = {
        "from": max(first, from_date).isoformat(),
        "to": min(last, to_date).isoformat(),
        "currency": turnover.currency,
        "class": turnover.account_class.value,
    }
    return f"{reverse('web:general_ledger')}?{urlencode(query)}"


def _range_of(edge: date, length: timedelta) -> dict[str, str]:
    """As many days again, on the other side of the edge; nothing where the calendar ends."""
    try:
        near = edge + timedelta(days=1 if length.days > 0 else -1)
        first, last = sorted((near, edge + length))
    except OverflowError:
        return {}
    return {"from": first.isoformat(), "to": last.isoformat()}


def _csv_rows(sheets: list[Sheet]) -> Iterator[list[str]]:
    for sheet in sheets:
        for day in sheet.days:
            turnover = day.turnover
            amounts = (turnover.debit_minor, turnover.credit_minor, day.balance_minor)
            yield [
                str(turnover.day),
                turnover.currency,
                turnover.account_class.value,
                *(format_minor(minor, turnover.currency) for minor in amounts),
                str(turnover.count),
            ]
