"""Lag: how far the slowest report is behind what was committed, while 500 commands a second come in."""

import random
import threading
import time
from itertools import count
from typing import Final

import psycopg

from accounts.handler import handle
from bank.ops import places
from benchmarks.bank import BY, Bank
from benchmarks.measure import percentile
from benchmarks.reports import until_all_is_read
from ledger.projections import async_projections

RATE: Final = 500
TARGET_SECONDS: Final = 1.0
_THREADS: Final = 4
_WARM_UP_SECONDS: Final = 5.0
_SECONDS: Final = 30.0
_LOOK_EVERY_SECONDS: Final = 0.02
_TRANSFERS: Final = 0.2
# Since when the oldest event waits that some report does not have; sealed or not. 0 where all have all.
_LAG: Final = """
select coalesce(extract(epoch from clock_timestamp() - waiting.recorded_at), 0)::float8
from ledger_sealer_state s
cross join (select min(position) as position from ledger_checkpoint where not rebuilding) slowest
left join lateral (
    (select e.recorded_at from ledger_entry n join ledger_event e using (sequence)
     where n.position = slowest.position + 1)
    union all
    (select e.recorded_at from ledger_event e where e.sequence > s.high_sequence order by e.sequence limit 1)
    limit 1
) waiting on true
"""


def report_lag(bank: Bank) -> None:
    """How long the oldest event waits that not every report has, at 500 commands a second."""
    from bank.ops import parts
    from bank.ops.processes import start, wait_for_end

    worker = start(parts.worker())
    try:
        until_all_is_read()
        load = _Load(bank)
        with load:
            time.sleep(_WARM_UP_SECONDS)
            done, begun = load.done, time.perf_counter()
            lags = sorted(_looks())
            rate = (load.done - done) / (time.perf_counter() - begun)
    finally:
        worker.send(worker.program.stop_signal)
        wait_for_end(worker, 10.0)
        worker.bury()
    print(
        f"  {f'lag of {len(async_projections())} projections at {rate:.0f} commands/s':<44} "
        f"p50 {percentile(lags, 0.5) * 1e3:.0f} ms, p99 {percentile(lags, 0.99) * 1e3:.0f} ms "
        f"(target {TARGET_SECONDS * 1e3:.0f}), longest {lags[-1] * 1e3:.0f} ms   ({len(lags):,} looks)",
        flush=True,
    )


class _Load:
    """Deposits and some transfers, each at its own time, whether or not the one before has come back in time."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._counts = [0] * _THREADS
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(_THREADS)]

    @property
    def done(self) -> int:
        """How many commands were carried out."""
        return sum(self._counts)

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        step = _THREADS / RATE
        first = time.perf_counter() + step * number / _THREADS
        for turn in count():
            if self._stop.wait(max(first + turn * step - time.perf_counter(), 0)):
                return
            is_transfer = random.random() < _TRANSFERS  # noqa: S311 - not a secret
            handle(self._bank.transfer() if is_transfer else self._bank.deposit(), by=BY)
            self._counts[number] += 1


def _looks() -> list[float]:
    """The lag in seconds, looked at again and again."""
    found = []
    until = time.perf_counter() + _SECONDS
    with psycopg.connect(places.database_url(), autocommit=True) as conn:
        while time.perf_counter() < until:
            row = conn.execute(_LAG, prepare=True).fetchone()
            assert row is not None
            found.append(row[0])
            time.sleep(_LOOK_EVERY_SECONDS)
    return found


CASES = {"report_lag": report_lag}
