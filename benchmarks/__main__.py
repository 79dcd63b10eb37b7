"""Run the benchmarks on servers of their own, with the settings of `make run` (fsync on): `make bench [ARGS=names]`."""

import os
import sys

from bank.ops.testservices import own_servers

CASES = ("deposit", "concurrent", "processes", "hot", "batches", "transfers", "book", "streams", "http")


def main(names: list[str]) -> int:
    """Run the named cases, or all of them, each in turn."""
    unknown = sorted(set(names) - set(CASES))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(CASES)}")
        return 2
    with own_servers(durable=True):
        os.environ["DJANGO_SETTINGS_MODULE"] = "bank.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)

        from benchmarks import book, commands, http, streams
        from benchmarks.bank import make_bank
        from ledger.connections import close_pool

        bank = make_bank(accounts=10_000)
        cases = {**commands.CASES, **book.CASES, **streams.CASES, **http.CASES}
        try:
            for name in names or CASES:
                print(f"\n{name}: {(cases[name].__doc__ or '').partition(chr(10))[0]}", flush=True)
                cases[name](bank)
        finally:
            close_pool()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
