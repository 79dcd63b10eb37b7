"""The command log (live): what was asked for, and what became of it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from ledger.models import Command
from ledger.projections import LiveProjection

# It is read from the command log: refused commands lead to no event.
PROJECTION = LiveProjection(
    name="commands", description="What was asked for, by whom, and what became of it.", types=frozenset()
)

# A block range index prunes by time, not by actor: look back this far and no further.
_LOOK_BACK = timedelta(days=90)


def recent(actor: str, limit: int) -> list[Command]:
    """An actor's last commands (of the last 90 days), the newest first."""
    since = timezone.now() - _LOOK_BACK
    return list(Command.objects.filter(recorded_at__gte=since, actor=actor).order_by("-recorded_at")[:limit])


def refused(actor: str, limit: int, before: tuple[datetime, UUID] | None = None) -> list[Command]:
    """Up to `limit` refused commands of an actor, the newest first, behind (recorded at, command id); by an index."""
    found = Command.objects.filter(actor=actor, refusal__isnull=False)
    if before is not None:
        moment, command_id = before
        # The first condition is the index's, the second tells those of one moment apart.
        found = found.filter(recorded_at__lte=moment).exclude(Q(recorded_at=moment) & Q(command_id__gte=command_id))
    return list(found.order_by("-recorded_at", "-command_id")[:limit])
