"""Deposit and withdraw: by the customer, and at the cash desk."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.account_commands import Deposit, Withdraw
from accounts.command import Command
from accounts.money import Money, parse_amount
from bank.identity import policy
from bank.web.formats import iban_html, money_html
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.fields import amount_field, reference_field
from bank.web.tasks.task import Answer, Values
from ledger.ids import new_id
from readmodels.balances import AccountRow

CASH_DESK = "cash desk"


class CashForm(forms.Form):
    """An amount and what it is for."""

    amount = amount_field()
    reference = reference_field()


class _CashTask(AccountTask):
    form_class = CashForm
    command_class: ClassVar[type[Deposit | Withdraw]]
    direction: ClassVar[int]
    refused_fields = {"insufficient_funds": "amount", "limit_exceeded": "amount"}

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return self._command(parse_amount(values["amount"], self.account.currency), values["reference"], command_id, at)

    def smallest(self) -> Command | None:
        return self._command(Money(1, self.account.currency), "", new_id(), self.account.opened_at)

    def answers(self, values: Values) -> list[Answer]:
        account = self.account
        amount = parse_amount(values["amount"], account.currency)
        after = account.available_minor + self.direction * amount.minor
        return [
            Answer(label=_("Amount"), value=money_html(amount.minor, account.currency), field="amount", is_main=True),
            Answer(label=_("Account"), value=account.name, note=iban_html(account.iban)),
            *self._customer(),
            Answer(label=_("Reference"), value=values["reference"] or _("None"), field="reference"),
            Answer(label=_("Available after it"), value=money_html(after, account.currency)),
        ]

    def _customer(self) -> list[Answer]:
        if policy.owns(self.person, self.account):
            return []
        return [Answer(label=_("Customer"), value=self.account.customer_name)]

    def _command(self, amount: Money, reference: str, command_id: UUID, at: datetime) -> Command:
        return self.command_class(
            command_id=command_id,
            at=at,
            account_id=self.account.account_id,
            amount=amount,
            reference=reference,
            operation="" if policy.owns(self.person, self.account) else CASH_DESK,
        )


class DepositTask(_CashTask):
    """Put money in."""

    name = "deposit"
    slug = "deposit"
    title = _("Deposit money")
    icon = "banknote-arrow-down"
    confirm = _("Deposit now")
    check_title = _("Check the deposit")
    command_class = Deposit
    direction = 1

    @classmethod
    def is_allowed(cls, person: policy.Person, account: AccountRow) -> bool:
        return policy.may_deposit(person, account)


class WithdrawTask(_CashTask):
    """Take money out."""

    name = "withdraw"
    slug = "withdraw"
    title = _("Withdraw money")
    icon = "banknote-arrow-up"
    confirm = _("Withdraw now")
    check_title = _("Check the withdrawal")
    command_class = Withdraw
    direction = -1

    @classmethod
    def is_allowed(cls, person: policy.Person, account: AccountRow) -> bool:
        return policy.may_debit(person, account)
