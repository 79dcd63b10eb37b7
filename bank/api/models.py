"""Tokens that programs send instead of a password."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class ApiToken(models.Model):
    """A token of one user. Only its SHA-256 is kept: 256 random bits need no slow hash."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    label = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)  # shown, so that people can tell their tokens apart
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # to the minute
    revoked_at = models.DateTimeField(null=True, blank=True)
    request_id = models.UUIDField(null=True, unique=True, editable=False)  # of the form, which makes one however often

    class Meta:
        constraints = [
            models.CheckConstraint(name="api_token_expires", condition=models.Q(expires_at__gt=models.F("created_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.label})"
