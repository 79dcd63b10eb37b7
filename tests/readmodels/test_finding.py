"""Finding customers: by beginnings of words and IBANs, in order, by index."""

from uuid import UUID

import pytest
from django.db import connection

from accounts.handler import handle_all
from ledger.ids import new_id
from readmodels import finding
from tests.acting import as_owner
from tests.steps import BY, a_customer, an_account, open_for, register

pytestmark = pytest.mark.django_db(transaction=True)


def found(text: str) -> list[str]:
    return [customer.name for customer in finding.customers(text, 10)]


@pytest.mark.parametrize(
    "text",
    ["jar", "Dvořák", "DVOŘÁK", "dvorak", "dvo jaro", "jaroslav.d", "example", "Dvořák-n", "novak", "  jar  "],
)
def test_every_word_may_be_the_beginning_of_any_word_of_name_and_email(text: str) -> None:
    a_customer("Jaroslav Dvořák-Novák", "jaroslav.d@example.org")
    a_customer("Grace Hopper", "grace@navy.test")
    assert found(text) == ["Jaroslav Dvořák-Novák"]


@pytest.mark.parametrize(
    "text", ["vorak", "jaroslav hopper", "", "  ", "%", "_", "\\", "'", "':*", "& |", "!", "<b>", "•••"]
)
def test_what_begins_no_word_finds_nobody(text: str) -> None:
    a_customer("Jaroslav Dvořák", "j@example.org")
    assert found(text) == []


def test_an_iban_is_found_by_its_beginning_with_that_account_first() -> None:
    customer_id = a_customer("Ada Lovelace")
    ibans = []
    for n in range(5):
        command = open_for(customer_id, name=f"Account {n}")
        handle_all([command], by=BY)
        ibans.append(command.iban)
    an_account()
    (customer,) = finding.customers(ibans[-1], 10)
    assert customer.customer_id == customer_id
    assert customer.ibans == (ibans[-1], *ibans[:2])
    (same,) = finding.customers(f" {ibans[-1][:4].lower()} {ibans[-1][4:12]}", 10)
    assert same.customer_id == customer_id
    assert found(ibans[-1][:4]) != []
    assert found(ibans[-1][:3]) == []  # that many would be nearly all


def test_a_word_that_could_be_an_iban_is_still_a_word() -> None:
    a_customer("Robot", "ab12@example.org")
    assert found("ab12") == ["Robot"]


def test_pages_neither_skip_nor_repeat() -> None:
    commands = [register(f"Zuse {n % 4}") for n in range(10)]
    handle_all(commands, by=BY)
    seen: list[UUID] = []
    while page := finding.customers("zuse", 3, after=seen[-1] if seen else None):
        seen += [customer.customer_id for customer in page]
    assert seen == [c.customer_id for c in sorted(commands, key=lambda c: (c.name, c.customer_id))]


def test_behind_somebody_who_is_not_there_is_nobody() -> None:
    a_customer("Zuse")
    assert finding.customers("zuse", 3, after=new_id()) == []


def test_it_is_found_by_index_in_a_large_bank() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "insert into readmodels_customer (customer_id, name, email, registered_at)"
            " select gen_random_uuid(), md5(n::text), md5(n::text) || '@example.org', now()"
            " from generate_series(1, 20000) n"
        )
        cursor.execute(
            "insert into readmodels_account (account_id, customer_id, iban, name, currency, status, balance_minor,"
            " held_minor, overdraft_limit_minor, version, opened_at) select gen_random_uuid(), customer_id,"
            " 'CZ' || translate(substr(name, 1, 20), 'abcdef', '123456'), 'x', 'EUR', 'open', 0, 0, 0, 1, now()"
            " from readmodels_customer"
        )
        cursor.execute("analyze readmodels_customer, readmodels_account")
        plans = {}
        for text in ("lovelace", "CZ2712"):
            statement, values = finding.statement(text, 26, None)
            cursor.execute(f"explain {statement}", values)
            plans[text] = "\n".join(row[0] for row in cursor.fetchall())
    assert "readmodels_customer_words" in plans["lovelace"]
    assert "readmodels_account_iban_begins" in plans["CZ2712"]
    for plan in plans.values():
        assert "Seq Scan" not in plan
