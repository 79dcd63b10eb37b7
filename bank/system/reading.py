"""From the registries to the catalogue: everything is looked up where it is registered, once a process."""

from functools import cache
from typing import Any

from accounts.aggregates import AGGREGATES, COMMANDS
from accounts.command import Command as AnyCommand
from accounts.vocabulary import TERMS
from bank.system import doors, streams
from bank.system.model import Call, Catalogue, Command, Decider, Event, ProjectionEntry, Screen
from bank.system.reach import reach
from bank.system.read_side import entries, reason_of
from bank.system.schemas import examples_of, fields_of, schema_of, versions_of, words_of
from bank.webhooks.payload import withheld_fields
from ledger.codec import EventType, event_types, upcasters_of


@cache
def catalogue() -> Catalogue:
    """Everything that there is. It is the code's: a process that runs new code reads it anew."""
    screens, calls = doors.screens(), doors.calls()
    commands = {cls.__name__: _command(cls, screens, calls) for cls in COMMANDS}
    projections = {entry.name: entry for entry in entries(screens, calls)}
    return Catalogue(
        commands=commands,
        deciders={category: _decider(category, commands) for category in AGGREGATES},
        events={kind.name: _event(kind, commands, projections) for kind in event_types()},
        projections=projections,
        screens={screen.name: screen for screen in screens},
        calls={call.id: call for call in calls},
        roles=doors.roles(),
        terms=TERMS,
    )


def _command(cls: type[AnyCommand], screens: list[Screen], calls: list[Call]) -> Command:
    found = reach(COMMANDS[cls].decide, inside=("accounts.",), only=cls)
    names = {kind.cls: kind.name for kind in event_types()}
    categories = streams.categories_of(cls)
    schema = schema_of(cls)
    name = cls.__name__
    return Command(
        name=name,
        category=categories[0],
        description=words_of(cls),
        rule=words_of(streams.decider_of(cls)),
        fields=fields_of(cls, schema),
        schema=schema,
        categories=categories,
        refusals=tuple(reason_of(kind) for kind in sorted(found.refusals, key=lambda kind: kind.code)),
        events=tuple(sorted(names[event] for event in found.events)),
        screens=tuple(screen.name for screen in screens if name in screen.commands),
        calls=tuple(call.id for call in calls if name in call.commands),
        others=doors.other_senders(name),
    )


def _decider(category: str, commands: dict[str, Command]) -> Decider:
    state: type[Any] = streams.state_of(category)
    return Decider(
        category=category,
        title=category.replace("_", " ").capitalize(),
        description=words_of(streams.module_of(category)),
        state=state.__name__,
        state_description=words_of(state),
        fields=fields_of(state, schema_of(state)),
        snapshot_schema=AGGREGATES[category].snapshot_schema,
        commands=tuple(command.name for command in commands.values() if command.category == category),
        events=tuple(kind.name for kind in event_types() if kind.cls in streams.events_of(category)),
    )


def _event(kind: EventType, commands: dict[str, Command], projections: dict[str, ProjectionEntry]) -> Event:
    return Event(
        name=kind.name,
        category=next((category for category in AGGREGATES if kind.cls in streams.events_of(category)), ""),
        description=words_of(kind.cls),
        versions=versions_of(kind, examples_of(kind.name), upcasters_of(kind.name)),
        withheld=withheld_fields(kind),
        erases=kind.erases,
        commands=tuple(command.name for command in commands.values() if kind.name in command.events),
        projections=tuple(p.name for p in projections.values() if p.reads_all or kind.name in p.events),
    )
