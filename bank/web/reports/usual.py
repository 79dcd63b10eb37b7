"""What is usual: the medians of the same weekday of the weeks before."""

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import Final

from bank.web.reports.flows import Flows, flows_by_step
from readmodels import activity, daily_flows

WEEKS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """A day so far, and what is usual; `usual` is None where there was no such weekday before."""

    so_far: Flows
    usual: Flows | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Movements of a day up to an hour, and how many are usual up to then."""

    so_far: int
    usual: int | None


def same_weekdays(today: date, first: date | None) -> list[date]:
    """The same weekday of up to eight weeks before, the newest first, not before the first day."""
    before = [today - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    return [day for day in before if first is not None and day >= first]


def of_day(today: date, currency: str) -> Today:
    """The flows of today (UTC) beside the medians of the same weekdays, whole days."""
    days = same_weekdays(today, daily_flows.first_day(currency))
    found = flows_by_step(daily_flows.totals(days[-1] if days else today, today, currency, "day"))
    before = [found.get(day, Flows()) for day in days]
    return Today(so_far=found.get(today, Flows()), usual=_median(before) if before else None)


def by_this_hour(today: date, hour: int, currency: str, first: date | None) -> Hours:
    """How many movements there were before this hour of the bank's clock ended, today and usually."""
    counts = [_until(day, hour, currency) for day in (today, *same_weekdays(today, first))]
    return Hours(so_far=counts[0], usual=median_low(counts[1:]) if len(counts) > 1 else None)


def _until(day: date, hour: int, currency: str) -> int:
    return sum(found.count for found in activity.between(day, day, currency) if found.hour <= hour)


def _median(days: list[Flows]) -> Flows:
    """Of an even number of days the lower of the two in the middle: a figure that there was."""
    return Flows(
        deposits_minor=median_low(day.deposits_minor for day in days),
        withdrawals_minor=median_low(day.withdrawals_minor for day in days),
        transfers_minor=median_low(day.transfers_minor for day in days),
        count=median_low(day.count for day in days),
    )
