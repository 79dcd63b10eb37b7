"""Balances and their distribution (async): how many open accounts hold how much, in bands of powers of ten."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import models

from accounts.account import AccountClosed, AccountOpened
from accounts.money import exponent_of
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from ledger.rows import Part, parameters
from readmodels import prepared
from readmodels.moved import KIND_OF, TYPES

NEGATIVE: Final = -1
ZERO: Final = 0


class ReportedBalanceRow(models.Model):
    """An open account's balance, as far as the report has come."""

    account_id = models.UUIDField(primary_key=True)
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField()

    class Meta:
        db_table = "readmodels_reported_balance"

    def __str__(self) -> str:
        return str(self.account_id)


class BalanceBandRow(models.Model):
    """The open accounts of a currency whose balances lie in a band: below zero (-1), zero (0), below 1 of the currency
    (1), below 10 (2), below 100 (3) and so on."""

    pk = models.CompositePrimaryKey("currency", "band")
    currency = models.CharField(max_length=3)
    band = models.SmallIntegerField()
    accounts = models.BigIntegerField()
    total_minor = models.DecimalField(max_digits=30, decimal_places=0)

    class Meta:
        db_table = "readmodels_balance_band"

    def __str__(self) -> str:
        return f"{self.currency} {self.band}"


# The number of digits before the point, in whole numbers alone: exact at every boundary.
_BAND: Final = """case when {minor} < 0 then -1 when {minor} = 0 then 0 when {minor} < unit then 1
                  else 1 + length(({minor} / unit)::text) end"""
_CHANGED: Final = Part(
    columns="a uuid, c text, d bigint, u bigint, x smallint",
    sql=f"""
    with change as materialized (
        select r.a, r.u as unit, r.x = 1 as closes, r.d, coalesce(b.currency, r.c) as currency,
               b.balance_minor as before, coalesce(b.balance_minor, 0) + r.d as after
        from {{rows}} left join readmodels_reported_balance b on b.account_id = r.a
    ), gone as (
        delete from readmodels_reported_balance b using change where b.account_id = change.a and change.closes
    ), moved as (
        update readmodels_reported_balance b set balance_minor = change.after
        from change where b.account_id = change.a and not change.closes and change.before is not null and change.d <> 0
    ), opened as (
        insert into readmodels_reported_balance (account_id, currency, balance_minor)
        select a, currency, after from change where before is null and not closes
    ), step as (
        select currency, {_BAND.format(minor="before")} as band, -1 as accounts, -before as minor
        from change where before is not null
        union all
        select currency, {_BAND.format(minor="after")}, 1, after from change where not closes
    )
    insert into readmodels_balance_band as band (currency, band, accounts, total_minor)
    select currency, step.band, sum(accounts), sum(minor) from step group by currency, step.band
    on conflict (currency, band) do update
    set accounts = band.accounts + excluded.accounts, total_minor = band.total_minor + excluded.total_minor
    """,
)
_EMPTY: Final = "delete from readmodels_balance_band where accounts = 0"
_SIGN: Final = {"deposit": 1, "transfer_received": 1, "withdrawal": -1, "transfer_sent": -1}


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Move each account that the batch touched from the band where it was into the one where it is."""
    changes: dict[UUID, list[Any]] = {}  # currency (None: it is known), change, closes
    for event in events:
        data = event.data
        kind = KIND_OF.get(type(data))
        if kind is not None:
            changes.setdefault(event.stream_id, [data.currency, 0, 0])[1] += _SIGN[kind] * data.amount_minor
        elif type(data) is AccountOpened:
            changes[event.stream_id] = [data.currency, 0, 0]
        elif type(data) is AccountClosed:
            changes.setdefault(event.stream_id, [None, 0, 0])[2] = 1
    if not changes:
        return
    rows = [
        (account_id, currency, change, 10 ** exponent_of(currency) if currency is not None else 1, closes)
        for account_id, (currency, change, closes) in changes.items()
    ]
    cursor.execute(_CHANGED.cte("changed", len(rows)), parameters({"changed": (_CHANGED, rows)}))
    cursor.execute(_EMPTY)


PROJECTION = AsyncProjection(
    name="balance_distribution",
    description="How many open accounts hold how much, in bands of powers of ten.",
    apply=apply,
    tables=("readmodels_reported_balance", "readmodels_balance_band"),
    types=TYPES,
)


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """A band of balances: from `from_minor` to below `below_minor` (None: no end on that side)."""

    currency: str
    band: int
    from_minor: int | None
    below_minor: int | None
    accounts: int
    total_minor: int


def bands(currency: str | None = None) -> list[Band]:
    """The bands that have accounts, the lowest first, by currency."""
    found = BalanceBandRow.objects.all() if currency is None else BalanceBandRow.objects.filter(currency=currency)
    return [
        Band(
            currency=row.currency,
            band=row.band,
            from_minor=limits(row.band, row.currency)[0],
            below_minor=limits(row.band, row.currency)[1],
            accounts=row.accounts,
            total_minor=int(row.total_minor),
        )
        for row in found.order_by("currency", "band")
    ]


def limits(band: int, currency: str) -> tuple[int | None, int | None]:
    """(from, below) of a band in minor units; zero is a band of its own."""
    unit = 10 ** exponent_of(currency)
    if band == NEGATIVE:
        return None, 0
    if band == ZERO:
        return 0, 1
    return 1 if band == 1 else unit * 10 ** (band - 2), unit * 10 ** (band - 1)


def currencies() -> list[str]:
    """The currencies that have open accounts."""
    return [
        row[0] for row in prepared.fetch_all("select distinct currency from readmodels_balance_band order by 1", {})
    ]
