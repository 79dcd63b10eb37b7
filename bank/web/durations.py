"""How long something takes or took, as people say it: the two largest units, without a false precision."""

from typing import Final

from django.utils.translation import gettext

from bank.web.formats import decimal, grouped

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def duration_text(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `2 h 5 min`, `3 d 4 h`; what is nothing of the smaller unit is left out."""
    whole = round(seconds)
    if whole < _MINUTE:
        exact = seconds >= 10 or float(seconds).is_integer()
        return gettext("%(seconds)s s") % {"seconds": whole if exact else decimal(seconds)}
    parts = []
    if whole >= _DAY:
        parts.append(gettext("%(days)s d") % {"days": grouped(whole // _DAY)})
    if whole % _DAY >= _HOUR:
        parts.append(gettext("%(hours)s h") % {"hours": whole % _DAY // _HOUR})
    if whole < _DAY and whole % _HOUR >= _MINUTE:
        parts.append(gettext("%(minutes)s min") % {"minutes": whole % _HOUR // _MINUTE})
    return " ".join(parts)
