"""Cash position (async): what the bank holds of its customers' money, day by day and by currency."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from django.db import models

from ledger.batches import shared
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from readmodels import prepared
from readmodels.moved import TYPES, flows


class CashDayRow(models.Model):
    """What came in from outside and what left in one currency on one day (UTC, by `occurred_at`), in minor units."""

    pk = models.CompositePrimaryKey("currency", "date")
    currency = models.CharField(max_length=3)
    date = models.DateField()
    in_count = models.BigIntegerField()
    in_minor = models.DecimalField(max_digits=30, decimal_places=0)
    out_count = models.BigIntegerField()
    out_minor = models.DecimalField(max_digits=30, decimal_places=0)

    class Meta:
        db_table = "readmodels_cash_day"

    def __str__(self) -> str:
        return f"{self.date} {self.currency}"


_ADD: Final = """
insert into readmodels_cash_day as day (currency, date, in_count, in_minor, out_count, out_minor)
select * from json_to_recordset(%s::json)
    as c(currency text, date date, in_count bigint, in_minor numeric, out_count bigint, out_minor numeric)
on conflict (currency, date) do update
set in_count = day.in_count + excluded.in_count, in_minor = day.in_minor + excluded.in_minor,
    out_count = day.out_count + excluded.out_count, out_minor = day.out_minor + excluded.out_minor
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Add what came and went to the days that it belongs to, however late it is told; transfers stay inside."""
    days: defaultdict[tuple[date, str], dict[str, int]] = defaultdict(
        lambda: {"in_count": 0, "in_minor": 0, "out_count": 0, "out_minor": 0}
    )
    for (day, currency, kind), (count, amount_minor) in shared(events, flows).items():
        side = {"deposit": "in", "withdrawal": "out"}.get(kind)
        if side is not None:
            days[day, currency][f"{side}_count"] += count
            days[day, currency][f"{side}_minor"] += amount_minor
    if days:
        rows: list[dict[str, Any]] = [{"currency": c, "date": d, **sums} for (d, c), sums in sorted(days.items())]
        cursor.execute(_ADD, (encode_json(rows).decode(),))


PROJECTION = AsyncProjection(
    name="cash_position",
    description="The money that the bank holds for its customers: what came in, what left, what was there, by day.",
    apply=apply,
    tables=("readmodels_cash_day",),
    types=TYPES,
)


class CashDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day on which money came or went: `closing_minor` = `opening_minor` + `in_minor` - `out_minor`."""

    date: date
    currency: str
    opening_minor: int
    in_count: int
    in_minor: int
    out_count: int
    out_minor: int
    closing_minor: int


# The position is the sum of all days up to it: what is told late moves every position after its day.
_BETWEEN: Final = """
select date, currency, (closing - in_minor + out_minor), in_count, in_minor, out_count, out_minor, closing
from (select d.*, sum(in_minor - out_minor) over (partition by currency order by date) as closing
      from readmodels_cash_day d where date <= %(to)s and (%(currency)s::text is null or currency = %(currency)s)) day
where date >= %(from)s and (date < %(to)s or currency > %(after)s::text)
order by date desc, currency limit %(limit)s::bigint
"""
_NOW: Final = """
select currency, sum(in_minor - out_minor) from readmodels_cash_day where date <= %(on)s
group by currency order by currency
"""


def between(
    from_date: date, to_date: date, currency: str | None = None, *, limit: int | None = None, after: str = ""
) -> list[CashDay]:
    """The days with money in or out from `from_date` to `to_date` (both inclusive), the newest first; at most `limit`,
    behind the currency `after` on `to_date`."""
    asked = {"from": from_date, "to": to_date, "currency": currency, "limit": limit, "after": after}
    found = prepared.fetch_all(_BETWEEN, asked)
    return [
        CashDay(
            date=day,
            currency=its_currency,
            opening_minor=int(opening),
            in_count=in_count,
            in_minor=int(in_minor),
            out_count=out_count,
            out_minor=int(out_minor),
            closing_minor=int(closing),
        )
        for day, its_currency, opening, in_count, in_minor, out_count, out_minor, closing in found
    ]


def at_end_of(day: date) -> dict[str, int]:
    """The cash position at the end of a day, by currency (minor units)."""
    return {currency: int(position) for currency, position in prepared.fetch_all(_NOW, {"on": day})}


def currencies() -> list[str]:
    """The currencies that have ever come in."""
    return list(CashDayRow.objects.order_by("currency").values_list("currency", flat=True).distinct())
