"""manage.py import_pkdd99: the movements of a real bank, through the command handler, and whether they agree."""

import csv
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.money import format_minor
from bank.ops.pkdd99.checks import ReportsBehind, bring_reports_up, check
from bank.ops.pkdd99.files import CURRENCY, FolderUnreadable
from bank.ops.pkdd99.importer import Progress, import_folder
from bank.ops.pkdd99.reconciliation import Break
from bank.ops.pkdd99.summary import Summary
from bank.ops.progress import ProgressLine
from ledger.errors import LedgerError

_WRONG_SHOWN = 10
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Command(BaseCommand):
    """Problems and progress go to stderr, the summary to stdout; the exit code is 1 where a balance is not its sum."""

    help = "Import the PKDD'99 financial data set (account.asc, client.asc, disp.asc, trans*.asc) and reconcile it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder with the data set's files")
        parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="the last day to import")
        parser.add_argument("--breaks", type=Path, metavar="FILE", help="write the account-days that break as CSV")

    def handle(self, *_args: Any, **options: Any) -> None:
        line = ProgressLine(sys.stderr, "")

        def progress(what: str, done: int, total: int) -> None:
            line.begin(what)
            line.show(done, total)

        try:
            with _breaks_written(options["breaks"]) as on_break:
                summary = import_folder(
                    options["folder"],
                    until=options["until"],
                    report=lambda problem: line.say(str(problem)),
                    on_break=on_break,
                    progress=progress,
                )
            line.end()
            self.stdout.writelines(f"{text}\n" for text in summary.lines())
            self._check(summary, line, progress)
        except (FolderUnreadable, ReportsBehind) as error:
            raise CommandError(str(error)) from error
        except LedgerError as error:
            raise CommandError(f"Stopped: {error}. Run it again: it adds what is missing.") from error
        except KeyboardInterrupt:
            line.say("Stopped. Run it again: it adds what is missing.")
            sys.exit(_INTERRUPTED)

    def _check(self, summary: Summary, line: ProgressLine, progress: Progress) -> None:
        """Bring the reports up, then compare all models. Raises CommandError where they differ."""
        began = perf_counter()
        bring_reports_up(summary.token)
        self.stdout.write(f"in the reports {perf_counter() - began:.1f} s after the last commit")
        passed = True
        for finding in check(summary.booked, progress):
            line.end()
            self.stdout.write(f"{'ok   ' if finding.passed else 'WRONG'}          {finding.about}")
            self.stdout.writelines(f"                 {wrong}\n" for wrong in finding.wrong[:_WRONG_SHOWN])
            passed = passed and finding.passed
        if not passed:
            raise CommandError("Some balances are not the sum of their movements.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day as YYYY-MM-DD") from None


@contextmanager
def _breaks_written(path: Path | None) -> Iterator[Callable[[Break], None]]:
    """Writes breaks to the CSV file as they are found, or nowhere."""
    if path is None:
        yield lambda _: None
        return
    try:
        file = path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"Cannot write {path}: {error.strerror}.") from error
    with file:
        writer = csv.writer(file)
        writer.writerow(("account", "date", "expected", "computed", "difference", "book", "drift"))
        yield lambda found: writer.writerow(_break_row(found))


def _break_row(found: Break) -> tuple[object, ...]:
    amounts = (
        *(found.expected_minor, found.computed_minor, found.difference_minor),
        *(found.book_minor, found.drift_minor),
    )
    return found.account_id, found.date.isoformat(), *(format_minor(minor, CURRENCY) for minor in amounts)
