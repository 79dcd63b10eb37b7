"""Moments to the millisecond and the time between them, for those who look at what followed on what."""

from datetime import UTC, datetime, timedelta

from babel.dates import format_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from bank.web.formats import day_text, decimal, grouped, language

_TIME = {"en": "HH:mm:ss.SSS 'UTC'", "cs": "H:mm:ss,SSS 'UTC'"}


def instant_html(value: datetime) -> SafeString:
    """`23 Nov 2026, 09:41:05.123 UTC`; the element holds the microseconds as well."""
    return format_html('<time datetime="{}">{}</time>', value.astimezone(UTC).isoformat(), instant_text(value))


def instant_text(value: datetime) -> str:
    """The same, for what is no page."""
    utc, code = value.astimezone(UTC), language()
    comma = "," if code == "en" else ""
    return f"{day_text(utc.date())}{comma} {format_datetime(utc, _TIME[code], locale=code)}"


def between_text(value: timedelta) -> str:
    """`3.4 ms`, `2.5 s`, `4 min`, `3 h`, `12 days`: how long something took, as exactly as it matters."""
    seconds = value.total_seconds()
    if seconds < 1:
        return gettext("%(number)s ms") % {"number": decimal(seconds * 1_000)}
    if seconds < 120:
        return gettext("%(number)s s") % {"number": decimal(seconds)}
    if seconds < 2 * 3_600:
        return gettext("%(number)s min") % {"number": grouped(round(seconds / 60))}
    if seconds < 2 * 86_400:
        return gettext("%(number)s h") % {"number": grouped(round(seconds / 3_600))}
    return gettext("%(number)s days") % {"number": grouped(round(seconds / 86_400))}
