"""What operations do to a projection: pause, resume, rebuild; try parked events again, or give one up."""

from typing import Final

from django import forms
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.web.formats import grouped
from bank.web.tasks.fields import text_field
from bank.web.tasks.steering import SteeringTask
from bank.web.tasks.task import Answer, Values
from ledger.parking import Parked
from ledger.steering import NOT_PARKED, Act


class ReasonForm(forms.Form):
    """Why."""

    reason = text_field(_("Reason"), help_text=_("It stays on record."), missing=_("Enter the reason."))


class PauseTask(SteeringTask):
    """Stand still."""

    act = Act.PAUSE
    name = "pause_projection"
    slug = "pause"
    title = _("Pause projection")
    icon = "lock"
    confirm = _("Pause projection")
    check_title = _("Check before you pause")
    effect = _("Its figures stand still until it is resumed, and their pages say so. All else goes on.")

    @property
    def is_relevant(self) -> bool:
        return super().is_relevant and self.state.status != "paused"


class ResumeTask(SteeringTask):
    """Go on from where it stopped."""

    act = Act.RESUME
    name = "resume_projection"
    slug = "resume"
    title = _("Resume projection")
    icon = "lock-open"
    confirm = _("Resume projection")
    check_title = _("Check before you resume")
    effect = _("It goes on with the event at which it stopped, and then with all later ones. None is left out.")

    @property
    def is_relevant(self) -> bool:
        return super().is_relevant and self.state.status != "running"

    def more_answers(self, values: Values) -> list[Answer]:
        del values
        position = self.state.error_position
        return [Answer(label=_("Tried again"), value=_event(position))] if position else []


class RebuildTask(SteeringTask):
    """Anew from the first event."""

    act = Act.REBUILD
    name = "rebuild_projection"
    slug = "rebuild"
    title = _("Rebuild projection")
    icon = "rotate-ccw"
    confirm = _("Rebuild projection")
    check_title = _("Check before you rebuild")
    effect = _(
        "A worker makes its tables anew from the first event, beside those in use, and puts them in their place "
        "when it has come to the head. What is parked is counted in."
    )
    by_rebuilder = True

    @property
    def is_relevant(self) -> bool:
        rebuild = self.state.rebuild
        return super().is_relevant and not (rebuild and rebuild.is_under_way)

    def more_answers(self, values: Values) -> list[Answer]:
        del values
        return [Answer(label=_("Events"), value=grouped(self.state.head))]


class RetryAllTask(SteeringTask):
    """Have another try at all that is parked."""

    act = Act.RETRY
    name = "retry_all_parked"
    slug = "retry"
    title = _("Retry parked events")
    icon = "rotate-ccw"
    confirm = _("Retry all parked events")
    check_title = _("Check before you retry")
    effect = _("A worker applies the events of each stream in order, up to the first that still fails.")
    by_rebuilder = True

    @property
    def is_relevant(self) -> bool:
        return super().is_relevant and self.state.parked > 0

    def more_answers(self, values: Values) -> list[Answer]:
        del values
        return [Answer(label=_("Parked events"), value=grouped(self.state.parked))]

    def _has_nothing_to_do(self) -> str | None:
        return None if self.state.parked else NOT_PARKED


class _ParkedTask(SteeringTask):
    """About one parked event."""

    @property
    def start_url(self) -> str:
        return reverse(f"web:{self.name}", args=[self.state.name, self._event.position])

    def more_answers(self, values: Values) -> list[Answer]:
        del values
        return [
            Answer(label=_("Event"), value=_event(self._event.position)),
            Answer(label=_("Stream"), value=str(self._event.stream_id)),
        ]

    def _has_nothing_to_do(self) -> str | None:
        return None if self._event.resolution is None else NOT_PARKED

    @property
    def _event(self) -> Parked:
        if self.parked is None:
            raise Http404
        return self.parked


class RetryTask(_ParkedTask):
    """Have another try at the events of one stream."""

    act = Act.RETRY
    name = "retry_parked"
    slug = "retry"
    title = _("Retry parked events of a stream")
    icon = "rotate-ccw"
    confirm = _("Retry the stream")
    check_title = _("Check before you retry")
    effect = _("A worker applies the parked events of this stream in order, up to the first that still fails.")
    by_rebuilder = True


class DiscardTask(_ParkedTask):
    """Give up on one event."""

    act = Act.DISCARD
    name = "discard_parked"
    slug = "discard"
    title = _("Discard parked event")
    icon = "circle-x"
    intro = _("The projection does without this event. The record keeps it, and your reason beside it.")
    confirm = _("Discard for this projection")
    check_title = _("Check before you discard")
    effect = _("This projection never counts the event in, unless it is rebuilt. Later events of its stream wait on.")
    form_class = ReasonForm
    is_one_step = False
    is_grave = True

    def more_answers(self, values: Values) -> list[Answer]:
        return [
            *super().more_answers(values),
            Answer(label=_("Reason"), value=values["reason"], field="reason"),
        ]


PROJECTION_TASKS: Final[tuple[type[SteeringTask], ...]] = (PauseTask, ResumeTask, RetryAllTask, RebuildTask)
PARKED_TASKS: Final[tuple[type[SteeringTask], ...]] = (RetryTask, DiscardTask)


def _event(position: int | None) -> str:
    return gettext("Event %(position)s") % {"position": grouped(position or 0)}
