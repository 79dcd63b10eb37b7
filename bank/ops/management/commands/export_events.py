"""manage.py export_events: the sealed book as JSON lines that prove themselves offline."""

import argparse
import sys
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from bank.ops.progress import ProgressLine
from ledger.errors import LedgerError
from ledger.export import Selection, export_lines


class Command(BaseCommand):
    """Streams: the memory that it takes does not grow with the book."""

    help = "Write sealed events as JSON lines with hashes and signed checkpoints; tools/verify_export.py checks them."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=int, default=1, metavar="N", help="first position")
        parser.add_argument("--to", dest="last", type=int, metavar="M", help="last position")
        parser.add_argument(
            "--stream", action="append", default=[], type=UUID, metavar="ID", help="only this stream, with proofs"
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="instead of the standard output")

    def handle(self, *_args: Any, **options: Any) -> None:
        selection = Selection(first=options["first"], last=options["last"], streams=tuple(options["stream"]))
        try:
            if options["output"]:
                with options["output"].open("wb") as file:
                    _write(selection, file)
            else:
                _write(selection, sys.stdout.buffer)
        except BrokenPipeError:
            raise CommandError("nobody reads on; the export is not complete") from None
        except (LedgerError, OSError) as error:
            raise CommandError(f"{error}; the export is not complete") from error


def _write(selection: Selection, file: BinaryIO) -> None:
    line = ProgressLine(sys.stderr, "exporting")
    try:
        file.writelines(export_lines(selection, line.show))
        file.flush()
    finally:
        line.end()
