"""Activity: at which hours of which weekdays money is moved, by the bank's own clock."""

from datetime import date

from babel import Locale
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.web import formats
from bank.web.reports import files
from bank.web.reports.report import Asked, Column, Report, Row, Section, number_cell, shaded_cell
from readmodels import activity, daily_flows

_DAYS = range(1, 8)
_HOURS = range(24)


def sections(asked: Asked) -> list[Section]:
    """A row an hour, a column a weekday: the figure says how many, the shade how many beside the others."""
    hours = activity.between(asked.from_date, asked.to_date, asked.currency)
    counts = {(hour.hour, hour.weekday): hour.count for hour in hours}
    most = max(counts.values(), default=0)
    rows = []
    for hour in _HOURS if counts else ():
        of_days = [counts.get((hour, weekday), 0) for weekday in _DAYS]
        cells = [number_cell(sum(of_days)), *(shaded_cell(count, most) for count in of_days)]
        rows.append(Row(head=f"{hour:02}:00", label=str(hour), cells=cells))
    return [
        Section(
            id="activity",
            title=gettext("Movements by hour and weekday"),
            first=_("From"),
            columns=[Column(label=_("All"), series="between"), *(Column(label=name) for name in weekdays())],
            rows=rows,
            note=gettext("By the bank's clock (%(zone)s). The darker, the more.") % {"zone": settings.BANK_TIME_ZONE},
            empty=_("Nothing moved in this period."),
            chart="bars",
            is_heat=True,
        )
    ]


def weekdays() -> list[str]:
    """`Mon` to `Sun`, in the language of the page."""
    names = Locale.parse(formats.language()).days["stand-alone"]["abbreviated"]
    return [names[number] for number in range(7)]


def weekday_name(day: date) -> str:
    """`Monday`."""
    return str(Locale.parse(formats.language()).days["stand-alone"]["wide"][day.weekday()])


REPORT = Report(
    name="activity",
    title=_("Activity by hour and weekday"),
    about=_("When in the day and in the week money is moved."),
    icon="clock",
    projections=("activity",),
    sections=sections,
    lines=files.activity_lines,
    currencies=daily_flows.currencies,
)
