"""The trial balance: every account class at the end of a day, and that both sides are equal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.money import format_minor
from accounts.postings import NATURES
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.csv_file import csv_file
from bank.web.pages.accounting.forms import DAYS_SHOWN, TrialBalanceForm
from bank.web.pages.accounting.words import CLASS_WORDS, NATURE_WORDS
from bank.web.reports.freshness import freshness_of
from readmodels import general_ledger
from readmodels.general_ledger import PROJECTION, Turnover

_TEMPLATE = "web/accounting/trial_balance.html"
_CSV_HEADER = ("at_the_end_of", "currency", "account_class", "debits", "credits", "balance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A class; `href`: its days."""

    turnover: Turnover
    title: str
    nature: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """All classes of a currency."""

    currency: str
    lines: list[Line]
    debit_minor: int
    credit_minor: int

    @property
    def difference_minor(self) -> int:
        """Zero, or the books are wrong."""
        return self.debit_minor - self.credit_minor


@allowed(policy.may_see_reports)
@signed_in
def trial_balance_page(request: SignedInRequest) -> HttpResponse:
    """By currency. The page asks again by itself; 204 while nothing is new: nothing is swapped then."""
    today = timezone.now().date()
    # The freshness is read first: the figures are then at least as new as it says.
    fresh = freshness_of((PROJECTION.name,), today)
    if request.GET.get("seen") == fresh.seen:
        return HttpResponse(status=204)
    currencies = general_ledger.currencies()
    form = TrialBalanceForm(request.GET, today, currencies)
    context: dict[str, Any] = {"form": form, "fresh": fresh, "filters": form.query(), "has_figures": bool(currencies)}
    if not form.is_valid():
        return render(request, _TEMPLATE, context | {"shows_errors": True}, status=422)
    day = form.cleaned_data["on"]
    balances = _balances(general_ledger.trial_balance(day, form.cleaned_data["currency"] or None), day)
    is_zero = all(balance.difference_minor == 0 for balance in balances)
    may_reconcile = policy.may_see_reconciliation(request.user)
    context |= {"day": day, "balances": balances, "is_zero": is_zero, "may_reconcile": may_reconcile}
    return render(request, _TEMPLATE, context)


@allowed(policy.may_see_reports)
@signed_in
def trial_balance_csv(request: SignedInRequest) -> HttpResponseBase:
    """The same as a file."""
    form = TrialBalanceForm(request.GET, timezone.now().date(), general_ledger.currencies())
    if not form.is_valid():
        return render(request, "web/accounting/no_file.html", {"form": form}, status=422)
    day = form.cleaned_data["on"]
    turnovers = general_ledger.trial_balance(day, form.cleaned_data["currency"] or None)
    return csv_file(f"trial-balance-{day}.csv", _CSV_HEADER, _csv_rows(turnovers, day))


def _balances(turnovers: Iterable[Turnover], day: date) -> list[Balance]:
    found = []
    for currency, group in groupby(turnovers, lambda turnover: turnover.currency):
        of_currency = list(group)
        found.append(
            Balance(
                currency=currency,
                lines=[_line(turnover, day) for turnover in of_currency],
                debit_minor=sum(turnover.debit_minor for turnover in of_currency),
                credit_minor=sum(turnover.credit_minor for turnover in of_currency),
            )
        )
    return found


def _line(turnover: Turnover, day: date) -> Line:
    first = max(day.toordinal() - DAYS_SHOWN + 1, date.min.toordinal())
    query = {
        "class": turnover.account_class.value,
        "currency": turnover.currency,
        "from": date.fromordinal(first).isoformat(),
        "to": day.isoformat(),
    }
    return Line(
        turnover=turnover,
        title=str(CLASS_WORDS[turnover.account_class]),
        nature=str(NATURE_WORDS[NATURES[turnover.account_class]]),
        href=f"{reverse('web:general_ledger')}?{urlencode(query)}",
    )


def _csv_rows(turnovers: Iterable[Turnover], day: date) -> Iterator[list[str]]:
    for turnover in turnovers:
        amounts = (turnover.debit_minor, turnover.credit_minor, turnover.balance_minor)
        yield [
            day.isoformat(),
            turnover.currency,
            turnover.account_class.value,
            *(format_minor(minor, turnover.currency) for minor in amounts),
        ]
