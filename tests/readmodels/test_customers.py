"""Customers (inline): who banks here."""

from uuid import UUID

import pytest

from accounts.handler import handle_all
from ledger.ids import new_id
from readmodels import customers
from tests.steps import BY, a_customer, do, register

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_customer_shows_at_once() -> None:
    command = register("Ada Lovelace", "ada@example.org")
    do(command)
    row = customers.find(command.customer_id)
    assert row is not None
    assert (row.name, row.email, row.registered_at) == ("Ada Lovelace", "ada@example.org", command.at)
    assert customers.find(new_id()) is None


def test_a_batch_of_customers_shows_at_once() -> None:
    commands = [register(f"Customer {n}") for n in range(50)]
    handle_all(commands, by=BY)
    for command in commands:
        row = customers.find(command.customer_id)
        assert row is not None
        assert row.name == command.name


def test_pages_of_customers_neither_skip_nor_repeat() -> None:
    expected = [a_customer() for _ in range(7)]
    found: list[UUID] = []
    while page := customers.page(3, found[-1] if found else None):
        found += [row.customer_id for row in page]
    assert found == sorted(expected)
