"""Customers (inline): who banks here."""

from collections.abc import Sequence
from uuid import UUID

from django.db import models

from accounts.customer import CustomerRegistered, PersonalDataErased
from ledger.personal import ERASED
from ledger.projections import InlineProjection, NewEvent
from ledger.rows import Part, Row


class CustomerRow(models.Model):
    """A customer now."""

    customer_id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=254)
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "readmodels_customer"

    def __str__(self) -> str:
        return self.name


_REGISTERED = Part(
    columns="i uuid, n text, e text, t timestamptz",
    sql="""
insert into readmodels_customer (customer_id, name, email, registered_at)
select r.i, r.n, r.e, r.t from {rows}
""",
)
_ERASED = Part(
    columns="i uuid",
    sql=f"""
update readmodels_customer c set name = '{ERASED}', email = '{ERASED}' from {{rows}} where c.customer_id = r.i
""",
)


def rows(events: Sequence[NewEvent]) -> dict[str, list[Row]]:
    """One row a customer who was registered or erased; whoever is both in one batch comes in erased."""
    erased = {new.stream_id for new in events if isinstance(new.event, PersonalDataErased)}
    registered = [
        (
            new.stream_id,
            ERASED if new.stream_id in erased else new.event.name,
            ERASED if new.stream_id in erased else new.event.email,
            new.event.occurred_at,
        )
        for new in events
        if isinstance(new.event, CustomerRegistered)
    ]
    known = erased - {row[0] for row in registered}
    return {"customers_registered": registered, "customers_erased": [(i,) for i in sorted(known, key=str)]}


PROJECTION = InlineProjection(
    name="customers",
    description="Every customer: name, email, since when.",
    tables=("readmodels_customer",),
    parts={"customers_registered": _REGISTERED, "customers_erased": _ERASED},
    rows=rows,
)


def find(customer_id: UUID) -> CustomerRow | None:
    """The customer with this id."""
    return CustomerRow.objects.filter(customer_id=customer_id).first()


def page(limit: int, after: UUID | None = None) -> list[CustomerRow]:
    """Up to `limit` customers by id, behind `after`."""
    customers = CustomerRow.objects.order_by("customer_id")
    if after is not None:
        customers = customers.filter(customer_id__gt=after)
    return list(customers[:limit])
