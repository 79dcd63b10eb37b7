"""The command log (live): what was asked for, and what became of it."""

from datetime import timedelta

from django.utils import timezone

from ledger.models import Command
from ledger.projections import LiveProjection

PROJECTION = LiveProjection(name="commands", description="What was asked for, by whom, and what became of it.")

# A block range index prunes by time, not by actor: look back this far and no further.
_LOOK_BACK = timedelta(days=90)


def recent(actor: str, limit: int) -> list[Command]:
    """An actor's last commands (of the last 90 days), the newest first."""
    since = timezone.now() - _LOOK_BACK
    return list(Command.objects.filter(recorded_at__gte=since, actor=actor).order_by("-recorded_at")[:limit])
