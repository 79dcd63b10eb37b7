"""Refusals by reason: how often the bank said no, and why."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity import policy
from bank.web import formats, reasons
from bank.web.reports import files
from bank.web.reports.report import Asked, Cell, Column, Report, Row, Section, number_cell
from bank.web.reports.steps import by_step, deeper, kind_of, steps_of
from readmodels import refusals
from readmodels.refusals import DayOfRefusals, RefusalFilter


def sections(asked: Asked) -> list[Section]:
    """A row a reason, the most frequent first; then a row a day, or a month."""
    days = refusals.by_day(RefusalFilter(from_date=asked.from_date, to_date=asked.to_date))
    return [_reasons(days, asked), _days(days, asked)]


def _reasons(days: Sequence[DayOfRefusals], asked: Asked) -> Section:
    counts: Counter[str] = Counter()
    for day in days:
        counts.update(day.counts)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Section(
        id="reasons",
        title=gettext("Refusals by reason"),
        first=_("Reason"),
        columns=[Column(label=_("Refusals"), series="out"), Column(label=_("Share"))],
        rows=[
            Row(
                head=capfirst(reasons.of_code(reason)),
                cells=[
                    number_cell(count, href=_commands(asked, asked.from_date, asked.to_date, reason)),
                    Cell(html=gettext("%(share)s %%") % {"share": formats.decimal(100 * count / counts.total())}),
                ],
            )
            for reason, count in ordered
        ],
        empty=_("Nothing was refused in this period."),
        chart="sideways",
    )


def _days(days: Sequence[DayOfRefusals], asked: Asked) -> Section:
    kind = kind_of(asked.from_date, asked.to_date)
    found = by_step(((day.day, day.total) for day in days), kind)
    rows = [
        Row(
            head=step.text,
            label=step.label,
            href=deeper("refusals", step, asked.query),
            cells=[
                number_cell(total := sum(found.get(step.key, [])), href=_listed(asked, step.first, step.last, total))
            ],
        )
        for step in (steps_of(asked.from_date, asked.to_date) if found else ())
    ]
    return Section(
        id="refusals",
        title=gettext("Refusals over time"),
        first=gettext("Month") if kind == "month" else gettext("Day"),
        columns=[Column(label=_("Refusals"), series="out")],
        rows=rows,
        empty=_("Nothing was refused in this period."),
        chart="bars",
        newest_first=True,
    )


def _listed(asked: Asked, first: date, last: date, count: int) -> str:
    return _commands(asked, first, last) if count else ""


def _commands(asked: Asked, first: date, last: date, reason: str = "") -> str:
    """The commands themselves, for who audits."""
    if not policy.may_audit(asked.by):
        return ""
    query = {"outcome": "refused", "from": str(first), "to": str(last), **({"reason": reason} if reason else {})}
    return f"{reverse('web:audit_commands')}?{urlencode(query)}"


REPORT = Report(
    name="refusals",
    title=_("Refusals by reason"),
    about=_("How often the bank said no, and why: counted in the command log, and so never behind."),
    icon="circle-x",
    projections=(),
    sections=sections,
    lines=files.refusals_lines,
    last=refusals.last_at,
)
