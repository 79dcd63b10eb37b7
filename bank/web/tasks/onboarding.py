"""Register a customer, and open an account for one."""

from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from babel.numbers import get_currency_name
from django import forms
from django.http import HttpRequest
from django.urls import reverse

from accounts.account_commands import OpenAccount
from accounts.aggregates import State
from accounts.command import Command
from accounts.customer import Customer, RegisterCustomer
from accounts.iban import iban_for
from accounts.money import CURRENCIES, parse_amount
from accounts.outcome import Outcome
from bank.identity.invitations import invite
from bank.identity.models import User
from bank.web.formats import money_html
from bank.web.tasks.fields import amount_field, text_field
from bank.web.tasks.task import Answer, Task, Values
from ledger.ids import derived_id
from readmodels import customers
from readmodels.customers import CustomerRow

_FIRST_CURRENCIES: Final = ("EUR", "CHF", "CZK", "GBP", "USD")


class RegisterForm(forms.Form):
    """Who."""

    name = text_field("Name", help_text="As in the person's papers.", missing="Enter the person's name.")
    email = text_field("Email (optional)", required=False, help_text="To send letters to, such as name@example.com.")


class RegisterTask(Task):
    """Make a person a customer."""

    name = "register"
    title = "Register customer"
    icon = "user-plus"
    confirm = "Register customer"
    check_title = "Check the new customer"
    form_class = RegisterForm

    @property
    def form_url(self) -> str:
        return reverse("web:register")

    @property
    def back_url(self) -> str:
        return reverse("web:find_customer")

    @property
    def back_label(self) -> str:
        return "Customers"

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
            Answer(label="Name", value=values["name"], field="name", is_main=True),
            Answer(label="Email", value=values["email"] or "None", field="email"),
        ]

    def done(self, request: HttpRequest, outcome: Outcome) -> None:
        """The customer is invited at once: the receipt has the link."""
        for customer_id in outcome.customers:
            customer = customers.find(customer_id)
            if customer is not None:
                invite(request, customer, self.person)


class OpenForm(forms.Form):
    """Which kind of account."""

    name = text_field("Name of the account", help_text="Such as Everyday account.", missing="Enter a name.")
    currency = forms.ChoiceField(
        label="Currency",
        help_text="It can't be changed later.",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": "Choose a currency.", "invalid_choice": "Choose a currency of the list."},
    )
    overdraft_limit = amount_field("Overdraft limit", "How far below zero the balance may go. 0 for no overdraft.")

    def __init__(self, data: object = None, *, initial: dict[str, str]) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        currency = self.fields["currency"]
        assert isinstance(currency, forms.ChoiceField)
        currency.choices = currency_choices()


class OpenAccountTask(Task):
    """Open an account for a customer."""

    name = "open_account"
    title = "Open account"
    icon = "wallet"
    confirm = "Open account"
    check_title = "Check the new account"
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

    def states(self, command: Command) -> dict[UUID, State]:
        del command
        customer = self.customer
        state = Customer(customer_id=customer.customer_id, registered_at=customer.registered_at)
        return {customer.customer_id: state}

    def answers(self, values: Values) -> list[Answer]:
        currency = values["currency"]
        limit = parse_amount(values["overdraft_limit"], currency, allow_zero=True)
        return [
            Answer(label="Name of the account", value=values["name"], field="name", is_main=True),
            Answer(label="Customer", value=self.customer.name),
            Answer(label="Currency", value=dict(currency_choices())[currency], field="currency"),
            Answer(
                label="Overdraft limit",
                value=money_html(limit.minor, currency),
                field="overdraft_limit",
            ),
        ]


@lru_cache(maxsize=1)
def currency_choices() -> list[tuple[str, str]]:
    """(code, "EUR: Euro"): those most asked for first, then all others."""
    rest = [code for code in CURRENCIES if code not in _FIRST_CURRENCIES]
    return [(code, f"{code}: {get_currency_name(code, locale='en')}") for code in (*_FIRST_CURRENCIES, *rest)]
