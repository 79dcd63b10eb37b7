"""No report's page reads a whole table that grows with the bank: as the planner has it with years of rows."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.postings import CONTROL
from readmodels import activity, dormant_accounts, general_ledger, largest_movements
from tests.acting import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, LAST = date(2020, 1, 1), date(2025, 6, 21)  # 2,000 days
FILL = {
    "readmodels_large_movement": """
        insert into readmodels_large_movement
        select c, date '2020-01-01' + d, k, d * 100 + n, n * 977 % 10007 + 1, gen_random_uuid(), 1, null,
               timestamptz '2020-01-01 12:00Z' + d * interval '1 day'
        from generate_series(0, 1999) d, generate_series(1, 8) n, unnest(array['EUR', 'CZK']) c,
             unnest(array['deposit', 'withdrawal', 'transfer_sent']) k
    """,
    "readmodels_last_initiated": """
        insert into readmodels_last_initiated
        select gen_random_uuid(), (array['EUR', 'CZK'])[1 + n % 2], date '2020-01-01' + n / 20
        from generate_series(0, 39999) n
    """,
    "readmodels_activity_hour": """
        insert into readmodels_activity_hour
        select c, date '2020-01-01' + d, h, 1, 1
        from generate_series(0, 1999) d, generate_series(0, 23) h, unnest(array['EUR', 'CZK']) c
    """,
    "readmodels_general_ledger": """
        insert into readmodels_general_ledger
        select a, c, date '2020-01-01' + d, 1, 1, 1
        from generate_series(0, 1999) d, unnest(array['cash', 'customer_deposits', 'transfers_in_transit']) a,
             unnest(array['EUR', 'CZK', 'USD', 'JPY']) c
    """,
}


@pytest.fixture
def years() -> None:
    """A bank's figures of five and a half years."""
    with as_owner(), connection.cursor() as cursor:
        for table, fill in FILL.items():
            cursor.execute(fill)
            cursor.execute(f"analyze {table}")


def plan_of(statement: str, values: dict[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"explain {statement}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


def assert_read_by_index(plan: str, table: str) -> None:
    assert table in plan
    assert f"Seq Scan on {table}" not in plan, plan


@pytest.mark.usefixtures("years")
@pytest.mark.parametrize("days", [1, 30, 365, 2_000])
@pytest.mark.parametrize("kind", [None, "withdrawal"])
def test_the_largest_of_any_period_are_found_by_an_index(days: int, kind: str | None) -> None:
    values = {"currency": "EUR", "from": LAST - timedelta(days=days - 1), "to": LAST, "kind": kind, "limit": 25}
    assert_read_by_index(plan_of(largest_movements._LARGEST, values), "readmodels_large_movement")
    assert len(largest_movements.largest(LAST - timedelta(days=days - 1), LAST, "EUR", kind)) == min(
        25, days * 8 * (3 if kind is None else 1)
    )


@pytest.mark.usefixtures("years")
@pytest.mark.parametrize("currency", [None, "CZK"])
@pytest.mark.parametrize("after_on", [date.min, date(2023, 3, 3)])
def test_a_page_of_dormant_accounts_is_found_by_an_index(currency: str | None, after_on: date) -> None:
    values = {"on": LAST, "currency": currency, "limit": 51, "after_on": after_on, "after_id": UUID(int=0)}
    assert_read_by_index(plan_of(dormant_accounts._PAGE, values), "readmodels_last_initiated")


@pytest.mark.usefixtures("years")
@pytest.mark.parametrize("days", [1, 30, 365])
def test_hours_of_a_period_are_found_by_an_index(days: int) -> None:
    values = {"currency": "EUR", "from": LAST - timedelta(days=days - 1), "to": LAST}
    assert_read_by_index(plan_of(activity._BETWEEN, values), "readmodels_activity_hour")


@pytest.mark.usefixtures("years")
def test_a_class_s_days_are_found_by_an_index() -> None:
    asked = general_ledger._range("EUR", LAST - timedelta(days=29), LAST, CONTROL)
    assert_read_by_index(plan_of(general_ledger._DAYS, asked), "readmodels_general_ledger")
    values = {**asked, "limit": 51, "after_currency": "", "after_class": ""}
    assert_read_by_index(plan_of(general_ledger._STATEMENT, values), "readmodels_general_ledger")
