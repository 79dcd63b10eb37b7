"""A balance over time as the points of a small SVG: steps, because a balance does not slope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH: Final = 400
HEIGHT: Final = 100
_TOP: Final = 8
_BOTTOM: Final = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """`line` and `area` are SVG path data in a box of 400 by 100; `zero_y` is where zero is, if it is crossed."""

    line: str
    area: str
    zero_y: float | None
    from_date: date
    to_date: date


def sparkline_of(ends_of_days: Sequence[tuple[date, int]]) -> Sparkline | None:
    """From (day, balance at its end); None for fewer than two days."""
    if len(ends_of_days) < 2:
        return None
    first, last = ends_of_days[0][0], ends_of_days[-1][0]
    days = (last - first).days
    low, high = min(b for _, b in ends_of_days), max(b for _, b in ends_of_days)
    span = (high - low) or 1

    def y_of(balance_minor: int) -> float:
        return round(_BOTTOM - (balance_minor - low) / span * (_BOTTOM - _TOP), 1)

    line = f"M0 {y_of(ends_of_days[0][1])}"
    for day, balance_minor in ends_of_days[1:]:
        line += f"H{round((day - first).days / days * WIDTH, 1)}V{y_of(balance_minor)}"
    return Sparkline(
        line=line,
        area=f"{line}V{HEIGHT}H0Z",
        zero_y=y_of(0) if low < 0 < high else None,
        from_date=first,
        to_date=last,
    )
