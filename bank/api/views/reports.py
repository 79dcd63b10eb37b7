"""/reports: figures over all customers, from asynchronous read models that say how far they have come."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, Final, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from typing_extensions import override

from bank.api import report_bodies as bodies
from bank.api.access import require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import AsOfBody, WithAsOfBody, as_of_body
from bank.api.freshness import wait_until_consistent
from bank.api.paging import key_of_cursor, page_body
from bank.api.requests import BandsQuery, DaysQuery, DormantQuery, LargestQuery, PageQuery, PeriodQuery
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from ledger.projections import AsyncProjection, projection_named
from ledger.records import rfc3339
from readmodels import (
    activity,
    average_balances,
    balance_distribution,
    cash_position,
    daily_flows,
    dormant_accounts,
    events,
    freshness,
    growth,
    largest_movements,
    refusals,
)
from readmodels.refusals import RefusalFilter

_DORMANT_DAYS: Final = 90
_DATE_LENGTH: Final = len("2026-03-29")


class ReportBody(TypedDict):
    """A report, where it is, and how far it has come."""

    name: str
    description: str
    path: str
    as_of: AsOfBody


# The read models that are reports, and where each is.
_REPORTS: Final = {
    "activity": "api:activity",
    "average_balances": "api:average-balances",
    "balance_distribution": "api:balance-distribution",
    "cash_position": "api:cash-position",
    "daily_flows": "api:daily-flows",
    "dormant_accounts": "api:dormant-accounts",
    "growth": "api:growth",
    "largest_movements": "api:largest-movements",
    "refusals": "api:refusals",
}


class ReportsView(ApiView):
    """All of them, by name."""

    scopes = {"GET": (Scope.REPORTS_READ,)}
    parameters = {"GET": PageQuery()}
    contract = {"GET": Operation(id="listReports", summary="The reports that there are", answer=Page(item=ReportBody))}

    def get(self, request: Request) -> Answer:
        require_role(policy.may_see_reports(user_of(request)))
        after = key_of_cursor(request, self.query) or ""
        names = [name for name in sorted(_REPORTS) if name > after]
        return Answer(page_body(request, names, self.query["limit"], body=_report_body, key=str))


def _operation(operation_id: str, summary: str, item: Any) -> dict[str, Operation]:
    answer = Page(item=item, more=WithAsOfBody)
    problems = {503: ("not_yet_consistent",)}
    return {"GET": Operation(id=operation_id, summary=summary, answer=answer, problems=problems)}


class ReportView(ApiView):
    """A page of a report. A list is short, or else `rows` begin near the cursor; what stands before it is dropped."""

    scopes = {"GET": (Scope.REPORTS_READ,)}
    name: ClassVar[str]
    body: ClassVar[Callable[[Any], Any]]

    def get(self, request: Request) -> Answer:
        require_role(policy.may_see_reports(user_of(request)))
        if _is_async(self.name):
            wait_until_consistent(self.name, self.query)
        # The freshness first: the figures are then at least as new as it says.
        as_of = _as_of(self.name)
        behind = key_of_cursor(request, self.query)
        rows = self.rows(behind)
        if behind is not None:
            rows = [row for row in rows if self.is_behind(self.place(row), behind)]
        page = page_body(request, rows, self.query["limit"], body=type(self).body, key=self.place)
        return Answer({**page, "as_of": as_of})

    @abstractmethod
    def rows(self, behind: str | None) -> Sequence[Any]:
        """The report in its order, from the cursor's place or before it on."""

    @abstractmethod
    def place(self, row: Any) -> str:
        """Where a row stands."""

    def is_behind(self, place: str, other: str) -> bool:
        """Whether the first place comes later in the list."""
        return place > other


class _DaysView(ReportView):
    """The newest day first; a day has a handful of rows."""

    parameters = {"GET": PeriodQuery()}

    @override
    def place(self, row: Any) -> str:
        return f"{row.date.isoformat()}/{getattr(row, 'currency', '')}/{getattr(row, 'kind', '')}"

    @override
    def is_behind(self, place: str, other: str) -> bool:
        day, its_day = place[:_DATE_LENGTH], other[:_DATE_LENGTH]
        return day < its_day or (day == its_day and place > other)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        to_date = self.query.get("to", date.max)
        if behind is not None:
            to_date = min(to_date, date.fromisoformat(behind[:_DATE_LENGTH]))
        return self.days(self.query.get("from", date.min), to_date, self.query.get("currency"))

    @abstractmethod
    def days(self, from_date: date, to_date: date, currency: str | None) -> Sequence[Any]:
        """The rows of these days."""


class DailyFlowsView(_DaysView):
    """What came in and went out, by day, currency and kind."""

    name, body = "daily_flows", bodies.daily_flow_body
    contract = _operation("showDailyFlows", "What came, went and moved by day", bodies.DailyFlowBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None) -> Sequence[Any]:
        return daily_flows.between(from_date, to_date, currency=currency)


class CashPositionView(_DaysView):
    """What the bank holds for its customers, on each day with money in or out."""

    name, body = "cash_position", bodies.cash_day_body
    contract = _operation("showCashPosition", "What the bank holds by day", bodies.CashDayBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None) -> Sequence[Any]:
        return cash_position.between(from_date, to_date, currency)


class AverageBalancesView(_DaysView):
    """All balances and the average of one, at the end of every calendar day up to today."""

    name, body = "average_balances", bodies.day_of_balances_body
    contract = _operation("showAverageBalances", "Balances at the ends of days", bodies.DayOfBalancesBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None) -> Sequence[Any]:
        last = min(to_date, timezone.now().date())
        count = (self.query["limit"] + 1) * 2  # the cursor's own day is among them
        most = count + len(average_balances.currencies())
        return average_balances.between(from_date, last, currency, limit=most)


class GrowthView(_DaysView):
    """Who came, what was opened, closed and frozen, on each day with changes; `currency` picks accounts."""

    name, body = "growth", bodies.growth_day_body
    contract = _operation("showGrowth", "Customers and accounts over time", bodies.GrowthDayBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None) -> Sequence[Any]:
        return growth.between(from_date, to_date, currency)


class ActivityView(ReportView):
    """Movements by hour of the week, by the bank's clock, over the days asked for."""

    name, body = "activity", bodies.hour_of_week_body
    parameters = {"GET": PeriodQuery()}
    contract = _operation("showActivity", "Movements by weekday and hour", bodies.HourOfWeekBody)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        first, last = self.query.get("from", date.min), self.query.get("to", date.max)
        return activity.between(first, last, self.query.get("currency"))

    @override
    def place(self, row: activity.HourOfWeek) -> str:
        return f"{row.weekday}/{row.hour:02}/{row.currency}"


class LargestMovementsView(ReportView):
    """The largest movements in a currency on the days asked for, the largest first; 25 of them."""

    name, body = "largest_movements", bodies.large_movement_body
    parameters = {"GET": LargestQuery()}
    contract = _operation("showLargestMovements", "The largest movements of a period", bodies.LargeMovementBody)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        first, last = self.query.get("from", date.min), self.query.get("to", date.max)
        return largest_movements.largest(first, last, self.query["currency"], self.query.get("kind"))

    @override
    def place(self, row: largest_movements.LargeMovement) -> str:
        return f"{row.amount_minor:020}/{row.position:020}"

    @override
    def is_behind(self, place: str, other: str) -> bool:
        amount, position = place.split("/")
        its_amount, its_position = other.split("/")
        return amount < its_amount or (amount == its_amount and position > its_position)


class BalanceDistributionView(ReportView):
    """How many open accounts hold how much, in bands of powers of ten, the lowest first."""

    name, body = "balance_distribution", bodies.band_body
    parameters = {"GET": BandsQuery()}
    contract = _operation("showBalanceDistribution", "How many accounts hold how much", bodies.BandBody)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        return balance_distribution.bands(self.query.get("currency"))

    @override
    def place(self, row: balance_distribution.Band) -> str:
        return f"{row.currency}/{row.band + 1:02}"


class DormantAccountsView(ReportView):
    """Open accounts on which nothing was initiated for so many days, the longest unused first."""

    name, body = "dormant_accounts", bodies.dormant_account_body
    parameters = {"GET": DormantQuery()}
    contract = _operation("showDormantAccounts", "Accounts that nobody uses", bodies.DormantAccountBody)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        after = None
        if behind is not None:
            day, _, account_id = behind.partition("/")
            after = date.fromisoformat(day), UUID(account_id)
        last = dormant_accounts.since(timezone.now().date(), self.query.get("days", _DORMANT_DAYS))
        return dormant_accounts.page(last, self.query["limit"] + 1, currency=self.query.get("currency"), after=after)

    @override
    def place(self, row: dormant_accounts.DormantAccount) -> str:
        return f"{row.last_on.isoformat()}/{row.account_id}"


class RefusalsView(_DaysView):
    """How often commands were refused, by day of recording and reason: counted in the command log, never behind."""

    name, body = "refusals", dict
    parameters = {"GET": DaysQuery()}
    contract = {
        "GET": Operation(
            id="showRefusals",
            summary="How often the bank refused, and why",
            answer=Page(item=bodies.RefusalsBody, more=WithAsOfBody),
        )
    }

    @override
    def days(self, from_date: date, to_date: date, currency: str | None) -> Sequence[bodies.RefusalsBody]:
        found = refusals.by_day(RefusalFilter(from_date=from_date, to_date=to_date))
        return [
            {"date": day.day.isoformat(), "reason": reason, "count": day.counts[reason]}
            for day in found
            for reason in sorted(day.counts)
        ]

    @override
    def place(self, row: bodies.RefusalsBody) -> str:
        return f"{row['date']}/{row['reason']}"


def _is_async(name: str) -> bool:
    return isinstance(projection_named(name), AsyncProjection)


def _as_of(name: str) -> AsOfBody:
    """What is counted when asked is as of the last event that there is."""
    if _is_async(name):
        return as_of_body(freshness.as_of(name))
    return {"position": events.head_position(), "timestamp": rfc3339(timezone.now()), "lag_events": 0}


def _report_body(name: str) -> ReportBody:
    return {
        "name": name,
        "description": projection_named(name).description,
        "path": reverse(_REPORTS[name]),
        "as_of": _as_of(name),
    }
