"""Made-up figures, for the style guide's samples of charts and tables."""

from datetime import date, timedelta
from typing import Final

from django.http import QueryDict

from bank.web import formats
from bank.web.reports.filters import ReportForm
from bank.web.reports.flows import REPORT
from bank.web.reports.report import Column, Row, Section, money_cell, shaded_cell

_TODAY: Final = date(2026, 11, 23)
_MOST: Final = 24


def filters(prefix: str, **query: str) -> ReportForm:
    """A range and a currency; `prefix` keeps its ids apart from those of the other samples."""
    typed = QueryDict(mutable=True)
    typed.update(query)
    form = ReportForm(typed, REPORT, today=_TODAY, currencies=["CZK", "EUR"])
    form.auto_id = f"{prefix}_%s"
    form.is_valid()
    return form


def section(name: str, *, is_empty: bool = False) -> Section:
    """A week of deposits and withdrawals."""
    days = [_TODAY - timedelta(days=number) for number in range(7)]
    rows = [
        Row(
            head=formats.day_html(day),
            label=formats.day_of_month(day),
            cells=[money_cell(day.day * 12_34, "EUR"), money_cell(day.day % 5 * 56_78, "EUR")],
        )
        for day in days
    ]
    return Section(
        id=name,
        title=f"A week ({name})",
        first="Day",
        columns=[Column(label="In", series="in"), Column(label="Out", series="out", is_below=True)],
        rows=[] if is_empty else rows,
        empty="Nothing came or went in this period.",
        chart="mirrored",
        newest_first=True,
    )


def heat(name: str) -> Section:
    """Some hours of some weekdays, each shade once."""
    rows = [
        Row(head=f"{hour:02}:00", cells=[shaded_cell(hour * weekday, _MOST) for weekday in range(5)])
        for hour in range(7)
    ]
    return Section(
        id=name,
        title="Hours",
        first="From",
        columns=[Column(label=day) for day in ("Mon", "Tue", "Wed", "Thu", "Fri")],
        rows=rows,
        empty="",
        is_heat=True,
    )
