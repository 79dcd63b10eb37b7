"""The tree of a correlation: a request, its commands, their events, and what those led to, with the time between."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bank.access_records.recording import looks_at_streams, record_looks
from bank.identity import policy
from bank.jobs import asking
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit import jobs
from bank.web.pages.audit.commands import Line, lines_of
from bank.web.problems import Problem, problem_page
from bank.webhooks import deliveries
from bank.webhooks.models import Delivery
from readmodels import causation, command_search, freshness
from readmodels.causation import Caused, Chapter

PAGE_SIZE: Final = 50
# The event that asks for a job, whose stream is the job's, and the page where the job is to be seen.
_JOB_PAGES: Final = {"VerificationRequested": "web:audit_verification_job", "ExportRequested": "web:audit_export"}
_NOTHING: Final = Problem(
    status=404,
    title=_("Nothing is on record under this id"),
    detail=_(
        "No command belongs to it, and none has it. What a worker has not read yet may come in a moment; a request "
        "that asked for nothing leaves nothing."
    ),
)
_WRONG: Final = Problem(
    status=400,
    title=_("This page of the tree cannot be read"),
    detail=_("Its address has to name a command behind which it goes on. Go back and try again."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNode:
    """An event on its way to somebody outside; `took`: from its record to the last attempt."""

    delivery: Delivery
    took: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNode:
    """What a worker does because of an event. `waited`: until it was begun (last), `worked`: from then to its end."""

    line: jobs.Line
    href: str
    waited: timedelta | None
    worked: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNode:
    """An event, what was to be sent or done because of it, and the commands that it led to."""

    event: Caused
    sealed_after: timedelta | None
    deliveries: list[DeliveryNode]
    job: JobNode | None
    commands: "list[CommandNode]" = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandNode:
    """A command with its events and the commands that it led to itself. `took`: since what led to it."""

    line: Line
    took: timedelta | None
    events: list[EventNode]
    commands: "list[CommandNode]" = field(default_factory=list)


@allowed(policy.may_audit)
@signed_in
def correlation_page(request: SignedInRequest, correlation_id: UUID) -> HttpResponse:
    """The commands of a correlation, the oldest first; a command's own id leads to what it belongs to."""
    edges = {name: _command_id(request.GET[name]) for name in ("before", "after") if request.GET.get(name)}
    if len(edges) > 1 or None in edges.values():
        return problem_page(request, _WRONG)
    chapter = causation.chapter(correlation_id, PAGE_SIZE, **edges)
    if not chapter.commands:
        return _lead_on(request, correlation_id)
    streams = {event.stream_id for events in chapter.events.values() for event in events}
    record_looks(request, request.user, looks_at_streams(streams))
    first, last = chapter.commands[0], chapter.commands[-1]
    context: dict[str, Any] = {
        "correlation_id": correlation_id,
        "tree": tree_of(chapter),
        "first": first,
        "took": last.recorded_at - first.recorded_at,
        "counts": _counts(chapter),
        "earlier": first.command_id if chapter.has_earlier else None,
        "later": last.command_id if chapter.has_later else None,
        "may_see_deliveries": policy.may_operate(request.user),
        "as_of": freshness.as_of(command_search.PROJECTION.name),
    }
    return render(request, "web/audit/correlation.html", context)


def tree_of(chapter: Chapter) -> list[CommandNode]:
    """The commands that nothing of the chapter led to, each with what it led to.

    What led to a command is what its events name as their cause; of a refused command it is not recorded.
    """
    events_of_all = [event for events in chapter.events.values() for event in events]
    sent = deliveries.of_events([event.id for event in events_of_all])
    begun = _jobs_of(events_of_all)
    roots: list[CommandNode] = []
    made: dict[UUID, CommandNode | EventNode] = {}
    for line in lines_of(chapter.commands):
        events = chapter.events.get(line.command.command_id, [])
        parent = _parent(line.command.command_id, events, made)
        node = CommandNode(
            line=line,
            took=_since(line, parent),
            events=[_event_node(event, sent.get(event.id, []), begun.get(event.id)) for event in events],
        )
        (roots if parent is None else parent.commands).append(node)
        # Only what came before can be a parent: whatever the record says, the tree has no circle.
        made[line.command.command_id] = node
        made.update((event.event.id, event) for event in node.events)
    return roots


def _parent(
    command_id: UUID, events: Sequence[Caused], made: dict[UUID, CommandNode | EventNode]
) -> CommandNode | EventNode | None:
    causes = [event.cause_id for event in events if event.cause_id not in (None, command_id)]
    return made.get(causes[0]) if causes and causes[0] is not None else None


def _since(line: Line, parent: CommandNode | EventNode | None) -> timedelta | None:
    if parent is None:
        return None
    began = parent.event.recorded_at if isinstance(parent, EventNode) else parent.line.command.recorded_at
    return max(line.command.recorded_at - began, timedelta())


def _jobs_of(events: Sequence[Caused]) -> dict[UUID, JobNode]:
    """What workers do because of these events, by the event's id."""
    asked = {event.stream_id: event for event in events if event.type in _JOB_PAGES}
    lines = jobs.lines_of(asking.find_all(asked.keys()))
    return {asked[line.job.row.job_id].id: _job_node(line, asked[line.job.row.job_id]) for line in lines}


def _job_node(line: jobs.Line, event: Caused) -> JobNode:
    run = line.job.run
    return JobNode(
        line=line,
        href=reverse(_JOB_PAGES[event.type], args=[line.job.row.job_id]),
        waited=None if run is None else max(run.started_at - event.recorded_at, timedelta()),
        worked=None if run is None or run.finished_at is None else max(run.finished_at - run.started_at, timedelta()),
    )


def _event_node(event: Caused, sent: Iterable[Delivery], job: JobNode | None) -> EventNode:
    return EventNode(
        event=event,
        sealed_after=None if event.sealed_at is None else max(event.sealed_at - event.recorded_at, timedelta()),
        deliveries=[
            DeliveryNode(
                delivery=one,
                took=None if one.last_attempt_at is None else max(one.last_attempt_at - event.recorded_at, timedelta()),
            )
            for one in sent
        ],
        job=job,
    )


def _counts(chapter: Chapter) -> dict[str, int]:
    return {
        "commands": len(chapter.commands),
        "refused": sum(command.refusal is not None for command in chapter.commands),
        "events": sum(map(len, chapter.events.values())),
    }


def _lead_on(request: SignedInRequest, command_id: UUID) -> HttpResponse:
    """What has no commands of its own may be one: on to what that belongs to."""
    found = causation.correlation_of(command_id)
    if found is None or found == command_id:
        return problem_page(request, _NOTHING)
    return redirect("web:audit_correlation", found)


def _command_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
