"""A stream at any version and any moment: its events so far, each with what it changed, and the state after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django_stubs_ext import StrOrPromise

from accounts.aggregates import State
from accounts.replay import happened_at
from bank.access_records.recording import looks_at_streams, record_looks
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit.places import RECORDED, PlaceForm, SpanForm, steps_from
from bank.web.pages.audit.state_fields import Field, fields_of, in_words
from bank.web.pages.audit.values import value_fields
from bank.web.streams import of_kind
from ledger.partitions import EventsDetached
from ledger.stored import StoredEvent
from readmodels import time_travel
from readmodels.time_travel import Silence, Stream, Why

PAGE_SIZE: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event with the fields of the state that it changed; `is_known`: the state after it is known."""

    stored: StoredEvent
    happened_at: datetime
    changes: list[Field]
    fields: list[tuple[str, StrOrPromise]]
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The state that the page shows: after `version`, or of what had happened by a moment (then without `left_out`).

    `version` 0: nothing had happened yet. `silence`: why there is no state.
    """

    version: int
    state: State | None
    silence: Silence | None
    moment: datetime | None = None
    left_out: int = 0


@allowed(policy.may_audit)
@signed_in
def stream_page(request: SignedInRequest, stream_id: UUID) -> HttpResponse:
    """The stream at the version or moment of the address; at its last version where that has none."""
    stream = looked_at(request, stream_id)
    form = PlaceForm(request.GET, head=stream.version)
    is_valid = form.is_valid()
    context: dict[str, Any] = {**facts_of(stream), "form": form, "span": SpanForm(request.GET, head=stream.version)}
    try:
        shown = _shown(stream, form.cleaned_data if is_valid else {})
        before = form.cleaned_data["before"] if is_valid else None
        rows = _rows(stream, (before or shown.version + 1) - 1)
    except EventsDetached:
        return render(request, "web/audit/stream.html", {**context, "is_archived": True})
    reached = rows[-1].stored.stream_position if rows else 1
    version = max(shown.version, 1)
    context |= {
        "shown": shown,
        "version": version,
        "fields": fields_of(shown.state, stream.now) if shown.state is not None else [],
        "words": in_words(shown.state) if shown.state is not None else "",
        "is_now": shown.version == stream.version and not shown.left_out,
        "steps": steps_from(version, stream.version),
        "rows": rows,
        "next_before": reached if reached > 1 else None,
        "is_far": shown.silence is not None and shown.silence.why is Why.FAR,
    }
    return render(request, "web/audit/stream.html", context, status=200 if is_valid else 400)


def looked_at(request: SignedInRequest, stream_id: UUID) -> Stream:
    """The stream, with a record of the look where it is a customer's; 404 where nothing ever happened on it."""
    stream = time_travel.find(stream_id)
    if stream is None:
        raise Http404
    record_looks(request, request.user, looks_at_streams({stream_id}))
    return stream


def facts_of(stream: Stream) -> dict[str, Any]:
    """What the head of each page of a stream shows."""
    first, last = time_travel.ends(stream)
    return {
        "stream": stream,
        "kind": of_kind(stream.category),
        "name": getattr(stream.now, "name", "") or getattr(stream.now, "url", ""),
        "first": first,
        "last": last,
        "has_balance": stream.category == "account",
    }


def _shown(stream: Stream, asked: dict[str, Any]) -> Shown:
    moment: datetime | None = asked.get("at")
    if moment is None:
        return _at_version(stream, asked.get("version") or stream.version)
    if asked["clock"] == RECORDED:
        return _at_version(stream, time_travel.recorded_by(stream, moment), moment)
    found = time_travel.as_of(stream, moment)
    if found.version == 0 and found.silence is not None:
        # No state, but the events are there: those that were recorded by then.
        return _at_version(stream, time_travel.recorded_by(stream, moment), moment)
    return Shown(
        version=found.version, state=found.state, silence=found.silence, moment=moment, left_out=found.left_out
    )


def _at_version(stream: Stream, version: int, moment: datetime | None = None) -> Shown:
    if version == 0:
        return Shown(version=0, state=None, silence=None, moment=moment)
    told = time_travel.tell(stream, after=version - 1, to=version)
    if version == stream.version and told.silence is not None and told.silence.why is Why.FAR:
        return Shown(
            version=version, state=stream.now, silence=None, moment=moment
        )  # its snapshot is as near as can be
    return Shown(version=version, state=told.after, silence=told.silence, moment=moment)


def _rows(stream: Stream, last: int) -> list[EventRow]:
    """Up to PAGE_SIZE events up to this version, the newest first."""
    if last < 1:
        return []
    told = time_travel.tell(stream, after=max(last - PAGE_SIZE, 0), to=last)
    before, rows = told.before, []
    for step in told.steps:
        stored = step.stored
        is_first = before is None and stored.stream_position == 1
        changes = [] if is_first or step.state is None else [f for f in fields_of(before, step.state) if f.has_changed]
        rows.append(
            EventRow(
                stored=stored,
                happened_at=happened_at(stored.event, stored.recorded_at),
                changes=changes,
                fields=value_fields(stored.raw if stored.event is None else stored.event),
                is_known=step.state is not None,
            )
        )
        before = step.state
    return rows[::-1]
