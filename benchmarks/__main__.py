"""Run the benchmarks on servers of their own, with the settings of `make run` (fsync on): `make bench [ARGS=names]`."""

import os
import sys
import time

from bank.ops.testservices import own_servers

CASES = (
    "deposit",
    "concurrent",
    "processes",
    "hot",
    "peers",
    "batches",
    "transfers",
    "http",
    "reports",
    "reports_together",
    "report_lag",
    "book",
    "streams",
    "account_page",
)
# They take minutes and many gigabytes: only where they are named.
ONLY_NAMED = ("ten_million", "audit_pages", "report_pages")


def main(names: list[str]) -> int:
    """Run the named cases, or all of them, each in turn."""
    unknown = sorted(set(names) - {*CASES, *ONLY_NAMED})
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join((*CASES, *ONLY_NAMED))}")
        return 2
    with own_servers(durable=True):
        os.environ["DJANGO_SETTINGS_MODULE"] = "bank.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)

        from benchmarks import (
            account_page,
            audit_pages,
            book,
            commands,
            http,
            peers,
            report_lag,
            report_pages,
            reports,
            streams,
            ten_million,
        )
        from benchmarks.bank import make_bank
        from ledger.connections import close_pool

        bank = make_bank(accounts=10_000)
        modules = (commands, peers, reports, report_lag, book, streams, http, account_page)
        large = (ten_million, audit_pages, report_pages)
        cases = {name: case for module in (*modules, *large) for name, case in module.CASES.items()}
        try:
            for name in names or CASES:
                print(f"\n{name}: {(cases[name].__doc__ or '').partition(chr(10))[0]}", flush=True)
                started = time.perf_counter()
                cases[name](bank)
                print(f"  took {time.perf_counter() - started:.0f} s, load now {os.getloadavg()[0]:.1f}", flush=True)
        finally:
            close_pool()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
