"""Reports as files: every row of what was asked for, with plain numbers, in English."""

from collections.abc import Iterator, Sequence
from typing import Final

from accounts.money import format_minor
from bank.web.reports.report import Asked
from readmodels import (
    activity,
    average_balances,
    balance_distribution,
    cash_position,
    daily_flows,
    dormant_accounts,
    growth,
    largest_movements,
    refusals,
)
from readmodels.dormant_accounts import DormantAccount
from readmodels.refusals import RefusalFilter

Lines = Iterator[Sequence[str]]
_A_BATCH: Final = 1_000


def daily_flows_lines(asked: Asked) -> Lines:
    """A line a day and kind of movement."""
    yield "date", "currency", "kind", "count", "amount"
    for flow in daily_flows.between(asked.from_date, asked.to_date, asked.currency):
        yield (
            str(flow.date),
            flow.currency,
            flow.kind,
            str(flow.count),
            format_minor(flow.amount_minor, flow.currency),
        )


def cash_position_lines(asked: Asked) -> Lines:
    """A line a day on which money came or went."""
    yield "date", "currency", "opening", "in_count", "in", "out_count", "out", "closing"
    for day in cash_position.between(asked.from_date, asked.to_date, asked.currency):
        opening, money_in, money_out, closing = (
            format_minor(minor, day.currency)
            for minor in (day.opening_minor, day.in_minor, day.out_minor, day.closing_minor)
        )
        yield str(day.date), day.currency, opening, str(day.in_count), money_in, str(day.out_count), money_out, closing


def balance_distribution_lines(asked: Asked) -> Lines:
    """A line a band; an end that there is none of is empty."""
    yield "currency", "from", "below", "accounts", "balances"
    for band in balance_distribution.bands(asked.currency):
        ends = (
            "" if minor is None else format_minor(minor, band.currency) for minor in (band.from_minor, band.below_minor)
        )
        yield band.currency, *ends, str(band.accounts), format_minor(band.total_minor, band.currency)


def average_balances_lines(asked: Asked) -> Lines:
    """A line a day of the calendar, up to today: nobody knows what there is at the end of a later one."""
    yield "date", "currency", "accounts", "balances", "average"
    for day in average_balances.between(asked.from_date, min(asked.to_date, asked.today), asked.currency):
        sums = (format_minor(minor, day.currency) for minor in (day.balance_minor, day.average_minor))
        yield str(day.date), day.currency, str(day.accounts), *sums


def growth_lines(asked: Asked) -> Lines:
    """A line a day on which anything changed."""
    yield growth.GrowthDay.__struct_fields__
    for day in growth.between(asked.from_date, asked.to_date):
        yield [str(getattr(day, name)) for name in growth.GrowthDay.__struct_fields__]


def largest_movements_lines(asked: Asked) -> Lines:
    """A line a movement, as on the page, the largest first; whose it is, by the number of the account."""
    yield (
        "rank",
        "position",
        "date",
        "kind",
        "currency",
        "amount",
        "account_id",
        "counterparty_account_id",
        "occurred_at",
    )
    kind = asked.more["kind"] or None
    movements = largest_movements.largest(asked.from_date, asked.to_date, asked.currency, kind)
    for rank, found in enumerate(movements, start=1):
        amount = format_minor(found.amount_minor, found.currency)
        moved = str(found.position), str(found.date), found.kind, found.currency, amount
        other = str(found.counterparty_account_id or "")
        yield str(rank), *moved, str(found.account_id), other, found.occurred_at.isoformat()


def dormant_accounts_lines(asked: Asked) -> Lines:
    """A line an account, from the first on, however many there are."""
    yield "last_on", "account_id", "currency", "status", "balance"
    limit = dormant_accounts.since(asked.today, asked.more["unused"])
    last: DormantAccount | None = None
    while True:
        after = (last.last_on, last.account_id) if last is not None else None
        found = dormant_accounts.page(limit, _A_BATCH, currency=asked.currency, after=after)
        for account in found:
            balance = format_minor(account.balance_minor, account.currency)
            yield str(account.last_on), str(account.account_id), account.currency, account.status, balance
        if len(found) < _A_BATCH:
            return
        last = found[-1]


def refusals_lines(asked: Asked) -> Lines:
    """A line a day and reason."""
    yield "date", "reason", "count"
    for day in refusals.by_day(RefusalFilter(from_date=asked.from_date, to_date=asked.to_date)):
        for reason, count in sorted(day.counts.items()):
            yield str(day.day), reason, str(count)


def activity_lines(asked: Asked) -> Lines:
    """A line an hour of the week, from Monday (1) on."""
    yield "weekday", "hour", "currency", "count", "amount"
    for hour in activity.between(asked.from_date, asked.to_date, asked.currency):
        amount = format_minor(hour.amount_minor, hour.currency)
        yield str(hour.weekday), str(hour.hour), hour.currency, str(hour.count), amount
