"""People, tokens, customers and accounts as tests of the API need them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.account_commands import Deposit, OpenAccount
from accounts.customer import RegisterCustomer
from accounts.handler import Actor, handle
from accounts.iban import iban_for
from accounts.money import Money
from bank.api.scopes import Scope, scopes_for
from bank.api.tokens import issue_token
from bank.identity.models import User
from ledger.ids import new_id
from tests.api.client import Api

BY = Actor(id="system:test", channel="job")


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a test made."""

    id: UUID
    iban: str
    customer_id: UUID

    @property
    def path(self) -> str:
        return f"/accounts/{self.id}"


def a_user(*roles: str, customer_id: UUID | None = None) -> User:
    """A person with these roles, with a name of its own."""
    return User.objects.create(username=f"person-{new_id()}", roles=list(roles), customer_id=customer_id)


def api_of(user: User, *scopes: str) -> Api:
    """A client with a token of this person: of these scopes, or of all that are of use."""
    wanted = [Scope(scope) for scope in scopes] if scopes else scopes_for(user)
    _, secret = issue_token(user, label="test", scopes=wanted, lifetime=timedelta(days=1))
    return Api(secret)


def a_customer(name: str = "Ada Lovelace") -> UUID:
    """A registered customer."""
    customer_id = new_id()
    handle(RegisterCustomer(command_id=new_id(), at=timezone.now(), customer_id=customer_id, name=name), by=BY)
    return customer_id


def an_account(
    customer_id: UUID, minor: int = 0, *, currency: str = "EUR", overdraft_minor: int = 0, name: str = "Everyday"
) -> Account:
    """An open account with this balance."""
    account_id = new_id()
    opening = OpenAccount(
        command_id=new_id(),
        at=timezone.now(),
        account_id=account_id,
        customer_id=customer_id,
        iban=iban_for(account_id),
        name=name,
        currency=currency,
        overdraft_limit_minor=overdraft_minor,
    )
    handle(opening, by=BY)
    if minor:
        amount = Money(minor, currency)
        handle(Deposit(command_id=new_id(), at=timezone.now(), account_id=account_id, amount=amount), by=BY)
    return Account(account_id, opening.iban, customer_id)
