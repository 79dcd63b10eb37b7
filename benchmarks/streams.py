"""Streams: loading a long one costs what loading a short one costs."""

from accounts.handler import handle_all
from benchmarks.bank import BY, Bank, make_bank
from benchmarks.measure import rate, versus
from ledger import reading, store
from ledger.connections import cursor

SHORT, LONG = 10, 1_000_000
_BATCH = 10_000


def streams(_bank: Bank) -> None:
    """Loading a stream of 1,000,000 events through its snapshot, beside one of 10."""
    fresh = make_bank(accounts=2)
    short, long = fresh.account_ids
    for stream_id, events in ((short, SHORT), (long, LONG)):
        while missing := events - reading.stream_version(stream_id):
            handle_all([fresh.deposit(stream_id) for _ in range(min(missing, _BATCH))], by=BY)
    with cursor() as cur:

        def load(stream_id: object) -> float:
            return rate(lambda: len(store.load(cur, [stream_id])), 1.0)  # type: ignore[list-item]

        versus(f"load {LONG:,} events", lambda: load(long), lambda: load(short), f"{SHORT} events")


CASES = {"streams": streams}
