"""The book of a million events: sealing, catching up, rebuilding, verifying, exporting; each job's rate and memory."""

import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from accounts.handler import handle, handle_all
from benchmarks.bank import BY, Bank
from benchmarks.jobs import Job, report
from ledger import runner

EVENTS = 1_000_000
_BATCH = 10_000
_BESIDE_SECONDS = 5.0


def book(bank: Bank) -> None:
    """A million events sealed, projected, rebuilt, verified and exported, each by a process of its own."""
    _remove_the_floor_s_events()
    runner.drain()
    _fill(bank)
    report("sealing the backlog", "seal")
    for name in ("movements", "daily_flows"):
        report(f"{name} catches up", f"catch-up:{name}")
    for name in ("balances", "movements", "daily_flows"):
        report(f"{name} rebuilt", f"rebuild:{name}")
    report("verification", "verify")
    with TemporaryDirectory() as folder:
        report("export", f"export:{Path(folder) / 'export'}")
    _rebuild_beside_commands(bank)


def _fill(bank: Bank) -> None:
    started = time.perf_counter()
    for _ in range(EVENTS // _BATCH):
        handle_all([bank.deposit() for _ in range(_BATCH)], by=BY)
    rate = EVENTS / (time.perf_counter() - started)
    print(f"  {'deposits of 10,000 accounts, in batches':<44} ours {rate:>9,.0f} events/s", flush=True)


def _rebuild_beside_commands(bank: Bank) -> None:
    """Deposits a second by one thread without a rebuild, while one runs in another process, and without again."""
    before = _commands_while(bank, None)
    job = Job("rebuild:balances")
    during = _commands_while(bank, job)
    done = job.result()
    without = (before + _commands_while(bank, None)) / 2
    print(
        f"  {'deposits while the balances are rebuilt':<44} ours {during:>9,.0f}/s   without {without:>7,.0f}/s   "
        f"ratio {during / without:5.2f}   (rebuilt in {done.seconds:.1f} s)"
    )


def _commands_while(bank: Bank, job: Job | None) -> float:
    """Deposits a second until the job has ended; without one for a few seconds."""
    stop, done = threading.Event(), [0]

    def commands() -> None:
        while not stop.is_set():
            handle(bank.deposit(), by=BY)
            done[0] += 1

    thread = threading.Thread(target=commands)
    thread.start()
    started, begun = time.perf_counter(), done[0]
    if job is None:
        time.sleep(_BESIDE_SECONDS)
    else:
        job.go()
        while job.is_working:
            time.sleep(0.05)
    rate = (done[0] - begun) / (time.perf_counter() - started)
    stop.set()
    thread.join()
    return rate


def _remove_the_floor_s_events() -> None:
    """The floor writes events that no code knows: out with them, as only the tables' owner can."""
    from django.db import connection

    lift = """for t in select tgrelid::regclass as n, tgname from pg_trigger
                       where tgfoid = 'ledger_refuse_change'::regproc
              loop execute format('alter table %s {how} trigger %I', t.n, t.tgname); end loop;"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"do $$ declare t record; begin {lift.format(how='disable')}"
            " delete from ledger_event where type = 'Floor';"
            f" {lift.format(how='enable always')} end $$"
        )


CASES = {"book": book}
