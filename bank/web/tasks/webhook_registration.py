"""Registering a webhook endpoint: where to, of what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.command import Command
from accounts.webhook_commands import RegisterWebhookEndpoint
from bank.web.tasks.fields import text_field
from bank.web.tasks.task import Answer, Task, Values
from bank.webhooks import endpoints
from ledger.codec import EventType, event_types


class _ManyBoxes(forms.CheckboxSelectMultiple):
    """Also reads what a draft keeps of it: names apart by commas."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return [one for one in value.split(",") if one] if isinstance(value, str) else value


class EventTypesField(forms.MultipleChoiceField):
    """Some event types; as one text, so that a draft can carry it."""

    widget = _ManyBoxes

    def clean(self, value: Any) -> str:
        return ",".join(super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value


class RegisterEndpointForm(forms.Form):
    """Where to, of what."""

    url = text_field(
        _("Address"),
        help_text=_("Begins with https://. Messages are sent there as POST; the bank never follows redirects."),
        missing=_("Enter the address."),
    )
    event_types = EventTypesField(
        label=_("Events"),
        required=False,
        help_text=_("Tick what the receiver is to be told of. Nothing ticked: everything, also kinds that come later."),
        error_messages={"invalid_choice": _("Choose events of the list.")},
    )
    description = text_field(_("Description (optional)"), required=False, help_text=_("Who receives it, and what for."))

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        field = self.fields["event_types"]
        assert isinstance(field, EventTypesField)
        field.choices = [(kind.name, kind.name) for kind in event_types()]

    def event_kinds(self) -> list[tuple[str, str, bool]]:
        """(name, what it says, ticked) of each event type."""
        ticked = set(self["event_types"].value() or ())
        return [(kind.name, gettext(sentence_of(kind)), kind.name in ticked) for kind in event_types()]


def sentence_of(kind: EventType) -> str:
    """What an event says happened, in English: the first sentence of its class, without the marks of code."""
    return " ".join((kind.cls.__doc__ or "").split()).partition(". ")[0].replace("`", "").rstrip(".") + "."


class RegisterEndpointTask(Task):
    """Tell an address outside of events."""

    name = "register_webhook"
    title = _("Register webhook")
    icon = "plus"
    intro = _("An address outside the bank is told of events, signed with a secret that is made for it.")
    confirm = _("Register webhook")
    check_title = _("Check the new webhook")
    form_class = RegisterEndpointForm

    @property
    def form_url(self) -> str:
        return reverse("web:register_webhook")

    @property
    def back_url(self) -> str:
        return reverse("web:webhooks")

    @property
    def back_label(self) -> str:
        return gettext("Webhooks")

    def command(self, values: Values, command_id: UUID, at: datetime) -> Command:
        return endpoints.registering(
            command_id,
            at,
            url=values["url"],
            event_types=[name for name in values["event_types"].split(",") if name],
            description=values["description"],
        )

    def prepare(self, command: Command) -> None:
        assert isinstance(command, RegisterWebhookEndpoint)
        endpoints.keep_secret(command)

    def answers(self, values: Values) -> list[Answer]:
        return [
            Answer(label=_("Address"), value=values["url"], field="url", is_main=True),
            Answer(
                label=_("Events"),
                value=values["event_types"].replace(",", ", ") or _("All of them"),
                field="event_types",
            ),
            Answer(label=_("Description"), value=values["description"] or _("None"), field="description"),
            Answer(label=_("Secret"), value=_("Made now"), note=_("It is shown once, after this page.")),
        ]
