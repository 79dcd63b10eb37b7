"""The projections: how far each has come, what holds it up, and the levers of operations."""

from typing import Any, Final

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from bank.identity import policy
from bank.ops.logs import withheld
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.operations.seen import answer
from bank.web.tasks.engine import begin_check, run_check, run_form
from bank.web.tasks.levers import PARKED_TASKS, PROJECTION_TASKS
from bank.web.tasks.steering import SteeringTask
from ledger import parking
from ledger.connections import cursor
from ledger.parking import Parked
from ledger.projections import Lifecycle, projection_named
from readmodels import projection_states
from readmodels.projection_states import ProjectionState

_PARKED_SHOWN: Final = 20
_MOST_NUMBER: Final = 2**63 - 1


class PlaceForm(forms.Form):
    """Where the list of parked events goes on."""

    after = forms.IntegerField(required=False, min_value=1, max_value=_MOST_NUMBER)


@allowed(policy.may_operate)
@signed_in
def projections_page(request: SignedInRequest) -> HttpResponse:
    """All of them; those that need somebody first."""
    states = sorted(projection_states.states(), key=_urgency)
    of = {lifecycle: [s for s in states if s.lifecycle is lifecycle] for lifecycle in Lifecycle}
    context = {
        "by_workers": of[Lifecycle.ASYNC],
        "inline": of[Lifecycle.INLINE],
        "live": of[Lifecycle.LIVE],
        "in_need": sum(needs_somebody(state) for state in states),
    }
    return answer(request, "web/operations/projections.html", states, context)


@allowed(policy.may_operate)
@signed_in
def projection_page(request: SignedInRequest, name: str) -> HttpResponse:
    """One of them, with its levers."""
    form = PlaceForm(request.GET)
    if not form.is_valid():
        return render(request, "web/operations/address_wrong.html", {"name": name}, status=422)
    state = _state_or_404(name)
    parked = parking.parked(name, after=form.cleaned_data["after"] or 0, limit=_PARKED_SHOWN + 1)
    shown = parked[:_PARKED_SHOWN]
    tasks = [t for task in PROJECTION_TASKS if (t := task(request.user, state)).is_relevant]
    levers = "-".join(task.slug for task in tasks)
    if request.headers.get("HX-Request") == "true" and request.GET.get("levers", levers) != levers:
        # What can be done stands beside what is asked for again: the whole page comes anew.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    context: dict[str, Any] = {
        "state": state,
        "error": withheld(state.error) if state.error else "",
        "rebuild_error": withheld(state.rebuild.error) if state.rebuild and state.rebuild.error else "",
        "tasks": tasks,
        "parked": [(event, withheld(event.error)) for event in shown],
        "next_after": shown[-1].position if len(parked) > _PARKED_SHOWN else None,
        "place": {"after": form.cleaned_data["after"]},
        "asks_again": {"after": form.cleaned_data["after"], "levers": levers},
        "may_audit": policy.may_audit(request.user),
        "is_async": state.lifecycle is Lifecycle.ASYNC,
    }
    return answer(request, "web/operations/projection.html", [state, parked], context)


@allowed(policy.may_operate)
@signed_in
def steer(request: SignedInRequest, name: str, task: type[SteeringTask], position: int | None = None) -> HttpResponse:
    """The form of a lever; where there is nothing to fill in, on to the check page."""
    begun = _begun(request, name, task, position)
    return begin_check(request, begun) if begun.is_one_step else run_form(request, begun)


@allowed(policy.may_operate)
@signed_in
def steer_check(
    request: SignedInRequest, name: str, task: type[SteeringTask], position: int | None = None
) -> HttpResponse:
    """Its check page."""
    return run_check(request, _begun(request, name, task, position))


def needs_somebody(state: ProjectionState) -> bool:
    """Whether it stands still, stumbles, or has put events aside; or its rebuild has failed."""
    return state.status != "running" or state.parked > 0 or bool(state.rebuild and state.rebuild.error)


def _urgency(state: ProjectionState) -> tuple[bool, str]:
    return not needs_somebody(state), state.name


def _begun(request: SignedInRequest, name: str, task: type[SteeringTask], position: int | None) -> SteeringTask:
    state = _state_or_404(name)
    return task(request.user, state, None if position is None else _parked_or_404(name, position))


def _state_or_404(name: str) -> ProjectionState:
    try:
        projection = projection_named(name)
    except KeyError:
        raise Http404 from None
    with cursor() as cur:
        return projection_states.state_of(cur, projection)


def _parked_or_404(name: str, position: int) -> Parked:
    """Also one about which somebody has decided: the task says so."""
    if not 0 < position <= _MOST_NUMBER:
        raise Http404
    found = parking.parked(name, unresolved=False, after=position - 1, limit=1)
    if not found or found[0].position != position:
        raise Http404
    return found[0]


def _task_paths() -> list[URLPattern]:
    """Form and check page of each lever: .../NAME/pause, .../NAME/pause/check; .../NAME/parked/POSITION/discard."""
    paths = []
    for task in (*PROJECTION_TASKS, *PARKED_TASKS):
        place = "operations/projections/<str:name>"
        if task in PARKED_TASKS:
            place = f"{place}/parked/<int:position>"
        route, extra = f"{place}/{task.slug}", {"task": task}
        paths.append(path(route, steer, extra, name=task.name))
        paths.append(path(f"{route}/check", steer_check, extra, name=f"{task.name}_check"))
    return paths


PATHS: Final[list[URLPattern]] = [
    path("operations/projections", projections_page, name="operations_projections"),
    path("operations/projections/<str:name>", projection_page, name="operations_projection"),
    *_task_paths(),
]
