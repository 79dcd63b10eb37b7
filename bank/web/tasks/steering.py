"""What every lever of a projection has in common: its check page, the order that it sends, what the log keeps."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from msgspec.structs import force_setattr

from accounts.command import Command
from accounts.handler import Actor, fingerprint_of
from accounts.outcome import Outcome, find_recorded
from accounts.refusals import KeyReused, Refused, restore_refusal
from accounts.text import REFERENCE_LENGTH, clean_text
from bank.identity.models import User
from bank.ops.rebuilder import wake_rebuilder
from bank.ops.wakeups import wake
from bank.web.tasks.task import Answer, Task, Values
from ledger import steering
from ledger.connections import Cursor, cursor
from ledger.parking import Parked
from ledger.projections import Projection, projection_named
from ledger.steering import Act, Order, OrderIdReused
from readmodels import projection_states
from readmodels.projection_states import ProjectionState


class Steer(Command, frozen=True, kw_only=True):
    """What is to be done to a projection, as the engine of tasks passes it on."""

    act: Act
    projection: str
    position: int | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "reason", clean_text(self.reason, "reason", max_length=REFERENCE_LENGTH))


class SteeringTask(Task):
    """One lever of one projection; about a parked event, or all of them, where it is one for these."""

    act: ClassVar[Act]
    slug: ClassVar[str]
    effect: ClassVar[StrOrPromise]
    form_class = forms.Form
    is_one_step = True
    by_rebuilder: ClassVar[bool] = False

    def __init__(self, person: User, state: ProjectionState, parked: Parked | None = None) -> None:
        super().__init__(person)
        self.state = state
        self.parked = parked

    @property
    def subject(self) -> str:
        return f"{self.state.name}:{self.parked.position if self.parked else ''}"

    @property
    def is_relevant(self) -> bool:
        """Whether it makes sense as the projection stands."""
        return steering.refusal_of(self.act, self._projection) is None

    @property
    def start_url(self) -> str:
        """Where the task begins."""
        return reverse(f"web:{self.name}", args=[self.state.name])

    @property
    def href(self) -> str:
        return self.start_url

    @property
    def form_url(self) -> str:
        return self.back_url if self.is_one_step else self.start_url

    @property
    def check_url(self) -> str:
        return f"{self.start_url}/check"

    @property
    def back_url(self) -> str:
        return reverse("web:operations_projection", args=[self.state.name])

    @property
    def back_label(self) -> str:
        return gettext("The projection")

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return Steer(
            command_id=command_id,
            at=at,
            act=self.act,
            projection=self.state.name,
            position=self.parked.position if self.parked else None,
            reason=values.get("reason", ""),
        )

    def refusal_of(self, command: Command) -> Refused | None:
        del command
        code = steering.refusal_of(self.act, self._projection) or self._has_nothing_to_do()
        return restore_refusal(code, {}) if code else None

    def _has_nothing_to_do(self) -> str | None:
        """The code of the refusal that would come, as the projection stands."""
        return None

    def send(self, command: Command, *, by: Actor, correlation_id: UUID, expected_version: int | None) -> Outcome:
        """Pull the lever; it takes part in the command log as every command does."""
        assert isinstance(command, Steer), "its own"
        del expected_version
        order = Order(
            act=command.act,
            projection=command.projection,
            command_id=command.command_id,
            fingerprint=fingerprint_of(command),
            actor=by.id,
            channel=by.channel,
            correlation_id=correlation_id,
            position=command.position,
            reason=command.reason,
        )
        try:
            steered = steering.steer(order, lambda cur: describe(cur, order))
        except OrderIdReused:
            raise KeyReused from None
        (wake_rebuilder if self.by_rebuilder else wake)()
        with cursor() as cur:
            outcome = find_recorded(cur, [command.command_id])[command.command_id]
        if outcome.refusal is not None:
            raise outcome.refusal
        return msgspec.structs.replace(outcome, replayed=steered.replayed)

    def answers(self, values: Values) -> list[Answer]:
        return [
            Answer(label=_("Projection"), value=self.state.name, is_main=True),
            *self.more_answers(values),
            Answer(label=_("Effect"), value=self.effect),
        ]

    def more_answers(self, values: Values) -> list[Answer]:  # noqa: ARG002 - some tasks read it
        """The lines that only this task has."""
        return []

    @property
    def _projection(self) -> Projection:
        return projection_named(self.state.name)


def describe(cur: Cursor, order: Order) -> dict[str, Any]:
    """What the command log keeps of an order: what was steered, and how it stood right after."""
    state = projection_states.state_of(cur, projection_named(order.projection))
    said: dict[str, Any] = {
        "projection": state.name,
        "status": state.status,
        "position": state.position,
        "head": state.head,
        "parked": state.parked,
    }
    if order.position is not None:
        said["event"] = order.position
    return said | ({"reason": order.reason} if order.reason else {})
