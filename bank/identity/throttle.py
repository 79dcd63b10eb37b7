"""Slows down guessing of passwords: too many failed sign-ins close the door for a while."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from bank.identity.models import FailedSignIn

WINDOW: Final = timedelta(minutes=15)
# A person who mistypes needs a few; a name tried from everywhere, or one address trying every name, needs many.
PER_NAME_AND_ADDRESS: Final = 10
PER_NAME: Final = 50
PER_ADDRESS: Final = 100


def is_closed(request: HttpRequest, username: str) -> bool:
    """Whether this name, this address, or both together have failed too often in the last 15 minutes."""
    since = timezone.now() - WINDOW
    limits = _limits(request, username)
    failed = FailedSignIn.objects.filter(key__in=limits, failed_at__gt=since).values_list("key", flat=True)
    counts = dict.fromkeys(limits, 0)
    for key in failed[: sum(limits.values())]:
        counts[key] += 1
    return any(counts[key] >= limit for key, limit in limits.items())


def note_failure(request: HttpRequest, username: str) -> None:
    """Count a failed sign-in, and forget those that count no more."""
    now = timezone.now()
    FailedSignIn.objects.filter(failed_at__lt=now - WINDOW).delete()
    FailedSignIn.objects.bulk_create(FailedSignIn(key=key, failed_at=now) for key in _limits(request, username))


def forget_failures(request: HttpRequest, username: str) -> None:
    """The right password was given: this person, here, starts anew."""
    both, *_ = _limits(request, username)
    FailedSignIn.objects.filter(key=both).delete()


def _limits(request: HttpRequest, username: str) -> dict[str, int]:
    """How many failures each key may have; the key of name and address together comes first."""
    name, address = username.strip().casefold(), client_address(request)
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
