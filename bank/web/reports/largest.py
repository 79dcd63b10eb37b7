"""Largest movements of a period: how much, when, and whose, as far as one may know."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity import policy
from bank.web import formats
from bank.web.masking import mask_name
from bank.web.movements import KIND_WORDS
from bank.web.reports import files
from bank.web.reports.report import Asked, Cell, Column, Report, Row, Section, money_cell, text_cell
from readmodels import daily_flows, largest_movements
from readmodels.largest_movements import KINDS, LargeMovement


def sections(asked: Asked) -> list[Section]:
    """The largest first."""
    kind = asked.more["kind"] or None
    found = largest_movements.largest(asked.from_date, asked.to_date, asked.currency, kind)
    may_audit = policy.may_audit(asked.by)
    columns = [
        Column(label=_("Amount"), series="between"),
        Column(label=_("Kind"), is_text=True),
        Column(label=_("Account"), is_text=True),
        Column(label=_("When"), is_text=True),
        *([Column(label=_("Event"))] if may_audit else []),
    ]
    return [
        Section(
            id="largest",
            title=gettext("The largest movements"),
            first=_("Rank"),
            columns=columns,
            rows=[
                Row(head=formats.grouped(rank), label=f"{rank}.", cells=_cells(movement, asked))
                for rank, movement in enumerate(found, start=1)
            ],
            empty=_("Nothing moved in this period."),
            chart="bars",
        )
    ]


def _cells(movement: LargeMovement, asked: Asked) -> list[Cell]:
    account, its_movement = "", ""
    if policy.may_see_customers(asked.by):
        account = reverse("web:account", args=[movement.account_id])
        its_movement = reverse("web:movement", args=[movement.account_id, movement.stream_position])
    iban = formats.mask_iban(movement.iban)
    return [
        money_cell(movement.amount_minor, movement.currency, href=its_movement),
        text_cell(str(KIND_WORDS.get(movement.kind, movement.kind))),
        text_cell(f"{mask_name(movement.holder)}, {iban}", href=account),
        text_cell(formats.moment_html(movement.occurred_at)),
        *([_event_cell(movement.position)] if policy.may_audit(asked.by) else []),
    ]


def _event_cell(position: int) -> Cell:
    """The event itself, for who audits."""
    return Cell(html=formats.grouped(position), href=reverse("web:audit_event", args=[position]))


def _kind_field() -> forms.Field:
    return forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("All")), *((kind, KIND_WORDS[kind]) for kind in KINDS)],
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": _("Kind: choose one of the list.")},
    )


REPORT = Report(
    name="largest_movements",
    title=_("Largest movements"),
    about=_("The largest deposits, withdrawals and transfers of a period."),
    icon="arrow-up-right",
    projections=("largest_movements",),
    sections=sections,
    lines=files.largest_movements_lines,
    currencies=daily_flows.currencies,
    fields={"kind": _kind_field},
)
