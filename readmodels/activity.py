"""Activity (async): when in the day and in the week money is moved, by the clock on the bank's wall."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import models

from accounts.account import TransferReceived
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from readmodels import prepared
from readmodels.moved import KIND_OF, TYPES


class ActivityHourRow(models.Model):
    """One hour of one day, both by the bank's clock: where it is put back, an hour has what two hours brought."""

    pk = models.CompositePrimaryKey("currency", "date", "hour")
    currency = models.CharField(max_length=3)
    date = models.DateField()
    hour = models.SmallIntegerField()
    count = models.BigIntegerField()
    amount_minor = models.DecimalField(max_digits=30, decimal_places=0)

    class Meta:
        db_table = "readmodels_activity_hour"

    def __str__(self) -> str:
        return f"{self.date} {self.hour} {self.currency}"


_ADD: Final = """
insert into readmodels_activity_hour as hour (currency, date, hour, count, amount_minor)
select * from json_to_recordset(%s::json)
    as c(currency text, date date, hour smallint, count bigint, amount_minor numeric)
on conflict (currency, date, hour) do update
set count = hour.count + excluded.count, amount_minor = hour.amount_minor + excluded.amount_minor
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Add the batch's movements to their hours; a transfer counts once, where it was sent."""
    zone = ZoneInfo(settings.BANK_TIME_ZONE)
    hours: defaultdict[tuple[str, date, int], list[int]] = defaultdict(lambda: [0, 0])
    for event in events:
        data = event.data
        if type(data) in KIND_OF and type(data) is not TransferReceived:
            at = data.occurred_at.astimezone(zone)
            total = hours[data.currency, at.date(), at.hour]
            total[0] += 1
            total[1] += data.amount_minor
    if hours:
        rows = [
            {"currency": currency, "date": day, "hour": hour, "count": count, "amount_minor": amount_minor}
            for (currency, day, hour), (count, amount_minor) in sorted(hours.items())
        ]
        cursor.execute(_ADD, (encode_json(rows).decode(),))


PROJECTION = AsyncProjection(
    name="activity",
    description="When money is moved: movements by weekday and hour, by the bank's own clock.",
    apply=apply,
    tables=("readmodels_activity_hour",),
    types=TYPES,
)


class HourOfWeek(msgspec.Struct, frozen=True, kw_only=True):
    """An hour (0 to 23) of a weekday (1 Monday to 7 Sunday), over all weeks asked for."""

    weekday: int
    hour: int
    currency: str
    count: int
    amount_minor: int


_BETWEEN: Final = """
select extract(isodow from date)::int, hour, currency, sum(count)::bigint, sum(amount_minor)
from readmodels_activity_hour
where (%(currency)s::text is null or currency = %(currency)s) and date between %(from)s and %(to)s
group by 1, 2, 3 order by 1, 2, 3
"""


def between(from_date: date, to_date: date, currency: str | None = None) -> list[HourOfWeek]:
    """The hours of the week in which anything moved on these days (both inclusive, the bank's), from Monday on."""
    found = prepared.fetch_all(_BETWEEN, {"from": from_date, "to": to_date, "currency": currency})
    return [
        HourOfWeek(weekday=weekday, hour=hour, currency=its_currency, count=count, amount_minor=int(amount_minor))
        for weekday, hour, its_currency, count, amount_minor in found
    ]
