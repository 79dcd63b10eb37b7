"""Customers and accounts over time (async): who came and what was opened, closed and frozen, by day."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from django.db import models

from accounts.account import AccountClosed, AccountFrozen, AccountOpened, AccountUnfrozen
from accounts.customer import CustomerRegistered, PersonalDataErased
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from readmodels import prepared
from readmodels.moved import currencies_of, day_of

_CUSTOMERS: Final[dict[type[Any], str]] = {
    CustomerRegistered: "customers_registered",
    PersonalDataErased: "customers_erased",
}
_ACCOUNTS: Final[dict[type[Any], str]] = {
    AccountOpened: "accounts_opened",
    AccountClosed: "accounts_closed",
    AccountFrozen: "accounts_frozen",
    AccountUnfrozen: "accounts_unfrozen",
}
_NO_CURRENCY: Final = ""


class GrowthDayRow(models.Model):
    """How often one thing happened on one day (UTC, by `occurred_at`). What is no account's has no currency ('')."""

    pk = models.CompositePrimaryKey("date", "currency", "what")
    date = models.DateField()
    currency = models.CharField(max_length=3, blank=True)
    what = models.CharField(max_length=20)
    count = models.BigIntegerField()

    class Meta:
        db_table = "readmodels_growth_day"

    def __str__(self) -> str:
        return f"{self.date} {self.currency} {self.what}"


_ADD: Final = """
insert into readmodels_growth_day as day (date, currency, what, count)
select * from json_to_recordset(%s::json) as c(date date, currency text, what text, count bigint)
on conflict (date, currency, what) do update set count = day.count + excluded.count
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Count each thing on its day, however late it is told."""
    of_accounts = [event for event in events if type(event.data) in _ACCOUNTS]
    unsaid = {event.stream_id for event in of_accounts if type(event.data) is not AccountOpened}
    currency_of = currencies_of(cursor, list(unsaid))
    counts = Counter(
        (day_of(event.data.occurred_at), _NO_CURRENCY, _CUSTOMERS[type(event.data)])
        for event in events
        if type(event.data) in _CUSTOMERS
    )
    for event in of_accounts:
        data = event.data
        currency = data.currency if type(data) is AccountOpened else currency_of.get(event.stream_id, _NO_CURRENCY)
        counts[day_of(data.occurred_at), currency, _ACCOUNTS[type(data)]] += 1
    if counts:
        rows = [
            {"date": day, "currency": currency, "what": what, "count": count}
            for (day, currency, what), count in sorted(counts.items())
        ]
        cursor.execute(_ADD, (encode_json(rows).decode(),))


PROJECTION = AsyncProjection(
    name="growth",
    description="Customers and accounts over time: who came, what was opened, closed and frozen, how many there are.",
    apply=apply,
    tables=("readmodels_growth_day",),
    types=frozenset(
        {
            *("CustomerRegistered", "PersonalDataErased"),
            *("AccountOpened", "AccountClosed", "AccountFrozen", "AccountUnfrozen"),
        }
    ),
)


class GrowthDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day on which something changed. `customers` and `accounts`: how many there are at its end (accounts: open)."""

    date: date
    customers_registered: int
    customers_erased: int
    customers: int
    accounts_opened: int
    accounts_closed: int
    accounts_frozen: int
    accounts_unfrozen: int
    accounts: int


_BETWEEN: Final = """
select date, customers_registered, customers_erased, customers, accounts_opened, accounts_closed, accounts_frozen,
       accounts_unfrozen, accounts
from (
    select day.*, (sum(customers_registered) over upto)::bigint as customers,
           (sum(accounts_opened - accounts_closed) over upto)::bigint as accounts
    from (
        select date,
               coalesce(sum(count) filter (where what = 'customers_registered'), 0)::bigint as customers_registered,
               coalesce(sum(count) filter (where what = 'customers_erased'), 0)::bigint as customers_erased,
               coalesce(sum(count) filter (where what = 'accounts_opened'), 0)::bigint as accounts_opened,
               coalesce(sum(count) filter (where what = 'accounts_closed'), 0)::bigint as accounts_closed,
               coalesce(sum(count) filter (where what = 'accounts_frozen'), 0)::bigint as accounts_frozen,
               coalesce(sum(count) filter (where what = 'accounts_unfrozen'), 0)::bigint as accounts_unfrozen
        from readmodels_growth_day
        where date <= %(to)s and (%(currency)s::text is null or currency in (%(currency)s, ''))
        group by date
    ) day
    window upto as (order by date)
) day
where date >= %(from)s
order by date desc limit %(limit)s::bigint
"""


def between(
    from_date: date, to_date: date, currency: str | None = None, *, limit: int | None = None
) -> list[GrowthDay]:
    """The days with changes from `from_date` to `to_date` (both inclusive), the newest first; at most `limit`.

    `currency` picks accounts; customers have none and are always counted.
    """
    found = prepared.fetch_all(_BETWEEN, {"from": from_date, "to": to_date, "currency": currency, "limit": limit})
    return [GrowthDay(**dict(zip(GrowthDay.__struct_fields__, row, strict=True))) for row in found]


def at_end_of(day: date, currency: str | None = None) -> GrowthDay | None:
    """The last day with a change up to `day`: its `customers` and `accounts` are those at the end of `day`."""
    return next(iter(between(date.min, day, currency, limit=1)), None)
