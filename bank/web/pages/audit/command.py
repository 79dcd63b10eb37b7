"""One command: who asked for what, what became of it and when, what it wrote, and how often it came again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from bank.access_records.recording import looks_at_streams, record_looks
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit.commands import asked_at, lines_of
from ledger.models import Command, Entry
from ledger.partitions import EventsDetached
from ledger.stored import StoredEvent, read_stored
from readmodels import command_log

# A moment that a command names itself may be long ago: an import, a standing order that waited.
_AT_ONCE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A step on the way of a command; `after_ms`: since the step before, None where that says nothing."""

    label: StrOrPromise
    at: datetime
    after_ms: float | None


@allowed(policy.may_audit)
@signed_in
def command_page(request: SignedInRequest, command_id: UUID) -> HttpResponse:
    """What the log has, and what came of it."""
    command = command_log.find(command_id)
    if command is None:
        raise Http404
    streams = [UUID(stream) for _category, stream, *_places in _writes(command)]
    record_looks(request, request.user, looks_at_streams(streams))
    try:
        wrote, is_archived = list(_events_of(command)), False
    except EventsDetached:
        wrote, is_archived = [], True
    (line,) = lines_of([command])
    replays = command_log.replays_of([command_id]).get(command_id)
    context: dict[str, Any] = {
        "line": line,
        "command": command,
        "events": wrote,
        "is_archived": is_archived,
        "moments": _moments(command, wrote),
        "replays": replays,
        "result": json.dumps(command.result, indent=2, ensure_ascii=False),
        "fingerprint": bytes(command.fingerprint).hex(),
    }
    return render(request, "web/audit/command.html", context)


def _writes(command: Command) -> list[list[Any]]:
    """(category, stream, first, last position, what the log keeps of the state) of each stream that it wrote."""
    writes: list[list[Any]] = command.result.get("streams", [])
    return writes


def _events_of(command: Command) -> Iterator[StoredEvent]:
    for _category, stream, first, last, *_memo in _writes(command):
        yield from read_stored(UUID(stream), after=first - 1, to=last)


def _moments(command: Command, wrote: list[StoredEvent]) -> list[Moment]:
    """Asked for, decided, recorded, sealed: as the events and the log say, at no cost to the command itself.

    An event's id (UUIDv7) bears the millisecond in which the bank decided.
    """
    steps: list[tuple[StrOrPromise, datetime]] = []
    if wrote:
        first = wrote[0]
        if (asked := getattr(first.event, "occurred_at", None)) is not None:
            steps.append((_("Asked for"), asked))
        if first.id.version == 7:
            steps.append((_("Decided"), datetime.fromtimestamp((first.id.int >> 80) / 1_000, UTC)))
    elif (came := asked_at(command)) is not None:
        steps.append((_("The request came"), came))
    steps.append((_("Recorded"), command.recorded_at))
    if wrote and wrote[-1].position is not None:
        steps.append((_("Sealed"), Entry.objects.values_list("sealed_at", flat=True).get(pk=wrote[-1].position)))
    before = [None, *(at for _label, at in steps)]
    return [
        Moment(label=label, at=at, after_ms=_gap_ms(was, at)) for (label, at), was in zip(steps, before, strict=False)
    ]


def _gap_ms(was: datetime | None, at: datetime) -> float | None:
    """Nothing where the step before was on another day, so to say; two clocks may differ by a little."""
    if was is None or not -_AT_ONCE < at - was < _AT_ONCE:
        return None
    return max((at - was) / timedelta(milliseconds=1), 0.0)
