"""Snapshots: what loading a stream reads instead of its events, and only as long as they fit the code."""

import time
from uuid import UUID

import pytest
from django.db import connection

from accounts.aggregates import fold
from accounts.deciding import recent
from accounts.handler import handle, handle_all
from accounts.refusals import InsufficientFunds
from ledger.ids import new_id
from ledger.reading import stream_version
from tests.accounts.crowd import Ask, all_at_once, both_ways, said
from tests.accounts.wire import one_fresh_connection, tapped
from tests.steps import BY, a_customer, an_account, deposit, open_for, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def spoil_snapshot(stream_id: UUID, *, schema: int = 0) -> None:
    """As if the state's class had been another one when this was written."""
    recent.clear()  # as another process would find it
    with connection.cursor() as cursor:
        cursor.execute(
            "update ledger_stream set snapshot = %s, snapshot_schema = %s where id = %s",
            ['{"shape": "of long ago"}', schema, stream_id],
        )


@pytest.mark.parametrize("schema", [0, 99])
def test_a_snapshot_of_another_schema_is_folded_again_from_the_events(schema: int) -> None:
    account_id = an_account(100)
    handle(withdraw(account_id, 30), by=BY)
    spoil_snapshot(account_id, schema=schema)
    with pytest.raises(InsufficientFunds) as raised:
        handle(withdraw(account_id, 71), by=BY)
    assert raised.value.fields["available_minor"] == 70
    spoil_snapshot(account_id, schema=schema)
    assert handle(withdraw(account_id, 70), by=BY).accounts[account_id].balance_minor == 0


def test_after_the_next_command_the_snapshot_is_of_todays_schema_again() -> None:
    account_id = an_account(100)
    spoil_snapshot(account_id)
    handle(deposit(account_id, 1), by=BY)
    one_fresh_connection()
    handle(deposit(account_id, 1), by=BY)
    recent.clear()
    with tapped() as wire:
        handle(deposit(account_id, 1), by=BY)
    assert wire.statements == 2


def test_a_customers_snapshot_of_another_schema_is_folded_again_too() -> None:
    customer_id = a_customer()
    spoil_snapshot(customer_id)
    assert handle(open_for(customer_id), by=BY).accepted


def test_a_recorded_outcome_is_told_the_same_though_the_snapshot_is_of_another_schema() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 30)
    first = handle(command, by=BY)
    handle(deposit(account_id, 7), by=BY)
    spoil_snapshot(account_id)
    again = handle(command, by=BY)
    assert again.replayed
    assert again.accounts == first.accounts


def test_snapshots_equal_the_fold_of_all_events() -> None:
    account_id = an_account(100)
    handle_all([deposit(account_id, n) for n in range(1, 30)], by=BY)
    state = handle(withdraw(account_id, 5), by=BY).accounts[account_id]
    assert fold("account", account_id, to=stream_version(account_id)) == state


@both_ways
def test_more_threads_than_connections_can_fold_old_snapshots_at_once(ask: Ask) -> None:
    customer_id = a_customer()
    accounts = [new_id() for _ in range(24)]
    handle_all([open_for(customer_id, account_id=account_id) for account_id in accounts], by=BY)
    for account_id in accounts:
        spoil_snapshot(account_id)
    started = time.monotonic()
    outcomes = all_at_once(
        [lambda account_id=account_id: ask(deposit(account_id, 1)) for account_id in accounts]  # type: ignore[misc]
    )
    assert {said(outcome) for outcome in outcomes} == {"done"}
    assert time.monotonic() - started < 4, "they waited for each other's connections"
