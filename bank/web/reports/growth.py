"""Customers and accounts over time: how many there are, who came, what was opened and closed."""

from datetime import date

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.web.reports import files
from bank.web.reports.report import Asked, Column, Report, Row, Section, number_cell
from bank.web.reports.steps import Step, by_step, deeper, kind_of, steps_of
from readmodels import growth
from readmodels.growth import GrowthDay

_NEWS = (
    "customers_registered", "customers_erased", "accounts_opened", "accounts_closed", "accounts_frozen",
    "accounts_unfrozen",
)  # fmt: skip


def sections(asked: Asked) -> list[Section]:
    """A row a day, or a month, with what there was at its end."""
    kind = kind_of(asked.from_date, asked.to_date)
    found = by_step(((day.date, day) for day in growth.between(asked.from_date, asked.to_date)), kind)
    last = growth.at_end_of(asked.to_date)
    rows = _rows(steps_of(asked.from_date, asked.to_date), found, last, asked) if last is not None else []
    return [
        Section(
            id="growth",
            title=gettext("Customers and open accounts"),
            first=gettext("Month") if kind == "month" else gettext("Day"),
            columns=[
                Column(label=_("Customers"), series="between"),
                Column(label=_("Open accounts"), series="other"),
                Column(label=_("Registered")),
                Column(label=_("Erased")),
                Column(label=_("Opened")),
                Column(label=_("Closed")),
                Column(label=_("Frozen")),
                Column(label=_("Unfrozen")),
            ],
            rows=rows,
            empty=_("There was no customer yet."),
            chart="lines",
            newest_first=True,
        )
    ]


def _rows(steps: list[Step], found: dict[date, list[GrowthDay]], last: GrowthDay, asked: Asked) -> list[Row]:
    """From the last step backwards: what there was before a day is what it ended with, less what it brought."""
    customers, accounts = last.customers, last.accounts
    rows = []
    for step in steps:
        its = found.get(step.key, [])
        news = [sum(getattr(day, what) for day in its) for what in _NEWS]
        cells = [number_cell(count) for count in (customers, accounts, *news)]
        rows.append(Row(head=step.text, label=step.label, href=deeper("growth", step, asked.query), cells=cells))
        registered, _erased, opened, closed, *_rest = news
        customers, accounts = customers - registered, accounts - opened + closed
    return rows


REPORT = Report(
    name="growth",
    title=_("Customers and accounts"),
    about=_("How many there are over time: who came, what was opened, closed and frozen."),
    icon="users",
    projections=("growth",),
    sections=sections,
    lines=files.growth_lines,
)
