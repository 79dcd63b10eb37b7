"""/reports: figures over all customers, from asynchronous read models that say how far they have come."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, TypedDict
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from typing_extensions import override

from bank.api import report_bodies as bodies
from bank.api.access import require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import AsOfBody, WithAsOfBody
from bank.api.paging import key_of_cursor, page_body
from bank.api.requests import BandsQuery, DaysQuery, DormantQuery, LargestQuery, PageQuery, PeriodQuery
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.api.views.reporting import DaysView, ReportView, as_of_report, operation_of_report
from bank.identity import policy
from ledger.projections import projection_named
from readmodels import (
    activity,
    average_balances,
    balance_distribution,
    cash_position,
    daily_flows,
    dormant_accounts,
    general_ledger,
    growth,
    largest_movements,
    refusals,
)
from readmodels.refusals import RefusalFilter

_DORMANT_DAYS: Final = 90


class ReportBody(TypedDict):
    """A report, where it is, and how far it has come."""

    name: str
    description: str
    path: str
    as_of: AsOfBody


# The reports, and where each is.
_REPORTS: Final = {
    "activity": "api:activity",
    "average_balances": "api:average-balances",
    "balance_distribution": "api:balance-distribution",
    "cash_position": "api:cash-position",
    "daily_flows": "api:daily-flows",
    "dormant_accounts": "api:dormant-accounts",
    "general_ledger": "api:general-ledger",
    "growth": "api:growth",
    "journal": "api:journal",
    "largest_movements": "api:largest-movements",
    "refusals": "api:refusals",
    "trial_balance": "api:trial-balance",
}
# A report is a read model of its own name, and is described by it; but for what else is seen in the general ledger.
_BOOKS: Final = {
    "journal": "The events of a day that moved money, each with both of its sides.",
    "trial_balance": "Debits and credits of every account class at the end of a day; both sides are equal.",
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


class DailyFlowsView(DaysView):
    """What came in and went out, by day, currency and kind."""

    projection, body = "daily_flows", bodies.daily_flow_body
    contract = operation_of_report("showDailyFlows", "What came, went and moved by day", bodies.DailyFlowBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None, after: tuple[str, str]) -> Sequence[Any]:
        return daily_flows.between(from_date, to_date, currency, limit=self.query["limit"] + 1, after=after)


class CashPositionView(DaysView):
    """What the bank holds for its customers, on each day with money in or out."""

    projection, body = "cash_position", bodies.cash_day_body
    contract = operation_of_report("showCashPosition", "What the bank holds by day", bodies.CashDayBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None, after: tuple[str, str]) -> Sequence[Any]:
        return cash_position.between(from_date, to_date, currency, limit=self.query["limit"] + 1, after=after[0])


class AverageBalancesView(DaysView):
    """All balances and the average of one, at the end of every calendar day up to today."""

    projection, body = "average_balances", bodies.day_of_balances_body
    contract = operation_of_report("showAverageBalances", "Balances at the ends of days", bodies.DayOfBalancesBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None, after: tuple[str, str]) -> Sequence[Any]:
        last = min(to_date, timezone.now().date())
        count = (self.query["limit"] + 1) * 2  # the cursor's own day is among them
        most = count + len(average_balances.currencies())
        return average_balances.between(from_date, last, currency, limit=most)


class GrowthView(DaysView):
    """Who came, what was opened, closed and frozen, on each day with changes; `currency` picks accounts."""

    projection, body = "growth", bodies.growth_day_body
    contract = operation_of_report("showGrowth", "Customers and accounts over time", bodies.GrowthDayBody)

    @override
    def days(self, from_date: date, to_date: date, currency: str | None, after: tuple[str, str]) -> Sequence[Any]:
        most = self.query["limit"] + 2  # the cursor's own day is among them
        return growth.between(from_date, to_date, currency, limit=most)


class ActivityView(ReportView):
    """Movements by hour of the week, by the bank's clock, over the days asked for."""

    projection, body = "activity", bodies.hour_of_week_body
    parameters = {"GET": PeriodQuery()}
    contract = operation_of_report("showActivity", "Movements by weekday and hour", bodies.HourOfWeekBody)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        first, last = self.query.get("from", date.min), self.query.get("to", date.max)
        return activity.between(first, last, self.query.get("currency"))

    @override
    def place(self, row: activity.HourOfWeek) -> str:
        return f"{row.weekday}/{row.hour:02}/{row.currency}"


class LargestMovementsView(ReportView):
    """The largest movements in a currency on the days asked for, the largest first; 25 of them."""

    projection, body = "largest_movements", bodies.large_movement_body
    parameters = {"GET": LargestQuery()}
    contract = operation_of_report(
        "showLargestMovements", "The largest movements of a period", bodies.LargeMovementBody
    )

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

    projection, body = "balance_distribution", bodies.band_body
    parameters = {"GET": BandsQuery()}
    contract = operation_of_report("showBalanceDistribution", "How many accounts hold how much", bodies.BandBody)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        return balance_distribution.bands(self.query.get("currency"))

    @override
    def place(self, row: balance_distribution.Band) -> str:
        return f"{row.currency}/{row.band + 1:02}"


class DormantAccountsView(ReportView):
    """Open accounts on which nothing was initiated for so many days, the longest unused first."""

    projection, body = "dormant_accounts", bodies.dormant_account_body
    parameters = {"GET": DormantQuery()}
    contract = operation_of_report("showDormantAccounts", "Accounts that nobody uses", bodies.DormantAccountBody)

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


class RefusalsView(DaysView):
    """How often commands were refused, by day of recording and reason: counted in the command log, never behind."""

    projection, body = "refusals", dict
    parameters = {"GET": DaysQuery()}
    contract = {
        "GET": Operation(
            id="showRefusals",
            summary="How often the bank refused, and why",
            answer=Page(item=bodies.RefusalsBody, more=WithAsOfBody),
        )
    }

    @override
    def days(
        self, from_date: date, to_date: date, currency: str | None, after: tuple[str, str]
    ) -> Sequence[bodies.RefusalsBody]:
        found = refusals.by_day(RefusalFilter(from_date=from_date, to_date=to_date))
        return [
            {"date": day.day.isoformat(), "reason": reason, "count": day.counts[reason]}
            for day in found
            for reason in sorted(day.counts)
        ]

    @override
    def place(self, row: bodies.RefusalsBody) -> str:
        return f"{row['date']}/{row['reason']}"


def _report_body(name: str) -> ReportBody:
    return {
        "name": name,
        "description": _BOOKS.get(name) or projection_named(name).description,
        "path": reverse(_REPORTS[name]),
        "as_of": as_of_report(general_ledger.PROJECTION.name if name in _BOOKS else name),
    }
