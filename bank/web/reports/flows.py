"""Daily flows: what came in, went out and moved inside the bank."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.web.reports import files
from bank.web.reports.report import Asked, Cell, Column, Report, Row, Section, money_cell, number_cell
from bank.web.reports.steps import deeper, kind_of, steps_of
from readmodels import daily_flows
from readmodels.daily_flows import FlowTotal


@dataclass(slots=True, kw_only=True)
class Flows:
    """A day or a month. Amounts in minor units, without sign; a transfer counts once, where it was sent."""

    deposits_minor: int = 0
    withdrawals_minor: int = 0
    transfers_minor: int = 0
    count: int = 0

    @property
    def net_minor(self) -> int:
        """What stayed in the bank."""
        return self.deposits_minor - self.withdrawals_minor

    def add(self, total: FlowTotal) -> None:
        """Count it in, by its kind."""
        match total.kind:
            case "deposit":
                self.deposits_minor += total.amount_minor
            case "withdrawal":
                self.withdrawals_minor += total.amount_minor
            case "transfer_sent":
                self.transfers_minor += total.amount_minor
            case _:
                return  # a transfer received is the other side of one sent
        self.count += total.count


def flows_by_step(totals: list[FlowTotal]) -> dict[date, Flows]:
    """By the first day of each day or month in which anything moved."""
    found: dict[date, Flows] = {}
    for total in totals:
        found.setdefault(total.first, Flows()).add(total)
    return found


def sections(asked: Asked) -> list[Section]:
    """A row a day, or a month; deposits upwards and withdrawals downwards."""
    kind = kind_of(asked.from_date, asked.to_date)
    totals = daily_flows.totals(asked.from_date, asked.to_date, asked.currency, kind)
    found = flows_by_step(totals)
    steps = steps_of(asked.from_date, asked.to_date) if found else []
    rows = [
        Row(
            head=step.text,
            label=step.label,
            href=deeper("daily_flows", step, asked.query),
            cells=_cells(found.get(step.key, Flows()), asked.currency),
        )
        for step in steps
    ]
    return [
        Section(
            id="flows",
            title=gettext("Deposits and withdrawals"),
            first=gettext("Month") if kind == "month" else gettext("Day"),
            columns=[
                Column(label=_("Deposits"), series="in"),
                Column(label=_("Withdrawals"), series="out", is_below=True),
                Column(label=_("Net")),
                Column(label=_("Transfers inside")),
                Column(label=_("Movements")),
            ],
            rows=rows,
            total=_total(totals, asked.currency) if rows else None,
            empty=_("Nothing came or went in this period."),
            chart="mirrored",
            newest_first=True,
        )
    ]


def _total(totals: list[FlowTotal], currency: str) -> Row:
    """The whole period."""
    together = Flows()
    for total in totals:
        together.add(total)
    return Row(head=gettext("Altogether"), cells=_cells(together, currency))


def _cells(flows: Flows, currency: str) -> list[Cell]:
    amounts = (flows.deposits_minor, flows.withdrawals_minor, flows.net_minor, flows.transfers_minor)
    return [*(money_cell(minor, currency) for minor in amounts), number_cell(flows.count)]


REPORT = Report(
    name="daily_flows",
    title=_("Daily flows"),
    about=_("What came in, what went out and what moved inside the bank, day by day."),
    icon="chart-column",
    projections=("daily_flows",),
    sections=sections,
    lines=files.daily_flows_lines,
    currencies=daily_flows.currencies,
)
