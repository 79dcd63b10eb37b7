"""Write the catalogue of the system, as it is in the code: EventCatalog, AsyncAPI, OpenAPI, Backstage."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bank.system.writing import ForeignFolder, write


class Command(BaseCommand):
    """Makes a folder, or brings up to date what it made before."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument(
            "folder", metavar="DIR", type=Path, help="a new or empty folder, or one of an earlier export"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Say how much it was."""
        from bank.system.export import files
        from bank.system.reading import catalogue

        known = catalogue()
        found = files(known)
        try:
            write(options["folder"], found)
        except ForeignFolder as error:
            raise CommandError(str(error)) from None
        counts = f"{len(known.commands)} commands, {len(known.events)} events, {len(known.projections)} projections"
        self.stdout.write(f"{counts}, {len(known.screens)} screens: {len(found)} files in {options['folder']}")
