"""States that this process wrote lately save the load, and never decide anything that the record would not."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection

from accounts.account_commands import FreezeAccount
from accounts.command import Command
from accounts.customer import ErasePersonalData
from accounts.deciding import offer_recent, recent
from accounts.handler import BatchRefused, Outcome, find_outcome, handle, handle_all
from accounts.recent import Recent, RecentStates
from accounts.refusals import AccountIsFrozen, CustomerIsErased, InsufficientFunds
from ledger.connections import cursor, server
from ledger.errors import VersionConflict
from ledger.ids import new_id
from ledger.store import load
from tests.accounts.wire import one_fresh_connection, tapped
from tests.steps import BY, a_customer, an_account, deposit, open_for, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _knows_nothing() -> Iterator[None]:
    recent.clear()
    one_fresh_connection()
    yield
    recent.clear()


def elsewhere(command: Command) -> Outcome:
    """The command carried out by another process: this one still has what it knew."""
    known, recent._streams = dict(recent._streams), {}
    outcome = handle(command, by=BY)
    recent._streams = known
    return outcome


def balance(account_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select balance_minor from readmodels_account where account_id = %s", [account_id])
        return int(cursor.fetchone()[0])


def test_a_command_on_a_state_that_another_process_moved_is_decided_on_the_true_one() -> None:
    account_id = an_account(100)
    elsewhere(deposit(account_id, 50))
    outcome = handle(deposit(account_id, 1), by=BY)
    assert outcome.accounts[account_id].balance_minor == 151
    assert balance(account_id) == 151


def test_what_only_the_old_state_would_refuse_is_accepted() -> None:
    account_id = an_account(100)
    elsewhere(deposit(account_id, 50))
    assert handle(withdraw(account_id, 150), by=BY).accepted
    assert balance(account_id) == 0


def test_what_only_the_old_state_would_accept_is_refused() -> None:
    account_id = an_account(100)
    elsewhere(FreezeAccount(command_id=new_id(), at=datetime.now(UTC), account_id=account_id))
    with pytest.raises(AccountIsFrozen):
        handle(withdraw(account_id, 1), by=BY)


def test_a_refusal_is_never_decided_on_what_was_not_loaded() -> None:
    account_id = an_account(100)
    with tapped() as wire, pytest.raises(InsufficientFunds):
        handle(withdraw(account_id, 101), by=BY)
    assert wire.statements == 2


def test_a_version_that_a_client_names_is_compared_with_the_true_one() -> None:
    account_id = an_account(100)
    version = handle(deposit(account_id, 1), by=BY).versions[account_id]
    elsewhere(deposit(account_id, 1))
    with pytest.raises(VersionConflict):
        handle(deposit(account_id, 1), by=BY, expected_version=version)
    assert handle(deposit(account_id, 1), by=BY, expected_version=version + 1).accepted


def test_nothing_is_opened_for_a_customer_who_was_erased_elsewhere() -> None:
    customer_id = a_customer()
    handle(open_for(customer_id), by=BY)
    elsewhere(ErasePersonalData(command_id=new_id(), at=datetime.now(UTC), customer_id=customer_id))
    with pytest.raises(CustomerIsErased):
        handle(open_for(customer_id), by=BY)


def test_all_or_nothing_is_refused_by_the_true_state_only() -> None:
    source, target = an_account(100), an_account(0)
    elsewhere(deposit(source, 50))
    assert handle_all([transfer(source, target, 150)], by=BY, all_or_nothing=True)[0].accepted
    with pytest.raises(BatchRefused):
        handle_all([transfer(source, target, 1)], by=BY, all_or_nothing=True)


def test_a_command_that_comes_again_gets_its_outcome_from_a_state_that_moved_on() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 60)
    handle(command, by=BY)
    handle(deposit(account_id, 60), by=BY)
    again = handle(command, by=BY)
    assert again.replayed
    assert balance(account_id) == 100
    assert find_outcome(command.command_id) is not None


def test_a_batch_on_known_states_is_one_statement() -> None:
    accounts = [an_account(100) for _ in range(3)]
    with tapped() as wire:
        outcomes = handle_all([transfer(accounts[i], accounts[i - 1], 5) for i in range(3)], by=BY)
    assert all(outcome.accepted for outcome in outcomes)
    assert wire.statements == 1


def known(*ids: UUID) -> dict[UUID, Recent]:
    return {i: Recent("account", 1, None) for i in ids}


def test_it_keeps_the_streams_that_were_written_last() -> None:
    states, ids = RecentStates(max_streams=10), [new_id() for _ in range(30)]
    for i in ids:
        states.keep(known(i))
        states.keep(known(ids[0]))
    assert states.find([ids[0], ids[-1]]) is not None
    assert states.find([ids[1]]) is None
    assert len(states._streams) <= 10


def test_after_each_lost_race_it_rests_twice_as_long_and_comes_back() -> None:
    states, stream_id = RecentStates(), new_id()
    looks = []
    for _ in range(4):
        states.keep(known(stream_id))
        states._pause += 1  # what keeping took off
        states.lost_race([stream_id])
        states._streams.update(known(stream_id))
        count = 0
        while states.find([stream_id]) is None:
            count += 1
        looks.append(count)
    assert looks == sorted(looks)
    assert looks[-1] >= 2 * looks[0] > 0
    assert states.find([stream_id]) is not None


def test_a_lost_race_about_streams_that_it_did_not_know_is_none_of_its() -> None:
    states, stream_id = RecentStates(), new_id()
    states.keep(known(stream_id))
    states.lost_race([new_id()])
    assert states.find([stream_id]) is not None


def test_threads_that_take_streams_out_and_put_them_in_harm_nobody_who_looks() -> None:
    states, ids = RecentStates(), [new_id() for _ in range(20)]
    end = time.monotonic() + 0.5

    def write() -> None:
        while time.monotonic() < end:
            states.keep(known(*ids))

    def look() -> int:
        count = 0
        while time.monotonic() < end:
            found = states.find(ids)
            assert found is None or len(found) == len(ids)
            count += 1
        return count

    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(3) as threads:
            writing, *looking = [threads.submit(write), threads.submit(look), threads.submit(look)]
        writing.result()
        assert all(done.result() for done in looking)
    finally:
        sys.setswitchinterval(switch_interval)


def test_what_somebody_has_just_read_is_taken_unless_as_much_is_known() -> None:
    states, stream_id = RecentStates(), new_id()
    states.offer(stream_id, Recent("account", 3, "third"))
    states.offer(stream_id, Recent("account", 2, "second"))
    assert states.find([stream_id]) == {stream_id: Recent("account", 3, "third")}
    states.offer(stream_id, Recent("account", 4, "fourth"))
    assert states.find([stream_id]) == {stream_id: Recent("account", 4, "fourth")}


def test_a_head_that_was_read_for_another_reason_spares_the_load() -> None:
    account_id = an_account(100)
    recent.clear()
    with cursor() as cur:
        head = load(cur, [account_id])[account_id]
    offer_recent(account_id, head)
    with tapped() as wire:
        outcome = handle(deposit(account_id, 1), by=BY)
    assert outcome.accounts[account_id].balance_minor == 101
    assert wire.statements == 1


def test_a_head_that_is_out_of_date_costs_a_lost_race_and_no_more() -> None:
    account_id = an_account(100)
    with cursor() as cur:
        head = load(cur, [account_id])[account_id]
    elsewhere(deposit(account_id, 50))
    recent.clear()
    offer_recent(account_id, head)
    assert handle(deposit(account_id, 1), by=BY).accounts[account_id].balance_minor == 151


def test_what_was_known_of_one_server_is_forgotten_at_another() -> None:
    states, stream_id = RecentStates(), new_id()
    states.find([stream_id], "one")
    states.keep(known(stream_id), "one")
    assert states.find([stream_id], "one") is not None
    assert states.find([stream_id], "other") is None
    states.keep(known(stream_id), "one")  # by a thread that was still at the first
    assert states.find([stream_id], "other") is None


def test_what_is_only_read_is_bounded_too() -> None:
    states = RecentStates(max_streams=10)
    for _ in range(50):
        states.offer(new_id(), Recent("account", 1, None))
    assert len(states._streams) <= 10


def test_a_connection_tells_which_server_it_found() -> None:
    an_account(1)
    with cursor() as cur:
        row = cur.execute("select pg_postmaster_start_time()").fetchone()
    assert row is not None
    assert server()[0] == row[0]
