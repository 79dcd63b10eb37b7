"""Gauges of the reconciliation: what does not agree, and how long ago that was looked at."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec
import psycopg
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from bank.reconciliation.breaks import Check
from ledger.connections import transaction
from ledger.errors import LedgerError

# Below the ten seconds that Prometheus waits for a scrape.
_STATEMENT_TIMEOUT_SECONDS: Final = 3
_STATE: Final = """
select (select ended_at from reconciliation_run order by run_id desc limit 1),
       (select ended_at from reconciliation_run where figures is not null order by run_id desc limit 1),
       (select ended_at from reconciliation_walk where id = 1), now()
"""
_BREAKS: Final = "select check_name, count(*) from reconciliation_break where gone_at is null group by check_name"


class _State(msgspec.Struct, frozen=True):
    run_at: datetime | None
    compared_at: datetime | None
    round_at: datetime | None
    now: datetime


class ReconciliationCollector(Collector):
    """Collects nothing when the database is away: that it is away, the ledger's gauges say."""

    @override
    def collect(self) -> Iterator[Metric]:
        try:
            with transaction() as cur:
                cur.execute(f"set local statement_timeout = '{_STATEMENT_TIMEOUT_SECONDS}s'")
                row = cur.execute(_STATE).fetchone()
                breaks: dict[str, int] = dict(cur.execute(_BREAKS).fetchall())
        except (LedgerError, psycopg.Error):
            return
        assert row is not None
        yield from _of_breaks(breaks)
        yield from _ages(_State(*row))


def _of_breaks(breaks: dict[str, int]) -> Iterator[Metric]:
    found = GaugeMetricFamily(
        "passbook_reconciliation_breaks", "What should be equal and is not, by what was compared.", labels=["check"]
    )
    for check in Check:
        found.add_metric([check.value], breaks.get(check.value, 0))
    yield found


def _ages(state: _State) -> Iterator[Metric]:
    for name, meaning, moment in (
        ("age", "Time since the last run.", state.run_at),
        ("control_age", "Time since all balances were last compared with the general ledger.", state.compared_at),
        ("round_age", "Time since the last walk past all streams ended.", state.round_at),
    ):
        if moment is not None:
            age_seconds = max((state.now - moment).total_seconds(), 0.0)
            yield GaugeMetricFamily(f"passbook_reconciliation_{name}_seconds", meaning, value=age_seconds)
