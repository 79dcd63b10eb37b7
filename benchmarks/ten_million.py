"""Growth: appends into a store of ten million events, beside the same into one of some ten thousand."""

import time
from statistics import median

import psycopg

from accounts.handler import handle, handle_all
from bank.ops import places
from benchmarks.bank import BY, Bank
from benchmarks.measure import RUNS, rate
from ledger.partitions import ensure_partitions

EVENTS = 10_000_000
_PORTION = 500_000
_EVENTS_EACH = 10
SECONDS = 3.0

# Streams of ten events, with their heads. Their ids are random, so that the index is as scattered as that of real ones.
_HEADS = """
insert into ledger_stream (id, category, version, snapshot, snapshot_schema)
select md5('growth' || n)::uuid, 'account', %(each)s, s.snapshot, s.snapshot_schema
from generate_series(%(first)s::int, %(last)s::int) n
cross join (select snapshot, snapshot_schema from ledger_stream where id = %(like)s) s
"""
_EVENTS = """
insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)
select md5('growth' || n)::uuid, p, gen_random_uuid(), e.type, e.schema_version, e.data, e.metadata
from generate_series(%(first)s::int, %(last)s::int) n
cross join generate_series(1, %(each)s) p
cross join (select type, schema_version, data, metadata from ledger_event
            where stream_id = %(like)s and type = 'DepositMade' limit 1) e
"""


def ten_million(bank: Bank) -> None:
    """Deposits in a store of ten thousand events, then of ten million in the same tables (only when named; minutes)."""
    small = _measure(bank)
    _fill(bank)
    large = _measure(bank)
    for label, few, many in zip(("one after the other", "in batches of 1,000"), small, large, strict=True):
        print(
            f"  {label:<44} at 10 million {many:>9,.0f}/s   at 10 thousand {few:>9,.0f}/s   ratio {many / few:5.2f}",
            flush=True,
        )


def _measure(bank: Bank) -> tuple[float, float]:
    """Deposits a second: (one after the other, in batches of 1,000), medians."""

    def one() -> int:
        handle(bank.deposit(), by=BY)
        return 1

    def batch() -> float:
        commands = [bank.deposit() for _ in range(10_000)]
        started = time.perf_counter()
        handle_all(commands, by=BY)
        return len(commands) / (time.perf_counter() - started)

    return median(rate(one, SECONDS) for _ in range(RUNS)), median(batch() for _ in range(RUNS))


def _fill(bank: Bank) -> None:
    """As the tables' owner, set-based: heads and events as appends leave them, in partitions made ahead of need."""
    started = time.perf_counter()
    streams, portion = EVENTS // _EVENTS_EACH, _PORTION // _EVENTS_EACH
    with psycopg.connect(places.database_url(), autocommit=True) as conn:
        for first in range(1, streams + 1, portion):
            ensure_partitions()
            numbers = {
                "first": first,
                "last": first + portion - 1,
                "each": _EVENTS_EACH,
                "like": bank.account_ids[0],
            }
            conn.execute(_HEADS, numbers)
            conn.execute(_EVENTS, numbers)
        conn.execute("vacuum analyze ledger_stream")
        conn.execute("analyze ledger_event")
        # What the fill left to be written is not for the appends after it to wait for; only a superuser may ask.
        with psycopg.connect(places.database_url(), user="postgres", autocommit=True) as superuser:
            superuser.execute("checkpoint")
        row = conn.execute("select count(*) from ledger_event").fetchone()
        parts = conn.execute("select count(distinct tableoid) from ledger_event").fetchone()
    assert row is not None
    assert parts is not None
    print(
        f"  filled to {row[0]:,} events in {parts[0]} partitions in {time.perf_counter() - started:.0f} s", flush=True
    )


CASES = {"ten_million": ten_million}
