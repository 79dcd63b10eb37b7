"""How often each event happened, as a worker counts it."""

import pytest

from ledger.runner import drain
from readmodels import event_counts
from tests.steps import an_account, deposit, do

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_bank")]


def test_each_type_is_counted_with_its_first_and_last_event() -> None:
    account_id = an_account()
    for _ in range(3):
        do(deposit(account_id, 1_00))
    drain()
    do(deposit(account_id, 1_00))
    drain()
    counts = event_counts.counts()
    assert {name: sum(row.count for row in rows) for name, rows in counts.items()} == {
        "CustomerRegistered": 1,
        "AccountOpened": 1,
        "DepositMade": 4,
    }
    (deposits,) = counts["DepositMade"]
    assert deposits.schema_version == 1
    assert (deposits.first_position, deposits.last_position) == (3, 6)
    assert event_counts.last_of([deposits]) == deposits.last_recorded_at > deposits.first_recorded_at


def test_nothing_is_counted_where_nothing_happened() -> None:
    drain()
    assert event_counts.counts() == {}
    assert event_counts.last_of([]) is None
