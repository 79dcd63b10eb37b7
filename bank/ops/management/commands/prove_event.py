"""manage.py prove_event: proof that one event is in the signed book, without showing any other."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.codec import encode_canonical
from ledger.errors import LedgerError
from ledger.proofs import prove


class Command(BaseCommand):
    """The proof is one line of JSON; tools/verify_export.py checks it."""

    help = "Print an inclusion proof (RFC 6962) of the event at a position of the book."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("position", type=int)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self.stdout.write(encode_canonical(prove(options["position"])).decode())
        except LedgerError as error:
            raise CommandError(str(error)) from error
