"""Average balances: what all accounts together, and one of them on average, held day by day."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.web import formats
from bank.web.reports import files
from bank.web.reports.report import Asked, Column, Report, Row, Section, money_cell, number_cell
from bank.web.reports.steps import by_step, deeper, kind_of, steps_of
from readmodels import average_balances


def sections(asked: Asked) -> list[Section]:
    """A row a day, as it ended, or a month, as its last day did."""
    kind = kind_of(asked.from_date, asked.to_date)
    days = average_balances.between(asked.from_date, min(asked.to_date, asked.today), asked.currency)
    found = by_step(((day.date, day) for day in days), kind)
    rows = [
        Row(
            head=step.text,
            label=step.label,
            href=deeper("average_balances", step, asked.query),
            cells=[
                money_cell(found[step.key][0].average_minor, asked.currency),
                money_cell(found[step.key][0].balance_minor, asked.currency),
                number_cell(found[step.key][0].accounts),
            ],
        )
        for step in steps_of(asked.from_date, asked.to_date)
        if step.key in found
    ]
    return [
        Section(
            id="averages",
            title=gettext("Balance of one open account, on average"),
            first=gettext("At the end of the month") if kind == "month" else gettext("At the end of the day"),
            columns=[
                Column(label=_("On average"), series="between"),
                Column(label=_("All together")),
                Column(label=_("Open accounts")),
            ],
            rows=rows,
            note=_note(asked) if rows else "",
            empty=_("There was no account yet."),
            chart="lines",
            newest_first=True,
        )
    ]


def _note(asked: Asked) -> str:
    mean = average_balances.over(asked.from_date, asked.to_date, asked.currency)
    if mean is None:
        return ""
    return gettext("Over the period, each day counting once: %(average)s an account, %(all)s all together.") % {
        "average": formats.signed_amount(mean.average_minor, asked.currency),
        "all": formats.signed_amount(mean.balance_minor, asked.currency),
    }


REPORT = Report(
    name="average_balances",
    title=_("Average balances"),
    about=_("What an account holds on average, and all of them together, at the end of each day."),
    icon="gauge",
    projections=("average_balances",),
    sections=sections,
    lines=files.average_balances_lines,
    currencies=average_balances.currencies,
)
