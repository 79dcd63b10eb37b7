"""The catalogue is whole: whatever is registered is in it, with words, and every arrow leads somewhere."""

from collections.abc import Iterator
from typing import Protocol

import pytest

from accounts import vocabulary
from accounts.aggregates import AGGREGATES, COMMANDS
from accounts.refusals import REFUSALS
from bank.system.model import Call, Catalogue, Field, Screen
from bank.system.reading import catalogue
from bank.web.urls import urlpatterns as pages
from ledger.codec import event_types
from readmodels.registry import PROJECTIONS

# Refusals that no decider knows of: the handler's own.
OF_THE_HANDLER = {"key_reused", "id_taken"}


class _Described(Protocol):
    @property
    def description(self) -> str: ...


@pytest.fixture(scope="module")
def known() -> Catalogue:
    return catalogue()


def fields(known: Catalogue) -> Iterator[tuple[str, Field]]:
    for command in known.commands.values():
        yield from ((command.name, field) for field in command.fields)
    for event in known.events.values():
        yield from ((event.name, field) for version in event.versions for field in version.fields)
    for decider in known.deciders.values():
        yield from ((decider.state, field) for field in decider.fields)


def test_everything_that_is_registered_is_in_it(known: Catalogue) -> None:
    assert list(known.commands) == [cls.__name__ for cls in COMMANDS]
    assert list(known.deciders) == list(AGGREGATES)
    assert list(known.events) == [kind.name for kind in event_types()]
    assert {projection.name for projection in PROJECTIONS} < set(known.projections)
    assert {f"web:{pattern.name}" for pattern in pages if pattern.name} <= set(known.screens)


def test_nothing_is_without_words(known: Catalogue) -> None:
    things: list[_Described] = [
        *known.commands.values(),
        *known.deciders.values(),
        *known.events.values(),
        *known.projections.values(),
        *known.screens.values(),
        *known.calls.values(),
        *(query for projection in known.projections.values() for query in projection.queries),
        *(reason for command in known.commands.values() for reason in command.refusals),
    ]
    assert [thing for thing in things if not thing.description] == []
    assert [command.name for command in known.commands.values() if not command.rule] == []
    assert [projection.name for projection in known.projections.values() if not projection.details] == []


def test_no_field_is_without_words(known: Catalogue) -> None:
    assert sorted({(name, field.name) for name, field in fields(known) if not field.description}) == []


def test_no_word_is_about_a_field_that_there_is_not(known: Catalogue) -> None:
    names = {field.name for _, field in fields(known)} | {f"{name}.{field.name}" for name, field in fields(known)}
    assert sorted(set(vocabulary.FIELDS) - names) == []


def test_numbers_have_units(known: Catalogue) -> None:
    assert {f.unit for _, f in fields(known) if f.name.endswith("_minor")} == {"minor units of the currency"}
    assert {f.unit for _, f in fields(known) if f.name.endswith("_at")} == {"RFC 3339, UTC"}


def test_every_version_of_every_event_is_there_with_its_example(known: Catalogue) -> None:
    for kind in event_types():
        versions = known.events[kind.name].versions
        assert [version.version for version in versions] == list(range(kind.version, 0, -1))
        assert [version.version for version in versions if not version.example] == []
        assert [version.version for version in versions[1:] if not version.upcaster] == []


def test_every_command_leads_to_an_event_and_every_event_comes_of_a_command(known: Catalogue) -> None:
    assert [command.name for command in known.commands.values() if not command.events] == []
    assert [event.name for event in known.events.values() if not event.commands] == []
    assert [event.name for event in known.events.values() if not event.category] == []


def test_every_event_is_of_its_commands_own_stream(known: Catalogue) -> None:
    for command in known.commands.values():
        assert {known.events[name].category for name in command.events} == {command.category}


def test_every_command_is_sent_by_something(known: Catalogue) -> None:
    unsent = [c.name for c in known.commands.values() if not (c.screens or c.calls or c.others)]
    assert unsent == []


def test_every_refusal_is_somebodys(known: Catalogue) -> None:
    said = {reason.code for command in known.commands.values() for reason in command.refusals}
    said |= {reason.code for projection in known.projections.values() for reason in projection.refusals}
    assert said | OF_THE_HANDLER == set(REFUSALS)


def test_every_arrow_leads_somewhere(known: Catalogue) -> None:
    doors: list[Screen | Call] = [*known.screens.values(), *known.calls.values()]
    for door in doors:
        assert set(door.commands) <= set(known.commands)
        assert set(door.projections) <= set(known.projections)
    for projection in known.projections.values():
        assert set(projection.events) <= set(known.events)
        assert set(projection.screens) <= set(known.screens)


def test_the_way_of_a_deposit(known: Catalogue) -> None:
    command = known.commands["Deposit"]
    assert command.events == ("DepositMade",)
    assert [reason.code for reason in command.refusals] == [
        "account_closed",
        "account_not_found",
        "currency_mismatch",
        "limit_exceeded",
    ]
    assert "web:deposit_check" in command.screens
    assert {"deposit", "sendBatch"} <= set(command.calls)
    event = known.events["DepositMade"]
    assert {"balances", "movements", "daily_flows", "notifications"} <= set(event.projections)
    assert "customers" not in event.projections
    assert "web:account" in known.projections["movements"].screens


def test_a_command_of_a_decider_that_takes_many_leads_to_its_own_events_only(known: Catalogue) -> None:
    assert known.commands["NoteSecondFactor"].events == ("SecondFactorAdded", "SecondFactorRemoved")
    assert known.commands["NoteSignIn"].events == ("SignedIn",)


def test_a_page_that_only_shows_sends_nothing(known: Catalogue) -> None:
    assert known.screens["web:overview"].commands == ()
    assert known.screens["web:close_check"].commands == ("CloseAccount",)


def test_a_role_has_what_the_policy_lets_it_do(known: Catalogue) -> None:
    rights = {role.name: role.rights for role in known.roles}
    assert "Read every event and every command." in rights["auditor"]
    assert "Read every event and every command." not in rights["teller"]
    assert "Take in and pay out money for any customer." in rights["teller"]
