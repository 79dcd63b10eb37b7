"""manage.py seed_large: a bank of a million events and six years, to measure and to try pages out on."""

import argparse
import sys
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from bank.ops.large_bank import OtherEvents, fill, plan
from bank.ops.progress import ProgressLine
from ledger.errors import LedgerError
from ledger.runner import drain
from ledger.sealing import seal_all

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_AGAIN = "Run it again: it goes on where it stopped."


class Command(BaseCommand):
    """Progress goes to stderr, the summary to stdout."""

    help = (
        "Make a large bank through the batch path: customers, accounts and six years of movements. Not for real banks."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--events", type=_count, default=1_000_000, help="about how many events (1000000)")
        parser.add_argument("--beside-others", action="store_true", help="also into a bank that is not empty")

    def handle(self, *_args: Any, **options: Any) -> None:
        line, began = ProgressLine(sys.stderr, "events"), perf_counter()
        bank = plan(options["events"], timezone.now())
        try:
            batches = fill(bank, beside_others=options["beside_others"], progress=line.show)
            line.end()
            made = perf_counter() - began
            if batches == 0:
                self.stdout.write("The large bank is there already: nothing to do.")
                return
            self.stdout.write(f"{batches * 1_000:,} commands in {made:.1f} s, {batches * 1_000 / made:,.0f} a second")
            self._bring_reports_up()
        except OtherEvents:
            raise CommandError(
                "The bank is not empty. Take another BANK_HOME, or say --beside-others to put it beside what is there."
            ) from None
        except LedgerError as error:
            raise CommandError(f"Stopped: {error}. {_AGAIN}") from error
        except KeyboardInterrupt:
            line.say(f"Stopped. {_AGAIN}")
            sys.exit(_INTERRUPTED)
        self.stdout.write(f"The large bank is made, in {perf_counter() - began:.1f} s.")

    def _bring_reports_up(self) -> None:
        """Seal and project; where workers are at it, they go on. Then the planner is told what there is now."""
        began = perf_counter()
        turn = seal_all()
        self.stdout.write(f"sealed in {perf_counter() - began:.1f} s" if not turn.busy else "the workers seal them")
        began = perf_counter()
        is_busy = drain()
        if not is_busy:
            self.stdout.write(f"in the reports {perf_counter() - began:.1f} s later")
        with connection.cursor() as cursor:
            cursor.execute("vacuum (analyze)")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 100_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of events: 1 to 100,000,000")
    return int(text)
