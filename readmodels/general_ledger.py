"""The general ledger (async): debits and credits by account class, currency and business day; the journal behind them.

Both tables are written together, so that what a day adds up to and the events that one finds behind it never differ.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date
from decimal import Decimal
from typing import Any, Final

import msgspec
from django.db import models

from accounts.postings import CONTROL, ENTRIES, ENTRIES_BY_TYPE, AccountClass, Entry, lines_of
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from readmodels import prepared


class GeneralLedgerRow(models.Model):
    """What one account class took in on one day (UTC, by `occurred_at`), in minor units; `count`: its postings."""

    pk = models.CompositePrimaryKey("account_class", "currency", "date")
    account_class = models.TextField()
    currency = models.CharField(max_length=3)
    date = models.DateField()
    debit_minor = models.DecimalField(max_digits=30, decimal_places=0)
    credit_minor = models.DecimalField(max_digits=30, decimal_places=0)
    count = models.BigIntegerField()

    class Meta:
        db_table = "readmodels_general_ledger"

    def __str__(self) -> str:
        return f"{self.date} {self.currency} {self.account_class}"


class JournalRow(models.Model):
    """An event that moved money, where the journal looks for it: by its day. The event's type says which way."""

    pk = models.CompositePrimaryKey("date", "currency", "position")
    date = models.DateField()
    currency = models.CharField(max_length=3)
    position = models.BigIntegerField()
    type = models.TextField()
    amount_minor = models.BigIntegerField()

    class Meta:
        db_table = "readmodels_journal"

    def __str__(self) -> str:
        return f"#{self.position} {self.type}"


_COPY: Final = """
copy readmodels_journal (date, currency, position, type, amount_minor) from stdin (format binary)
"""
_COPIED_TYPES: Final = ("date", "varchar", "int8", "text", "int8")
_ADD: Final = """
insert into readmodels_general_ledger as day (account_class, currency, date, debit_minor, credit_minor, count)
select * from json_to_recordset(%s::json)
    as d(account_class text, currency text, date date, debit_minor numeric, credit_minor numeric, count bigint)
on conflict (account_class, currency, date) do update
set debit_minor = day.debit_minor + excluded.debit_minor, credit_minor = day.credit_minor + excluded.credit_minor,
    count = day.count + excluded.count
"""


_KEYS: Final = ("account_class", "currency", "date")


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Enter the batch's events in the journal, and add them up by the days that they belong to, however late."""
    sums: defaultdict[tuple[Entry, str, date], list[int]] = defaultdict(lambda: [0, 0])
    with cursor.copy(_COPY) as copy:
        copy.set_types(_COPIED_TYPES)
        for event in events:
            data = event.data
            entry = ENTRIES.get(type(data))
            if entry is None:
                continue
            day = data.occurred_at.astimezone(UTC).date()
            copy.write_row((day, data.currency, event.position, event.type, data.amount_minor))
            total = sums[entry, data.currency, day]
            total[0] += data.amount_minor
            total[1] += 1
    if sums:
        cursor.execute(_ADD, (encode_json(_rows_of(sums)).decode(),))


def _rows_of(sums: dict[tuple[Entry, str, date], list[int]]) -> list[dict[str, Any]]:
    """The days' rows, in one order for everybody who writes them."""
    days: dict[tuple[str, str, date], dict[str, Any]] = {}
    for (entry, currency, day), (amount_minor, count) in sums.items():
        for line in lines_of(entry, currency, amount_minor):
            key = line.account_class.value, currency, day
            row = days.setdefault(
                key, dict(zip(_KEYS, key, strict=True)) | {"debit_minor": 0, "credit_minor": 0, "count": 0}
            )
            row["debit_minor"] += line.debit_minor
            row["credit_minor"] += line.credit_minor
            row["count"] += count
    return [days[key] for key in sorted(days)]


PROJECTION = AsyncProjection(
    name="general_ledger",
    description="Debits and credits by account class, currency and business day, and the journal of what makes them.",
    apply=apply,
    tables=("readmodels_general_ledger", "readmodels_journal"),
    types=frozenset(ENTRIES_BY_TYPE),
)


class Turnover(msgspec.Struct, frozen=True, kw_only=True):
    """Debits and credits of an account class in one currency, in minor units; of one `day` or month, or of all."""

    account_class: AccountClass
    currency: str
    debit_minor: int
    credit_minor: int
    count: int
    day: date | None = None

    @property
    def balance_minor(self) -> int:
        """Debits less credits: above zero a debit balance, below a credit balance."""
        return self.debit_minor - self.credit_minor


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An event that moved money, with the two account classes that it moved it between."""

    position: int
    type: str
    currency: str
    amount_minor: int
    debit: AccountClass
    credit: AccountClass


_TRIAL_BALANCE: Final = """
select account_class, currency, sum(debit_minor)::numeric, sum(credit_minor)::numeric, sum(count)::bigint, null::date
from readmodels_general_ledger where date <= %(day)s::date and (%(currency)s::text is null or currency = %(currency)s)
group by currency, account_class order by currency, account_class
"""
_OF_RANGE: Final = """
from readmodels_general_ledger
where account_class = any(%(classes)s::text[]) and currency = %(currency)s::text
  and date between %(from_date)s::date and %(to_date)s::date
"""
_DAYS: Final = f"""
select account_class, currency, debit_minor, credit_minor, count, date {_OF_RANGE} order by date, account_class
"""
_MONTHS: Final = f"""
select account_class, currency, sum(debit_minor)::numeric, sum(credit_minor)::numeric, sum(count)::bigint,
       date_trunc('month', date::timestamp)::date as month {_OF_RANGE}
group by account_class, currency, month order by month, account_class
"""
# A page of days, the newest first. The balance on its first day is the sum of all that does not stand in front of it;
# on every other day it is that, less what the page has of the days after it.
_STATEMENT: Final = """
with behind as not materialized (
    select * from readmodels_general_ledger
    where account_class = any(%(classes)s::text[]) and (%(currency)s::text is null or currency = %(currency)s)
      and (date < %(to_date)s::date
           or (date = %(to_date)s and (currency, account_class) > (%(after_currency)s::text, %(after_class)s::text)))
), page as (
    select * from behind where date >= %(from_date)s::date
    order by date desc, currency, account_class limit %(limit)s::int
), closing as (
    select account_class, currency, sum(debit_minor - credit_minor) as minor from behind
    group by account_class, currency
)
select account_class, currency, debit_minor, credit_minor, count, date,
       minor - coalesce(sum(debit_minor - credit_minor) over later, 0)
from page join closing using (account_class, currency)
window later as (partition by account_class, currency order by date desc
                 rows between unbounded preceding and 1 preceding)
order by date desc, currency, account_class
"""
# From one currency to the next in the index: as many looks as there are currencies.
_CURRENCIES: Final = """
with recursive found as (
    select min(currency) as currency from readmodels_general_ledger where account_class = %(account_class)s::text
    union all
    select (select min(currency) from readmodels_general_ledger
            where account_class = %(account_class)s::text and currency > found.currency)
    from found where found.currency is not null
)
select currency from found where currency is not null
"""
_JOURNAL: Final = """
select position, type, currency, amount_minor from readmodels_journal
where date = %(day)s::date and currency = %(currency)s::text and type = any(%(types)s::text[])
  and position {beyond} %(position)s::bigint
order by position {order} limit %(limit)s::int
"""


def trial_balance(day: date, currency: str | None = None) -> list[Turnover]:
    """Every account class up to and with `day`, by currency and class; those on which nothing happened are left out."""
    return _turnovers(_TRIAL_BALANCE, {"day": day, "currency": currency})


def days(currency: str, from_date: date, to_date: date, account_class: AccountClass | None = None) -> list[Turnover]:
    """The days (both inclusive) on which something was posted, the oldest first, each by class."""
    return _turnovers(_DAYS, _range(currency, from_date, to_date, account_class))


def months(currency: str, from_date: date, to_date: date, account_class: AccountClass | None = None) -> list[Turnover]:
    """The same days, added up by month: `day` is the month's first."""
    return _turnovers(_MONTHS, _range(currency, from_date, to_date, account_class))


def statement(
    from_date: date,
    to_date: date,
    limit: int,
    *,
    currency: str | None = None,
    account_class: AccountClass | None = None,
    after: tuple[str, str] = ("", ""),
) -> list[tuple[Turnover, int]]:
    """Up to `limit` days of classes, each with the balance at its end; the newest day first, by currency and class.

    `after`: the currency and class on `to_date` behind which the page begins.
    """
    asked = _range(currency, from_date, to_date, account_class)
    asked |= {"limit": limit, "after_currency": after[0], "after_class": after[1]}
    return [(_turnover(*row), int(minor)) for *row, minor in prepared.fetch_all(_STATEMENT, asked)]


def currencies() -> list[str]:
    """The currencies in which something was posted: whatever is, is on the control account."""
    return [row[0] for row in prepared.fetch_all(_CURRENCIES, {"account_class": CONTROL.value})]


def journal(
    day: date,
    currency: str,
    limit: int,
    account_class: AccountClass | None = None,
    *,
    after: int = 0,
    before: int | None = None,
) -> list[JournalEntry]:
    """Up to `limit` events of the day that post to the class, in book order: the first of those behind position
    `after`, or the last of those in front of `before`."""
    backwards = before is not None
    statement = _JOURNAL.format(beyond="<" if backwards else ">", order="desc" if backwards else "asc")
    rows = prepared.fetch_all(
        statement,
        {
            "day": day,
            "currency": currency,
            "types": _types_of(account_class),
            "position": before if backwards else after,
            "limit": limit,
        },
    )
    entries = [_journal_entry(*row) for row in rows]
    return entries[::-1] if backwards else entries


def _range(currency: str | None, from_date: date, to_date: date, account_class: AccountClass | None) -> dict[str, Any]:
    classes = [c.value for c in AccountClass if account_class in {None, c}]
    return {"classes": classes, "currency": currency, "from_date": from_date, "to_date": to_date}


def _types_of(account_class: AccountClass | None) -> list[str]:
    """The stored types of events that post to the class."""
    return sorted(
        name
        for name, entry in ENTRIES_BY_TYPE.items()
        if account_class is None or account_class in {entry.debit, entry.credit}
    )


def _turnovers(statement: str, parameters: dict[str, Any]) -> list[Turnover]:
    return [_turnover(*row) for row in prepared.fetch_all(statement, parameters)]


def _turnover(
    account_class: str, currency: str, debit_minor: Decimal, credit_minor: Decimal, count: int, day: date | None
) -> Turnover:
    return Turnover(
        account_class=AccountClass(account_class),
        currency=currency,
        debit_minor=int(debit_minor),
        credit_minor=int(credit_minor),
        count=count,
        day=day,
    )


def _journal_entry(position: int, name: str, currency: str, amount_minor: int) -> JournalEntry:
    entry = ENTRIES_BY_TYPE[name]
    return JournalEntry(
        position=position,
        type=name,
        currency=currency,
        amount_minor=amount_minor,
        debit=entry.debit,
        credit=entry.credit,
    )
