"""Gauges of the ledger and its projections, read from the database when asked: right whichever process answers."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec
import psycopg
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from typing_extensions import override

from ledger.connections import Cursor, transaction
from ledger.errors import LedgerError
from ledger.projections import async_projections

logger = logging.getLogger(__name__)

# Below the ten seconds that Prometheus waits for a scrape.
_STATEMENT_TIMEOUT_SECONDS: Final = 3
# Counting what is not sealed stops here: "10,000 behind" says enough.
_COUNT_AT_MOST: Final = 10_000

# Unsealed: what lies above the sealer's highest number, and what turned up in its gaps.
_LEDGER: Final = """
select s.position, jsonb_array_length(s.gaps), unsealed.n, unsealed.oldest_at,
       signed.position, signed.signed_at, unsigned.sealed_at, now()
from ledger_sealer_state s
cross join lateral (
    select count(*) as n, min(recorded_at) as oldest_at
    from (
        (select recorded_at from ledger_event where sequence > s.high_sequence order by sequence limit %(at_most)s)
        union all
        (select e.recorded_at
         from jsonb_array_elements(s.gaps) gap
         cross join lateral (select recorded_at from ledger_event
                             where sequence between (gap->>0)::bigint and (gap->>1)::bigint limit %(at_most)s) e)
    ) either
) unsealed
left join lateral (select position, signed_at from ledger_seal order by position desc limit 1) signed on true
left join ledger_entry unsigned on unsigned.position = coalesce(signed.position, 0) + 1
"""
# A projection with a shard that has no checkpoint yet has read nothing.
_PROJECTIONS: Final = """
select p.name, coalesce(c.position, 0), coalesce(c.applied, 0), coalesce(c.paused, false), coalesce(c.failures, 0),
       coalesce(k.n, 0), r.position, behind.recorded_at
from unnest(%(names)s::text[], %(shards)s::int[]) p(name, shards)
left join lateral (
    select case when count(*) < p.shards then 0 else min(position) end as position, sum(applied)::bigint as applied,
           bool_or(status = 'paused') as paused, max(failures) as failures
    from ledger_checkpoint where projection = p.name and not rebuilding
) c on true
left join lateral (
    select count(*) as n from ledger_parked where projection = p.name and resolution is null
) k on true
left join lateral (
    select min(position) as position from ledger_checkpoint where projection = p.name and rebuilding
) r on true
left join ledger_entry entry on entry.position = coalesce(c.position, 0) + 1
left join ledger_event behind on behind.sequence = entry.sequence
"""


class LedgerState(msgspec.Struct, frozen=True):
    """How far the book is sealed and signed. `unsealed`: committed events without a place, counted up to a limit."""

    position: int
    gaps: int
    unsealed: int
    unsealed_since: datetime | None
    signed_position: int | None
    signed_at: datetime | None
    unsigned_since: datetime | None
    now: datetime

    def seconds_since(self, moment: datetime | None) -> float:
        """By the database's clock; 0 where there is nothing to wait for."""
        return max((self.now - moment).total_seconds(), 0.0) if moment else 0.0


class _Projection(msgspec.Struct, frozen=True):
    name: str
    position: int
    applied: int
    paused: bool
    failures: int
    parked: int
    rebuild_position: int | None
    behind_since: datetime | None

    @property
    def status(self) -> str:
        return "paused" if self.paused else "retrying" if self.failures else "running"


class LedgerCollector(Collector):
    """Collects nothing but `passbook_database_up 0` when the database is away: a scrape never fails for it."""

    @override
    def collect(self) -> Iterator[Metric]:
        try:
            with transaction() as cur:
                ledger, projections = _read(cur)
        except (LedgerError, psycopg.Error) as error:
            logger.warning("the ledger cannot be measured: %s", type(error).__name__)
            yield _gauge("database_up", "Whether the database answers (1) or not (0).", 0)
            return
        yield _gauge("database_up", "Whether the database answers (1) or not (0).", 1)
        yield from _of_the_ledger(ledger)
        yield from _of_projections(ledger, projections)


def read_ledger(cur: Cursor) -> LedgerState:
    """The state of the book, in this transaction, given up after some seconds."""
    cur.execute(f"set local statement_timeout = '{_STATEMENT_TIMEOUT_SECONDS}s'")
    row = cur.execute(_LEDGER, {"at_most": _COUNT_AT_MOST}).fetchone()
    assert row is not None, "the migrations make the sealer's state"
    return LedgerState(*row)


def _read(cur: Cursor) -> tuple[LedgerState, list[_Projection]]:
    ledger = read_ledger(cur)
    known = async_projections()
    names = {"names": [p.name for p in known], "shards": [p.shards for p in known]}
    return ledger, [_Projection(*r) for r in cur.execute(_PROJECTIONS, names).fetchall()]


def _of_the_ledger(ledger: LedgerState) -> Iterator[Metric]:
    yield _gauge("ledger_sealed_position", "The last position of the sealed book.", ledger.position)
    yield _gauge(
        "ledger_head_position", "The last position, once all is sealed that waits.", ledger.position + ledger.unsealed
    )
    yield _gauge("ledger_unsealed_events", f"Committed events without a place (to {_COUNT_AT_MOST}).", ledger.unsealed)
    yield _gauge(
        "ledger_seal_lag_seconds",
        "How long the oldest unsealed event waits already.",
        ledger.seconds_since(ledger.unsealed_since),
    )
    yield _gauge("ledger_gaps", "Runs of sequence numbers that the sealer still waits for.", ledger.gaps)
    yield _gauge(
        "ledger_signed_position", "The last position that a signed checkpoint covers.", ledger.signed_position or 0
    )
    yield _gauge(
        "ledger_unsigned_seconds",
        "How long the oldest sealed event without a signature waits already.",
        ledger.seconds_since(ledger.unsigned_since),
    )
    if ledger.signed_at is not None:
        yield _gauge(
            "ledger_checkpoint_age_seconds", "Time since the last signature.", ledger.seconds_since(ledger.signed_at)
        )


def _of_projections(ledger: LedgerState, projections: Iterable[_Projection]) -> Iterator[Metric]:
    def family(name: str, meaning: str, values: Iterable[tuple[str, float]]) -> Metric:
        metric = GaugeMetricFamily(f"passbook_projection_{name}", meaning, labels=["projection"])
        for projection, value in values:
            metric.add_metric([projection], value)
        return metric

    head = ledger.position + ledger.unsealed
    of_each = list(projections)
    yield family("position", "Up to where it has read the sealed book.", ((p.name, p.position) for p in of_each))
    yield family("lag_events", "Events that it has not read yet.", ((p.name, head - p.position) for p in of_each))
    yield family(
        "lag_seconds",
        "How long the oldest event that it has not read waits already.",
        ((p.name, ledger.seconds_since(p.behind_since or ledger.unsealed_since)) for p in of_each),
    )
    yield family("parked_events", "Parked events that nobody has resolved.", ((p.name, p.parked) for p in of_each))
    yield family(
        "rebuild_position",
        "Up to where the generation that is being built has read.",
        ((p.name, p.rebuild_position) for p in of_each if p.rebuild_position is not None),
    )
    applied = CounterMetricFamily(
        "passbook_projection_applied_events", "Events that it has applied, ever.", labels=["projection"]
    )
    status = GaugeMetricFamily(
        "passbook_projection_status", "1 for the status that it has.", labels=["projection", "status"]
    )
    for projection in of_each:
        applied.add_metric([projection.name], projection.applied)
        for name in ("running", "retrying", "paused"):
            status.add_metric([projection.name, name], float(projection.status == name))
    yield applied
    yield status


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"passbook_{name}", meaning, value=value)
