"""What the catalogue says: plain values, each about one thing that has a name, tied to others by their names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.projections import Lifecycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a command, an event or a state. `unit`: of numbers, and the form of texts that have one."""

    name: str
    type: str
    description: str
    unit: str = ""
    default: str = ""  # as JSON; empty where the field must be given
    is_required: bool = True
    is_personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVersion:
    """One schema version of an event. The lists compare it with the version before; `upcaster`: what leads to the next.

    `example`: a stored event of this version, which a test keeps readable.
    """

    version: int
    fields: tuple[Field, ...]
    schema: Mapping[str, Any]
    example: Mapping[str, Any] | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    upcaster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event type, its newest version first. `withheld`: fields that webhooks do not tell."""

    name: str
    category: str
    description: str
    versions: tuple[EventVersion, ...]
    withheld: tuple[str, ...] = ()
    erases: bool = False
    commands: tuple[str, ...] = ()  # which lead to it
    projections: tuple[str, ...] = ()  # which read it

    @property
    def newest(self) -> EventVersion:
        """The version that is written today."""
        return self.versions[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReason:
    """Why a command changes nothing: a stable code, and words."""

    code: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command. `others`: modules besides screens and API that send it, each with its words."""

    name: str
    category: str
    description: str
    rule: str  # what its decider says of itself
    fields: tuple[Field, ...]
    schema: Mapping[str, Any]
    categories: tuple[str, ...]  # of every stream that it is decided on
    refusals: tuple[RefusalReason, ...] = ()
    events: tuple[str, ...] = ()
    screens: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """One kind of stream: its folded state, and the commands and events of it."""

    category: str
    title: str
    description: str
    state: str
    state_description: str
    fields: tuple[Field, ...]
    snapshot_schema: int
    commands: tuple[str, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question that a projection answers."""

    name: str
    description: str
    signature: str
    fields: tuple[Field, ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionEntry:
    """A projection. `events`: the types that it reads; with `reads_all`, whatever there is."""

    name: str
    lifecycle: Lifecycle
    description: str
    details: str  # what its module says
    module: str
    tables: tuple[str, ...]
    reads_all: bool
    events: tuple[str, ...]
    on_error: str = ""
    shards: int = 0
    refusals: tuple[RefusalReason, ...] = ()
    queries: tuple[Query, ...] = ()
    screens: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A path of the web. `door`: who gets in, in words."""

    name: str
    path: str
    area: str
    description: str
    door: str
    commands: tuple[str, ...] = ()
    projections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One method of one resource of the API. `scopes`: one of them is enough."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scopes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    projections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    """What a person can be to the bank, and what that role opens."""

    name: str
    title: str
    rights: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything, by name; each in the order of its registry."""

    commands: Mapping[str, Command]
    deciders: Mapping[str, Decider]
    events: Mapping[str, Event]
    projections: Mapping[str, ProjectionEntry]
    screens: Mapping[str, Screen]
    calls: Mapping[str, Call]
    roles: tuple[RoleEntry, ...]
    terms: Mapping[str, str]

    @property
    def areas(self) -> dict[str, list[Screen]]:
        """The screens by the first part of their paths."""
        found: dict[str, list[Screen]] = {}
        for screen in self.screens.values():
            found.setdefault(screen.area, []).append(screen)
        return found
