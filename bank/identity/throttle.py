"""Slows down guessing of passwords and codes: too many failed tries close the door for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from bank.identity.models import FailedSignIn

WINDOW: Final = timedelta(minutes=15)
# A person who mistypes needs a few; a name tried from everywhere, or one address trying every name, needs many.
PER_NAME_AND_ADDRESS: Final = 10
PER_NAME: Final = 50
PER_ADDRESS: Final = 100


def wait_seconds(request: HttpRequest, name: str) -> int:
    """How long the door stays closed to this name, this address, or both together; 0 where it is open."""
    now = timezone.now()
    limits = _limits(request, name)
    failed = FailedSignIn.objects.filter(key__in=limits, failed_at__gt=now - WINDOW).order_by("-failed_at")
    times: dict[str, list[datetime]] = {key: [] for key in limits}
    for key, failed_at in failed.values_list("key", "failed_at")[: sum(limits.values())]:
        times[key].append(failed_at)
    return max(_wait(times[key], limit, now) for key, limit in limits.items())


def note_failure(request: HttpRequest, name: str) -> None:
    """Count a failed try, and forget those that count no more."""
    now = timezone.now()
    FailedSignIn.objects.filter(failed_at__lt=now - WINDOW).delete()
    FailedSignIn.objects.bulk_create(FailedSignIn(key=key, failed_at=now) for key in _limits(request, name))


def forget_failures(request: HttpRequest, name: str) -> None:
    """The right password was given: this person, here, starts anew."""
    both, *_ = _limits(request, name)
    FailedSignIn.objects.filter(key=both).delete()


def words(seconds: int) -> str:
    """What to say to whoever must wait so long."""
    minutes = ceil(seconds / 60)
    return ngettext(
        "There were too many failed tries. Wait a minute, then try again.",
        "There were too many failed tries. Wait %(minutes)s minutes, then try again.",
        minutes,
    ) % {"minutes": minutes}


def _wait(newest_first: Sequence[datetime], limit: int, now: datetime) -> int:
    """Until the try that makes it too many is old enough."""
    if len(newest_first) < limit:
        return 0
    return max(ceil((newest_first[limit - 1] + WINDOW - now).total_seconds()), 1)


def _limits(request: HttpRequest, name: str) -> dict[str, int]:
    """How many failures each key may have; the key of name and address together comes first."""
    name, address = name.strip().casefold(), client_address(request)
    return {
        _key("both", f"{name}\n{address}"): PER_NAME_AND_ADDRESS,
        _key("name", name): PER_NAME,
        _key("address", address): PER_ADDRESS,
    }


def _key(kind: str, text: str) -> str:
    return salted_hmac(f"bank.identity.throttle.{kind}", text, algorithm="sha256").hexdigest()


def client_address(request: HttpRequest) -> str:
    """Who is at the other end. A proxy's word counts only where the settings say that there is one."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.headers.get("X-Forwarded-For", "")
        if forwarded:
            return forwarded.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
