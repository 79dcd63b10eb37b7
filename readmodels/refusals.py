"""Refusals (live): how often the bank said no, by day and reason, counted in the log by an index of the refused."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from ledger.projections import LiveProjection
from readmodels.command_log import start_of

# A refused command leads to no event: no position of the book says up to where refusals were counted.
PROJECTION = LiveProjection(
    name="refusals", description="How often the bank refused, by day and reason.", types=frozenset()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFilter:
    """Which refusals. Days in UTC, both inclusive."""

    from_date: date
    to_date: date
    type: str = ""
    channel: str = ""


@dataclass(slots=True, kw_only=True)
class DayOfRefusals:
    """A day (UTC) and how often each reason was given."""

    day: date
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Of all reasons."""
        return sum(self.counts.values())


_LAST: Final = "select max(recorded_at) from ledger_command where refusal is not null"
_COUNT: Final = """
select (recorded_at at time zone 'UTC')::date, refusal, count(*) from ledger_command
where refusal is not null and {} group by 1, 2
"""


def last_at() -> datetime | None:
    """When the bank last refused; None before the first time."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST)
        found: datetime | None = cursor.fetchone()[0]
    return found


def by_day(wanted: RefusalFilter) -> list[DayOfRefusals]:
    """The days that have some, the newest first."""
    days: defaultdict[date, dict[str, int]] = defaultdict(dict)
    sql, values = statement(wanted)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for day, refusal, count in cursor.fetchall():
            days[day][refusal] = count
    return [DayOfRefusals(day=day, counts=days[day]) for day in sorted(days, reverse=True)]


def statement(wanted: RefusalFilter) -> tuple[str, list[Any]]:
    """The SQL and its values, also to be explained."""
    conditions = {
        "recorded_at >= %s": start_of(wanted.from_date),
        "recorded_at < %s": start_of(wanted.to_date, days_later=1),
        "type = %s": wanted.type or None,
        "channel = %s": wanted.channel or None,
    }
    given = {sql: value for sql, value in conditions.items() if value is not None}
    return _COUNT.format(" and ".join(given)), list(given.values())
