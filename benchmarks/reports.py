"""Reports: how long it takes from a commit until every report has it, and how fast all of them together catch up."""

import random
import time
from collections.abc import Callable
from uuid import UUID

from accounts.handler import handle, handle_all
from benchmarks.bank import BY, Bank
from benchmarks.jobs import MEMORY_TARGET_MB, Job
from benchmarks.measure import percentile
from ledger.connections import cursor
from ledger.consistency import has_passed, is_sealed
from ledger.projections import async_projections
from ledger.reading import head_position
from ledger.runner import drain
from ledger.sealing import seal_all

COMMANDS = 200
CATCH_UP_EVENTS = 120_000
_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.0005


def reports(bank: Bank) -> None:
    """From a lone deposit's commit to sealed, and to every report, by a Celery worker that Valkey wakes."""
    from bank.ops import parts
    from bank.ops.processes import start, wait_for_end

    worker = start(parts.worker())
    try:
        until_all_is_read()
        sealed, reported = [], []
        for _ in range(COMMANDS):
            # The bank is idle in between, and never in step with anything.
            time.sleep(random.uniform(0.05, 0.15))  # noqa: S311 - not a secret
            seconds = _one(bank)
            sealed.append(seconds[0])
            reported.append(seconds[1])
    finally:
        worker.send(worker.program.stop_signal)
        wait_for_end(worker, 10.0)
        worker.bury()
    for label, target_ms, values in (("commit to sealed", 50, sealed), ("commit to every report", 150, reported)):
        ordered = sorted(values)
        print(
            f"  {label:<44} p50 {percentile(ordered, 0.5) * 1e3:.1f} ms (target {target_ms}), "
            f"p99 {percentile(ordered, 0.99) * 1e3:.1f} ms   ({COMMANDS} deposits)"
        )


def reports_together(bank: Bank) -> None:
    """All async projections catch up, by two workers that share the batches, from both ends of the list."""
    for ends in (("first", "last"), ("first",)):
        drain()
        count = _fill(bank)
        jobs = [Job(f"catch-up-all:{end}") for end in ends]
        started = time.perf_counter()
        for job in jobs:
            job.go()
        done = [job.result() for job in jobs]
        seconds = time.perf_counter() - started
        label = f"{len(async_projections())} projections, {len(ends)} process{'es' if len(ends) > 1 else ''}"
        print(
            f"  {label:<44} ours {count / seconds:>9,.0f} events/s   ({count:,} in {seconds:.1f} s, "
            f"peak {max(one.peak_mb for one in done):.0f} of {MEMORY_TARGET_MB} MB)"
            f"{' (target 20,000)' if len(ends) > 1 else ''}",
            flush=True,
        )


def _fill(bank: Bank) -> int:
    """Deposits and transfers, sealed and in no report; how many events."""
    before = head_position()
    for _ in range(CATCH_UP_EVENTS // 4_000):
        handle_all([bank.deposit() for _ in range(2_000)], by=BY)
        handle_all([bank.transfer() for _ in range(1_000)], by=BY)
    return seal_all().position - before


def _one(bank: Bank) -> tuple[float, float]:
    """(seconds until sealed, until in every report)."""
    account_id = random.choice(bank.account_ids)  # noqa: S311 - not a secret
    outcome = handle(bank.deposit(account_id), by=BY)
    committed, token = time.perf_counter(), outcome.consistency_token or ""
    place: tuple[UUID, int] = (account_id, outcome.versions[account_id])
    _until(lambda: is_sealed(*place))
    sealed = time.perf_counter()
    for projection in async_projections():
        _until(lambda name=projection.name: has_passed(name, token))  # type: ignore[misc]
    return sealed - committed, time.perf_counter() - committed


def until_all_is_read() -> None:
    """The worker is up, and what other benchmarks left is sealed and reported."""
    with cursor() as cur:

        def is_read() -> bool:
            row = cur.execute(
                "select (select last_value from ledger_event_sequence) <= s.high_sequence"
                " and s.position <= all (select position from ledger_checkpoint where not rebuilding)"
                " from ledger_sealer_state s"
            ).fetchone()
            return bool(row and row[0])

        from bank.ops.wakeups import wake

        wake()
        _until(is_read, pause_seconds=0.2)


def _until(reached: Callable[[], bool], pause_seconds: float = _POLL_SECONDS) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker does not get on; see the end of its log")
        time.sleep(pause_seconds)


CASES = {"reports": reports, "reports_together": reports_together}
