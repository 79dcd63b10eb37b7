"""What the pages of verifications and exports have in common: their lines, and asking for one."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.invalid import InvalidCommand
from accounts.record_job import MAX_POSITION, RequestExport, RequestVerification
from accounts.refusals import KeyReused
from bank.identity import policy
from bank.identity.models import User
from bank.jobs import asking
from bank.jobs.asking import Job
from bank.web import words
from bank.web.access import SignedInRequest
from bank.web.middleware import correlation_id
from ledger.findings import Kind
from ledger.ids import new_id

PAGE_SIZE: Final = 20
CHANNEL: Final = "web"

_USER: Final = re.compile(r"user:([0-9]{1,18})")
# What was found, in words; what exactly was done stands behind it, in English, as verify_ledger says it.
FINDING_WORDS: Final = {
    Kind.CHANGED: _("Changed"),
    Kind.MISSING: _("Missing"),
    Kind.SWAPPED: _("Swapped"),
    Kind.INSERTED: _("Inserted"),
    Kind.CUT_TAIL: _("The end was cut off"),
    Kind.REWRITTEN: _("Rewritten"),
    Kind.CHECKPOINT: _("A checkpoint is not right"),
    Kind.UNSEALED: _("Not sealed"),
}
MEANINGS: Final = {
    Kind.CHANGED: _("An event or a hash is not what it was when it was sealed."),
    Kind.MISSING: _("An event, or its entry in the book, was taken away."),
    Kind.SWAPPED: _("Two entries changed places."),
    Kind.INSERTED: _("Something stands there that was never sealed there."),
    Kind.CUT_TAIL: _("The book ends before what was sealed or signed."),
    Kind.REWRITTEN: _("The hashes follow from each other, but do not lead to the one that was signed."),
    Kind.CHECKPOINT: _("A signed checkpoint is itself not what was signed."),
    Kind.UNSEALED: _("Something was committed a while ago and has no place in the book yet: does the sealer run?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A job as a row: who asked for it, what was found, and what that means, in words."""

    job: Job
    who: str
    finding: str
    meaning: str


class RangeForm(forms.Form):
    """From which position to which; empty is from the first, to the last. `request` makes a double click one job."""

    request = forms.UUIDField(widget=forms.HiddenInput, required=False)
    first = forms.IntegerField(
        label=_("First position"),
        required=False,
        min_value=1,
        max_value=MAX_POSITION,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "form-control"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), _("First position: enter a whole number from 1.")
        ),
    )
    last = forms.IntegerField(
        label=_("Last position"),
        required=False,
        min_value=1,
        max_value=MAX_POSITION,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "form-control"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), _("Last position: enter a whole number from 1.")
        ),
    )

    def asked(self) -> dict[str, Any]:
        """The fields of the command, of a valid form."""
        return {"first": self.cleaned_data["first"] or 1, "last": self.cleaned_data["last"]}


def ask(request: SignedInRequest, form: RangeForm, kind: type[RequestVerification | RequestExport]) -> UUID | None:
    """Ask for the job that a valid form describes; its id. None where it cannot be: the form says why."""
    command_id = form.cleaned_data["request"] or new_id()
    try:
        return _send(request, form, kind, command_id)
    except KeyReused:
        # The page was open still, and other values were typed into it: that is another job.
        return _send(request, form, kind, new_id())
    except InvalidCommand as invalid:
        form.add_error(invalid.field if invalid.field in form.fields else None, words.of_invalid(invalid))
        return None


def _send(
    request: SignedInRequest, form: RangeForm, kind: type[RequestVerification | RequestExport], command_id: UUID
) -> UUID:
    job_id = asking.job_id_of(command_id)
    command = kind(command_id=command_id, at=timezone.now(), job_id=job_id, **form.asked())
    by = policy.actor_of(request.user, CHANNEL)
    asking.ask(command, by=by, correlation_id=correlation_id(request))
    return job_id


def lines_of(jobs: Sequence[Job]) -> list[Line]:
    """Jobs as rows; people by their user names, in one statement."""
    numbers = {int(found[1]) for job in jobs if (found := _USER.fullmatch(job.row.asked_by))}
    people = dict(User.objects.filter(pk__in=numbers).values_list("pk", "username")) if numbers else {}
    return [
        Line(
            job=job,
            who=_who(job.row.asked_by, people),
            finding=_words(job, FINDING_WORDS),
            meaning=_words(job, MEANINGS),
        )
        for job in jobs
    ]


def digest(jobs: Sequence[Job]) -> str:
    """What would have to change for the page to look otherwise."""
    seen = [(job.row.job_id, job.state, job.run and job.run.done, job.row.downloads) for job in jobs]
    return f"{zlib.crc32(repr(seen).encode()):08x}"


def who_of(actor: str) -> str:
    """One actor by the user name."""
    found = _USER.fullmatch(actor)
    return _who(actor, dict(User.objects.filter(pk=int(found[1])).values_list("pk", "username")) if found else {})


def _who(actor: str, people: dict[int, str]) -> str:
    found = _USER.fullmatch(actor)
    return people.get(int(found[1]), actor) if found else actor


def _words(job: Job, words_of: Mapping[Kind, StrOrPromise]) -> str:
    kind = (job.row.outcome or {}).get("finding")
    return str(words_of[Kind(kind)]) if kind else ""
