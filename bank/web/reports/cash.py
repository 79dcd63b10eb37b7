"""Cash position: what the bank holds for its customers, by what came in and what left."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.web.reports import files
from bank.web.reports.report import Asked, Column, Report, Row, Section, money_cell, number_cell
from bank.web.reports.steps import by_step, deeper, kind_of, steps_of
from readmodels import cash_position
from readmodels.cash_position import CashDay


def sections(asked: Asked) -> list[Section]:
    """A row a day, or a month, with what was there at its end."""
    kind = kind_of(asked.from_date, asked.to_date)
    days = cash_position.between(asked.from_date, asked.to_date, asked.currency)
    found = by_step(((day.date, day) for day in days), kind)
    closing = cash_position.at_end_of(asked.to_date).get(asked.currency)
    rows: list[Row] = []
    for step in steps_of(asked.from_date, asked.to_date) if closing is not None else []:
        its: list[CashDay] = found.get(step.key, [])  # the newest first
        cells = [
            money_cell(sum(day.in_minor for day in its), asked.currency),
            money_cell(sum(day.out_minor for day in its), asked.currency),
            money_cell(closing or 0, asked.currency),
            number_cell(sum(day.in_count + day.out_count for day in its)),
        ]
        rows.append(Row(head=step.text, label=step.label, href=deeper("cash_position", step, asked.query), cells=cells))
        closing = its[-1].opening_minor if its else closing
    return [
        Section(
            id="cash",
            title=gettext("Cash position"),
            first=gettext("Month") if kind == "month" else gettext("Day"),
            columns=[
                Column(label=_("In")),
                Column(label=_("Out")),
                Column(label=_("At its end"), series="between"),
                Column(label=_("Movements")),
            ],
            rows=rows,
            empty=_("Nothing had come in by then."),
            chart="lines",
            newest_first=True,
        )
    ]


REPORT = Report(
    name="cash_position",
    title=_("Cash position"),
    about=_("What the bank holds for its customers: what came in from outside, what left, what was there."),
    icon="landmark",
    projections=("cash_position",),
    sections=sections,
    lines=files.cash_position_lines,
    currencies=cash_position.currencies,
)
