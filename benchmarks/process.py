"""One of two processes that work at the same time: says that it is ready, waits for "go", prints its rate."""

import os
import sys
from collections.abc import Callable


def main(what: str) -> None:
    """`what`: ours, floor, batches, transfers; "batches 0 2": the first half of the accounts only."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bank.settings"
    import django
    import msgspec

    django.setup()
    from benchmarks import commands
    from benchmarks.bank import find_bank
    from benchmarks.measure import threaded
    from ledger.connections import close_pool

    what, *share = what.split()
    bank = find_bank()
    if share:
        first, step = map(int, share)
        bank = msgspec.structs.replace(bank, account_ids=bank.account_ids[first::step])
    work: dict[str, Callable[[], float]] = {
        "ours": lambda: threaded(lambda _: commands._handler(bank), 4, commands.SECONDS)[0],  # noqa: SLF001
        "floor": lambda: commands._floor_by_threads(bank, 4),  # noqa: SLF001
        "batches": lambda: commands._prepared(bank.deposit),  # noqa: SLF001
        "transfers": lambda: commands._prepared(bank.transfer),  # noqa: SLF001
    }
    print("ready", flush=True)
    sys.stdin.readline()
    print(work[what](), flush=True)
    close_pool()


if __name__ == "__main__":
    main(sys.argv[1])
