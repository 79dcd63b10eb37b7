"""Build a projection anew from the events, beside the one in use, and switch to it."""

import argparse
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bank.ops.progress import ProgressLine
from ledger import rebuilding
from ledger.errors import LedgerError
from ledger.projections import projections


class Command(BaseCommand):
    """`manage.py rebuild_projection balances`: readers and commands go on meanwhile; an interrupted one goes on."""

    help = "Build a projection anew from the events, beside the one in use, then switch; --check only compares."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        names = [p.name for p in projections() if rebuilding.is_rebuildable(p)]
        parser.add_argument("name", choices=names, metavar="NAME", help=", ".join(names))
        parser.add_argument("--check", action="store_true", help="compare row for row, switch nothing")
        parser.add_argument("--restart", action="store_true", help="throw an interrupted rebuild away first")

    def handle(self, *_args: Any, **options: Any) -> None:
        name, check = options["name"], options["check"]
        line = ProgressLine(sys.stderr, f"{'checking' if check else 'rebuilding'} {name}")
        started = time.monotonic()
        try:
            done = rebuilding.rebuild(name, check=check, progress=line.show, restart=options["restart"])
        except rebuilding.RebuildUnderWay as error:
            raise CommandError(f"{name} is being rebuilt by somebody else") from error
        except (LedgerError, TimeoutError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            raise CommandError(
                "interrupted" if check else "interrupted; the same command goes on where it stopped"
            ) from error
        finally:
            line.end()
        seconds = time.monotonic() - started
        if done.differences:
            raise CommandError(f"{name}: {done.differences} rows differ from what the events say")
        result = "every row equal" if check else f"generation {done.generation} in use"
        self.stdout.write(f"{name}: {done.events} positions in {seconds:.1f} s, {result}")
