"""manage.py detach_partition: part with the oldest events, once they are exported and nothing here needs them."""

import argparse
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from ledger import detaching
from ledger.connections import cursor
from ledger.errors import LedgerError
from ledger.partitions import detached


class Command(BaseCommand):
    """As the tables' owner. Without a name it lists the partitions and changes nothing."""

    help = "Detach the oldest partition of events, after checking that it is sealed, signed, read by all, and exported."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", metavar="PARTITION", help="without one: list them")
        parser.add_argument(
            "--export", action="append", default=[], type=Path, metavar="FILE", help="exports that hold all its events"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        name = options["name"]
        if name is None:
            self._list()
            return
        try:
            done = detaching.detach(name, options["export"])
        except (LedgerError, OSError, psycopg.errors.InsufficientPrivilege) as error:
            raise CommandError(f"not detached: {error}") from error
        self.stdout.write(
            f"detached {name}: {done.events:,} events, positions {done.first_position:,} to {done.last_position:,}."
            f" Its table is still there, by itself; keep the exports ({', '.join(done.exports)})."
        )

    def _list(self) -> None:
        with cursor() as cur:
            gone, here = detached(cur), detaching.parts(cur)
        for p in gone:
            where = f"positions {p.first_position:,} to {p.last_position:,}"
            self.stdout.write(f"{p.name}: {p.events:,} events, {where}, detached {p.detached_at:%Y-%m-%d %H:%M}")
        first = gone[-1].last_position + 1 if gone else 1
        for part in here:
            where = f"positions {part.first_position:,} to {part.last_position:,}"
            self.stdout.write(f"{part.name}: {part.events:,} events, {where}, attached")
        if here:
            self.stdout.write(
                f"To part with {here[0].name}: export_events --from {first} --to {here[0].last_position} --output FILE,"
                f" then detach_partition {here[0].name} --export FILE"
            )
