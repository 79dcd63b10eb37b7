"""Balances and their distribution: how many open accounts hold how much, now."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.web import formats
from bank.web.reports import files
from bank.web.reports.report import Asked, Cell, Column, Report, Row, Section, money_cell, number_cell
from readmodels import balance_distribution
from readmodels.balance_distribution import Band


def sections(asked: Asked) -> list[Section]:
    """A row a band, the lowest first."""
    bands = balance_distribution.bands(asked.currency)
    accounts = sum(band.accounts for band in bands)
    total_minor = sum(band.total_minor for band in bands)
    return [
        Section(
            id="bands",
            title=gettext("Open accounts by their balance"),
            first=_("Balance"),
            columns=[
                Column(label=_("Accounts"), series="between"),
                Column(label=_("Share")),
                Column(label=_("Balances together")),
            ],
            rows=[
                Row(head=_words(band), cells=_cells(band.accounts, accounts, band.total_minor, asked.currency))
                for band in bands
            ],
            total=Row(head=gettext("Altogether"), cells=_cells(accounts, accounts, total_minor, asked.currency)),
            empty=_("There is no open account in this currency."),
            chart="sideways",
        )
    ]


def _cells(accounts: int, of_all: int, total_minor: int, currency: str) -> list[Cell]:
    share = formats.decimal(100 * accounts / of_all) if of_all else formats.decimal(0)
    percent = Cell(html=gettext("%(share)s %%") % {"share": share})
    return [number_cell(accounts), percent, money_cell(total_minor, currency)]


def _words(band: Band) -> str:
    """`below zero`, `zero`, `€10 to €100`."""
    if band.from_minor is None:
        return gettext("Below zero")
    if band.below_minor is None:
        return gettext("%(from)s and more") % {"from": formats.short_amount(band.from_minor, band.currency)}
    if band.below_minor - band.from_minor == 1:
        return formats.short_amount(band.from_minor, band.currency)
    if band.from_minor == 1:
        return gettext("Below %(to)s") % {"to": formats.short_amount(band.below_minor, band.currency)}
    return gettext("%(from)s to %(to)s") % {
        "from": formats.short_amount(band.from_minor, band.currency),
        "to": formats.short_amount(band.below_minor, band.currency),
    }


REPORT = Report(
    name="balance_distribution",
    title=_("Balances and their distribution"),
    about=_("How many open accounts hold how much, now, in bands of powers of ten."),
    icon="wallet",
    projections=("balance_distribution",),
    sections=sections,
    lines=files.balance_distribution_lines,
    currencies=balance_distribution.currencies,
    has_period=False,
)
