"""Access records for auditors: the newest first, by who looked, at whom, and when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from bank.access_records.models import AccessRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilter:
    """What to look for. Days in UTC, both inclusive."""

    actor: str = ""
    customer_id: UUID | None = None
    from_date: date | None = None
    to_date: date | None = None


# Rows are compared whole, time first, as each of the indexes is ordered.
_SELECT: Final = "select * from access_record where {} order by looked_at desc, record_id desc limit %s"
_BEHIND: Final = "(looked_at, record_id) < (select looked_at, record_id from access_record where record_id = %s)"


def page(wanted: AccessFilter, limit: int, before: int | None = None) -> list[AccessRecord]:
    """Up to `limit` records behind the one numbered `before`."""
    statement, values = page_statement(wanted, limit, before)
    return list(AccessRecord.objects.raw(statement, values))


def page_statement(wanted: AccessFilter, limit: int, before: int | None = None) -> tuple[str, list[Any]]:
    """The page's SQL and its values, also to be explained."""
    conditions: dict[str, Any] = {
        "actor = %s": wanted.actor or None,
        "customer_id = %s": wanted.customer_id,
        "looked_at >= %s": _start_of(wanted.from_date),
        "looked_at < %s": _start_of(wanted.to_date, days_later=1),
        _BEHIND: before,
    }
    given = {sql: value for sql, value in conditions.items() if value is not None}
    where = " and ".join(given) or "true"
    return _SELECT.format(where), [*given.values(), limit]


def _start_of(day: date | None, days_later: int = 0) -> datetime | None:
    """Midnight, UTC; None, which is no bound, also behind the last day that there is."""
    if day is None or day > date.max - timedelta(days=days_later):
        return None
    return datetime.combine(day + timedelta(days=days_later), time(), UTC)
