"""The record of the reconciliation: its runs, what did not agree, and how far the walk past all streams has come."""

from uuid import UUID

from django.db import models


class Run(models.Model):
    """One run. `position` of `head` events are in the general ledger, the others were added for the comparison.

    `figures`: what was compared, one object a currency (`bank.reconciliation.control.Figures`); null where the general
    ledger was too far behind. `streams` were folded, of which `away` could not be: their events are detached.
    """

    run_id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    position = models.BigIntegerField()
    head = models.BigIntegerField()
    figures = models.JSONField(null=True)
    streams = models.BigIntegerField()
    away = models.BigIntegerField()
    breaks = models.IntegerField()

    class Meta:
        db_table = "reconciliation_run"
        indexes = [models.Index("ended_at", name="reconciliation_run_ended_at")]

    def __str__(self) -> str:
        return f"run {self.run_id}"


class Break(models.Model):
    """Two things that are not equal: of `subject` (a stream or a currency) the `field`; both values as text.

    Values that could be somebody's personal data are left out. `gone_at`: since then they are equal.
    """

    break_id = models.BigAutoField(primary_key=True)
    check_name = models.TextField()
    subject = models.TextField()
    field = models.TextField()
    expected = models.TextField()
    found = models.TextField()
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reconciliation_break"
        constraints = [
            models.UniqueConstraint(
                fields=["check_name", "subject", "field"],
                condition=models.Q(gone_at__isnull=True),
                name="reconciliation_break_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_name} {self.subject} {self.field}"


class Walk(models.Model):
    """How far the walk has come: the last stream of this round, and when the last whole round ended. One row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    after = models.UUIDField(default=UUID(int=0))
    round_started_at = models.DateTimeField(null=True)
    round_streams = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_streams = models.BigIntegerField(default=0)
    ended_seconds = models.FloatField(default=0)

    class Meta:
        db_table = "reconciliation_walk"

    def __str__(self) -> str:
        return f"after {self.after}"
