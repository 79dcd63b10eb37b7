"""The customer: command, event, state and decider of the people whose accounts these are."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import force_setattr

from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.refusals import CustomerAlreadyRegistered
from accounts.text import NAME_LENGTH, clean_text
from ledger.codec import event

CATEGORY = "customer"
EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3


@event("CustomerRegistered", version=1)
class CustomerRegistered(msgspec.Struct, frozen=True, kw_only=True):
    """A person became a customer."""

    name: str
    email: str
    occurred_at: datetime


CustomerEvent = CustomerRegistered


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The folded state of a customer; also its snapshot."""

    customer_id: UUID
    name: str
    email: str
    registered_at: datetime


class RegisterCustomer(Command, frozen=True, kw_only=True):
    """Register a person as a customer. `email` may be empty where the bank does not know it."""

    customer_id: UUID
    name: str
    email: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "name", clean_text(self.name, "name", max_length=NAME_LENGTH, required=True))
        force_setattr(self, "email", _clean_email(self.email))


def evolve(_customer: Customer | None, event: CustomerEvent, customer_id: UUID) -> Customer:
    """The state after `event`."""
    return Customer(customer_id=customer_id, name=event.name, email=event.email, registered_at=event.occurred_at)


def register(customer: Customer | None, command: RegisterCustomer) -> list[CustomerEvent]:
    """Refuses an id that is taken."""
    if customer is not None:
        raise CustomerAlreadyRegistered
    return [CustomerRegistered(name=command.name, email=command.email, occurred_at=command.at)]


def _clean_email(value: object) -> str:
    """One @ with something around it: whether it is anybody's is for a letter to prove, not for a pattern."""
    email = clean_text(value, "email", max_length=EMAIL_LENGTH)
    local, _, domain = email.rpartition("@")
    if email and (not local or not domain or any(c.isspace() for c in email) or "@" in local):
        raise InvalidCommand("email", "invalid_email", "Enter an email address, such as name@example.com.")
    return email
