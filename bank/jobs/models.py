"""What workers keep of jobs: how far each is, the files of exports, and the last run of each scheduled task."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """How a run fares, as its worker last said; a job without a run waits for a worker."""

    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Run(models.Model):
    """A job in a worker's hands. Whoever has the `claim` works; one whose heart stops loses it to the next.

    `done` of `total` positions are passed. `details`: what the record does not have of the outcome. `error`: in words,
    `traceback`: for whoever mends it. `file_deleted_at`: since when an export is there no more.
    """

    job_id = models.UUIDField(primary_key=True)
    status = models.CharField(max_length=7, choices=Status)
    claim = models.UUIDField()
    attempts = models.IntegerField(default=1)
    worker = models.TextField()
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    details = models.JSONField(default=dict)
    error = models.TextField(default="")
    traceback = models.TextField(default="")
    file_deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="jobs_run_status_known", condition=models.Q(status__in=[str(status) for status in Status])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.job_id}"


class ExportPart(models.Model):
    """A piece of an export's file, compressed; pieces of one claim make one file."""

    pk = models.CompositePrimaryKey("job_id", "claim", "number")
    job_id = models.UUIDField()
    claim = models.UUIDField()
    number = models.IntegerField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.job_id} {self.number}"


class ScheduledRun(models.Model):
    """When a scheduled task last began, ended and failed, and how often: one row each, for ever the same."""

    name = models.TextField(primary_key=True)
    task = models.TextField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    milliseconds = models.FloatField(null=True)
    runs = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(default="")
    worker = models.TextField()

    def __str__(self) -> str:
        return self.name
