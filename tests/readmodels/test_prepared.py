"""Rows made without the ORM's steps are what the ORM makes of them."""

from uuid import uuid4

import pytest

from readmodels import prepared
from readmodels.balances import AccountRow
from readmodels.customers import CustomerRow
from tests.steps import an_account


@pytest.mark.django_db(transaction=True)
def test_an_instance_is_what_from_db_makes() -> None:
    row = AccountRow.objects.get(pk=an_account(100))
    names = ("account_id", "iban", "balance_minor")
    values = [getattr(row, name) for name in names]
    made, expected = prepared.instance(AccountRow, names, values), AccountRow.from_db("default", names, values)
    assert made == expected == row
    assert made.get_deferred_fields() == expected.get_deferred_fields()
    assert (made._state.adding, made._state.db) == (expected._state.adding, expected._state.db)
    assert made.currency == row.currency, "what it was not given is looked up"


def test_an_instance_can_be_given_what_its_foreign_keys_lead_to() -> None:
    customer = prepared.instance(CustomerRow, ("customer_id", "name"), (uuid4(), "Ada"))
    row = prepared.instance(AccountRow, ("customer_id",), (customer.pk,), customer=customer)
    assert row.customer is customer
    assert row.customer_name == "Ada"
