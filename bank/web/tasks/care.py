"""What staff do to an account: freeze, unfreeze, set the overdraft limit, close."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django import forms

from accounts.account import Status
from accounts.account_commands import CloseAccount, FreezeAccount, SetOverdraftLimit, UnfreezeAccount
from accounts.command import Command
from accounts.money import format_minor, parse_amount
from bank.web.formats import iban_html, money_html
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.fields import amount_field, text_field
from bank.web.tasks.task import Answer, Values
from ledger.ids import new_id

_SEEN_BY = "It is kept with the account for ever, and auditors read it."


class ReasonForm(forms.Form):
    """Why."""

    reason = text_field("Reason", help_text=_SEEN_BY, missing="Enter the reason.")


class _ReasonTask(AccountTask):
    form_class = ReasonForm
    command_class: ClassVar[type[FreezeAccount | UnfreezeAccount | CloseAccount]]
    effect: ClassVar[str]

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return self._command(values["reason"], command_id, at)

    def smallest(self) -> Command | None:
        return self._command("", new_id(), self.account.opened_at)

    def answers(self, values: Values) -> list[Answer]:
        account = self.account
        return [
            Answer(label="Account", value=account.name, note=iban_html(account.iban), is_main=True),
            Answer(label="Customer", value=account.customer_name),
            Answer(label="Effect", value=self.effect),
            Answer(label="Reason", value=values["reason"], field="reason"),
        ]

    def _command(self, reason: str, command_id: UUID, at: datetime) -> Command:
        return self.command_class(command_id=command_id, at=at, account_id=self.account.account_id, reason=reason)


class FreezeTask(_ReasonTask):
    """Stop debits."""

    name = "freeze"
    slug = "freeze"
    title = "Freeze account"
    icon = "snowflake"
    intro = "Money can still come in, but none can go out until the account is unfrozen."
    confirm = "Freeze account"
    check_title = "Check before you freeze"
    effect = "Withdrawals and transfers from it are refused. Money can still come in."
    is_grave = True
    command_class = FreezeAccount

    @property
    def is_relevant(self) -> bool:
        return self.account.status == Status.OPEN


class UnfreezeTask(_ReasonTask):
    """Allow debits again."""

    name = "unfreeze"
    slug = "unfreeze"
    title = "Unfreeze account"
    icon = "lock-open"
    intro = "Money can go out again."
    confirm = "Unfreeze account"
    check_title = "Check before you unfreeze"
    effect = "Withdrawals and transfers from it are possible again."
    command_class = UnfreezeAccount

    @property
    def is_relevant(self) -> bool:
        return self.account.status == Status.FROZEN


class CloseTask(_ReasonTask):
    """Close for ever."""

    name = "close"
    slug = "close"
    title = "Close account"
    icon = "circle-x"
    intro = "A closed account takes nothing and pays nothing, and can't be opened again. Its history stays."
    confirm = "Close account for ever"
    check_title = "Check before you close"
    effect = "Nothing can come in or go out any more. This can't be undone."
    is_grave = True
    command_class = CloseAccount

    @property
    def is_relevant(self) -> bool:
        return self.account.status != Status.CLOSED


class OverdraftForm(forms.Form):
    """How far below zero."""

    overdraft_limit = amount_field("Overdraft limit", "How far below zero the balance may go. 0 for no overdraft.")


class OverdraftTask(AccountTask):
    """Set the overdraft limit."""

    name = "overdraft"
    slug = "overdraft"
    title = "Set overdraft limit"
    icon = "gauge"
    confirm = "Set overdraft limit"
    check_title = "Check the new limit"
    form_class = OverdraftForm

    @property
    def is_relevant(self) -> bool:
        return self.account.status != Status.CLOSED

    def first_values(self, query: object) -> Values:
        del query
        return {"overdraft_limit": format_minor(self.account.overdraft_limit_minor, self.account.currency)}

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return self._command(values["overdraft_limit"], command_id, at)

    def smallest(self) -> Command | None:
        return self._command("0", new_id(), self.account.opened_at)

    def answers(self, values: Values) -> list[Answer]:
        account = self.account
        limit = parse_amount(values["overdraft_limit"], account.currency, allow_zero=True)
        available = account.balance_minor - account.held_minor + limit.minor
        return [
            Answer(
                label="New limit",
                value=money_html(limit.minor, account.currency),
                field="overdraft_limit",
                is_main=True,
            ),
            Answer(label="Limit now", value=money_html(account.overdraft_limit_minor, account.currency)),
            Answer(label="Account", value=account.name, note=iban_html(account.iban)),
            Answer(label="Customer", value=account.customer_name),
            Answer(label="Available after it", value=money_html(available, account.currency)),
        ]

    def _command(self, limit: str, command_id: UUID, at: datetime) -> Command:
        return SetOverdraftLimit(
            command_id=command_id,
            at=at,
            account_id=self.account.account_id,
            overdraft_limit=parse_amount(limit, self.account.currency, allow_zero=True, field="overdraft_limit"),
        )
