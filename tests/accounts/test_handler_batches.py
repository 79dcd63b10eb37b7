"""Many commands at once: in order, each seeing what came before, a refused one harming only itself."""

from typing import Any
from uuid import UUID

import pytest

from accounts.account_commands import CloseAccount
from accounts.handler import BatchRefused, Outcome, find_outcome, handle, handle_all
from accounts.refusals import IbanTaken, InsufficientFunds, KeyReused
from ledger.ids import new_id
from ledger.models import Command
from ledger.reading import read_stream, stream_version
from readmodels import balances
from tests.accounts.crowd import all_at_once
from tests.spec import envelope
from tests.steps import BY, a_customer, an_account, deposit, open_for, register, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def balance_minor(account_id: UUID) -> int:
    row = balances.find(account_id)
    assert row is not None
    return row.balance_minor


def said(outcomes: list[Outcome]) -> list[str]:
    """`done`, `again` or the code of the refusal."""
    return [o.refusal.code if o.refusal else "again" if o.replayed else "done" for o in outcomes]


def test_no_commands_have_no_outcomes() -> None:
    assert handle_all([], by=BY) == []
    assert handle_all([], by=BY, all_or_nothing=True) == []


def test_outcomes_come_in_the_order_of_the_commands() -> None:
    accounts = [an_account() for _ in range(3)]
    commands = [deposit(accounts[i % 3], i + 1) for i in range(9)]
    outcomes = handle_all(commands, by=BY)
    assert [o.command_id for o in outcomes] == [c.command_id for c in commands]
    assert [o.versions for o in outcomes] == [{accounts[i % 3]: 2 + i // 3} for i in range(9)]
    assert [e.stream_position for e in read_stream(accounts[0])] == [1, 2, 3, 4]


def test_each_outcome_has_the_state_right_after_its_command() -> None:
    account_id = an_account()
    outcomes = handle_all([deposit(account_id, 10), withdraw(account_id, 3), deposit(account_id, 1)], by=BY)
    assert [o.accounts[account_id].balance_minor for o in outcomes] == [10, 7, 8]


def test_a_refused_command_does_not_stop_the_others_and_sees_what_came_before() -> None:
    account_id = an_account(100)
    commands = [
        withdraw(account_id, 60),
        withdraw(account_id, 60),
        deposit(account_id, 20),
        withdraw(account_id, 60),
        withdraw(account_id, 1),
    ]
    outcomes = handle_all(commands, by=BY)
    assert said(outcomes) == ["done", "insufficient_funds", "done", "done", "insufficient_funds"]
    assert outcomes[1].refusal == InsufficientFunds(available_minor=40, currency="EUR")
    assert balance_minor(account_id) == 0
    assert [o.accepted for c in commands if (o := find_outcome(c.command_id))] == [o.accepted for o in outcomes]


def test_a_whole_life_fits_into_one_batch() -> None:
    registering = register()
    opening, second = open_for(registering.customer_id), open_for(registering.customer_id)
    account_id, other_id = opening.account_id, second.account_id
    outcomes = handle_all(
        [
            deposit(account_id, 1),
            registering,
            opening,
            second,
            deposit(account_id, 50),
            transfer(account_id, other_id, 50),
            CloseAccount(account_id=account_id, **envelope()),
            deposit(account_id, 1),
        ],
        by=BY,
    )
    assert said(outcomes) == ["account_not_found", "done", "done", "done", "done", "done", "done", "account_closed"]
    row = balances.find(account_id)
    assert row is not None
    assert (row.status, row.balance_minor, row.version) == ("closed", 0, 4)
    assert balance_minor(other_id) == 50


def test_a_batch_may_come_from_a_generator_and_has_one_correlation() -> None:
    account_id, correlation_id = an_account(), new_id()
    handle_all((deposit(account_id, n) for n in (1, 2, 3)), by=BY, correlation_id=correlation_id)
    correlations = {e.metadata["correlationId"] for e in read_stream(account_id, after=1)}
    assert correlations == {str(correlation_id)}


@pytest.mark.parametrize("count", [999, 1_000, 1_001, 2_500])
def test_a_batch_beyond_one_transaction_is_carried_out_whole(count: int) -> None:
    accounts = [an_account() for _ in range(7)]
    outcomes = handle_all([deposit(accounts[i % 7], 1) for i in range(count)], by=BY)
    assert len(outcomes) == count
    assert all(o.accepted for o in outcomes)
    assert sum(balance_minor(a) for a in accounts) == count
    assert sum(stream_version(a) for a in accounts) == count + 7
    for account_id in accounts:
        positions = [e.stream_position for e in read_stream(account_id)]
        assert positions == list(range(1, len(positions) + 1))


# --- the same id more than once


def test_a_command_twice_in_a_batch_happens_once_and_is_told_twice() -> None:
    account_id = an_account()
    command = deposit(account_id, 10)
    first, second = handle_all([command, command], by=BY)
    assert said([first, second]) == ["done", "again"]
    assert second.events == first.events
    assert (balance_minor(account_id), stream_version(account_id)) == (10, 2)


def test_a_command_that_comes_twice_is_carried_out_where_it_comes_first() -> None:
    account_id = an_account()
    command = deposit(account_id, 10)
    outcomes = handle_all([command, withdraw(account_id, 10), command], by=BY)
    assert said(outcomes) == ["done", "done", "again"]
    assert [e.type for e in read_stream(account_id)] == ["AccountOpened", "DepositMade", "WithdrawalMade"]


def test_a_refused_command_twice_in_a_batch_is_refused_twice_though_the_second_could_be_done() -> None:
    account_id = an_account()
    command = withdraw(account_id, 10)
    outcomes = handle_all([command, deposit(account_id, 10), command], by=BY)
    assert said(outcomes) == ["insufficient_funds", "done", "insufficient_funds"]
    assert [o.replayed for o in outcomes] == [False, False, True]
    assert balance_minor(account_id) == 10


def test_an_id_used_in_a_batch_for_another_request_is_refused_and_harms_only_itself() -> None:
    account_id = an_account()
    command = deposit(account_id, 10)
    other = deposit(account_id, 99, command_id=command.command_id)
    outcomes = handle_all([command, other, deposit(account_id, 1)], by=BY)
    assert said(outcomes) == ["done", "key_reused", "done"]
    assert outcomes[1].refusal == KeyReused()
    assert balance_minor(account_id) == 11


def test_a_batch_that_comes_again_adds_only_what_is_missing() -> None:
    account_id = an_account()
    commands = [deposit(account_id, n) for n in (1, 2, 4, 8)]
    assert said(handle_all(commands[1:3], by=BY)) == ["done", "done"]
    outcomes = handle_all(commands, by=BY)
    assert said(outcomes) == ["done", "again", "again", "done"]
    assert balance_minor(account_id) == 15
    assert said(handle_all(commands, by=BY)) == ["again"] * 4
    assert balance_minor(account_id) == 15


def test_ids_used_before_for_other_requests_harm_only_themselves() -> None:
    account_id = an_account()
    used = deposit(account_id, 1)
    handle(used, by=BY)
    outcomes = handle_all([deposit(account_id, 2), deposit(account_id, 4, command_id=used.command_id)], by=BY)
    assert said(outcomes) == ["done", "key_reused"]
    assert balance_minor(account_id) == 3


def test_a_door_may_say_for_each_command_what_makes_two_requests_the_same() -> None:
    account_id = an_account()
    commands = [deposit(account_id, 1), deposit(account_id, 2)]
    handle_all(commands, by=BY, fingerprints=[b"a" * 32, b"b" * 32])
    assert said(handle_all(commands, by=BY, fingerprints=[b"a" * 32, b"x" * 32])) == ["again", "key_reused"]


# --- what only the database can refuse


def test_an_iban_that_is_taken_harms_only_the_account_that_wants_it() -> None:
    customer_id = a_customer()
    taken = open_for(customer_id)
    handle(taken, by=BY)
    thief = open_for(customer_id, iban=taken.iban)
    honest = open_for(customer_id)
    outcomes = handle_all(
        [honest, thief, deposit(thief.account_id, 5), deposit(honest.account_id, 7), deposit(taken.account_id, 9)],
        by=BY,
    )
    assert said(outcomes) == ["done", "iban_taken", "account_not_found", "done", "done"]
    assert outcomes[1].refusal == IbanTaken()
    assert balance_minor(honest.account_id) == 7
    assert balance_minor(taken.account_id) == 9
    assert balances.find(thief.account_id) is None


def test_two_accounts_of_a_batch_that_want_the_same_iban_the_first_gets_it() -> None:
    customer_id = a_customer()
    first = open_for(customer_id)
    second = open_for(customer_id, iban=first.iban)
    assert said(handle_all([first, second, deposit(first.account_id, 1)], by=BY)) == ["done", "iban_taken", "done"]
    assert balance_minor(first.account_id) == 1


# --- all or nothing


def test_all_or_nothing_takes_all_in_one_transaction() -> None:
    account_id = an_account()
    outcomes = handle_all([deposit(account_id, 1) for _ in range(1_500)], by=BY, all_or_nothing=True)
    assert len({o.recorded_at for o in outcomes}) == 1
    assert balance_minor(account_id) == 1_500


def test_all_or_nothing_does_and_records_nothing_when_one_is_refused() -> None:
    account_id = an_account(100)
    commands: list[Any] = [
        deposit(account_id, 1),
        withdraw(account_id, 50),
        withdraw(account_id, 52),
        deposit(account_id, 1),
    ]
    with pytest.raises(BatchRefused) as raised:
        handle_all(commands, by=BY, all_or_nothing=True)
    assert raised.value.index == 2
    assert raised.value.refusal == InsufficientFunds(available_minor=51, currency="EUR")
    assert not Command.objects.filter(command_id__in=[c.command_id for c in commands]).exists()
    assert (balance_minor(account_id), stream_version(account_id)) == (100, 2)


def test_all_or_nothing_can_be_asked_for_again_with_the_same_ids_once_it_can_be_done() -> None:
    account_id = an_account()
    commands = [withdraw(account_id, 1), withdraw(account_id, 1)]
    with pytest.raises(BatchRefused):
        handle_all(commands, by=BY, all_or_nothing=True)
    handle(deposit(account_id, 2), by=BY)
    assert said(handle_all(commands, by=BY, all_or_nothing=True)) == ["done", "done"]


def test_all_or_nothing_that_comes_again_gets_its_outcomes_though_it_could_no_longer_be_done() -> None:
    account_id = an_account(100)
    commands = [withdraw(account_id, 60), withdraw(account_id, 40)]
    assert said(handle_all(commands, by=BY, all_or_nothing=True)) == ["done", "done"]
    assert said(handle_all(commands, by=BY, all_or_nothing=True)) == ["again", "again"]
    assert balance_minor(account_id) == 0


def test_all_or_nothing_names_the_command_by_its_place_among_those_that_were_sent() -> None:
    account_id = an_account(100)
    done = deposit(account_id, 1)
    handle(done, by=BY)
    again = deposit(account_id, 2)
    with pytest.raises(BatchRefused) as raised:
        handle_all([done, again, again, withdraw(account_id, 104)], by=BY, all_or_nothing=True)
    assert raised.value.index == 3
    assert balance_minor(account_id) == 101


def test_all_or_nothing_does_nothing_when_an_iban_is_taken() -> None:
    customer_id = a_customer()
    taken = open_for(customer_id)
    handle(taken, by=BY)
    honest, thief = open_for(customer_id), open_for(customer_id, iban=taken.iban)
    with pytest.raises(BatchRefused) as raised:
        handle_all([honest, thief, deposit(honest.account_id, 1)], by=BY, all_or_nothing=True)
    assert (raised.value.index, raised.value.refusal) == (1, IbanTaken())
    assert balances.find(honest.account_id) is None
    assert find_outcome(thief.command_id) is None


def test_an_id_used_for_another_request_refuses_all_or_nothing() -> None:
    account_id = an_account()
    used = deposit(account_id, 1)
    handle(used, by=BY)
    with pytest.raises(BatchRefused) as raised:
        handle_all(
            [deposit(account_id, 2), deposit(account_id, 4, command_id=used.command_id)], by=BY, all_or_nothing=True
        )
    assert (raised.value.index, raised.value.refusal) == (1, KeyReused())
    assert balance_minor(account_id) == 1


def test_an_id_that_stands_for_two_requests_refuses_all_or_nothing() -> None:
    account_id = an_account()
    command = deposit(account_id, 2)
    other = deposit(account_id, 4, command_id=command.command_id)
    with pytest.raises(BatchRefused) as raised:
        handle_all([command, deposit(account_id, 1), other], by=BY, all_or_nothing=True)
    assert (raised.value.index, raised.value.refusal) == (2, KeyReused())
    assert balance_minor(account_id) == 0


def test_a_command_that_was_refused_before_refuses_all_or_nothing() -> None:
    account_id = an_account()
    refused = withdraw(account_id, 5)
    handle_all([refused, deposit(account_id, 100)], by=BY)
    with pytest.raises(BatchRefused) as raised:
        handle_all([deposit(account_id, 1), refused], by=BY, all_or_nothing=True)
    assert (raised.value.index, raised.value.refusal) == (1, InsufficientFunds(available_minor=0, currency="EUR"))
    assert balance_minor(account_id) == 100


def test_all_or_nothing_sent_by_eight_threads_at_once_is_done_once() -> None:
    account_id = an_account(100)
    commands = [withdraw(account_id, 60), withdraw(account_id, 40)]
    answers = all_at_once([lambda: said(handle_all(commands, by=BY, all_or_nothing=True))] * 8)
    assert sorted(answers) == [["again", "again"]] * 7 + [["done", "done"]]
    assert balance_minor(account_id) == 0
