"""Large batches about the same accounts at once: decided side by side, locked late, decided again where they met."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import pytest

from accounts.carrying_out import crowd
from accounts.command import Command
from accounts.deciding import BatchRefused, recent
from accounts.handler import Outcome, handle_all
from accounts.refusals import InsufficientFunds
from ledger.reading import stream_version
from tests.accounts.crowd import all_at_once, said
from tests.accounts.test_races import (
    balance_minor,
    stream_is_whole,
    wait_until_somebody_waits_for_a_lock,
    written_but_not_committed,
)
from tests.accounts.wire import one_fresh_connection, tapped
from tests.steps import BY, a_customer, an_account, deposit, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 40


@pytest.fixture
def accounts() -> list[UUID]:
    """Forty accounts with 10.00 each."""
    holder = a_customer()
    return [an_account(1_000, customer_id=holder) for _ in range(MANY)]


@pytest.fixture(autouse=True)
def _crowded() -> Iterator[None]:
    crowd.lost_race()
    yield
    crowd.forget()


@contextmanager
def beside(other: Command, commands: list[Command], *, all_or_nothing: bool = False) -> Iterator[list[Outcome]]:
    """The outcomes of commands that were decided before the other command was committed, and written after it."""
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(1) as threads:
        with written_but_not_committed(other):
            asked = threads.submit(handle_all, commands, by=BY, all_or_nothing=all_or_nothing)
            wait_until_somebody_waits_for_a_lock()
        outcomes += asked.result(timeout=20)
    yield outcomes


def test_what_others_moved_meanwhile_is_decided_again_and_only_that(accounts: list[UUID]) -> None:
    first, second, third = accounts[:3]
    commands = [
        withdraw(first, 900),  # covered when it was decided first, not any more when it is written
        transfer(second, first, 100),
        withdraw(first, 100),  # only with what has just come from the second
        transfer(first, third, 300),
        *[deposit(account_id, 1) for account_id in accounts[3:]],
    ]
    with beside(withdraw(first, 800), commands) as outcomes:
        assert [said(o) for o in outcomes[:4]] == ["insufficient_funds", "done", "done", "insufficient_funds"]
    assert {said(o) for o in outcomes[4:]} == {"done"}
    assert isinstance(outcomes[0].refusal, InsufficientFunds)
    assert outcomes[0].refusal.fields["available_minor"] == 200
    assert [balance_minor(a) for a in accounts] == [200, 900, 1_000, *[1_001] * (MANY - 3)]
    assert all(stream_is_whole(a) for a in accounts)


def test_what_another_has_locked_is_put_off_in_its_order_and_the_rest_is_not_kept_waiting(accounts: list[UUID]) -> None:
    held, second, third = accounts[:3]
    commands = [
        deposit(held, 500),
        transfer(held, second, 1_200),  # waits; and what follows on the second account waits with it
        transfer(second, third, 2_100),
        withdraw(third, 3_100),
        *[deposit(account_id, 1) for account_id in accounts[3:]],
    ]
    with ThreadPoolExecutor(1) as threads:
        with written_but_not_committed(withdraw(held, 100)):
            asked = threads.submit(handle_all, commands, by=BY)
            wait_until_somebody_waits_for_a_lock()
            assert [balance_minor(a) for a in accounts] == [*[1_000] * 3, *[1_001] * (MANY - 3)]
        outcomes = asked.result(timeout=20)
    assert [o.command_id for o in outcomes] == [c.command_id for c in commands]
    assert {said(o) for o in outcomes} == {"done"}
    assert [balance_minor(a) for a in accounts[:3]] == [200, 100, 0]
    assert all(stream_is_whole(a) for a in accounts)


def test_all_or_nothing_passes_by_nobody(accounts: list[UUID]) -> None:
    with ThreadPoolExecutor(1) as threads:
        with written_but_not_committed(withdraw(accounts[0], 100)):
            asked = threads.submit(handle_all, [deposit(a, 1) for a in accounts], by=BY, all_or_nothing=True)
            wait_until_somebody_waits_for_a_lock()
            assert {balance_minor(a) for a in accounts} == {1_000}
        outcomes = asked.result(timeout=20)
    assert {said(o) for o in outcomes} == {"done"}
    assert [balance_minor(a) for a in accounts] == [901, *[1_001] * (MANY - 1)]


def test_all_or_nothing_is_nothing_where_what_was_moved_refuses_one(accounts: list[UUID]) -> None:
    commands: list[Command] = [deposit(account_id, 1) for account_id in accounts[1:]]
    commands.append(withdraw(accounts[0], 900))
    with (
        pytest.raises(BatchRefused) as refused,
        beside(withdraw(accounts[0], 800), commands, all_or_nothing=True),
    ):
        pass
    assert refused.value.index == MANY - 1
    assert [balance_minor(a) for a in accounts] == [200, *[1_000] * (MANY - 1)]


def test_batches_of_several_threads_on_the_same_accounts_lose_nothing(accounts: list[UUID]) -> None:
    def batches(number: int) -> list[Outcome]:
        ring = accounts[number:] + accounts[:number]
        done: list[Outcome] = []
        for _ in range(5):
            commands: list[Command] = [deposit(a, 1) for a in ring]
            commands += [transfer(a, b, 7) for a, b in zip(ring, reversed(ring), strict=True) if a != b]
            commands += [withdraw(a, 2) for a in ring]
            done += handle_all(commands, by=BY)
        return done

    results = all_at_once([lambda n=n: batches(n) for n in range(4)])  # type: ignore[misc]
    assert Counter(said(o) for outcomes in results for o in outcomes) == {"done": 4 * 5 * 3 * MANY}
    assert sum(balance_minor(a) for a in accounts) == MANY * 1_000 - 4 * 5 * MANY
    assert all(stream_is_whole(a) for a in accounts)


def test_a_batch_that_meets_nobody_costs_one_look_more(accounts: list[UUID]) -> None:
    one_fresh_connection()
    with tapped() as wire:
        handle_all([deposit(a, 1) for a in accounts], by=BY)
    assert wire.statements == 3 + 2  # load, lock, append; and a transaction's begin and commit
    crowd.forget()
    recent.clear()
    with tapped() as wire:
        handle_all([deposit(a, 1) for a in accounts], by=BY)
    assert wire.statements == 2
    assert {stream_version(a) for a in accounts} == {4}


def test_a_lost_race_makes_large_batches_lock_late_for_a_while_and_small_ones_never(accounts: list[UUID]) -> None:
    crowd.forget()
    with beside(deposit(accounts[0], 1), [deposit(a, 1) for a in accounts[:3]]):
        assert not crowd.is_there()
    with beside(deposit(accounts[0], 1), [deposit(a, 1) for a in accounts]):
        assert crowd.is_there()
    assert [balance_minor(a) for a in accounts[:4]] == [1_004, 1_002, 1_002, 1_001]
