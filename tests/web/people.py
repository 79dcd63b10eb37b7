"""People with log-ins, for tests of what each of them may see and do."""

from dataclasses import dataclass
from uuid import UUID

from accounts.customer import AddPayee, payee_id_for
from bank.identity.models import Role, User
from readmodels import balances
from readmodels.balances import AccountRow
from tests.spec import envelope
from tests.steps import a_customer, an_account, do


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer with a log-in and one account."""

    user: User
    customer_id: UUID
    account_id: UUID

    @property
    def account(self) -> AccountRow:
        """The account as it is now."""
        account = balances.find(self.account_id)
        assert account is not None
        return account


def a_login(username: str, *roles: Role, customer_id: UUID | None = None) -> User:
    """Somebody who can sign in; without a password that anyone could type."""
    return User.objects.create(username=username, roles=list(roles), customer_id=customer_id, password="!")


def a_customer_with_login(username: str, name: str, *, balance_minor: int = 0) -> Customer:
    """A registered customer with an account and a log-in."""
    customer_id = a_customer(name, f"{username}@example.org")
    account_id = an_account(balance_minor, customer_id=customer_id, name=f"Everyday {username}")
    user = a_login(username, Role.CUSTOMER, customer_id=customer_id)
    return Customer(user=user, customer_id=customer_id, account_id=account_id)


def add_payee(customer_id: UUID, name: str, iban: str) -> UUID:
    """A payee of the customer."""
    payee_id = payee_id_for(customer_id, iban)
    do(AddPayee(customer_id=customer_id, payee_id=payee_id, name=name, iban=iban, **envelope()))
    return payee_id
