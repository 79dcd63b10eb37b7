"""A page for each thing of the catalogue: what it is, what it is made of, where it comes from and where it leads."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from django.http import Http404, HttpResponse
from django.shortcuts import render

from bank.identity import policy
from bank.system.model import Catalogue
from bank.system.reading import catalogue
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.system.drawing import drawing_of
from ledger.projections import Lifecycle
from readmodels import event_counts, freshness

Thing = TypeVar("Thing")


@allowed(policy.may_see_system)
@signed_in
def command(request: SignedInRequest, name: str) -> HttpResponse:
    """A command: its fields, the rule that decides it, what it leads to, who sends it."""
    known = catalogue()
    found = _named(known.commands, name)
    context = {
        "command": found,
        "decider": known.deciders[found.category],
        "events": [known.events[event] for event in found.events],
        "screens": [known.screens[screen] for screen in found.screens],
        "calls": [known.calls[call] for call in found.calls],
        "schema": _pretty(found.schema),
    }
    return render(request, "web/system/command.html", context)


@allowed(policy.may_see_system)
@signed_in
def decider(request: SignedInRequest, name: str) -> HttpResponse:
    """A kind of stream: drawn, with its state, commands and events."""
    known = catalogue()
    found = _named(known.deciders, name)
    context = {
        "decider": found,
        "drawing": drawing_of(known, found),
        "commands": [known.commands[command] for command in found.commands],
        "events": [known.events[event] for event in found.events],
    }
    return render(request, "web/system/decider.html", context)


@allowed(policy.may_see_system)
@signed_in
def event(request: SignedInRequest, name: str) -> HttpResponse:
    """An event: every version of it, how often it happened, what leads to it and who reads it."""
    known = catalogue()
    found = _named(known.events, name)
    counts = event_counts.counts().get(name, [])
    context = {
        "event": found,
        "decider": known.deciders[found.category],
        "versions": [(version, _pretty(version.schema), _pretty(version.example)) for version in found.versions],
        "count": sum(row.count for row in counts),
        "last_at": event_counts.last_of(counts),
        "by_version": {row.schema_version: row.count for row in counts},
        "as_of": freshness.as_of(event_counts.PROJECTION.name),
        "commands": [known.commands[command] for command in found.commands],
        "readers": [known.projections[name] for name in found.projections],
        "may_audit": policy.may_audit(request.user),
    }
    return render(request, "web/system/event.html", context)


@allowed(policy.may_see_system)
@signed_in
def projection(request: SignedInRequest, name: str) -> HttpResponse:
    """A projection: what it reads, where it is kept, what it answers, who asks, and how far it is."""
    known = catalogue()
    found = _named(known.projections, name)
    context = {
        "projection": found,
        "events": [known.events[event] for event in found.events],
        "screens": [known.screens[screen] for screen in found.screens],
        "calls": [known.calls[call] for call in found.calls],
        "as_of": freshness.as_of(name) if found.lifecycle is Lifecycle.ASYNC else None,
    }
    return render(request, "web/system/projection.html", context)


@allowed(policy.may_see_system)
@signed_in
def screens(request: SignedInRequest, area: str) -> HttpResponse:
    """The pages whose paths begin alike: who may open them, what they send and what they ask."""
    known = catalogue()
    found = _named(known.areas, area)
    return render(request, "web/system/screens.html", {"area": area, "screens": found, "areas": list(known.areas)})


@allowed(policy.may_see_system)
@signed_in
def calls(request: SignedInRequest) -> HttpResponse:
    """Every call of the API."""
    return render(request, "web/system/calls.html", {"calls": list(catalogue().calls.values())})


@allowed(policy.may_see_system)
@signed_in
def words(request: SignedInRequest) -> HttpResponse:
    """What the bank's words mean, and what each role may do."""
    known: Catalogue = catalogue()
    return render(request, "web/system/words.html", {"terms": known.terms, "roles": known.roles})


def _named(things: Mapping[str, Thing], name: str) -> Thing:
    try:
        return things[name]
    except KeyError:
        raise Http404 from None


def _pretty(value: Mapping[str, Any] | None) -> str:
    return json.dumps(dict(value), indent=2, ensure_ascii=False) if value is not None else ""
