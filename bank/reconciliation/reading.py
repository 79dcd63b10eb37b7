"""What the reconciliation found, for pages, the dashboard and the metrics."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.utils import timezone

from bank.reconciliation.control import Figures
from bank.reconciliation.models import Break, Run, Walk

# It runs every minute: whoever has not run for so long does not run.
LATE_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What there is to be alarmed about. `since`: of the oldest break; `is_late`: no run for `LATE_AFTER`."""

    breaks: int
    since: datetime | None
    last_run_at: datetime | None
    is_late: bool

    @property
    def is_on(self) -> bool:
        """Whether something does not agree. A run that is late says only that nobody knows."""
        return self.breaks > 0


def alarm() -> Alarm:
    """How it stands, in two looks at indexes."""
    open_ones = list(Break.objects.filter(gone_at__isnull=True).order_by("since").values_list("since", flat=True))
    last = last_run()
    return Alarm(
        breaks=len(open_ones),
        since=open_ones[0] if open_ones else None,
        last_run_at=last.ended_at if last else None,
        is_late=last is None or timezone.now() - last.ended_at > LATE_AFTER,
    )


def last_run() -> Run | None:
    """The last run, if there was one."""
    return Run.objects.order_by("-run_id").first()


def last_comparison() -> Run | None:
    """The last run that could compare the control account."""
    return Run.objects.filter(figures__isnull=False).order_by("-run_id").first()


def figures_of(run: Run) -> list[Figures]:
    """What a run compared, by currency."""
    return msgspec.convert(run.figures or [], list[Figures])


def walk() -> Walk:
    """How far the walk past all streams has come."""
    return Walk.objects.filter(id=1).first() or Walk()


def open_breaks(limit: int) -> list[Break]:
    """What does not agree, the oldest first."""
    return list(Break.objects.filter(gone_at__isnull=True).order_by("since", "break_id")[:limit])


def past_breaks(limit: int, before: int | None = None) -> list[Break]:
    """What did not agree and does again, the newest first."""
    found = Break.objects.filter(gone_at__isnull=False)
    if before is not None:
        found = found.filter(break_id__lt=before)
    return list(found.order_by("-break_id")[:limit])


def runs(limit: int, before: int | None = None) -> list[Run]:
    """The runs, the newest first, behind the one numbered `before`."""
    found = Run.objects.order_by("-run_id")
    if before is not None:
        found = found.filter(run_id__lt=before)
    return list(found[:limit])
