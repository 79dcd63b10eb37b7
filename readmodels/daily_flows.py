"""Daily flows (async): how much came and went, by business day, currency and kind."""

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

import msgspec
from django.db import models

from ledger.batches import shared
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from readmodels import prepared
from readmodels.moved import TYPES, flows


class DailyFlow(models.Model):
    """One kind of movement in one currency on one day (UTC, by `occurred_at`). Amounts without sign, in minor units."""

    pk = models.CompositePrimaryKey("date", "currency", "kind")
    date = models.DateField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=17)
    count = models.BigIntegerField()
    amount_minor = models.DecimalField(max_digits=30, decimal_places=0)

    class Meta:
        db_table = "readmodels_daily_flow"

    def __str__(self) -> str:
        return f"{self.date} {self.currency} {self.kind}"


_ADD = """
insert into readmodels_daily_flow as flow (date, currency, kind, count, amount_minor)
select * from json_to_recordset(%s::json) as f(date date, currency text, kind text, count bigint, amount_minor numeric)
on conflict (date, currency, kind) do update
set count = flow.count + excluded.count, amount_minor = flow.amount_minor + excluded.amount_minor
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Add the batch's sums to the days that they belong to, however late they come."""
    sums = shared(events, flows)
    if sums:
        rows = [
            {"date": day, "currency": currency, "kind": kind, "count": count, "amount_minor": amount_minor}
            for (day, currency, kind), (count, amount_minor) in sorted(sums.items())
        ]
        cursor.execute(_ADD, (encode_json(rows).decode(),))


PROJECTION = AsyncProjection(
    name="daily_flows",
    description="Count and sum of deposits, withdrawals and transfers by business day and currency.",
    apply=apply,
    tables=("readmodels_daily_flow",),
    types=TYPES,
)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of movement in one currency on one day; `amount_minor` without sign."""

    date: date
    currency: str
    kind: str
    count: int
    amount_minor: int


_BETWEEN: Final = """
select date, currency, kind, count, amount_minor from readmodels_daily_flow
where date between %(from)s::date and %(to)s::date and (%(currency)s::text is null or currency = %(currency)s)
  and (date < %(to)s or (currency, kind) > (%(after_currency)s::text, %(after_kind)s::text))
order by date desc, currency, kind limit %(limit)s::bigint
"""


def between(
    from_date: date,
    to_date: date,
    currency: str | None = None,
    *,
    limit: int | None = None,
    after: tuple[str, str] = ("", ""),
) -> list[Flow]:
    """The flows of these days (both inclusive), the newest day first; at most `limit`, behind the currency and kind
    `after` on `to_date`."""
    asked = {"from": from_date, "to": to_date, "currency": currency, "limit": limit}
    found = prepared.fetch_all(_BETWEEN, asked | {"after_currency": after[0], "after_kind": after[1]})
    return [
        Flow(date=day, currency=its_currency, kind=kind, count=count, amount_minor=int(amount_minor))
        for day, its_currency, kind, count, amount_minor in found
    ]


class FlowTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of movement in one day or month; `first`: its first day by the calendar."""

    first: date
    kind: str
    count: int
    amount_minor: int


_TOTALS: Final = """
select date_trunc(%(step)s, date::timestamp)::date, kind, sum(count)::bigint, sum(amount_minor)
from readmodels_daily_flow
where date between %(from)s and %(to)s and currency = %(currency)s
group by 1, 2 order by 1 desc, 2
"""


def totals(from_date: date, to_date: date, currency: str, step: Literal["day", "month"]) -> list[FlowTotal]:
    """The flows of these days (both inclusive) in one currency, by day or by month, the newest first."""
    found = prepared.fetch_all(_TOTALS, {"step": step, "from": from_date, "to": to_date, "currency": currency})
    return [
        FlowTotal(first=first, kind=kind, count=count, amount_minor=int(amount_minor))
        for first, kind, count, amount_minor in found
    ]


def first_day(currency: str) -> date | None:
    """The first day on which anything moved in the currency."""
    first: date | None = DailyFlow.objects.filter(currency=currency).aggregate(first=models.Min("date"))["first"]
    return first


def currencies() -> list[str]:
    """The currencies that have flows."""
    return list(DailyFlow.objects.order_by("currency").values_list("currency", flat=True).distinct())
