"""Streams: loading a long one costs what loading a short one costs."""

from accounts.handler import handle_all
from benchmarks.bank import BY, Bank
from benchmarks.measure import rate, versus
from ledger import store
from ledger.connections import cursor

LONG = 100_000


def streams(bank: Bank) -> None:
    """Loading a stream of 100,000 events through its snapshot, beside one of a few events."""
    short, long = bank.account_ids[1], bank.account_ids[2]
    for _ in range(LONG // 10_000):
        handle_all([bank.deposit(long) for _ in range(10_000)], by=BY)
    with cursor() as cur:

        def load(stream_id: object) -> float:
            return rate(lambda: len(store.load(cur, [stream_id])), 1.0)  # type: ignore[list-item]

        versus(f"load {LONG:,} events", lambda: load(long), lambda: load(short), "few events")


CASES = {"streams": streams}
