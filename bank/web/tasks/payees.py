"""Add a payee, with a hint whether the name fits the account, and remove one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from accounts.aggregates import State
from accounts.command import Command
from accounts.customer import AddPayee, Customer, RemovePayee, payee_id_for
from accounts.iban import parse_iban
from accounts.invalid import InvalidCommand
from bank.identity.models import User
from bank.web.formats import iban_html
from bank.web.name_check import Fit, fit_of
from bank.web.tasks.fields import text_field
from bank.web.tasks.task import Answer, Task, Values
from bank.web.tasks.transfer import UNKNOWN_IBAN
from readmodels import balances, payees
from readmodels.customers import CustomerRow
from readmodels.payees import Payee

_FIT_WORDS: Final[Mapping[Fit, tuple[StrPromise, StrPromise]]] = {
    Fit.MATCHES: (_("Matches"), _("The name fits the holder of this account.")),
    Fit.CLOSE: (
        pgettext_lazy("of a name", "Close"),
        _("The holder of this account has a similar name. Check it with whoever gave you the IBAN."),
    ),
    Fit.DIFFERENT: (
        _("Does not match"),
        _("The holder of this account has another name. Check the IBAN with whoever gave it to you."),
    ),
}


class PayeeForm(forms.Form):
    """Who, and where."""

    name = text_field(
        _("Name"), help_text=_("Of the person or company, as they gave it to you."), missing=_("Enter a name.")
    )
    iban = text_field(_("IBAN"), help_text=_("As printed, with or without spaces."), missing=_("Enter the IBAN."))


class _PayeeTask(Task):
    """What a customer does to the own payees."""

    def __init__(self, person: User, customer: CustomerRow) -> None:
        super().__init__(person)
        self.customer = customer

    @property
    def back_url(self) -> str:
        return reverse("web:payees")

    @property
    def back_label(self) -> str:
        return gettext("Payees")

    def states(self, command: Command) -> dict[UUID, State]:
        del command
        kept = tuple(payee.payee_id for payee in payees.of_customer(self.customer.customer_id))
        state = Customer(
            customer_id=self.customer.customer_id, registered_at=self.customer.registered_at, payee_ids=kept
        )
        return {self.customer.customer_id: state}


class AddPayeeTask(_PayeeTask):
    """Keep somebody to send money to."""

    name = "add_payee"
    title = _("Add payee")
    icon = "user-plus"
    confirm = _("Add payee")
    check_title = _("Check the new payee")
    form_class = PayeeForm
    refused_fields = {"payee_already_added": "iban"}

    @property
    def form_url(self) -> str:
        return reverse("web:add_payee")

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        iban = parse_iban(values["iban"])
        if balances.find_by_iban(iban) is None:
            raise InvalidCommand("iban", "account_not_found", UNKNOWN_IBAN)
        customer_id = self.customer.customer_id
        return AddPayee(
            command_id=command_id,
            at=at,
            customer_id=customer_id,
            payee_id=payee_id_for(customer_id, iban),
            name=values["name"],
            iban=iban,
        )

    def answers(self, values: Values) -> list[Answer]:
        iban = parse_iban(values["iban"])
        account = balances.find_by_iban(iban)
        fit, words = _FIT_WORDS[fit_of(values["name"], account.customer_name if account else "")]
        return [
            Answer(label=_("Name"), value=values["name"], field="name", is_main=True),
            Answer(label=_("IBAN"), value=iban_html(iban), field="iban"),
            Answer(label=_("Name check"), value=fit, note=words),
        ]


class RemovePayeeTask(_PayeeTask):
    """Keep a payee no longer."""

    name = "remove_payee"
    title = _("Remove payee")
    icon = "x"
    confirm = _("Remove payee")
    check_title = _("Check before you remove")
    form_class = forms.Form
    is_one_step = True

    def __init__(self, person: User, customer: CustomerRow, payee: Payee) -> None:
        super().__init__(person, customer)
        self.payee = payee

    @property
    def subject(self) -> str:
        return str(self.payee.payee_id)

    @property
    def form_url(self) -> str:
        return reverse("web:remove_payee", args=[self.payee.payee_id])

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        del values
        return RemovePayee(
            command_id=command_id, at=at, customer_id=self.customer.customer_id, payee_id=self.payee.payee_id
        )

    def answers(self, values: Values) -> list[Answer]:
        del values
        return [
            Answer(label=_("Payee"), value=self.payee.name, is_main=True),
            Answer(label=_("IBAN"), value=iban_html(self.payee.iban)),
        ]
