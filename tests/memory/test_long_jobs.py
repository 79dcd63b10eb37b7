"""Memory of the long jobs: flat however much there is to do, each in a process of its own, as an operator starts it."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from accounts.handler import Actor, handle_all
from benchmarks.jobs import MEMORY_TARGET_MB, Done, Job
from tests.faults.processes import environment
from tests.ops_data.bank_files import chained, write_folder
from tests.steps import an_account, deposit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

BY = Actor("system:test", "batch")
# Twice as much as the largest job has in hand at once; kept, the events between the two would take some 100 MB.
FEW, MANY = 20_000, 70_000
MORE_AT_MOST_MB = 35.0
_BATCH = 1_000


def of(name: str) -> Done:
    """What the job did."""
    job = Job(name, environment("unix:///nowhere"))
    job.go()
    return job.result()


def fill(accounts: Sequence[UUID], count: int) -> None:
    """That many deposits, each with a text as long as people write."""
    for first in range(0, count, _BATCH):
        handle_all(
            [deposit(accounts[n % len(accounts)], 1_00, reference=f"{n} " * 15) for n in range(first, first + _BATCH)],
            by=BY,
        )


def assert_flat(jobs: Sequence[str], make: Callable[[int], None]) -> None:
    """The jobs, first with little to do, then with much more."""
    peaks: dict[str, list[float]] = {name: [] for name in jobs}
    for count in (FEW, MANY):
        make(count)
        for name in jobs:
            done = of(name)
            assert done.count >= count, f"{name} did {done.count:,} of {count:,}"
            peaks[name].append(done.peak_mb)
    for name, (few, many) in peaks.items():
        assert many < MEMORY_TARGET_MB, f"{name}: {many:.0f} MB"
        assert many - few < MORE_AT_MOST_MB, f"{name}: {few:.0f} MB for {FEW:,} events, {many:.0f} MB for {MANY:,}"


def test_sealing_reports_rebuilds_verification_and_export_take_no_more_memory_for_more_events(tmp_path: Path) -> None:
    accounts = [an_account() for _ in range(20)]
    jobs = ["seal", "catch-up-all:first", "rebuild:balances", "rebuild:event_search", "verify"]
    assert_flat([*jobs, f"export:{tmp_path / 'export'}"], lambda count: fill(accounts, count))


def test_an_import_takes_no_more_memory_for_more_movements(tmp_path: Path) -> None:
    def folder(count: int) -> None:
        """Twenty accounts; in it is what was in it before."""
        each = count // 20
        rows = [
            row
            for account in range(1, 21)
            for row in chained(
                account,
                *((date(1993, 1, 1) + timedelta(days=n), [10_00] * 20) for n in range(each // 20)),
                first_id=account * 100_000,
            )
        ]
        write_folder(tmp_path / "files", rows)

    assert_flat([f"import:{tmp_path / 'files'}"], folder)
