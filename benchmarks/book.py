"""The book: sealing, catching up, rebuilding, and how long it takes from a commit to a report."""

import threading
import time

from accounts.handler import handle, handle_all
from benchmarks.bank import BY, Bank
from benchmarks.measure import percentile
from ledger import rebuilding, runner, sealing
from ledger.projections import AsyncProjection, async_projection
from ledger.reading import head_position

EVENTS = 200_000
BATCH = 10_000


def book(bank: Bank) -> None:
    """Sealing, catch-up of each projection and its rebuild, in events a second; rebuild while commands go on."""
    _remove_the_floor_s_events()
    runner.drain()
    for start in range(0, EVENTS, BATCH):
        handle_all([bank.deposit() for _ in range(min(BATCH, EVENTS - start))], by=BY)
    _timed("sealing", lambda: sealing.seal_all().count)
    for name in ("movements", "daily_flows"):
        projection = async_projection(name)
        _timed(f"{name} catches up", lambda p=projection: _advance(p))
    for name in ("balances", "movements", "daily_flows"):
        _timed(f"{name} rebuilt", lambda n=name: rebuilding.rebuild(n).events)
    _rebuild_beside_commands(bank)
    _to_a_report(bank)


def _advance(projection: AsyncProjection) -> int:
    return sum(runner.advance(projection, shard).count for shard in range(projection.shards))


def _timed(label: str, work: object) -> float:
    started = time.perf_counter()
    done = work()  # type: ignore[operator]
    rate = done / (time.perf_counter() - started)
    print(f"  {label:<44} ours {rate:>9,.0f} events/s   ({done:,} events)")
    return float(rate)


def _rebuild_beside_commands(bank: Bank) -> None:
    """Commands a second by one thread, before and during a rebuild of the balances."""
    counts = {"before": 0.0, "during": 0.0}
    for phase in counts:
        stop = threading.Event()
        done = [0]

        def commands(stop: threading.Event = stop, done: list[int] = done) -> None:
            while not stop.is_set():
                handle(bank.deposit(), by=BY)
                done[0] += 1

        thread = threading.Thread(target=commands)
        started = time.perf_counter()
        thread.start()
        if phase == "before":
            time.sleep(3)
        else:
            rebuilding.rebuild("balances")
        stop.set()
        thread.join()
        counts[phase] = done[0] / (time.perf_counter() - started)
    share = counts["during"] / counts["before"]
    print(f"  {'commands while it is rebuilt':<44} ours {counts['during']:>9,.0f}/s   ratio {share:5.2f} to without")


def _to_a_report(bank: Bank) -> None:
    """From commit to sealed and to a report, by the same calls that a worker makes, with the bank otherwise idle."""
    sealed, reported = [], []
    for _ in range(100):
        handle(bank.deposit(), by=BY)
        started = time.perf_counter()
        sealing.seal_all()
        sealed.append(time.perf_counter() - started)
        runner.drain()
        reported.append(time.perf_counter() - started)
    for label, values in (("commit to sealed", sealed), ("commit to every report", reported)):
        ordered = sorted(values)
        print(
            f"  {label:<44} p50 {percentile(ordered, 0.5) * 1e3:.1f} ms, p99 {percentile(ordered, 0.99) * 1e3:.1f} ms"
        )
    print(f"  {'the book ends at':<44} {head_position():,}")


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
