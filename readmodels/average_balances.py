"""Average balances (async): what all accounts together, and one of them on average, held at the end of each day."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Final

import msgspec
from django.db import models

from accounts.account import AccountClosed, AccountOpened
from ledger.batches import shared
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from readmodels import prepared
from readmodels.moved import TYPES, currencies_of, day_of, flows

_SIGN: Final = {"deposit": 1, "transfer_received": 1, "withdrawal": -1, "transfer_sent": -1}


class BalanceDayRow(models.Model):
    """How one day (UTC, by `occurred_at`) changed the sum of all balances in a currency, and the number of accounts."""

    pk = models.CompositePrimaryKey("currency", "date")
    currency = models.CharField(max_length=3)
    date = models.DateField()
    change_minor = models.DecimalField(max_digits=30, decimal_places=0)
    accounts_change = models.BigIntegerField()

    class Meta:
        db_table = "readmodels_balance_day"

    def __str__(self) -> str:
        return f"{self.date} {self.currency}"


_ADD: Final = """
insert into readmodels_balance_day as day (currency, date, change_minor, accounts_change)
select * from json_to_recordset(%s::json)
    as c(currency text, date date, change_minor numeric, accounts_change bigint)
on conflict (currency, date) do update
set change_minor = day.change_minor + excluded.change_minor,
    accounts_change = day.accounts_change + excluded.accounts_change
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Add the batch's changes to the days that they belong to: a late value date changes every balance after it."""
    days: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for (day, currency, kind), (_, amount_minor) in shared(events, flows).items():
        days[currency, day][0] += _SIGN[kind] * amount_minor
    closed = [event for event in events if type(event.data) is AccountClosed]
    currency_of = currencies_of(cursor, [event.stream_id for event in closed])
    for event in closed:
        if event.stream_id in currency_of:
            days[currency_of[event.stream_id], day_of(event.data.occurred_at)][1] -= 1
    for event in events:
        if type(event.data) is AccountOpened:
            days[event.data.currency, day_of(event.data.occurred_at)][1] += 1
    if days:
        rows = [
            {"currency": currency, "date": day, "change_minor": change_minor, "accounts_change": accounts}
            for (currency, day), (change_minor, accounts) in sorted(days.items())
        ]
        cursor.execute(_ADD, (encode_json(rows).decode(),))


PROJECTION = AsyncProjection(
    name="average_balances",
    description="All balances together, and of one account on average, at the end of each day.",
    apply=apply,
    tables=("readmodels_balance_day",),
    types=TYPES,
)


class DayOfBalances(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a day: the sum of all balances in a currency and the accounts that were open."""

    date: date
    currency: str
    balance_minor: int
    accounts: int

    @property
    def average_minor(self) -> int:
        """Of one open account, rounded towards zero; 0 without accounts."""
        return _divided(self.balance_minor, self.accounts)


class PeriodOfBalances(msgspec.Struct, frozen=True, kw_only=True):
    """The mean of a period's days, each calendar day counting once, whether or not anything moved."""

    currency: str
    days: int
    balance_minor: int
    average_minor: int


# Each day with a change, and the sums up to its end.
_CHANGES: Final = """
select currency, date, sum(change_minor) over upto, (sum(accounts_change) over upto)::bigint
from readmodels_balance_day
where date <= %(to)s and (%(currency)s::text is null or currency = %(currency)s)
window upto as (partition by currency order by date)
order by currency, date desc
"""
_DAY: Final = timedelta(days=1)


def between(
    from_date: date, to_date: date, currency: str | None = None, limit: int | None = None
) -> list[DayOfBalances]:
    """Every calendar day from `from_date` to `to_date` (both inclusive), the newest first; at most `limit`.

    A currency's days begin with the first that had an account.
    """
    changes: defaultdict[str, list[tuple[date, int, int]]] = defaultdict(list)
    for its_currency, day, balance, accounts in prepared.fetch_all(_CHANGES, {"to": to_date, "currency": currency}):
        changes[its_currency].append((day, int(balance), accounts))
    return list(islice(_days(changes, from_date, to_date), limit))


def over(from_date: date, to_date: date, currency: str) -> PeriodOfBalances | None:
    """The means of a period (both days inclusive); None where the currency had no account yet."""
    days = between(from_date, to_date, currency)
    if not days:
        return None
    return PeriodOfBalances(
        currency=currency,
        days=len(days),
        balance_minor=_divided(sum(day.balance_minor for day in days), len(days)),
        average_minor=_divided(sum(day.average_minor for day in days), len(days)),
    )


def currencies() -> list[str]:
    """The currencies that have accounts."""
    return list(BalanceDayRow.objects.order_by("currency").values_list("currency", flat=True).distinct())


def _days(changes: dict[str, list[tuple[date, int, int]]], from_date: date, to_date: date) -> Iterator[DayOfBalances]:
    """From the last day backwards: a day is what its last change made of it."""
    firsts = [its[-1][0] for its in changes.values()]
    if not firsts:
        return
    place = dict.fromkeys(sorted(changes), 0)
    day = to_date
    while day >= max(from_date, min(firsts)):
        for currency, at in place.items():
            its = changes[currency]
            while at < len(its) and its[at][0] > day:
                at += 1  # noqa: PLW2901 - kept below
            place[currency] = at
            if at < len(its):
                yield DayOfBalances(date=day, currency=currency, balance_minor=its[at][1], accounts=its[at][2])
        if day == date.min:
            return
        day -= _DAY


def _divided(minor: int, by: int) -> int:
    """Whole minor units, rounded towards zero, so that a debt is no larger than it is."""
    if by == 0:
        return 0
    return minor // by if minor >= 0 else -(-minor // by)
