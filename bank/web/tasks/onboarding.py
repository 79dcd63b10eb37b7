"""Register a customer, and open an account for one."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.account_commands import OpenAccount
from accounts.aggregates import State
from accounts.command import Command
from accounts.customer import Customer, RegisterCustomer
from accounts.iban import iban_for
from accounts.money import CURRENCIES, parse_amount
from accounts.outcome import Outcome
from bank.identity.invitations import invite
from bank.identity.models import User
from bank.web.formats import currency_name, money_html
from bank.web.tasks.fields import amount_field, text_field
from bank.web.tasks.task import Answer, Task, Values
from ledger.ids import derived_id, new_id
from ledger.personal import ERASED
from readmodels import customers
from readmodels.customers import CustomerRow

_FIRST_CURRENCIES: Final = ("EUR", "CHF", "CZK", "GBP", "USD")


class RegisterForm(forms.Form):
    """Who."""

    name = text_field(_("Name"), help_text=_("As in the person's papers."), missing=_("Enter the person's name."))
    email = text_field(
        _("Email (optional)"), required=False, help_text=_("To send letters to, such as name@example.com.")
    )


class RegisterTask(Task):
    """Make a person a customer."""

    name = "register"
    title = _("Register customer")
    icon = "user-plus"
    confirm = _("Register customer")
    check_title = _("Check the new customer")
    form_class = RegisterForm

    @property
    def form_url(self) -> str:
        return reverse("web:register")

    @property
    def back_url(self) -> str:
        return reverse("web:find_customer")

    @property
    def back_label(self) -> str:
        return gettext("Customers")

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return RegisterCustomer(
            command_id=command_id,
            at=at,
            customer_id=derived_id(command_id, "customer"),
            name=values["name"],
            email=values["email"],
        )

    def answers(self, values: Values) -> list[Answer]:
        return [
            Answer(label=_("Name"), value=values["name"], field="name", is_main=True),
            Answer(label=_("Email"), value=values["email"] or _("None"), field="email"),
        ]

    def done(self, request: HttpRequest, outcome: Outcome) -> None:
        """The customer is invited at once: the receipt has the link."""
        for customer_id in outcome.customers:
            customer = customers.find(customer_id)
            if customer is not None:
                invite(request, customer, self.person)


class OpenForm(forms.Form):
    """Which kind of account."""

    name = text_field(_("Name of the account"), help_text=_("Such as Everyday account."), missing=_("Enter a name."))
    currency = forms.ChoiceField(
        label=_("Currency"),
        help_text=_("It can't be changed later."),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": _("Choose a currency."), "invalid_choice": _("Choose a currency of the list.")},
    )
    overdraft_limit = amount_field(
        _("Overdraft limit"), _("How far below zero the balance may go. 0 for no overdraft.")
    )

    def __init__(self, data: object = None, *, initial: dict[str, str]) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        currency = self.fields["currency"]
        assert isinstance(currency, forms.ChoiceField)
        currency.choices = currency_choices()


class OpenAccountTask(Task):
    """Open an account for a customer."""

    name = "open_account"
    title = _("Open account")
    icon = "wallet"
    confirm = _("Open account")
    check_title = _("Check the new account")
    form_class = OpenForm

    def __init__(self, person: User, customer: CustomerRow) -> None:
        super().__init__(person)
        self.customer = customer

    @property
    def subject(self) -> str:
        return str(self.customer.customer_id)

    @property
    def form_url(self) -> str:
        return reverse("web:open_account", args=[self.customer.customer_id])

    @property
    def back_url(self) -> str:
        return reverse("web:customer", args=[self.customer.customer_id])

    @property
    def back_label(self) -> str:
        return self.customer.name

    def first_values(self, query: object) -> Values:
        del query
        return {"currency": _FIRST_CURRENCIES[0], "overdraft_limit": "0"}

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        account_id = derived_id(command_id, "account")
        limit = parse_amount(values["overdraft_limit"], values["currency"], allow_zero=True, field="overdraft_limit")
        return OpenAccount(
            command_id=command_id,
            at=at,
            account_id=account_id,
            customer_id=self.customer.customer_id,
            iban=iban_for(account_id),
            name=values["name"],
            currency=values["currency"],
            overdraft_limit_minor=limit.minor,
        )

    def smallest(self) -> Command | None:
        values = {"name": "Everyday", "currency": _FIRST_CURRENCIES[0], "overdraft_limit": "0"}
        return self.command(values, new_id(), self.customer.registered_at)

    def states(self, command: Command) -> dict[UUID, State]:
        del command
        customer = self.customer
        is_erased = customer.name == ERASED
        state = Customer(customer_id=customer.customer_id, registered_at=customer.registered_at, is_erased=is_erased)
        return {customer.customer_id: state}

    def answers(self, values: Values) -> list[Answer]:
        currency = values["currency"]
        limit = parse_amount(values["overdraft_limit"], currency, allow_zero=True)
        return [
            Answer(label=_("Name of the account"), value=values["name"], field="name", is_main=True),
            Answer(label=_("Customer"), value=self.customer.name),
            Answer(label=_("Currency"), value=dict(currency_choices())[currency], field="currency"),
            Answer(
                label=_("Overdraft limit"),
                value=money_html(limit.minor, currency),
                field="overdraft_limit",
            ),
        ]


def currency_choices() -> list[tuple[str, str]]:
    """(code, "EUR: Euro"): those most asked for first, then all others."""
    rest = [code for code in CURRENCIES if code not in _FIRST_CURRENCIES]
    return [(code, f"{code}: {currency_name(code)}") for code in (*_FIRST_CURRENCIES, *rest)]
