"""manage.py attach_partition: have the events of a detached partition here again."""

import argparse
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from ledger import detaching
from ledger.errors import LedgerError


class Command(BaseCommand):
    """As the tables' owner. Its table is taken where it is there, else one is made from exports."""

    help = "Attach a detached partition again, after checking each event against the hash that it was sealed with."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar="PARTITION")
        parser.add_argument(
            "--export", action="append", default=[], type=Path, metavar="FILE", help="exports to fill it from"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            found = detaching.attach(options["name"], options["export"])
        except (LedgerError, OSError, psycopg.errors.InsufficientPrivilege) as error:
            raise CommandError(f"not attached: {error}") from error
        self.stdout.write(f"attached {found.name}: {found.events:,} events")
