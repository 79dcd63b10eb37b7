"""Many at the same accounts in the same moment: nothing lost, nothing doubled, no deadlock that anybody sees."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import pytest
from django.db import connection

from accounts.aggregates import COMMANDS
from accounts.command import Command
from accounts.customer import ErasePersonalData
from accounts.deciding import Envelope, decide_batch
from accounts.handler import Outcome, find_outcome, fingerprint_of, handle, handle_all
from accounts.refusals import IbanTaken
from accounts.snapshots import compare_snapshots
from ledger import store
from ledger.connections import transaction
from ledger.errors import TooMuchContention, VersionConflict
from ledger.personal import keyed
from ledger.reading import read_stream, stream_version
from readmodels import balances
from tests.accounts.crowd import Ask, all_at_once, both_ways, outcome_of, said
from tests.accounts.wire import one_fresh_connection, tapped
from tests.acting import as_owner
from tests.spec import envelope
from tests.steps import BY, a_customer, an_account, deposit, open_for, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def balance_minor(account_id: UUID) -> int:
    row = balances.find(account_id)
    assert row is not None
    return row.balance_minor


def erase(customer_id: UUID) -> ErasePersonalData:
    return ErasePersonalData(customer_id=customer_id, reason="asked for", **envelope())


def stream_is_whole(account_id: UUID) -> bool:
    positions = [event.stream_position for event in read_stream(account_id)]
    return positions == list(range(1, stream_version(account_id) + 1))


def asking(ask: Ask, command: Command) -> Callable[[], Outcome]:
    return lambda: ask(command)


@contextmanager
def written_but_not_committed(command: Command) -> Iterator[None]:
    """Somebody else, in another process, has carried out this command; it is committed when the block ends."""
    envelope = Envelope(
        command=command,
        handling=COMMANDS[type(command)],
        fingerprint=keyed(fingerprint_of(command)),
        actor=BY.id,
        channel=BY.channel,
        correlation_id=command.command_id,
        causation_id=command.command_id,
    )
    with transaction() as cur:
        store.append(cur, decide_batch(cur, [envelope], lock=True, all_or_nothing=False).batch)
        yield


def wait_until_somebody_waits_for_a_lock(count: int = 1) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= count:
                return
        time.sleep(0.005)
    raise AssertionError("nobody waits for a lock")


@both_ways
def test_twenty_withdrawals_of_100_at_once_from_500_five_are_paid_and_fifteen_refused(ask: Ask) -> None:
    account_id = an_account(500)
    outcomes = all_at_once([asking(ask, withdraw(account_id, 100)) for _ in range(20)])
    assert Counter(map(said, outcomes)) == {"done": 5, "insufficient_funds": 15}
    assert balance_minor(account_id) == 0
    assert stream_version(account_id) == 7
    assert stream_is_whole(account_id)


@both_ways
def test_a_to_b_beside_b_to_a_by_eight_threads_leaves_the_total_and_shows_no_deadlock(ask: Ask) -> None:
    one, two = an_account(10_000), an_account(10_000)

    def send(source: UUID, target: UUID) -> Callable[[], Counter[str]]:
        return lambda: Counter(said(ask(transfer(source, target, 7))) for _ in range(25))

    tallies = all_at_once([send(one, two) if n % 2 else send(two, one) for n in range(8)])
    assert sum(tallies, Counter()) == {"done": 200}
    assert balance_minor(one) == balance_minor(two) == 10_000
    assert stream_version(one) == stream_version(two) == 202
    assert stream_is_whole(one)
    assert stream_is_whole(two)


def test_batches_that_cross_each_other_leave_the_total_and_show_no_deadlock() -> None:
    accounts = [an_account(1_000) for _ in range(6)]

    def send(seed: int) -> Callable[[], Counter[str]]:
        pairs = [(accounts[(seed + i) % 6], accounts[(seed + i * (seed + 2) + 1) % 6]) for i in range(40)]
        commands = [transfer(a, b, 3) for a, b in pairs if a != b]
        return lambda: Counter(map(said, handle_all(commands[:: -1 if seed % 2 else 1], by=BY)))

    tallies = all_at_once([send(seed) for seed in range(6)])
    assert set(sum(tallies, Counter())) <= {"done", "insufficient_funds"}
    assert sum(map(balance_minor, accounts)) == 6_000
    assert all(map(stream_is_whole, accounts))


def test_batches_with_the_same_commands_in_opposite_order_do_each_command_once() -> None:
    accounts = [an_account() for _ in range(5)]
    commands = [deposit(accounts[i % 5], 1) for i in range(100)]
    answers = all_at_once(
        [
            lambda: handle_all(commands, by=BY),
            lambda: handle_all(commands[::-1], by=BY),
            lambda: handle_all(commands, by=BY),
        ]
    )
    told = Counter(said(outcome) for outcomes in answers for outcome in outcomes)
    assert told == {"done": 100, "again": 200}
    assert sum(map(balance_minor, accounts)) == 100


@both_ways
def test_one_command_sent_by_eight_threads_at_once_happens_once_and_is_told_eight_times(ask: Ask) -> None:
    account_id = an_account()
    command = deposit(account_id, 25)
    outcomes = all_at_once([asking(ask, command)] * 8)
    assert Counter(map(said, outcomes)) == {"done": 1, "again": 7}
    assert len({outcome.events[0].id for outcome in outcomes}) == 1
    assert (balance_minor(account_id), stream_version(account_id)) == (25, 2)


@both_ways
def test_a_refused_command_sent_by_eight_threads_at_once_is_recorded_once(ask: Ask) -> None:
    account_id = an_account()
    command = withdraw(account_id, 25)
    outcomes = all_at_once([asking(ask, command)] * 8)
    assert Counter(map(said, outcomes)) == {"insufficient_funds": 8}
    assert Counter(outcome.replayed for outcome in outcomes) == {False: 1, True: 7}


@both_ways
def test_eight_threads_on_one_hot_account_all_get_through(ask: Ask) -> None:
    account_id = an_account()
    tallies = all_at_once([lambda: Counter(said(ask(deposit(account_id, 1))) for _ in range(40)) for _ in range(8)])
    assert sum(tallies, Counter()) == {"done": 320}
    assert balance_minor(account_id) == 320
    assert stream_is_whole(account_id)


def test_eight_batches_at_once_on_one_hot_account_all_get_through() -> None:
    account_id = an_account()
    tallies = all_at_once(
        [lambda: Counter(map(said, handle_all([deposit(account_id, 1) for _ in range(50)], by=BY)))] * 8
    )
    assert sum(tallies, Counter()) == {"done": 400}
    assert balance_minor(account_id) == 400
    assert stream_is_whole(account_id)


@both_ways
def test_of_eight_accounts_that_want_the_same_iban_at_once_one_gets_it(ask: Ask) -> None:
    customer_id = a_customer()
    iban = open_for(customer_id).iban
    commands = [open_for(customer_id, iban=iban) for _ in range(8)]
    outcomes = all_at_once([asking(ask, command) for command in commands])
    assert Counter(map(said, outcomes)) == {"done": 1, "iban_taken": 7}
    assert [outcome.refusal for outcome in outcomes if outcome.refusal] == [IbanTaken()] * 7
    winner = next(c for c, o in zip(commands, outcomes, strict=True) if o.accepted)
    found = balances.find_by_iban(iban)
    assert found is not None
    assert found.account_id == winner.account_id


@both_ways
def test_eight_openings_of_the_same_account_at_once_open_it_once(ask: Ask) -> None:
    customer_id = a_customer()
    first = open_for(customer_id)
    commands = [open_for(customer_id, account_id=first.account_id) for _ in range(8)]
    outcomes = all_at_once([asking(ask, command) for command in commands])
    assert Counter(map(said, outcomes)) == {"done": 1, "account_already_opened": 7}
    assert stream_version(first.account_id) == 1


def test_of_eight_commands_for_the_same_version_one_is_carried_out() -> None:
    account_id = an_account()

    def ask() -> str:
        try:
            return said(handle(deposit(account_id, 1), by=BY, expected_version=1))
        except VersionConflict as conflict:
            assert (conflict.expected, conflict.actual) == (1, 2)  # noqa: PT017 - told by the thread
            return "conflict"

    assert Counter(all_at_once([ask] * 8)) == {"done": 1, "conflict": 7}
    assert balance_minor(account_id) == 1


# --- one race, step by step


def test_a_lost_race_is_decided_again_from_what_the_winner_left() -> None:
    account_id = an_account(100)
    loser = withdraw(account_id, 60)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(outcome_of(loser)))
    with written_but_not_committed(withdraw(account_id, 60)):
        thread.start()
        wait_until_somebody_waits_for_a_lock()
    thread.join(10)
    assert said(outcomes[0]) == "insufficient_funds"
    assert balance_minor(account_id) == 40
    assert stream_version(account_id) == 3


def test_a_lost_race_that_can_still_be_done_is_done_at_the_next_version() -> None:
    account_id = an_account(100)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(outcome_of(deposit(account_id, 5))))
    with written_but_not_committed(withdraw(account_id, 60)):
        thread.start()
        wait_until_somebody_waits_for_a_lock()
    thread.join(10)
    assert outcomes[0].versions == {account_id: 4}
    assert outcomes[0].accounts[account_id].balance_minor == 45
    assert stream_is_whole(account_id)


def test_a_command_that_another_process_is_carrying_out_is_waited_for_and_answered_from_its_record() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 60)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(outcome_of(command)))
    with written_but_not_committed(command):
        thread.start()
        wait_until_somebody_waits_for_a_lock()
    thread.join(10)
    assert said(outcomes[0]) == "again"
    assert (balance_minor(account_id), stream_version(account_id)) == (40, 3)


def test_a_command_whose_first_try_elsewhere_was_rolled_back_is_carried_out() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 60)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(outcome_of(command)))

    class _Undone(Exception):
        pass

    with suppress(_Undone), written_but_not_committed(command):
        thread.start()
        wait_until_somebody_waits_for_a_lock()
        raise _Undone
    thread.join(10)
    assert said(outcomes[0]) == "done"
    assert (balance_minor(account_id), stream_version(account_id)) == (40, 3)


def test_no_account_is_opened_for_a_customer_who_is_erased_in_the_same_moment() -> None:
    customer_id = a_customer()
    opening = open_for(customer_id)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(outcome_of(opening)))
    with written_but_not_committed(erase(customer_id)):
        thread.start()
        wait_until_somebody_waits_for_a_lock()
    thread.join(10)
    assert said(outcomes[0]) == "customer_erased"
    assert stream_version(opening.account_id) == 0


def test_a_customer_may_be_erased_right_after_an_account_was_opened_for_them() -> None:
    customer_id = a_customer()
    opening = open_for(customer_id)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(outcome_of(erase(customer_id))))
    with written_but_not_committed(opening):
        thread.start()
        wait_until_somebody_waits_for_a_lock()
    thread.join(10)
    assert said(outcomes[0]) == "done"
    assert (stream_version(customer_id), stream_version(opening.account_id)) == (2, 1)


def test_opening_accounts_leaves_their_customer_as_it_was() -> None:
    customer_id = a_customer()
    openings = [open_for(customer_id) for _ in range(8)]
    tallies = all_at_once([lambda part=openings[n::4]: Counter(map(said, handle_all(part, by=BY))) for n in range(4)])  # type: ignore[misc]
    assert sum(tallies, Counter()) == {"done": 8}
    assert (stream_version(customer_id), compare_snapshots().equal) == (1, 9)


@contextmanager
def races_always_lost() -> Iterator[None]:
    """Whoever moves a stream's head meets what a lost race looks like."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "create function test_lose() returns trigger language plpgsql as $$ begin"
            " raise exception 'lost' using errcode = 'serialization_failure'; end $$;"
            " create trigger test_lose before update on ledger_stream execute function test_lose()"
        )
    try:
        yield
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("drop trigger test_lose on ledger_stream; drop function test_lose()")


def test_a_race_lost_again_and_again_ends_after_a_bounded_number_of_tries() -> None:
    account_id = an_account(100)
    command = deposit(account_id, 1)
    one_fresh_connection()
    with races_always_lost(), tapped() as wire, pytest.raises(TooMuchContention):
        handle(command, by=BY)
    assert 10 <= wire.statements <= 60
    assert find_outcome(command.command_id) is None
    assert balance_minor(account_id) == 100
    assert handle(command, by=BY).accepted, "the id is still free"
