"""What webhooks keep: who is subscribed, what is to be delivered, what was tried, and the secrets that sign."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Progress(models.Model):
    """Up to which position events have become deliveries: whatever reads the book again makes none twice."""

    id = models.SmallIntegerField(primary_key=True)
    position = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.position)


class Subscription(models.Model):
    """An endpoint as it stands at `Progress.position` of the book. No `event_types`: all of them."""

    endpoint_id = models.UUIDField(primary_key=True)
    event_types = models.JSONField()
    is_active = models.BooleanField()
    registered_position = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.endpoint_id)


class Status(models.TextChoices):
    """Where a delivery is."""

    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Delivery(models.Model):
    """One event for one endpoint. `attempts`: since it was last asked for; `round`: how often it was asked for.

    A worker that sends it holds a `claim` until `claimed_until`; then the next one may, so that none is lost.
    """

    pk = models.CompositePrimaryKey("endpoint_id", "event_id")
    endpoint_id = models.UUIDField()
    event_id = models.UUIDField()
    position = models.BigIntegerField()
    event_type = models.TextField()
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    round = models.IntegerField(default=1)
    attempts = models.IntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    last_attempt_at = models.DateTimeField(null=True)
    last_result = models.TextField(default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="webhooks_delivery_status_known", condition=Q(status__in=[str(status) for status in Status])
            ),
            models.CheckConstraint(
                name="webhooks_delivery_pending_has_time",
                condition=Q(status="pending", next_attempt_at__isnull=False)
                | (~Q(status="pending") & Q(next_attempt_at__isnull=True)),
            ),
        ]
        indexes = [
            # What is due, in the order in which it is sent.
            models.Index(
                F("endpoint_id"),
                F("next_attempt_at"),
                F("position"),
                name="webhooks_delivery_due",
                condition=Q(status="pending"),
            ),
            models.Index(fields=["endpoint_id", "position"], name="webhooks_delivery_log"),
            models.Index(fields=["endpoint_id", "status", "position"], name="webhooks_delivery_by_status"),
            models.Index(fields=["asked_at"], name="webhooks_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.endpoint_id}"

    @property
    def message_id(self) -> str:
        """The `webhook-id`: the same however often it is sent."""
        return f"msg_{self.event_id}"


class Attempt(models.Model):
    """One try. `error` is empty where there was an answer; `answer`: its first bytes."""

    id = models.BigAutoField(primary_key=True)
    endpoint_id = models.UUIDField()
    event_id = models.UUIDField()
    attempted_at = models.DateTimeField()
    duration_ms = models.IntegerField()
    status_code = models.IntegerField(null=True)
    error = models.TextField()
    answer = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["endpoint_id", "event_id", "id"], name="webhooks_attempt_of_delivery"),
            models.Index(fields=["attempted_at"], name="webhooks_attempt_age"),
        ]

    def __str__(self) -> str:
        return f"{self.status_code or self.error} at {self.attempted_at:%Y-%m-%d %H:%M:%S}"


class Lane(models.Model):
    """How sending to an endpoint fares: not before when, failing since when, how often in a row."""

    endpoint_id = models.UUIDField(primary_key=True)
    not_before = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.endpoint_id)


class Secret(models.Model):
    """A signing secret, encrypted; its id is that of the command that asked for it."""

    secret_id = models.UUIDField(primary_key=True)
    endpoint_id = models.UUIDField()
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)
    shown_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.secret_id)
