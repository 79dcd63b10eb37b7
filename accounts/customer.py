"""The customer: commands, events, state and deciders of the people whose accounts these are, and whom they pay."""

import hashlib
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import force_setattr

from accounts.command import Command
from accounts.iban import parse_iban
from accounts.invalid import InvalidCommand
from accounts.refusals import (
    CustomerAlreadyRegistered,
    CustomerIsErased,
    CustomerNotFound,
    PayeeAlreadyAdded,
    PayeeNotFound,
    TooManyPayees,
)
from accounts.text import NAME_LENGTH, REFERENCE_LENGTH, clean_text
from ledger.codec import event
from ledger.personal import Personal, keyed

CATEGORY = "customer"
EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3
PAYEES_AT_MOST: Final = 100


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


@event("PayeeAdded", version=1)
class PayeeAdded(msgspec.Struct, frozen=True, kw_only=True):
    """The customer keeps somebody to send money to. It is forgotten when the customer is: these are personal data."""

    payee_id: UUID
    name: Personal
    iban: Personal
    occurred_at: datetime


@event("PayeeRemoved", version=1)
class PayeeRemoved(msgspec.Struct, frozen=True, kw_only=True):
    """The customer keeps this payee no longer."""

    payee_id: UUID
    occurred_at: datetime


CustomerEvent = CustomerRegistered | PersonalDataErased | PayeeAdded | PayeeRemoved


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """The folded state of a customer; also its snapshot. No rule needs a name, so none is kept here."""

    customer_id: UUID
    registered_at: datetime
    is_erased: bool = False
    payee_ids: tuple[UUID, ...] = ()


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


class AddPayee(Command, frozen=True, kw_only=True):
    """Keep somebody to send money to, under a name of the customer's own choice. `payee_id`: from `payee_id_for`."""

    customer_id: UUID
    payee_id: UUID
    name: str
    iban: str

    def __post_init__(self) -> None:
        force_setattr(self, "name", clean_text(self.name, "name", max_length=NAME_LENGTH, required=True))
        force_setattr(self, "iban", parse_iban(self.iban))


class RemovePayee(Command, frozen=True, kw_only=True):
    """Keep a payee no longer."""

    customer_id: UUID
    payee_id: UUID


def payee_id_for(customer_id: UUID, iban: str) -> UUID:
    """The id of a customer's payee with this IBAN (compact): the same IBAN twice is seen without being kept readable.

    Keyed, so that nobody finds the IBAN by trying them all, not even once the customer's data are erased.
    """
    return UUID(bytes=keyed(hashlib.sha256(customer_id.bytes + iban.encode()).digest())[:16], version=5)


def evolve(customer: Customer | None, event: CustomerEvent, customer_id: UUID) -> Customer:
    """The state after `event`. History has happened: this never refuses."""
    match event:
        case CustomerRegistered():
            return Customer(customer_id=customer_id, registered_at=event.occurred_at)
        case PersonalDataErased():
            assert customer is not None, "a customer is registered before anything else"
            return msgspec.structs.replace(customer, is_erased=True, payee_ids=())
        case PayeeAdded():
            assert customer is not None, "a customer is registered before anything else"
            return msgspec.structs.replace(customer, payee_ids=(*customer.payee_ids, event.payee_id))
        case PayeeRemoved():
            assert customer is not None, "a customer is registered before anything else"
            kept = tuple(payee_id for payee_id in customer.payee_ids if payee_id != event.payee_id)
            return msgspec.structs.replace(customer, payee_ids=kept)
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


def add_payee(customer: Customer | None, command: AddPayee) -> list[CustomerEvent]:
    """Refuses what `_known` does, an IBAN that is kept already, and more than PAYEES_AT_MOST."""
    known = _known(customer)
    if command.payee_id in known.payee_ids:
        raise PayeeAlreadyAdded
    if len(known.payee_ids) >= PAYEES_AT_MOST:
        raise TooManyPayees(limit=PAYEES_AT_MOST)
    return [PayeeAdded(payee_id=command.payee_id, name=command.name, iban=command.iban, occurred_at=command.at)]


def remove_payee(customer: Customer | None, command: RemovePayee) -> list[CustomerEvent]:
    """Refuses what `_known` does, and a payee that is not kept."""
    if command.payee_id not in _known(customer).payee_ids:
        raise PayeeNotFound
    return [PayeeRemoved(payee_id=command.payee_id, occurred_at=command.at)]


def _known(customer: Customer | None) -> Customer:
    """Refuses an unknown customer, and one who is erased."""
    if customer is None:
        raise CustomerNotFound
    if customer.is_erased:
        raise CustomerIsErased
    return customer


def _clean_email(value: object) -> str:
    """One @ with something around it: whether it is anybody's is for a letter to prove, not for a pattern."""
    email = clean_text(value, "email", max_length=EMAIL_LENGTH)
    local, _, domain = email.rpartition("@")
    if email and (not local or not domain or any(c.isspace() for c in email) or "@" in local):
        raise InvalidCommand("email", "invalid_email", "Enter an email address, such as name@example.com.")
    return email
