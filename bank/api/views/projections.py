"""/projections: how far each has come, and the levers of operations: pause, resume, rebuild."""

from typing import Any, ClassVar, Literal, TypedDict
from uuid import UUID

from rest_framework.request import Request

from bank.api.access import require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import moment
from bank.api.commanding import REPLAYED_HEADER, CommandView
from bank.api.paging import key_of_cursor, page_body
from bank.api.problems import Problem, not_found
from bank.api.requests import PageQuery, SteeringRequest
from bank.api.schema.kinds import Actor, ConsistencyToken, Count, Id, Moment, Position
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from bank.ops.rebuilder import wake_rebuilder
from bank.ops.wakeups import wake
from bank.web.middleware import correlation_id
from ledger import steering
from ledger.connections import Cursor, cursor
from ledger.projections import Projection, projection_named
from ledger.steering import Act, Order, OrderIdReused, Steered
from readmodels import projection_states
from readmodels.projection_states import ProjectionState, Rebuild


class ProjectionErrorBody(TypedDict):
    """What a projection stumbled over: the traceback's end, the event's place in the book, and when it tries again."""

    detail: str
    position: Position | None
    retry_at: Moment | None


class RebuildBody(TypedDict):
    """A rebuild that was asked for and is not done. `progress` from 0 to 1; `error` where it failed."""

    position: Position
    head: Position
    progress: float
    events_per_second: float
    requested_at: Moment | None
    requested_by: Actor | None
    error: str | None


class ProjectionBody(TypedDict):
    """How a projection fares. `head` counts all that is committed; `progress` (0 to 1) is that of a rebuild."""

    name: str
    lifecycle: Literal["inline", "async", "live"]
    description: str
    status: Literal["running", "failing", "paused"]
    position: Position
    head: Position
    timestamp: Moment | None
    lag_events: Count
    lag_seconds: float
    events_per_second: float
    error: ProjectionErrorBody | None
    progress: float | None
    rebuild: RebuildBody | None


class SteeredBody(ProjectionBody):
    """The projection right after a command, and how to ask for that command.

    `consistency_token` is null: such a command writes no event that a report could count.
    """

    command_id: Id
    consistency_token: ConsistencyToken | None


class ProjectionsView(ApiView):
    """All of them, by name."""

    scopes = {"GET": (Scope.OPERATIONS_WRITE,)}
    parameters = {"GET": PageQuery()}
    contract = {
        "GET": Operation(
            id="listProjections", summary="All projections and how they fare", answer=Page(item=ProjectionBody)
        )
    }

    def get(self, request: Request) -> Answer:
        require_role(policy.may_operate(user_of(request)))
        after = key_of_cursor(request, self.query) or ""
        states = [state for state in projection_states.states() if state.name > after]
        return Answer(
            page_body(request, states, self.query["limit"], body=projection_body, key=lambda state: state.name)
        )


class ProjectionView(ApiView):
    """One of them."""

    scopes = {"GET": (Scope.OPERATIONS_WRITE,)}
    contract = {
        "GET": Operation(
            id="showProjection",
            summary="How a projection fares",
            answer=ProjectionBody,
            problems={404: ("projection_not_found",)},
        )
    }

    def get(self, request: Request, name: str) -> Answer:
        require_role(policy.may_operate(user_of(request)))
        with cursor() as cur:
            return Answer(projection_body(projection_states.state_of(cur, _named(name))))


def _steering(operation_id: str, summary: str, refusal: str, *, status: int = 200) -> Operation:
    return Operation(
        id=operation_id,
        summary=summary,
        answer=SteeredBody,
        status=status,
        problems={404: ("projection_not_found",), 422: (refusal,)},
        headers=("Idempotency-Replayed",),
        example={},
    )


class _SteeringView(CommandView):
    """A lever: recorded in the command log like every command, so that a retry pulls it once."""

    scopes = {"POST": (Scope.OPERATIONS_WRITE,)}
    body_form = SteeringRequest()
    act: ClassVar[Act]
    status: ClassVar[int] = 200

    def post(self, request: Request, name: str) -> Answer:
        require_role(policy.may_operate(user_of(request)))
        projection = _named(name)
        intent = self.read_intent(request, self.body_form)
        order = Order(
            act=self.act,
            projection=projection.name,
            command_id=intent.command_id,
            fingerprint=intent.fingerprint,
            actor=policy.actor_of(user_of(request), "api").id,
            channel="api",
            correlation_id=correlation_id(request._request),  # noqa: SLF001 - the framework's wrapper hides the id
        )
        steered = self._steer(order, projection)
        self.wake()
        headers = {REPLAYED_HEADER: "true"} if steered.replayed else {}
        body = {**(steered.answer or {}), "command_id": str(steered.command_id), "consistency_token": None}
        return Answer(body, self.status, headers=headers)

    def wake(self) -> None:
        """Tell a worker; beat finds it too."""
        wake()

    def _steer(self, order: Order, projection: Projection) -> Steered:
        def describe(cur: Cursor) -> dict[str, Any]:
            return {**projection_body(projection_states.state_of(cur, projection))}

        try:
            steered = steering.steer(order, describe)
        except OrderIdReused:
            raise Problem(422, "idempotency_key_reused", "This Idempotency-Key was used for another request.") from None
        if steered.refusal is not None:
            raise _refused(steered.refusal, steered.command_id, steered.correlation_id, steered.replayed)
        return steered


class PauseView(_SteeringView):
    """Stop a projection; its rows stay as they are."""

    act = Act.PAUSE
    contract = {"POST": _steering("pauseProjection", "Pause a projection", "projection_not_async")}


class ResumeView(_SteeringView):
    """Let it go on from where it stopped."""

    act = Act.RESUME
    contract = {"POST": _steering("resumeProjection", "Let a projection go on", "projection_not_async")}


class RebuildView(_SteeringView):
    """Build it anew from the events, by a worker, beside the one in use; asked for twice is asked for once."""

    act = Act.REBUILD
    contract = {"POST": _steering("rebuildProjection", "Rebuild a projection", "projection_is_live", status=202)}
    status = 202

    def wake(self) -> None:
        wake_rebuilder()


def projection_body(state: ProjectionState) -> ProjectionBody:
    error: ProjectionErrorBody | None = None
    if state.error is not None:
        error = {"detail": state.error, "position": state.error_position, "retry_at": moment(state.retry_at)}
    return {
        "name": state.name,
        "lifecycle": state.lifecycle.value,
        "description": state.description,
        "status": state.status,
        "position": state.position,
        "head": state.head,
        "timestamp": moment(state.timestamp),
        "lag_events": state.lag_events,
        "lag_seconds": state.lag_seconds,
        "events_per_second": state.events_per_second,
        "error": error,
        "progress": state.rebuild.progress if state.rebuild else None,
        "rebuild": _rebuild_body(state.rebuild) if state.rebuild else None,
    }


def _rebuild_body(rebuild: Rebuild) -> RebuildBody:
    return {
        "position": rebuild.position,
        "head": rebuild.head,
        "progress": rebuild.progress,
        "events_per_second": rebuild.events_per_second,
        "requested_at": moment(rebuild.requested_at),
        "requested_by": rebuild.requested_by,
        "error": rebuild.error,
    }


def _named(name: str) -> Projection:
    try:
        return projection_named(name)
    except KeyError:
        raise not_found("projection_not_found", "There is no such projection.") from None


def _refused(code: str, command_id: UUID, request_id: UUID, replayed: bool) -> Problem:
    headers = {REPLAYED_HEADER: "true"} if replayed else {}
    return Problem(422, code, steering.REFUSALS[code], headers=headers, command_id=command_id, request_id=request_id)
