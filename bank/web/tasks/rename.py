"""Rename an account: by its owner, or by staff at the counter."""

from datetime import datetime
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.account import Status
from accounts.account_commands import RenameAccount
from accounts.command import Command
from bank.identity import policy
from bank.web.formats import iban_html
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.fields import text_field
from bank.web.tasks.task import Answer, Values
from ledger.ids import new_id
from readmodels.balances import AccountRow


class RenameForm(forms.Form):
    """By which name."""

    name = text_field(_("New name"), help_text=_("Such as Holidays."), missing=_("Enter the new name."))


class RenameTask(AccountTask):
    """Call it by another name."""

    name = "rename"
    slug = "rename"
    title = _("Rename account")
    icon = "pencil"
    intro = _("The name is how you and the bank call this account. Whoever sends money to it uses the IBAN.")
    confirm = _("Rename account")
    check_title = _("Check the new name")
    form_class = RenameForm
    refused_fields = {"name_unchanged": "name"}

    @classmethod
    def is_allowed(cls, person: policy.Person, account: AccountRow) -> bool:
        return policy.may_rename(person, account)

    @property
    def is_relevant(self) -> bool:
        return self.account.status != Status.CLOSED

    def first_values(self, query: object) -> Values:
        del query
        return {"name": self.account.name}

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return RenameAccount(command_id=command_id, at=at, account_id=self.account.account_id, name=values["name"])

    def smallest(self) -> Command | None:
        """Any other name."""
        other = "A" if self.account.name != "A" else "B"
        return self.command({"name": other}, new_id(), self.account.opened_at)

    def answers(self, values: Values) -> list[Answer]:
        account = self.account
        return [
            Answer(label=_("New name"), value=values["name"], field="name", is_main=True),
            Answer(label=_("Name now"), value=account.name, note=iban_html(account.iban)),
            *self._customer(),
        ]

    def _customer(self) -> list[Answer]:
        if policy.owns(self.person, self.account):
            return []
        return [Answer(label=_("Customer"), value=self.account.customer_name)]
