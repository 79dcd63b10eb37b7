"""manage.py seed_demo: the demo bank, in an empty ledger only."""

from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bank.ops.demo.seed import Seeded, seed
from ledger.errors import LedgerError
from ledger.runner import drain


class Command(BaseCommand):
    """Refuses outside the demo: its log-ins are public."""

    help = "Make the demo bank (customers, months of movements, log-ins) if the ledger is empty. Only in the demo."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo is off: its log-ins are public. Set PASSBOOK_DEMO=1 to turn it on.")
        began = perf_counter()
        try:
            result = seed(timezone.now().replace(microsecond=0))
            if result.seeded is Seeded.MADE:
                drain()
        except LedgerError as error:
            raise CommandError(f"The demo bank is not complete ({error}). Run this again to complete it.") from error
        self.stdout.write(
            {
                Seeded.COMPLETE_ALREADY: "The demo bank is there already: nothing to do.",
                Seeded.OTHER_EVENTS: "The ledger has events already: no demo bank was made.",
                Seeded.MADE: (
                    f"The demo bank is made: {result.accepted:,} commands accepted, {result.refused:,} refused, "
                    f"in {perf_counter() - began:.1f} s."
                ),
            }[result.seeded]
        )
