"""What somebody has looked at already."""

from datetime import datetime

from django.conf import settings
from django.db import models

from bank.identity.models import User


class NotificationsSeen(models.Model):
    """Up to when somebody has seen the notifications."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    seen_until = models.DateTimeField()

    class Meta:
        db_table = "web_notifications_seen"

    def __str__(self) -> str:
        return f"{self.user} until {self.seen_until}"


def seen_until(user: User) -> datetime:
    """What happened later is new. Who has never looked has seen what there was before the log-in."""
    seen = NotificationsSeen.objects.filter(user=user).first()
    return seen.seen_until if seen else user.date_joined


def note_seen(user: User, until: datetime) -> None:
    """Remember it, whichever of two tabs comes last."""
    NotificationsSeen.objects.update_or_create(user=user, defaults={"seen_until": until})
