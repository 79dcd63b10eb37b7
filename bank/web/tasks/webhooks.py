"""What operations do to a webhook endpoint: disable, enable, rotate the secret, test, replay, remove."""

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.aggregates import State
from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.webhook_commands import (
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    RemoveWebhookEndpoint,
    ReplayWebhook,
    RotateWebhookSecret,
    SendWebhookTest,
)
from accounts.webhook_endpoint import EndpointStatus, WebhookEndpoint
from bank.identity.models import User
from bank.web.tasks.care import ReasonForm
from bank.web.tasks.task import Answer, Task, Values
from bank.webhooks import endpoints
from bank.webhooks.models import Delivery
from readmodels.webhook_endpoints import WebhookEndpointRow

_OVERLAPS = (
    ("24", _("For 24 hours")),
    ("1", _("For an hour")),
    ("168", _("For a week")),
    ("0", _("Not at all: it has leaked")),
)


class EndpointTask(Task):
    """One thing done to one endpoint."""

    slug: ClassVar[str]
    effect: ClassVar[StrOrPromise] = ""
    relevant_in: ClassVar[frozenset[str]] = frozenset({EndpointStatus.ACTIVE.value, EndpointStatus.DISABLED.value})

    def __init__(self, person: User, endpoint: WebhookEndpointRow, delivery: Delivery | None = None) -> None:
        super().__init__(person)
        self.endpoint = endpoint
        self.delivery = delivery

    @property
    def is_relevant(self) -> bool:
        """Whether it makes sense in the endpoint's state."""
        return self.endpoint.status in self.relevant_in

    @property
    def subject(self) -> str:
        return f"{self.endpoint.endpoint_id}:{self.delivery.event_id if self.delivery else ''}"

    @property
    def start_url(self) -> str:
        """Where the task begins."""
        return reverse(f"web:{self.name}", args=[self.endpoint.endpoint_id])

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
        return reverse("web:webhook", args=[self.endpoint.endpoint_id])

    @property
    def back_label(self) -> str:
        return gettext("The webhook")

    def states(self, command: Command) -> dict[UUID, State]:
        del command
        return {self.endpoint.endpoint_id: endpoint_state(self.endpoint)}

    def answers(self, values: Values) -> list[Answer]:
        return [
            Answer(label=_("Webhook"), value=self.endpoint.url, is_main=True),
            Answer(label=_("Effect"), value=self.effect),
            *self.more_answers(values),
        ]

    def more_answers(self, values: Values) -> list[Answer]:  # noqa: ARG002 - some tasks read it
        """The lines that only this task has."""
        return []


class _ReasonTask(EndpointTask):
    form_class = ReasonForm
    command_class: ClassVar[type[DisableWebhookEndpoint | RemoveWebhookEndpoint]]
    is_grave = True

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return self.command_class(
            command_id=command_id, at=at, endpoint_id=self.endpoint.endpoint_id, reason=values["reason"]
        )

    def more_answers(self, values: Values) -> list[Answer]:
        return [Answer(label=_("Reason"), value=values["reason"], field="reason")]


class DisableTask(_ReasonTask):
    """Send nothing for now."""

    name = "disable_webhook"
    slug = "disable"
    title = _("Disable webhook")
    icon = "lock"
    intro = _("Nothing is sent until it is enabled again.")
    confirm = _("Disable webhook")
    check_title = _("Check before you disable")
    effect = _("What waits goes on waiting. What happens meanwhile is not queued: replay it afterwards.")
    command_class = DisableWebhookEndpoint
    relevant_in = frozenset({EndpointStatus.ACTIVE.value})


class RemoveTask(_ReasonTask):
    """Send nothing any more."""

    name = "remove_webhook"
    slug = "remove"
    title = _("Remove webhook")
    icon = "circle-x"
    intro = _("Nothing is sent there any more, for ever. What waits is cancelled; the log stays for a while.")
    confirm = _("Remove webhook for ever")
    check_title = _("Check before you remove")
    effect = _("Nothing is sent there any more. This can't be undone.")
    command_class = RemoveWebhookEndpoint


class _OneStepTask(EndpointTask):
    """Nothing to fill in: straight to the check page."""

    is_one_step = True
    form_class = forms.Form


class EnableTask(_OneStepTask):
    """Send again."""

    name = "enable_webhook"
    slug = "enable"
    title = _("Enable webhook")
    icon = "lock-open"
    confirm = _("Enable webhook")
    check_title = _("Check before you enable")
    effect = _("What was waiting is sent, and what happens from now on.")
    relevant_in = frozenset({EndpointStatus.DISABLED.value})

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        del values
        return EnableWebhookEndpoint(command_id=command_id, at=at, endpoint_id=self.endpoint.endpoint_id)


class TestTask(_OneStepTask):
    """See a message arrive."""

    name = "test_webhook"
    slug = "test"
    title = _("Send test")
    icon = "arrow-up-right"
    confirm = _("Send test")
    check_title = _("Check before you send")
    effect = _("A message of the type WebhookTestRequested is sent, and stands in the log below.")
    relevant_in = frozenset({EndpointStatus.ACTIVE.value})

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        del values
        return SendWebhookTest(command_id=command_id, at=at, endpoint_id=self.endpoint.endpoint_id)


class ReplayOneTask(_OneStepTask):
    """Send one message again."""

    name = "replay_delivery"
    slug = "replay"
    title = _("Send again")
    icon = "rotate-ccw"
    confirm = _("Send again")
    check_title = _("Check before you send again")
    effect = _("The same message is sent, under the same id: a receiver that keeps ids does nothing twice.")
    relevant_in = frozenset({EndpointStatus.ACTIVE.value})

    @property
    def start_url(self) -> str:
        assert self.delivery is not None, "it is about a delivery"
        return reverse("web:replay_delivery", args=[self.endpoint.endpoint_id, self.delivery.event_id])

    @property
    def back_url(self) -> str:
        assert self.delivery is not None, "it is about a delivery"
        return reverse("web:webhook_delivery", args=[self.endpoint.endpoint_id, self.delivery.event_id])

    @property
    def back_label(self) -> str:
        return gettext("The delivery")

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        del values
        assert self.delivery is not None, "it is about a delivery"
        return ReplayWebhook(
            command_id=command_id, at=at, endpoint_id=self.endpoint.endpoint_id, event_id=self.delivery.event_id
        )

    def more_answers(self, values: Values) -> list[Answer]:
        del values
        assert self.delivery is not None, "it is about a delivery"
        return [Answer(label=_("Message"), value=self.delivery.event_type, note=self.delivery.message_id)]


class ReplayForm(forms.Form):
    """Since when."""

    since = forms.CharField(
        label=_("Since (UTC)"),
        help_text=_("A moment of the last 30 days."),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "datetime-local", "class": "form-control", "autocomplete": "off"}),
        error_messages={"required": _("Enter since when.")},
    )


class ReplayTask(EndpointTask):
    """Send everything since a moment again."""

    name = "replay_webhook"
    slug = "replay"
    title = _("Replay messages")
    icon = "rotate-ccw"
    intro = _("Everything that was recorded since then is sent again, also what was missed while it was disabled.")
    confirm = _("Replay now")
    check_title = _("Check before you replay")
    form_class = ReplayForm
    effect = _("The messages keep their ids: a receiver that keeps ids does nothing twice.")
    relevant_in = frozenset({EndpointStatus.ACTIVE.value})

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        try:
            since = datetime.fromisoformat(values["since"])
        except ValueError:
            raise InvalidCommand("since", "invalid_timestamp", "Enter a moment, such as 2026-11-23 09:00.") from None
        since = since.replace(tzinfo=UTC) if since.tzinfo is None else since
        return ReplayWebhook(command_id=command_id, at=at, endpoint_id=self.endpoint.endpoint_id, since=since)

    def more_answers(self, values: Values) -> list[Answer]:
        return [Answer(label=_("Since"), value=f"{values['since'].replace('T', ' ')} UTC", field="since")]


class RotateForm(forms.Form):
    """How long both secrets sign."""

    overlap_hours = forms.ChoiceField(
        label=_("The old secret goes on signing"),
        choices=_OVERLAPS,
        help_text=_("Beside the new one, so that the receiver can change over without missing a message."),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": _("Choose how long."), "invalid_choice": _("Choose how long from the list.")},
    )


class RotateTask(EndpointTask):
    """A new secret."""

    name = "rotate_webhook"
    slug = "rotate-secret"
    title = _("Rotate secret")
    icon = "shield-check"
    intro = _("A new secret is made and shown once.")
    confirm = _("Rotate secret")
    check_title = _("Check before you rotate")
    form_class = RotateForm
    effect = _("A new secret signs from now on. It is shown once, after this page.")

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        hours = int(values["overlap_hours"])
        return RotateWebhookSecret(
            command_id=command_id, at=at, endpoint_id=self.endpoint.endpoint_id, overlap_seconds=hours * 3600
        )

    def prepare(self, command: Command) -> None:
        assert isinstance(command, RotateWebhookSecret)
        endpoints.keep_secret(command)

    def more_answers(self, values: Values) -> list[Answer]:
        return [
            Answer(
                label=_("The old secret signs"), value=dict(_OVERLAPS)[values["overlap_hours"]], field="overlap_hours"
            )
        ]


ENDPOINT_TASKS: tuple[type[EndpointTask], ...] = (
    TestTask,
    ReplayTask,
    RotateTask,
    DisableTask,
    EnableTask,
    RemoveTask,
)


def endpoint_state(row: WebhookEndpointRow) -> WebhookEndpoint:
    """The folded state that the inline read model stands for."""
    return WebhookEndpoint(
        endpoint_id=row.endpoint_id,
        url=row.url,
        event_types=row.event_types,
        description=row.description,
        status=EndpointStatus(row.status),
        reason=row.reason,
        secret_id=row.secret_id,
        previous_secret_id=row.previous_secret_id,
        previous_valid_until=row.previous_valid_until,
        registered_at=row.registered_at,
    )
