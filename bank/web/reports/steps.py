"""The steps of a period: days while they can be told apart in a chart, months beyond."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeVar

from django.urls import reverse
from django.utils.http import urlencode

from bank.web import formats

StepKind = Literal["day", "month"]
Found = TypeVar("Found")
_DAYS_AT_MOST: Final = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A day or a month; a period's first and last month may be shorter. `key`: its first day by the calendar."""

    key: date
    first: date
    last: date
    kind: StepKind

    @property
    def text(self) -> str:
        """How a table names it."""
        return formats.day_html(self.first) if self.kind == "day" else formats.month_text(self.first)

    @property
    def label(self) -> str:
        """How an axis names it."""
        return formats.day_of_month(self.first) if self.kind == "day" else formats.month_text(self.first)


def kind_of(from_date: date, to_date: date) -> StepKind:
    """Days for up to a season, months for more."""
    return "day" if (to_date - from_date).days < _DAYS_AT_MOST else "month"


def steps_of(from_date: date, to_date: date) -> list[Step]:
    """Every step of the period, the newest first, whether anything happened in it or not."""
    kind = kind_of(from_date, to_date)
    made = _days(from_date, to_date) if kind == "day" else _months(from_date, to_date)
    return list(made)[::-1]


def key_of(day: date, kind: StepKind) -> date:
    """The step that a day belongs to."""
    return day if kind == "day" else day.replace(day=1)


def by_step(found: Iterable[tuple[date, Found]], kind: StepKind) -> dict[date, list[Found]]:
    """What belongs to each step, in the order that it comes in."""
    steps: dict[date, list[Found]] = {}
    for day, one in found:
        steps.setdefault(key_of(day, kind), []).append(one)
    return steps


def deeper(report: str, step: Step, query: Mapping[str, str]) -> str:
    """Where the days of a month are shown, with the filters that there are; nowhere for a day."""
    if step.kind == "day":
        return ""
    others = {name: value for name, value in query.items() if name != "days"}
    return f"{reverse(f'web:{report}')}?{urlencode({**others, 'from': str(step.first), 'to': str(step.last)})}"


def _days(from_date: date, to_date: date) -> Iterator[Step]:
    for number in range((to_date - from_date).days + 1):
        day = from_date + timedelta(days=number)
        yield Step(key=day, first=day, last=day, kind="day")


def _months(from_date: date, to_date: date) -> Iterator[Step]:
    key = from_date.replace(day=1)
    while True:
        is_last = (key.year, key.month) == (to_date.year, to_date.month)
        following = key if is_last else (key + timedelta(days=32)).replace(day=1)
        last = to_date if is_last else following - timedelta(days=1)
        yield Step(key=key, first=max(key, from_date), last=last, kind="month")
        if is_last:
            return
        key = following
