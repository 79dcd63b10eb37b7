"""What a command costs: round trips, statements and commits, counted on the wire and in the rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connection

from accounts.carrying_out import crowd
from accounts.deciding import recent
from accounts.handler import handle, handle_all
from accounts.refusals import InsufficientFunds
from tests.accounts.wire import Wire, one_fresh_connection, tapped
from tests.steps import BY, a_customer, an_account, deposit, open_for, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _one_connection() -> None:
    one_fresh_connection()
    # Whoever lost a race in an earlier test loads everything for a while.
    recent.clear()
    crowd.forget()


@contextmanager
def unknown_streams() -> Iterator[Wire]:
    """What is sent by a process that has not written these streams lately."""
    recent.clear()
    with tapped() as wire:
        yield wire


def writers_of(command_id: UUID) -> list[int]:
    """The transactions that wrote the command's rows, in every table that it touches."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with mine as (select * from ledger_event where metadata ->> 'commandId' = %(id)s)
            select distinct x from (
                select xmin::text::bigint as x from ledger_command where command_id = %(id)s::uuid
                union all select xmin::text::bigint from ledger_event where metadata ->> 'commandId' = %(id)s
                union all select s.xmin::text::bigint from ledger_stream s join mine on mine.stream_id = s.id
                union all
                select a.xmin::text::bigint from readmodels_account a join mine on mine.stream_id = a.account_id
            ) rows
            """,
            {"id": str(command_id)},
        )
        return [row[0] for row in cursor.fetchall()]


def test_a_deposit_takes_two_round_trips_and_one_commit() -> None:
    account_id = an_account(100)
    handle(deposit(account_id, 1), by=BY)
    command = deposit(account_id, 1)
    with unknown_streams() as wire:
        handle(command, by=BY)
    assert wire.round_trips == 2
    assert wire.statements == 2
    assert len(writers_of(command.command_id)) == 1


def test_a_deposit_into_an_account_that_this_process_wrote_last_takes_one_round_trip() -> None:
    account_id = an_account(100)
    handle(deposit(account_id, 1), by=BY)
    command = deposit(account_id, 1)
    with tapped() as wire:
        handle(command, by=BY)
    assert wire.round_trips == 1
    assert wire.statements == 1
    assert len(writers_of(command.command_id)) == 1


def test_even_the_first_deposit_of_a_connection_only_adds_the_preparing_of_its_statements() -> None:
    account_id = an_account()
    one_fresh_connection()
    with unknown_streams() as wire:
        handle(deposit(account_id, 1), by=BY)
    assert wire.statements == 2
    assert wire.round_trips <= 4


def test_a_transfer_writes_two_streams_in_two_round_trips_and_one_commit() -> None:
    source, target = an_account(100), an_account(100)
    handle(transfer(source, target, 1), by=BY)
    command = transfer(source, target, 1)
    with unknown_streams() as wire:
        handle(command, by=BY)
    assert wire.round_trips == 2
    assert len(writers_of(command.command_id)) == 1


def test_opening_an_account_takes_two_round_trips() -> None:
    customer_id = a_customer()
    handle(open_for(customer_id), by=BY)
    with unknown_streams() as wire:
        handle(open_for(customer_id), by=BY)
    assert wire.round_trips == 2


def test_a_refusal_is_recorded_in_two_round_trips() -> None:
    account_id = an_account(100)
    with pytest.raises(InsufficientFunds):
        handle(withdraw(account_id, 101), by=BY)
    with unknown_streams() as wire, pytest.raises(InsufficientFunds):
        handle(withdraw(account_id, 101), by=BY)
    assert wire.round_trips == 2


def test_a_batch_of_a_thousand_takes_as_many_statements_as_a_batch_of_one() -> None:
    accounts = [an_account(100) for _ in range(10)]
    batches = [[deposit(accounts[i % 10], 1) for i in range(size)] for size in (1, 2, 1_000, 1, 1_000)]
    wires = []
    for batch in batches:
        with unknown_streams() as wire:
            handle_all(batch, by=BY)
        wires.append(wire)
    assert [wire.statements for wire in wires] == [2] * 5
    assert [wire.round_trips for wire in wires[-2:]] == [2, 2]


def test_a_batch_of_everything_at_once_is_one_commit() -> None:
    accounts = [an_account(100) for _ in range(4)]
    commands = [
        *(deposit(account_id, 5) for account_id in accounts),
        *(withdraw(account_id, 1_000) for account_id in accounts),
        *(transfer(accounts[i], accounts[i - 1], 3) for i in range(4)),
    ]
    handle_all([deposit(accounts[0], 1)], by=BY)
    with unknown_streams() as wire:
        outcomes = handle_all(commands, by=BY)
    assert [outcome.accepted for outcome in outcomes] == [True] * 4 + [False] * 4 + [True] * 4
    assert wire.statements == 2
    assert len({xid for command in commands for xid in writers_of(command.command_id)}) == 1


def test_a_replay_reads_and_writes_nothing() -> None:
    command = deposit(an_account(), 1)
    handle(command, by=BY)
    before = writers_of(command.command_id)
    with tapped() as wire:
        assert handle(command, by=BY).replayed
    assert wire.statements <= 5
    assert writers_of(command.command_id) == before
