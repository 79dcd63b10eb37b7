"""Commands: one at a time, by threads, by processes, on one hot account, in batches."""

import random
import subprocess
import sys
from collections.abc import Callable

from accounts.deciding import recent
from accounts.handler import handle, handle_all
from benchmarks import floor
from benchmarks.bank import BY, Bank
from benchmarks.measure import alone, percentile, rate, threaded, versus
from ledger.connections import cursor

SECONDS = 3.0
THREADS = 8


def deposit(bank: Bank) -> None:
    """One deposit after the other through the handler, beside a hand-written pair of statements without rules."""
    one = _handler(bank)

    def loaded() -> int:
        recent.clear()
        return one()

    def below() -> float:
        with cursor() as cur:
            return rate(lambda: _floor(cur, bank), SECONDS)

    versus("1 thread, every stream loaded", lambda: rate(loaded, SECONDS), below)
    _write_all(bank)
    versus("1 thread, streams that it wrote last", lambda: rate(one, SECONDS), below)


def concurrent(bank: Bank) -> None:
    """Deposits by eight threads of one process (threads that meet are written together)."""

    def below() -> float:
        return _floor_by_threads(bank, THREADS)

    _write_all(bank)
    versus(f"{THREADS} threads", lambda: threaded(lambda _: _handler(bank), THREADS, SECONDS)[0], below)


def processes(_bank: Bank) -> None:
    """Deposits by two processes of four threads each."""
    versus("2 processes of 4 threads", lambda: _by_processes("ours"), lambda: _by_processes("floor"))


def hot(bank: Bank) -> None:
    """Single commands by sixteen threads: one account, and all accounts."""
    _write_all(bank)
    for label, one in (("one hot account", bank.account_ids[7]), ("10,000 accounts", None)):
        found: list[float] = []

        def run(account_id: object = one, found: list[float] = found) -> float:
            rate_, latencies = threaded(lambda _: _handler(bank, account_id), 16, SECONDS)
            found[:] = latencies
            return rate_

        alone(f"16 threads, {label}", run)
        print(f"  {'':<44} p50 {percentile(found, 0.5) * 1e3:.1f} ms, p99 {percentile(found, 0.99) * 1e3:.1f} ms")


def batches(bank: Bank) -> None:
    """Batches of 1,000 deposits over 10,000 accounts, beside the bare set-based write of events and balances."""

    _write_all(bank)

    def ours() -> float:
        return _prepared(bank.deposit)

    def below() -> float:
        with cursor() as cur:
            return rate(lambda: floor.batch(cur, random.sample(bank.floor_ids, 1_000)), SECONDS)

    versus("1 process", ours, below, "bare write")
    _of_two_processes("batches")


def transfers(bank: Bank) -> None:
    """Batches of 1,000 transfers between 10,000 accounts."""
    _write_all(bank)
    alone("1 process", lambda: _prepared(bank.transfer))
    _of_two_processes("transfers")


def _of_two_processes(what: str) -> None:
    alone("2 processes, all accounts", lambda: _by_processes(what))
    alone("2 processes, half of the accounts each", lambda: _by_processes(f"{what} 0 2", f"{what} 1 2"))


def _write_all(bank: Bank) -> None:
    """Make this process the last one that wrote every account."""
    recent.clear()
    handle_all([bank.deposit(account_id) for account_id in bank.account_ids], by=BY)


def _handler(bank: Bank, account_id: object = None) -> Callable[[], int]:
    def one() -> int:
        handle(bank.deposit(account_id), by=BY)  # type: ignore[arg-type]
        return 1

    return one


def _prepared(make: Callable[[], object]) -> float:
    """Commands a second in batches of 1,000; making the commands is the client's time, not the bank's."""
    import time

    done, spent = 0, 0.0
    while spent < SECONDS:
        commands = [make() for _ in range(1_000)]
        started = time.perf_counter()
        handle_all(commands, by=BY)  # type: ignore[arg-type]
        spent += time.perf_counter() - started
        done += 1_000
    return done / spent


def _floor(cur: object, bank: Bank) -> int:
    floor.deposit(cur, random.choice(bank.floor_ids))  # type: ignore[arg-type]  # noqa: S311
    return 1


def _floor_by_threads(bank: Bank, threads: int) -> float:
    def make(_: int) -> Callable[[], int]:
        def one() -> int:
            with cursor() as cur:
                return _floor(cur, bank)

        return one

    return threaded(make, threads, SECONDS)[0]


def _by_processes(what: str, other: str = "") -> float:
    """Two processes started together; each waits for the other to be ready, and prints its rate."""
    start = [sys.executable, "-m", "benchmarks.process"]
    pair = [
        subprocess.Popen([*start, it], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for it in (what, other or what)
    ]
    for process in pair:
        assert process.stdout is not None
        process.stdout.readline()
    for process in pair:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sum(float(process.communicate()[0]) for process in pair)


CASES = {
    "deposit": deposit,
    "concurrent": concurrent,
    "processes": processes,
    "hot": hot,
    "batches": batches,
    "transfers": transfers,
}
