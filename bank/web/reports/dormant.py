"""Dormant accounts: open ones on which nobody has moved money for a long time, the longest unused first."""

from datetime import date
from typing import Final
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity import policy
from bank.web import formats
from bank.web.masking import mask_name
from bank.web.reports import files
from bank.web.reports.report import Asked, Cell, Column, Report, Row, Section, money_cell, number_cell, text_cell
from readmodels import balance_distribution, dormant_accounts
from readmodels.dormant_accounts import DormantAccount

PAGE_SIZE: Final = 50
_USUAL_DAYS: Final = 365
_DAYS_AT_MOST: Final = 36_500


class _After(forms.CharField):
    """Behind which account the page begins: the day of its last use and its id."""

    widget = forms.HiddenInput

    def clean(self, value: str | None) -> tuple[date, UUID] | None:
        """None where the page is the first."""
        if not value:
            return None
        day, _dot, account_id = value.partition(".")
        try:
            return date.fromisoformat(day), UUID(account_id)
        except ValueError:
            raise forms.ValidationError(gettext("This page of the list does not exist.")) from None


def sections(asked: Asked) -> list[Section]:
    """One page of them."""
    limit = dormant_accounts.since(asked.today, asked.more["unused"])
    found = dormant_accounts.page(limit, PAGE_SIZE + 1, currency=asked.currency, after=asked.more["after"])
    shown = found[:PAGE_SIZE]
    more_href = ""
    if len(found) > PAGE_SIZE:
        query = {**asked.query, "after": f"{shown[-1].last_on}.{shown[-1].account_id}"}
        more_href = f"{reverse('web:dormant_accounts')}?{urlencode(query)}"
    return [
        Section(
            id="dormant",
            title=gettext("Open accounts that were last used on %(day)s or before") % {"day": formats.day_text(limit)},
            first=_("Last used"),
            columns=[
                Column(label=_("Days ago")),
                Column(label=_("Account"), is_text=True),
                Column(label=_("Balance")),
            ],
            rows=[_row(account, asked) for account in shown],
            empty=_("No open account has been unused for so long."),
            more_href=more_href,
            more_words=_("Accounts that were used later"),
        )
    ]


def _row(account: DormantAccount, asked: Asked) -> Row:
    href = reverse("web:account", args=[account.account_id]) if policy.may_see_customers(asked.by) else ""
    cells: list[Cell] = [
        number_cell((asked.today - account.last_on).days),
        text_cell(f"{mask_name(account.holder)}, {formats.mask_iban(account.iban)}", href=href),
        money_cell(account.balance_minor, account.currency),
    ]
    return Row(head=formats.day_html(account.last_on), cells=cells)


class _Days(forms.IntegerField):
    """A number of days; a year where nothing was typed."""

    def clean(self, value: object) -> int:
        """The number, or the usual one."""
        days: int | None = super().clean(value)
        return _USUAL_DAYS if days is None else days


def _unused_field() -> forms.Field:
    return _Days(
        label=_("Unused for days"),
        required=False,
        min_value=1,
        max_value=_DAYS_AT_MOST,
        widget=forms.NumberInput(attrs={"class": "form-control", "placeholder": str(_USUAL_DAYS)}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), _("Unused for days: enter a whole number from 1 to 36,500.")
        ),
    )


REPORT = Report(
    name="dormant_accounts",
    title=_("Dormant accounts"),
    about=_("Open accounts on which their holders have not moved money for a long time."),
    icon="moon",
    projections=("dormant_accounts",),
    sections=sections,
    lines=files.dormant_accounts_lines,
    currencies=balance_distribution.currencies,
    has_period=False,
    fields={"unused": _unused_field, "after": lambda: _After(required=False)},
)
