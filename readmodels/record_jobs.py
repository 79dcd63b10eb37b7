"""Jobs about the record (inline): which verifications and exports were asked for, by whom, and what they came to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import models

from accounts.record_job import (
    ExportDownloaded,
    ExportMade,
    ExportRequested,
    JobKind,
    VerificationFinished,
    VerificationRequested,
)
from ledger.projections import InlineProjection, NewEvent
from ledger.rows import Part, Row


class RecordJobRow(models.Model):
    """A job. `asked`: what for, as its event says; `outcome`: what it came to, null until it is finished."""

    job_id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    asked = models.JSONField()
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    correlation_id = models.UUIDField()
    outcome = models.JSONField(null=True)
    finished_at = models.DateTimeField(null=True)
    downloads = models.IntegerField()

    class Meta:
        db_table = "readmodels_record_job"
        indexes = [
            models.Index(fields=["kind", "-asked_at", "job_id"], name="readmodels_record_job_of_kind"),
            models.Index(
                fields=["asked_at"], name="readmodels_record_job_open", condition=models.Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.job_id}"


_REQUESTED = Part(
    columns="i uuid, k text, a jsonb, b text, t timestamptz, c uuid, o jsonb, f timestamptz, d integer",
    sql="""
insert into readmodels_record_job (job_id, kind, asked, asked_by, asked_at, correlation_id, outcome, finished_at,
                                   downloads)
select r.i, r.k, r.a, r.b, r.t, r.c, r.o, r.f, r.d from {rows}
""",
)
_GONE_ON = Part(
    columns="i uuid, o jsonb, f timestamptz, d integer",
    sql="""
update readmodels_record_job j
set outcome = coalesce(r.o, j.outcome), finished_at = coalesce(r.f, j.finished_at), downloads = j.downloads + r.d
from {rows}
where j.job_id = r.i
""",
)
_KINDS: Final[dict[type[Any], JobKind]] = {VerificationRequested: JobKind.VERIFICATION, ExportRequested: JobKind.EXPORT}


@dataclass(slots=True)
class _Change:
    """What a batch does to one job."""

    requested: NewEvent | None = None
    outcome: dict[str, Any] | None = None
    finished_at: datetime | None = None
    downloads: int = 0


def rows(events: Sequence[NewEvent]) -> dict[str, list[Row]]:
    """One row a job: those that the batch asks for whole, the others as what changes."""
    changes: dict[UUID, _Change] = {}
    for new in events:
        match new.event:
            case VerificationRequested() | ExportRequested():
                changes.setdefault(new.stream_id, _Change()).requested = new
            case VerificationFinished() | ExportMade():
                change = changes.setdefault(new.stream_id, _Change())
                change.outcome, change.finished_at = _fields(new.event), new.event.occurred_at
            case ExportDownloaded():
                changes.setdefault(new.stream_id, _Change()).downloads += 1
            case _:
                pass
    requested: list[Row] = []
    gone_on: list[Row] = []
    for job_id, change in changes.items():
        rest = (change.outcome, change.finished_at, change.downloads)
        if change.requested is None:
            gone_on.append((job_id, *rest))
        else:
            requested.append((job_id, *_asked(change.requested), *rest))
    return {"record_jobs_requested": requested, "record_jobs_gone_on": gone_on}


def _asked(new: NewEvent) -> tuple[Any, ...]:
    event, metadata = new.event, new.metadata
    return (
        _KINDS[type(event)].value,
        _fields(event),
        metadata.get("actor", ""),
        event.occurred_at,
        UUID(metadata["correlationId"]),
    )


def _fields(event: Any) -> dict[str, Any]:
    """What the event says, without when: the row has that."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    del fields["occurred_at"]
    return fields


PROJECTION = InlineProjection(
    name="record_jobs",
    description="Verifications and exports of the record: who asked for which, and what they came to.",
    tables=("readmodels_record_job",),
    parts={"record_jobs_requested": _REQUESTED, "record_jobs_gone_on": _GONE_ON},
    rows=rows,
)


def find_all(job_ids: Collection[UUID]) -> list[RecordJobRow]:
    """The jobs with these ids, of whatever kind, in no order."""
    return list(RecordJobRow.objects.filter(job_id__in=job_ids))


def find(job_id: UUID, kind: JobKind) -> RecordJobRow | None:
    """The job of this kind with this id."""
    return RecordJobRow.objects.filter(job_id=job_id, kind=kind.value).first()


def page(kind: JobKind | None, limit: int, before: UUID | None = None) -> list[RecordJobRow]:
    """Up to `limit` jobs of this kind (None: of all), the newest first, behind the job `before`."""
    jobs = RecordJobRow.objects.order_by("-asked_at", "job_id")
    if before is not None:
        last = RecordJobRow.objects.filter(job_id=before).values_list("asked_at", flat=True).first()
        if last is None:
            return []
        jobs = jobs.filter(models.Q(asked_at__lt=last) | models.Q(asked_at=last, job_id__gt=before))
    # Kind by kind: the index has them so.
    found = [row for one in ([kind] if kind else JobKind) for row in jobs.filter(kind=one.value)[:limit]]
    return sorted(found, key=lambda row: (-row.asked_at.timestamp(), row.job_id))[:limit]
