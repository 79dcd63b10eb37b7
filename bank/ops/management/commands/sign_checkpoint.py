"""manage.py sign_checkpoint: sign the head of the book, and hand out what others need to check it."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from ledger.codec import encode_canonical
from ledger.errors import LedgerError
from ledger.keys import signing_key
from ledger.seals import read_seals
from ledger.signing import sign_head


class Command(BaseCommand):
    """A worker does it every minute. Exported checkpoints belong where the bank's administrators cannot change them."""

    help = "Sign the head of the book if it moved; --export writes every signed checkpoint, --public-key the key."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--export", metavar="FILE", help="write all checkpoints as JSON lines (- for the output)")
        parser.add_argument(
            "--from", dest="first", type=int, default=1, metavar="N", help="export from this position on"
        )
        parser.add_argument("--public-key", action="store_true", help="print the public key and do nothing else")
        parser.add_argument("--new-key", action="store_true", help="make a new key file where the old key is lost")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["public_key"]:
                self.stdout.write(signing_key().id)
                return
            signed = sign_head(new_key=options["new_key"])
            for seal in signed:
                print(f"signed: positions {seal.first:,} to {seal.position:,}, hash {seal.hash.hex()}", file=sys.stderr)
            if not signed:
                print("nothing to sign: the book has not moved", file=sys.stderr)
            if options["export"]:
                count = _export(options["export"], options["first"])
                print(f"exported {count:,} checkpoints", file=sys.stderr)
        except (LedgerError, OSError) as error:
            raise CommandError(str(error)) from error


def _export(path: str, first: int) -> int:
    count = 0
    with ExitStack() as stack:
        file: BinaryIO = sys.stdout.buffer if path == "-" else stack.enter_context(Path(path).open("wb"))
        for seal in read_seals(first):
            file.write(encode_canonical(seal.public_form()) + b"\n")
            count += 1
        file.flush()
    return count
