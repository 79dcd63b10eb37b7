"""The system, drawn: from what people want to what they are shown."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from bank.identity import policy
from bank.system.model import Catalogue, Command, Decider, Event, ProjectionEntry
from bank.system.reading import catalogue
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.system.drawing import Drawing, drawing_of, drawing_of_all
from readmodels import event_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An event of a list, with who reads it because of what it is, and how often it happened."""

    event: Event
    readers: list[ProjectionEntry]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A command of a list, with its events."""

    command: Command
    events: list[EventLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A kind of stream: drawn, and the same as a list."""

    decider: Decider
    drawing: Drawing
    branches: list[Branch]


@allowed(policy.may_see_system)
@signed_in
def system(request: SignedInRequest) -> HttpResponse:
    """Every kind of stream, drawn and as a list, and what reads all of them."""
    known = catalogue()
    counts = {name: sum(row.count for row in rows) for name, rows in event_counts.counts().items()}
    parts = [
        Part(decider=decider, drawing=drawing_of(known, decider), branches=_branches(known, decider, counts))
        for decider in known.deciders.values()
    ]
    context = {
        "known": known,
        "parts": parts,
        "all_drawing": drawing_of_all(known),
        "readers_of_all": [projection for projection in known.projections.values() if projection.reads_all],
        # What is read from elsewhere than from events is drawn nowhere.
        "other_readers": [p for p in known.projections.values() if not p.reads_all and not p.events],
        "areas": known.areas,
        "forgotten": {name: count for name, count in counts.items() if name not in known.events},
    }
    return render(request, "web/system/index.html", context)


def _branches(known: Catalogue, decider: Decider, counts: dict[str, int]) -> list[Branch]:
    return [
        Branch(
            command=known.commands[name],
            events=[_line(known, known.events[event], counts) for event in known.commands[name].events],
        )
        for name in decider.commands
    ]


def _line(known: Catalogue, event: Event, counts: dict[str, int]) -> EventLine:
    readers = [known.projections[name] for name in event.projections if not known.projections[name].reads_all]
    return EventLine(event=event, readers=readers, count=counts.get(event.name, 0))
