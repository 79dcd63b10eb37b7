"""Daily flows as rows of a table and as the bars of a server-rendered SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext

from accounts.money import exponent_of
from bank.web.formats import day_of_month, writing
from readmodels.daily_flows import DailyFlow

WIDTH: Final = 960
HEIGHT: Final = 260
_LEFT: Final = 56
_RIGHT: Final = 8
_TOP: Final = 12
_BOTTOM: Final = 28
_STEPS: Final = (1, 2, 5)


@dataclass(slots=True, kw_only=True)
class DayOfFlows:
    """One day. Amounts in minor units, without sign; a transfer counts once, where it was sent."""

    day: date
    deposits_minor: int = 0
    withdrawals_minor: int = 0
    transfers_minor: int = 0
    count: int = 0

    @property
    def net_minor(self) -> int:
        """What stayed in the bank."""
        return self.deposits_minor - self.withdrawals_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle; `kind` is its class, `title` what it says."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Deposits upwards, withdrawals downwards, from one zero line."""

    bars: list[Bar] = field(default_factory=list)
    value_ticks: list[Tick] = field(default_factory=list)
    day_ticks: list[Tick] = field(default_factory=list)
    zero_y: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT


def days_of(flows: Iterable[DailyFlow]) -> list[DayOfFlows]:
    """One row a day with flows, the newest first; the flows are of one currency."""
    days: dict[date, DayOfFlows] = {}
    for flow in flows:
        row = days.setdefault(flow.date, DayOfFlows(day=flow.date))
        amount_minor = int(flow.amount_minor)
        match flow.kind:
            case "deposit":
                row.deposits_minor += amount_minor
            case "withdrawal":
                row.withdrawals_minor += amount_minor
            case "transfer_sent":
                row.transfers_minor += amount_minor
            case _:
                continue  # a transfer received is the other side of one sent
        row.count += flow.count
    return sorted(days.values(), key=lambda row: row.day, reverse=True)


def chart_of(days: Sequence[DayOfFlows], from_date: date, to_date: date, currency: str) -> Chart | None:
    """The chart of a period; None where nothing came or went."""
    up = max((row.deposits_minor for row in days), default=0)
    down = max((row.withdrawals_minor for row in days), default=0)
    if up == down == 0:
        return None
    step = _step_of(max(up, down))
    top, bottom = -(-up // step) * step, -(-down // step) * step
    scale = (HEIGHT - _TOP - _BOTTOM) / (top + bottom)
    zero_y = round(_TOP + top * scale, 1)
    count = (to_date - from_date).days + 1
    slot = (WIDTH - _LEFT - _RIGHT) / count
    chart = Chart(zero_y=zero_y)
    for row in days:
        x = _LEFT + (row.day - from_date).days * slot + slot * 0.15
        for kind, amount_minor in (("in", row.deposits_minor), ("out", row.withdrawals_minor)):
            height = round(amount_minor * scale, 1)
            if height:
                y = zero_y - height if kind == "in" else zero_y
                chart.bars.append(
                    Bar(x=round(x, 1), y=round(y, 1), width=round(slot * 0.7, 1), height=height, kind=kind)
                )
    unit = 10 ** exponent_of(currency)
    for value in range(-bottom, top + 1, step):
        chart.value_ticks.append(Tick(at=round(zero_y - value * scale, 1), text=_short(abs(value) / unit)))
    every = max(1, -(-count // 8))
    for index in range(0, count, every):
        day = from_date + timedelta(days=index)
        chart.day_ticks.append(Tick(at=round(_LEFT + (index + 0.5) * slot, 1), text=day_of_month(day)))
    return chart


def _step_of(highest: int) -> int:
    """A round step (1, 2 or 5 times a power of ten) of which two to five make `highest`."""
    power = 1
    while True:
        for factor in _STEPS:
            if factor * power * 4 >= highest:
                return factor * power
        power *= 10


def _short(value: float) -> str:
    """`1.5k`, `20M`, `1,5 tis.`: an axis has little room."""
    for size, shortened in ((1e9, gettext("%sbn")), (1e6, gettext("%sM")), (1e3, gettext("%sk"))):
        if value >= size:
            return shortened % _figure(value / size)
    return _figure(value)


def _figure(value: float) -> str:
    return f"{value:g}".replace(".", writing().point)
