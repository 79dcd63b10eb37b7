"""What runs by itself and what somebody asked for: scheduled tasks with their last runs, and jobs about the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise, StrPromise

from accounts.record_job import JobKind
from bank.identity import policy
from bank.jobs import asking
from bank.jobs.scheduled import Scheduled, scheduled
from bank.ops.logs import withheld
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit import jobs
from bank.web.pages.operations.seen import answer

_JOBS_SHOWN: Final = 20
# By the name of the schedule's entry; one that has no words here is shown by its name.
SCHEDULED_WORDS: Final[Mapping[str, StrPromise]] = {
    "advance": _("Seal what no wake-up told of"),
    "sign_checkpoint": _("Verify and sign what is new"),
    "rebuild": _("Rebuild and retry what was asked for"),
    "ensure_partitions": _("Make partitions ahead of need"),
    "reconcile": _("Compare what is kept twice"),
    "jobs": _("Verify and export what was asked for"),
    "exports_clean": _("Delete old files of exports"),
    "webhooks_dispatch": _("Send what is due to webhooks"),
    "webhooks_clean": _("Delete old deliveries of webhooks"),
}
KIND_WORDS: Final[Mapping[str, StrPromise]] = {
    JobKind.VERIFICATION: _("Verification"),
    JobKind.EXPORT: _("Export"),
}
_PAGES: Final[Mapping[str, str]] = {
    JobKind.VERIFICATION: "web:audit_verification_job",
    JobKind.EXPORT: "web:audit_export",
}


class PlaceForm(forms.Form):
    """Where the list of jobs goes on."""

    before = forms.UUIDField(required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """A scheduled task as a row."""

    task: Scheduled
    title: StrOrPromise
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job as a row; `href` for those who may open its page."""

    line: jobs.Line
    kind: StrOrPromise
    href: str


@allowed(policy.may_operate)
@signed_in
def jobs_page(request: SignedInRequest) -> HttpResponse:
    """Both, the late and the failed ones first."""
    form = PlaceForm(request.GET)
    if not form.is_valid():
        return render(request, "web/operations/address_wrong.html", status=422)
    tasks = scheduled()
    found = asking.page(None, _JOBS_SHOWN + 1, form.cleaned_data["before"])
    shown = found[:_JOBS_SHOWN]
    may_audit = policy.may_audit(request.user)
    seen = [
        [(t.name, t.run and (t.run.runs, t.run.finished_at), t.is_late, t.failed_last) for t in tasks],
        jobs.digest(shown),
    ]
    context: dict[str, Any] = {
        "tasks": [_task_line(task) for task in sorted(tasks, key=lambda t: (not is_in_need(t), t.name))],
        "in_need": sum(is_in_need(task) for task in tasks),
        "has_run": any(task.run for task in tasks),
        "jobs": [_job_line(line, may_audit=may_audit) for line in jobs.lines_of(shown)],
        "more_href": _more(shown) if len(found) > _JOBS_SHOWN else "",
        "place": {"before": form.cleaned_data["before"]},
    }
    return answer(request, "web/operations/jobs.html", seen, context)


def is_in_need(task: Scheduled) -> bool:
    """Whether somebody had better look at it."""
    return task.is_late or task.failed_last


def _task_line(task: Scheduled) -> TaskLine:
    error = withheld(task.run.error) if task.run and task.run.error else ""
    return TaskLine(task=task, title=SCHEDULED_WORDS.get(task.name, task.name), error=error)


def _job_line(line: jobs.Line, *, may_audit: bool) -> JobLine:
    kind = line.job.row.kind
    return JobLine(
        line=line,
        kind=KIND_WORDS.get(kind, kind),
        href=reverse(_PAGES[kind], args=[line.job.row.job_id]) if may_audit else "",
    )


def _more(shown: list[asking.Job]) -> str:
    return f"{reverse('web:operations_jobs')}?{urlencode({'before': str(shown[-1].row.job_id)})}"
