"""The command log and the book (live): what was asked for, by whom, and what became of it."""

import pytest

from accounts.handler import Actor, find_outcome, handle, handle_all
from ledger.ids import new_id
from ledger.sealing import seal_all
from readmodels import commands, events
from tests.steps import BY, an_account, deposit, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_actors_last_commands_are_told_the_newest_first_refused_ones_too() -> None:
    account_id = an_account()
    ada, eve = Actor(id=f"user:{new_id()}", channel="web"), Actor(id=f"user:{new_id()}", channel="api")
    asked = [deposit(account_id, 1), withdraw(account_id, 99), deposit(account_id, 2)]
    for command in asked:
        handle_all([command], by=ada)
    handle(deposit(account_id, 3), by=eve)
    found = commands.recent(ada.id, 10)
    assert [c.command_id for c in found] == [c.command_id for c in reversed(asked)]
    assert [(c.outcome, c.refusal) for c in found] == [
        ("accepted", None),
        ("refused", "insufficient_funds"),
        ("accepted", None),
    ]
    assert [c.channel for c in commands.recent(eve.id, 10)] == ["api"]
    assert len(commands.recent(ada.id, 2)) == 2
    assert commands.recent("user:nobody", 10) == []


def test_the_book_is_read_by_position_and_in_pages() -> None:
    account_id = an_account(5)
    assert events.page(after=0, limit=10) == []
    seal_all()
    assert events.head_position() == 3
    assert [e.type for e in events.page(after=0, limit=10, stream_id=account_id)] == ["AccountOpened", "DepositMade"]
    entry = events.find(3)
    assert entry is not None
    assert entry.event.type == "DepositMade"
    assert events.find(4) is None


def test_an_event_that_is_not_sealed_is_found_by_its_place_and_has_no_position_yet() -> None:
    account_id = an_account(5)
    event = events.find_event(account_id, 2)
    assert event is not None
    assert event.position is None
    seal_all()
    event = events.find_event(account_id, 2)
    assert event is not None
    assert event.position == 3


def test_the_events_of_a_recorded_outcome_learn_their_position_and_nothing_else() -> None:
    command = deposit(an_account(), 5)
    first = handle(command, by=BY).events[0]
    seal_all()
    recorded = find_outcome(command.command_id)
    assert recorded is not None
    (event,) = recorded.events
    assert event.position == 3
    for field in ("id", "type", "schema_version", "stream_id", "stream_position", "recorded_at", "data", "metadata"):
        assert getattr(event, field) == getattr(first, field)
