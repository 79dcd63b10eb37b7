"""Every report against its recomputation, row for row."""

from datetime import date, timedelta
from typing import Any

from ledger.projections import async_projections
from readmodels import (
    activity,
    average_balances,
    balance_distribution,
    cash_position,
    daily_flows,
    dormant_accounts,
    freshness,
    general_ledger,
    growth,
    largest_movements,
    refusals,
)
from readmodels.general_ledger import JournalRow
from readmodels.refusals import RefusalFilter
from tests.readmodels import recomputed
from tests.readmodels.recomputed import Recomputed

_ALL = (date.min, date.max)


def check_every_report(*, to_date: date) -> Recomputed:
    """Raises where a report differs from the events; `to_date`: up to where days without movements are looked at."""
    for projection in async_projections():
        assert freshness.as_of(projection.name).lag_events == 0, f"{projection.name} is behind"
    true = Recomputed()
    flows = {(f.date, f.currency, f.kind): [f.count, int(f.amount_minor)] for f in daily_flows.between(*_ALL)}
    assert flows == true.flows
    assert [_values(row) for row in cash_position.between(*_ALL)] == true.cash()
    found = average_balances.between(date.min, to_date)
    assert [(d.date, d.currency, d.balance_minor, d.accounts) for d in found] == true.ends_of_days(to_date)
    check_growth(true)
    check_largest(true)
    check_activity(true)
    check_books(true)
    bands = [(b.currency, b.band, b.accounts, b.total_minor) for b in balance_distribution.bands()]
    assert bands == true.bands()
    dormant = dormant_accounts.page(date.max, 10**6)
    assert [(row.last_on, row.account_id) for row in dormant] == true.dormant()
    refused = refusals.by_day(RefusalFilter(from_date=date.min, to_date=date.max))
    counts = {(day.day, reason): count for day in refused for reason, count in day.counts.items()}
    assert counts == recomputed.refusals()
    return true


def check_growth(true: Recomputed) -> None:
    """All currencies together, and each."""
    for currency in (None, *sorted(set(true.currency_of.values()))):
        rows = [{name: getattr(row, name) for name in row.__struct_fields__} for row in growth.between(*_ALL, currency)]
        assert rows == true.growth_days(currency)


def check_largest(true: Recomputed) -> None:
    """Of all time, of each month that has movements and of one day, of all kinds together and of each."""
    months = sorted({m[2].replace(day=1) for m in true.large})
    periods = [_ALL, *((first, first + timedelta(days=27)) for first in months)]
    periods += [(m[2], m[2]) for m in true.large[:1]]
    for currency in sorted({m[3] for m in true.large}):
        for kind in (None, *largest_movements.KINDS):
            for from_date, to_date in periods:
                found = [
                    (-m.amount_minor, m.position, m.date, m.currency, m.kind)
                    for m in largest_movements.largest(from_date, to_date, currency, kind)
                ]
                assert found == true.largest(from_date, to_date, currency, kind, largest_movements.KEPT)


def check_activity(true: Recomputed) -> None:
    """Hours of the week, over all time."""
    found = activity.between(*_ALL)
    assert {(h.weekday, h.hour, h.currency): h.count for h in found} == true.hours
    assert {(h.weekday, h.hour, h.currency): h.amount_minor for h in found} == true.hour_sums


def check_books(true: Recomputed) -> None:
    """The general ledger with the balance at each day's end, the trial balance, and the journal of each day."""
    ledger = [
        (t.day, t.currency, t.account_class.value, t.debit_minor, t.credit_minor, t.count, closing_minor)
        for t, closing_minor in general_ledger.statement(*_ALL, 10**9)
    ]
    assert ledger == true.statement()
    days = sorted({day for day, _ in true.journal})
    for day in {*days[:: len(days) // 40 + 1], *days[-1:]}:
        lines = general_ledger.trial_balance(day)
        found = {(t.currency, t.account_class.value): [t.debit_minor, t.credit_minor, t.count] for t in lines}
        assert found == true.trial_balance(day)
        for currency in {t.currency for t in lines}:
            assert sum(t.balance_minor for t in lines if t.currency == currency) == 0
    for (day, currency), entries in true.journal.items():
        journal = general_ledger.journal(day, currency, len(entries) + 1)
        assert [(e.position, e.type, e.amount_minor) for e in journal] == entries
    assert JournalRow.objects.count() == sum(map(len, true.journal.values()))


def _values(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in row.__struct_fields__)
