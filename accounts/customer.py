"""The customer: command, event, state and decider of the people whose accounts these are."""

from datetime import datetime
from typing import assert_never
from uuid import UUID

import msgspec
from msgspec.structs import force_setattr

from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.refusals import CustomerAlreadyRegistered, CustomerIsErased, CustomerNotFound
from accounts.text import NAME_LENGTH, REFERENCE_LENGTH, clean_text
from ledger.codec import event
from ledger.personal import Personal

CATEGORY = "customer"
EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3


@event("CustomerRegistered", version=1)
class CustomerRegistered(msgspec.Struct, frozen=True, kw_only=True):
    """A person became a customer."""

    name: Personal
    email: Personal
    occurred_at: datetime


@event("PersonalDataErased", version=1, erases=True)
class PersonalDataErased(msgspec.Struct, frozen=True, kw_only=True):
    """Who the customer is was erased: the key of the personal data is destroyed with this event."""

    reason: str
    occurred_at: datetime


CustomerEvent = CustomerRegistered | PersonalDataErased


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The folded state of a customer; also its snapshot. No rule needs a name, so none is kept here."""

    customer_id: UUID
    registered_at: datetime
    is_erased: bool = False


class RegisterCustomer(Command, frozen=True, kw_only=True):
    """Register a person as a customer. `email` may be empty where the bank does not know it."""

    customer_id: UUID
    name: str
    email: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "name", clean_text(self.name, "name", max_length=NAME_LENGTH, required=True))
        force_setattr(self, "email", _clean_email(self.email))


class ErasePersonalData(Command, frozen=True, kw_only=True):
    """Forget who a customer is, for ever; what was done with the money stays."""

    customer_id: UUID
    reason: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "reason", clean_text(self.reason, "reason", max_length=REFERENCE_LENGTH))


def evolve(customer: Customer | None, event: CustomerEvent, customer_id: UUID) -> Customer:
    """The state after `event`. History has happened: this never refuses."""
    match event:
        case CustomerRegistered():
            return Customer(customer_id=customer_id, registered_at=event.occurred_at)
        case PersonalDataErased():
            assert customer is not None, "a customer is registered before anything else"
            return msgspec.structs.replace(customer, is_erased=True)
        case _:
            assert_never(event)


def register(customer: Customer | None, command: RegisterCustomer) -> list[CustomerEvent]:
    """Refuses an id that is taken."""
    if customer is not None:
        raise CustomerAlreadyRegistered
    return [CustomerRegistered(name=command.name, email=command.email, occurred_at=command.at)]


def erase(customer: Customer | None, command: ErasePersonalData) -> list[CustomerEvent]:
    """Refuses an unknown customer, and one who is erased already."""
    if customer is None:
        raise CustomerNotFound
    if customer.is_erased:
        raise CustomerIsErased
    return [PersonalDataErased(reason=command.reason, occurred_at=command.at)]


def _clean_email(value: object) -> str:
    """One @ with something around it: whether it is anybody's is for a letter to prove, not for a pattern."""
    email = clean_text(value, "email", max_length=EMAIL_LENGTH)
    local, _, domain = email.rpartition("@")
    if email and (not local or not domain or any(c.isspace() for c in email) or "@" in local):
        raise InvalidCommand("email", "invalid_email", "Enter an email address, such as name@example.com.")
    return email
