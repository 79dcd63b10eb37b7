"""What staff do to an account: freeze, unfreeze, set the overdraft limit, close."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.account import Status
from accounts.account_commands import CloseAccount, FreezeAccount, SetOverdraftLimit, UnfreezeAccount
from accounts.command import Command
from accounts.money import format_minor, parse_amount
from bank.web.formats import iban_html, money_html
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.cash import DepositTask, WithdrawTask
from bank.web.tasks.fields import amount_field, text_field
from bank.web.tasks.task import Answer, Values
from bank.web.tasks.transfer import TransferTask
from ledger.ids import new_id

_SEEN_BY = _("It is kept with the account for ever, and auditors read it.")


class ReasonForm(forms.Form):
    """Why."""

    reason = text_field(_("Reason"), help_text=_SEEN_BY, missing=_("Enter the reason."))


class _ReasonTask(AccountTask):
    form_class = ReasonForm
    command_class: ClassVar[type[FreezeAccount | UnfreezeAccount | CloseAccount]]
    effect: ClassVar[StrOrPromise]

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return self._command(values["reason"], command_id, at)

    def smallest(self) -> Command | None:
        return self._command("", new_id(), self.account.opened_at)

    def answers(self, values: Values) -> list[Answer]:
        account = self.account
        return [
            Answer(label=_("Account"), value=account.name, note=iban_html(account.iban), is_main=True),
            Answer(label=_("Customer"), value=account.customer_name),
            Answer(label=_("Effect"), value=self.effect),
            Answer(label=_("Reason"), value=values["reason"], field="reason"),
        ]

    def _command(self, reason: str, command_id: UUID, at: datetime) -> Command:
        return self.command_class(command_id=command_id, at=at, account_id=self.account.account_id, reason=reason)


class FreezeTask(_ReasonTask):
    """Stop debits."""

    name = "freeze"
    slug = "freeze"
    title = _("Freeze account")
    icon = "snowflake"
    intro = _("Money can still come in, but none can go out until the account is unfrozen.")
    confirm = _("Freeze account")
    check_title = _("Check before you freeze")
    effect = _("Withdrawals and transfers from it are refused. Money can still come in.")
    is_grave = True
    command_class = FreezeAccount

    @property
    def is_relevant(self) -> bool:
        return self.account.status == Status.OPEN


class UnfreezeTask(_ReasonTask):
    """Allow debits again."""

    name = "unfreeze"
    slug = "unfreeze"
    title = _("Unfreeze account")
    icon = "lock-open"
    intro = _("Money can go out again.")
    confirm = _("Unfreeze account")
    check_title = _("Check before you unfreeze")
    effect = _("Withdrawals and transfers from it are possible again.")
    command_class = UnfreezeAccount

    @property
    def is_relevant(self) -> bool:
        return self.account.status == Status.FROZEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A line of a checklist; where it is not met, what is the matter and which tasks help."""

    title: str
    is_met: bool = False
    detail: str = ""
    ways: list[AccountTask] = field(default_factory=list)


class CloseTask(_ReasonTask):
    """Close for ever."""

    name = "close"
    slug = "close"
    title = _("Close account")
    icon = "circle-x"
    intro = _("A closed account takes nothing and pays nothing, and can't be opened again. Its history stays.")
    confirm = _("Close account for ever")
    check_title = _("Check before you close")
    effect = _("Nothing can come in or go out any more. This can't be undone.")
    is_grave = True
    command_class = CloseAccount

    @property
    def is_relevant(self) -> bool:
        return self.account.status != Status.CLOSED

    @property
    def obstacle(self) -> str:
        """The task's own page says what there is to do first: there is a way to it until the account is closed."""
        return "" if self.is_relevant else super().obstacle

    @property
    def conditions(self) -> list[Condition]:
        """What has to be so before the account can be closed, done and to do."""
        conditions = [self._nothing_left(), self._nothing_held()]
        if self.account.status == Status.FROZEN and self.account.balance_minor > 0:
            conditions.insert(0, self._not_frozen())
        return conditions

    @property
    def is_blocked(self) -> bool:
        """Whether something is to be done first. Where this says no, the decider may still say otherwise."""
        return bool(super().obstacle) or not all(condition.is_met for condition in self.conditions)

    def _nothing_left(self) -> Condition:
        minor, title = self.account.balance_minor, gettext("The balance is zero")
        if minor == 0:
            return Condition(title=title, is_met=True)
        amount = money_html(abs(minor), self.account.currency)
        if minor < 0:
            detail = format_html(gettext("The customer owes {}: take that in first."), amount)
            return Condition(title=title, detail=detail, ways=self._ways(DepositTask))
        detail = format_html(gettext("There are {} left: pay them out, or transfer them."), amount)
        return Condition(title=title, detail=detail, ways=self._ways(WithdrawTask, TransferTask))

    def _nothing_held(self) -> Condition:
        account, title = self.account, gettext("Nothing is held")
        if account.held_minor == 0:
            return Condition(title=title, is_met=True)
        amount = money_html(account.held_minor, account.currency)
        return Condition(
            title=title, detail=format_html(gettext("{} are held until they are taken or let go."), amount)
        )

    def _not_frozen(self) -> Condition:
        detail = gettext("The account is frozen: what is left can't go out until it is unfrozen.")
        return Condition(title=gettext("Money can go out"), detail=detail, ways=self._ways(UnfreezeTask))

    def _ways(self, *tasks: type[AccountTask]) -> list[AccountTask]:
        """Those of the tasks that this person could do now."""
        allowed = [task(self.person, self.account) for task in tasks if task.is_allowed(self.person, self.account)]
        return [task for task in allowed if not task.obstacle]


class OverdraftForm(forms.Form):
    """How far below zero."""

    overdraft_limit = amount_field(
        _("Overdraft limit"), _("How far below zero the balance may go. 0 for no overdraft.")
    )


class OverdraftTask(AccountTask):
    """Set the overdraft limit."""

    name = "overdraft"
    slug = "overdraft"
    title = _("Set overdraft limit")
    icon = "gauge"
    confirm = _("Set overdraft limit")
    check_title = _("Check the new limit")
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
                label=_("New limit"),
                value=money_html(limit.minor, account.currency),
                field="overdraft_limit",
                is_main=True,
            ),
            Answer(label=_("Limit now"), value=money_html(account.overdraft_limit_minor, account.currency)),
            Answer(label=_("Account"), value=account.name, note=iban_html(account.iban)),
            Answer(label=_("Customer"), value=account.customer_name),
            Answer(label=_("Available after it"), value=money_html(available, account.currency)),
        ]

    def _command(self, limit: str, command_id: UUID, at: datetime) -> Command:
        return SetOverdraftLimit(
            command_id=command_id,
            at=at,
            account_id=self.account.account_id,
            overdraft_limit=parse_amount(limit, self.account.currency, allow_zero=True, field="overdraft_limit"),
        )
