"""Payees (live): whom a customer keeps to send money to, folded from the customer's own stream when asked.

No table holds them: they are personal data, and so there is no second place in which to erase them.
"""

from uuid import UUID

import msgspec

from accounts.customer import PayeeAdded, PayeeRemoved, PersonalDataErased
from ledger.projections import LiveProjection
from ledger.reading import read_stream

PROJECTION = LiveProjection(
    name="payees",
    description="Whom a customer keeps to send money to, and under which name.",
    types=frozenset({"PayeeAdded", "PayeeRemoved", "PersonalDataErased"}),
)


class Payee(msgspec.Struct, frozen=True):
    """Somebody to send money to, under the name that the customer chose."""

    payee_id: UUID
    name: str
    iban: str


def of_customer(customer_id: UUID) -> list[Payee]:
    """The customer's payees, by name. Raises EventsDetached where the customer's events are archived."""
    kept: dict[UUID, Payee] = {}
    for event in read_stream(customer_id):
        match event.data:
            case PayeeAdded(payee_id=payee_id, name=name, iban=iban):
                kept[payee_id] = Payee(payee_id, name, iban)
            case PayeeRemoved(payee_id=payee_id):
                kept.pop(payee_id, None)
            case PersonalDataErased():
                kept.clear()
            case _:
                pass  # the registration adds none
    return sorted(kept.values(), key=lambda payee: (payee.name.casefold(), payee.iban))


def find(customer_id: UUID, payee_id: UUID) -> Payee | None:
    """One of the customer's payees."""
    return next((payee for payee in of_customer(customer_id) if payee.payee_id == payee_id), None)
