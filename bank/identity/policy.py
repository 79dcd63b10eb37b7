"""The one policy module: who may see and do what, asked by web and API alike."""

from typing import Final, Protocol
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.handler import Actor
from bank.identity.models import Role, User

Person = User | AnonymousUser

_STAFF: Final = frozenset({Role.TELLER, Role.ADMIN})
_STAFF_ROLES: Final = frozenset(Role) - {Role.CUSTOMER}


class OwnedByCustomer(Protocol):
    """Whatever belongs to one customer: an account's row, or its folded state."""

    @property
    def customer_id(self) -> UUID: ...


def owns(person: Person, account: OwnedByCustomer) -> bool:
    """Whether the account belongs to the customer whose log-in this is."""
    return customer_of(person) == account.customer_id


def customer_of(person: Person) -> UUID | None:
    """The customer whose log-in this is; None for everybody else."""
    if not isinstance(person, User) or not _has(person, Role.CUSTOMER):
        return None
    return person.customer_id


def banks_here(person: Person) -> bool:
    """Customers: they have an overview of their own, and are notified of what happens."""
    return customer_of(person) is not None


def may_keep_payees(person: Person) -> bool:
    """Each customer keeps the own payees, and sees nobody else's."""
    return customer_of(person) is not None


def lacks_second_factor(person: Person) -> bool:
    """Whether the roles of staff count for nothing yet, because the bank requires a second factor for them."""
    return (
        bool(settings.REQUIRE_SECOND_FACTOR_FOR_STAFF)
        and isinstance(person, User)
        and not _STAFF_ROLES.isdisjoint(person.roles)
        and not person.has_second_factor
    )


def may_enter_admin(person: Person) -> bool:
    """Besides Django's own flags. Who has no role, such as the first superuser, needs the second factor, too."""
    return not settings.REQUIRE_SECOND_FACTOR_FOR_STAFF or (isinstance(person, User) and person.has_second_factor)


def may_see_account(person: Person, account: OwnedByCustomer) -> bool:
    """Owners, staff and auditors. To everybody else the account does not exist (404)."""
    return owns(person, account) or may_see_customers(person)


def may_debit(person: Person, account: OwnedByCustomer) -> bool:
    """Withdraw and transfer: owners, and staff at the cash desk."""
    return owns(person, account) or may_run_cash_desk(person)


def may_deposit(person: Person, account: OwnedByCustomer) -> bool:
    """Staff at the cash desk; owners only where the bank lets them, as in the demo."""
    return may_run_cash_desk(person) or may_deposit_own(person, account)


def may_deposit_own(person: Person, account: OwnedByCustomer) -> bool:
    """Owners, without the cash desk: only where the bank lets them."""
    return bool(settings.SELF_SERVICE_DEPOSITS) and owns(person, account)


def may_rename(person: Person, account: OwnedByCustomer) -> bool:
    """Owners, and staff for them at the counter."""
    return owns(person, account) or may_serve_customers(person)


def may_see_customers(person: Person) -> bool:
    """Look up any customer and account."""
    return may_serve_customers(person) or _has(person, Role.AUDITOR)


def may_serve_customers(person: Person) -> bool:
    """Register customers, open, freeze and close accounts, set overdraft limits."""
    return _has(person, *_STAFF)


def may_run_cash_desk(person: Person) -> bool:
    """Take in and pay out money for any customer."""
    return _has(person, *_STAFF)


def may_audit(person: Person) -> bool:
    """Read every event and every command."""
    return _has(person, Role.AUDITOR, Role.ADMIN)


def may_read_tables(person: Person) -> bool:
    """The record as it is stored, in Django's admin: auditors for whom Django's own flag opens that door."""
    return may_audit(person) and person.is_staff and may_enter_admin(person)


def may_see_reports(person: Person) -> bool:
    """Figures over all customers: everybody who works here."""
    return _has(person, Role.TELLER, Role.AUDITOR, Role.OPERATIONS, Role.ADMIN)


def may_see_reconciliation(person: Person) -> bool:
    """Whether what the bank keeps twice agrees: for those who keep it running, and those who audit it."""
    return may_operate(person) or may_audit(person)


def may_see_system(person: Person) -> bool:
    """How the bank is built: everybody who works here."""
    return may_see_reports(person)


def may_operate(person: Person) -> bool:
    """Steer projections and jobs."""
    return _has(person, Role.OPERATIONS, Role.ADMIN)


def actor_of(person: User, channel: str) -> Actor:
    """Who stands behind a command sent through `channel` ("web" or "api")."""
    return Actor(id=f"user:{person.pk}", channel=channel)


def _has(person: Person, *roles: Role) -> bool:
    if not isinstance(person, User) or not person.is_active:
        return False
    held = frozenset(roles).intersection(person.roles)
    return bool(held) and (not held <= _STAFF_ROLES or not lacks_second_factor(person))
