"""One command through the handler: whole and once, refusals recorded, the same answer whenever it is asked again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.account import DepositMade, Status
from accounts.account_commands import CloseAccount, FreezeAccount
from accounts.handler import Actor, Outcome, find_outcome, fingerprint_of, handle, handle_all
from accounts.iban import iban_for
from accounts.refusals import (
    AccountAlreadyOpened,
    AccountNotFound,
    CustomerAlreadyRegistered,
    CustomerNotFound,
    IbanTaken,
    InsufficientFunds,
    KeyReused,
    Refused,
)
from ledger.errors import VersionConflict
from ledger.ids import new_id
from ledger.models import Command, Event
from ledger.reading import read_stream, stream_version
from readmodels import balances
from tests.spec import AT, envelope
from tests.steps import BY, a_customer, an_account, deposit, do, open_for, register, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def balance_minor(account_id: UUID) -> int:
    row = balances.find(account_id)
    assert row is not None
    return row.balance_minor


def told(outcome: Outcome) -> dict[str, Any]:
    """All that an outcome says, but for whether it was said before."""
    names = [name for name in dir(outcome) if not name.startswith("_") and name != "replayed"]
    return {name: getattr(outcome, name) for name in names}


def refusal_of(command: Any, **options: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        handle(command, by=BY, **options)
    return raised.value


# --- accepted


def test_an_accepted_command_answers_with_its_events_and_the_state_after_it() -> None:
    account_id = an_account(100)
    command = deposit(account_id, 25, reference="Rent")
    outcome = handle(command, by=BY)
    assert outcome.accepted
    assert not outcome.replayed
    assert (outcome.command_id, outcome.command_type) == (command.command_id, "Deposit")
    assert outcome.versions == {account_id: 3}
    assert outcome.accounts[account_id].balance_minor == 125
    assert outcome.consistency_token
    (event,) = outcome.events
    assert (event.stream_id, event.stream_position, event.position) == (account_id, 3, None)
    assert event.data == DepositMade(amount_minor=25, currency="EUR", reference="Rent", occurred_at=AT)
    assert event.recorded_at == outcome.recorded_at
    assert list(read_stream(account_id))[-1] == event


def test_an_event_says_who_caused_it_and_why() -> None:
    account_id, correlation_id, causation_id = an_account(), new_id(), new_id()
    command = deposit(account_id, 1)
    teller = Actor(id="user:7", channel="web")
    (event,) = handle(command, by=teller, correlation_id=correlation_id, causation_id=causation_id).events
    assert event.metadata == {
        "correlationId": str(correlation_id),
        "causationId": str(causation_id),
        "commandId": str(command.command_id),
        "actor": "user:7",
    }
    logged = Command.objects.get(command_id=command.command_id)
    assert (logged.actor, logged.channel, logged.correlation_id) == ("user:7", "web", correlation_id)


def test_a_command_that_belongs_to_nothing_else_is_its_own_correlation_and_cause() -> None:
    command = deposit(an_account(), 1)
    (event,) = handle(command, by=BY).events
    assert event.metadata["correlationId"] == event.metadata["causationId"] == str(command.command_id)


def test_a_transfer_answers_with_both_accounts_after_it() -> None:
    source, target = an_account(100), an_account(5)
    outcome = handle(transfer(source, target, 40), by=BY)
    assert {k: v.balance_minor for k, v in outcome.accounts.items()} == {source: 60, target: 45}
    assert outcome.versions == {source: 3, target: 3}
    assert [(e.type, e.stream_id) for e in outcome.events] == [("TransferSent", source), ("TransferReceived", target)]


def test_every_kind_of_command_is_carried_out() -> None:
    customer_id = do(register()).events[0].stream_id
    account_id = do(open_for(customer_id, overdraft_limit_minor=10)).events[0].stream_id
    assert do(FreezeAccount(account_id=account_id, **envelope())).accounts[account_id].status is Status.FROZEN
    closed = do(CloseAccount(account_id=account_id, **envelope()))
    assert closed.accounts[account_id].status is Status.CLOSED
    assert [event.type for event in read_stream(account_id)] == ["AccountOpened", "AccountFrozen", "AccountClosed"]


# --- refused


def test_a_refused_command_is_raised_and_recorded_and_changes_nothing() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 101)
    refusal = refusal_of(command)
    assert refusal == InsufficientFunds(available_minor=100, currency="EUR")
    assert refusal.outcome is not None
    assert not refusal.outcome.accepted
    assert (refusal.outcome.events, refusal.outcome.consistency_token) == ((), None)
    recorded = find_outcome(command.command_id)
    assert recorded is not None
    assert recorded.refusal == refusal
    assert recorded.recorded_at == refusal.outcome.recorded_at
    assert (stream_version(account_id), balance_minor(account_id)) == (2, 100)
    assert not Event.objects.filter(metadata__commandId=str(command.command_id)).exists()


@pytest.mark.parametrize("build", [deposit, withdraw])
def test_an_unknown_account_is_refused_and_no_stream_begins(build: Any) -> None:
    account_id = new_id()
    assert refusal_of(build(account_id, 1)) == AccountNotFound()
    assert stream_version(account_id) == 0


def test_an_account_for_an_unknown_customer_is_refused() -> None:
    assert refusal_of(open_for(new_id())) == CustomerNotFound()


def test_ids_of_customers_and_accounts_are_given_once() -> None:
    customer_id = a_customer()
    account_id = an_account(customer_id=customer_id)
    again = open_for(customer_id, account_id=account_id, iban=iban_for(new_id()))
    assert refusal_of(again) == AccountAlreadyOpened()
    duplicate = type(register())(customer_id=customer_id, name="Eve", **envelope())
    assert refusal_of(duplicate) == CustomerAlreadyRegistered()


def test_an_iban_belongs_to_one_account() -> None:
    customer_id = a_customer()
    first = open_for(customer_id)
    handle(first, by=BY)
    second = open_for(customer_id, iban=first.iban)
    refusal = refusal_of(second)
    assert refusal == IbanTaken()
    assert refusal.outcome is not None
    assert stream_version(second.account_id) == 0
    assert balances.find(second.account_id) is None
    recorded = find_outcome(second.command_id)
    assert recorded is not None
    assert recorded.refusal == IbanTaken()
    assert told(recorded) == told(refusal.outcome)
    assert refusal_of(second) == IbanTaken(), "also when it is asked again"


# --- asked again


def test_a_command_that_comes_again_gets_the_recorded_outcome_and_happens_once() -> None:
    account_id = an_account(100)
    command = deposit(account_id, 25)
    first = handle(command, by=BY)
    again = handle(command, by=BY)
    assert again.replayed
    assert told(again) == told(first)
    assert (balance_minor(account_id), stream_version(account_id)) == (125, 3)


def test_the_recorded_outcome_stays_as_it_was_whatever_happens_later() -> None:
    source, target = an_account(100), an_account()
    command = transfer(source, target, 40)
    first = handle(command, by=BY)
    handle_all([deposit(source, 7), withdraw(target, 40), CloseAccount(account_id=target, **envelope())], by=BY)
    again = handle(command, by=BY)
    assert told(again) == told(first)
    assert again.accounts[target].status is Status.OPEN


@pytest.mark.parametrize("kind", ["opening", "registration"])
def test_opening_and_registering_again_answer_with_what_was_made(kind: str) -> None:
    command = open_for(a_customer()) if kind == "opening" else register()
    first = handle(command, by=BY)
    again = handle(command, by=BY)
    assert again.replayed
    assert told(again) == told(first)


def test_a_refused_command_that_comes_again_is_refused_again_even_if_it_could_be_done_now() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 101)
    first = refusal_of(command)
    handle(deposit(account_id, 1_000), by=BY)
    again = refusal_of(command)
    assert again == first
    assert again.outcome is not None
    assert first.outcome is not None
    assert again.outcome.replayed
    assert told(again.outcome) == told(first.outcome)
    assert balance_minor(account_id) == 1_100


def test_a_command_done_once_is_not_refused_when_it_could_no_longer_be_done() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 100)
    first = handle(command, by=BY)
    assert told(handle(command, by=BY)) == told(first)
    assert balance_minor(account_id) == 0


def test_the_same_id_for_another_request_is_refused_and_not_recorded() -> None:
    account_id = an_account(100)
    done = deposit(account_id, 25)
    handle(done, by=BY)
    assert refusal_of(deposit(account_id, 26, command_id=done.command_id)) == KeyReused()
    assert refusal_of(withdraw(account_id, 25, command_id=done.command_id)) == KeyReused()
    recorded = find_outcome(done.command_id)
    assert recorded is not None
    assert recorded.accepted
    assert balance_minor(account_id) == 125


def test_the_id_of_a_refused_command_is_used_up_for_other_requests_too() -> None:
    account_id = an_account(100)
    refused = withdraw(account_id, 101)
    refusal_of(refused)
    assert refusal_of(withdraw(account_id, 1, command_id=refused.command_id)) == KeyReused()
    assert refusal_of(refused) == InsufficientFunds(available_minor=100, currency="EUR")
    assert balance_minor(account_id) == 100


def test_what_is_told_of_a_reused_id_says_nothing_of_the_other_request() -> None:
    account_id = an_account(100)
    done = deposit(account_id, 25)
    handle(done, by=BY)
    refusal = refusal_of(deposit(an_account(), 1, command_id=done.command_id))
    assert refusal.outcome is not None
    assert (refusal.outcome.events, refusal.outcome.accounts, refusal.outcome.versions) == ((), {}, {})
    assert refusal.outcome.consistency_token is None


def test_the_time_of_asking_does_not_make_it_another_request() -> None:
    account_id = an_account()
    command = deposit(account_id, 25)
    handle(command, by=BY)
    later = deposit(account_id, 25, command_id=command.command_id, at=AT + timedelta(hours=1))
    assert fingerprint_of(later) == fingerprint_of(command)
    assert handle(later, by=BY).replayed


@pytest.mark.parametrize("fields", [{"reference": "b"}, {"operation": "b"}, {"purpose": "b"}, {"counterparty": "b"}])
def test_every_other_field_makes_it_another_request(fields: dict[str, str]) -> None:
    account_id = new_id()
    command = deposit(account_id, 25)
    others = [
        deposit(account_id, 25, **fields),
        deposit(account_id, 26),
        deposit(account_id, 25, "USD"),
        deposit(new_id(), 25),
        withdraw(account_id, 25),
    ]
    assert fingerprint_of(command) not in {fingerprint_of(other) for other in others}


def test_a_door_may_say_itself_what_makes_two_requests_the_same() -> None:
    account_id = an_account()
    command = deposit(account_id, 25)
    handle(command, by=BY, fingerprint=b"a" * 32)
    other = deposit(account_id, 99, command_id=command.command_id)
    assert handle(other, by=BY, fingerprint=b"a" * 32).replayed
    assert refusal_of(command, fingerprint=b"b" * 32) == KeyReused()
    assert balance_minor(account_id) == 25


def test_the_outcome_of_an_unknown_command_is_none() -> None:
    assert find_outcome(new_id()) is None


def test_a_recorded_outcome_says_who_asked() -> None:
    command = deposit(an_account(), 1)
    handle(command, by=Actor(id="user:7", channel="api"), correlation_id=(correlation_id := new_id()))
    recorded = find_outcome(command.command_id)
    assert recorded is not None
    assert (recorded.actor, recorded.channel, recorded.correlation_id) == ("user:7", "api", correlation_id)
    assert recorded.replayed


# --- the version that was expected


def test_a_command_for_the_version_that_the_account_has_is_carried_out() -> None:
    account_id = an_account(100)
    assert handle(deposit(account_id, 1), by=BY, expected_version=2).accepted
    assert handle(open_for(a_customer()), by=BY, expected_version=0).accepted


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_command_for_another_version_changes_and_records_nothing(expected: int) -> None:
    account_id = an_account(100)
    command = deposit(account_id, 1)
    with pytest.raises(VersionConflict) as conflict:
        handle(command, by=BY, expected_version=expected)
    assert (conflict.value.stream_id, conflict.value.expected, conflict.value.actual) == (account_id, expected, 2)
    assert find_outcome(command.command_id) is None
    assert balance_minor(account_id) == 100
    assert handle(command, by=BY, expected_version=2).accepted, "the id is still free"


def test_the_expected_version_of_a_transfer_is_that_of_the_account_it_comes_from() -> None:
    source, target = an_account(100), an_account()
    assert handle(transfer(source, target, 1), by=BY, expected_version=2).accepted
    with pytest.raises(VersionConflict) as conflict:
        handle(transfer(source, target, 1), by=BY, expected_version=2)
    assert conflict.value.stream_id == source


def test_a_command_done_at_its_version_gets_its_outcome_again_though_the_version_has_moved_on() -> None:
    account_id = an_account(100)
    command = deposit(account_id, 1)
    first = handle(command, by=BY, expected_version=2)
    again = handle(command, by=BY, expected_version=2)
    assert again.replayed
    assert told(again) == told(first)


def test_a_refusal_at_the_expected_version_is_recorded() -> None:
    account_id = an_account(100)
    command = withdraw(account_id, 101)
    assert isinstance(refusal_of(command, expected_version=2), InsufficientFunds)
    assert find_outcome(command.command_id) is not None
