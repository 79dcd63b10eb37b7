"""Exports: a copy of the record, or of a part of it, that proves itself; made by a worker, taken along from here."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.record_job import ExportDownloaded, JobKind, RequestExport
from bank.access_records.recording import looks_at_streams, record_looks
from bank.identity import policy
from bank.jobs import asking, files
from bank.jobs.asking import Job
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.filters import FROM, TO, day_field
from bank.web.middleware import correlation_id
from bank.web.pages.audit import jobs
from bank.web.pages.audit.jobs import PAGE_SIZE, RangeForm
from bank.web.tasks.engine import SeeOther
from ledger.codec import event_types
from ledger.ids import new_id
from ledger.reading import read_stream
from ledger.seals import seals_before

_IDS_LENGTH: Final = 5_000
_DOWNLOADS_SHOWN: Final = 50


class BeforeForm(forms.Form):
    """Where the list goes on: behind which job."""

    before = forms.UUIDField(required=False)


class ExportForm(RangeForm):
    """Which events; everything is optional, and all that is said has to be true of an event."""

    streams = forms.CharField(
        label=_("Streams"),
        required=False,
        max_length=_IDS_LENGTH,
        help_text=_("Numbers of accounts, customers or other streams, apart by spaces."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
    )
    types = forms.MultipleChoiceField(
        label=_("Types of events"),
        required=False,
        error_messages={"invalid_choice": _("Types of events: choose some of the list.")},
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        # "from" is a word of Python's own: it can't be an attribute of the class.
        self.fields["from"] = day_field(FROM)
        self.fields["to"] = day_field(TO)
        types = self.fields["types"]
        assert isinstance(types, forms.MultipleChoiceField)
        types.choices = [(kind.name, kind.name) for kind in event_types()]

    def clean_streams(self) -> list[UUID]:
        """The ids, each a UUID."""
        try:
            return [UUID(text) for text in re.split(r"[\s,;]+", self.cleaned_data["streams"]) if text]
        except ValueError:
            raise forms.ValidationError(gettext("Streams: at least one of these is no number of a stream.")) from None

    def clean(self) -> dict[str, Any]:
        """The days the right way round."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("from") and cleaned.get("to") and cleaned["from"] > cleaned["to"]:
            self.add_error("to", gettext("To: must not be before From."))
        return cleaned

    def asked(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {
            **super().asked(),
            "since": _start_of(cleaned["from"]),
            "until": _start_of(cleaned["to"], days_later=1),
            "stream_ids": cleaned["streams"],
            "event_types": cleaned["types"],
        }

    def kinds(self) -> list[tuple[str, bool]]:
        """Every type of event, and whether it is ticked."""
        ticked = self["types"].value() or []
        return [(kind.name, kind.name in ticked) for kind in event_types()]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything behind "Only some events" is filled in."""
        return any(self[name].value() for name in ("streams", "types", "from", "to"))


@allowed(policy.may_audit)
@signed_in
def exports_page(request: SignedInRequest) -> HttpResponse:
    """GET: what was exported, the newest first; the form may be filled in by the address. POST: export."""
    if request.method == "POST":
        form = ExportForm(request.POST)
        job_id = jobs.ask(request, form, RequestExport) if form.is_valid() else None
        if job_id is None:
            return _show(request, form, status=422)
        return SeeOther(reverse("web:audit_export", args=[job_id]))
    edge = BeforeForm(request.GET)
    if not edge.is_valid():
        return render(request, "web/audit/address_wrong.html", status=400)
    return _show(request, ExportForm(initial=_from_address(request)), before=edge.cleaned_data["before"])


@allowed(policy.may_audit)
@signed_in
def export_page(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """One export: how far it is, its file, and who took it along. It asks again by itself; 204 while nothing is new."""
    job = _export_or_404(job_id)
    seen = jobs.digest([job])
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    (line,) = jobs.lines_of([job])
    seals = seals_before(2**63 - 1, 1)
    context = {
        "line": line,
        "job": job,
        "asked": job.row.asked,
        "days": _days(job.row.asked),
        "seen": seen,
        "has_file": _has_file(job),
        "file_name": _file_name(job),
        "downloads": _downloads(job),
        "key": seals[0].key_id if seals else "",
        "again": _again(job.row.asked),
    }
    return render(request, "web/audit/export.html", context)


@allowed(policy.may_audit)
@signed_in
@require_POST
def download(request: SignedInRequest, job_id: UUID) -> HttpResponseBase:
    """The file, a piece at a time. That it is taken along is put on record before the first byte."""
    job = _export_or_404(job_id)
    if not _has_file(job):
        return render(request, "web/audit/export_gone.html", {"job": job}, status=410)
    assert job.run is not None, "there is a file"
    assert job.row.outcome is not None, "the file is complete"
    record_looks(request, request.user, looks_at_streams([UUID(text) for text in job.row.asked["stream_ids"]]))
    asking.note_download(job_id, by=policy.actor_of(request.user, jobs.CHANNEL), correlation_id=correlation_id(request))
    response = StreamingHttpResponse(files.read(job_id, job.run.claim), content_type="application/jsonl")
    response.headers["Content-Length"] = str(job.row.outcome["size_bytes"])
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(job)}"'
    return response


def _show(request: SignedInRequest, form: ExportForm, *, before: UUID | None = None, status: int = 200) -> HttpResponse:
    found = asking.page(JobKind.EXPORT, PAGE_SIZE + 1, before)
    shown = found[:PAGE_SIZE]
    seen = jobs.digest(shown)
    if request.GET.get("seen") == seen and not form.is_bound:
        return HttpResponse(status=204)
    context = {
        "form": form,
        "lines": jobs.lines_of(shown),
        "is_open": any(job.is_open for job in shown),
        "seen": seen,
        "filters": {"before": before},
        "older": shown[-1].row.job_id if len(found) > PAGE_SIZE else None,
    }
    return render(request, "web/audit/exports.html", context, status=status)


def _export_or_404(job_id: UUID) -> Job:
    job = asking.find(job_id, JobKind.EXPORT)
    if job is None:
        raise Http404
    return job


def _has_file(job: Job) -> bool:
    """Whether the file is complete, and was not deleted."""
    return job.row.outcome is not None and job.run is not None and files.is_there(job.row.job_id, job.run.claim)


def _file_name(job: Job) -> str:
    outcome = job.row.outcome or {}
    return f"passbook-{outcome.get('first', 0)}-{outcome.get('last', 0)}-{job.row.job_id.hex[:8]}.jsonl"


def _downloads(job: Job) -> list[tuple[datetime, str]]:
    """(when, who), the newest first: as the record has it."""
    if not job.row.downloads:
        return []
    events = [event for event in read_stream(job.row.job_id) if isinstance(event.data, ExportDownloaded)]
    newest = list(reversed(events))[:_DOWNLOADS_SHOWN]
    return [(event.data.occurred_at, jobs.who_of(event.metadata.get("actor", ""))) for event in newest]


def _from_address(request: SignedInRequest) -> dict[str, Any]:
    """What the form begins with: other pages lead here with their filters."""
    query = request.GET
    known = {name: query[name] for name in ("first", "last", "from", "to", "streams") if query.get(name)}
    return {**known, "types": query.getlist("types"), "request": new_id()}


def _again(asked: Mapping[str, Any]) -> str:
    """The address of the form, filled in with what was asked for."""
    since, until = _days(asked)
    values = {
        "first": asked["first"] if asked["first"] > 1 else "",
        "last": asked["last"] or "",
        "from": since.isoformat() if since else "",
        "to": until.isoformat() if until else "",
        "streams": " ".join(asked["stream_ids"]),
        "types": asked["event_types"],
    }
    query = urlencode({name: value for name, value in values.items() if value}, doseq=True)
    return f"{reverse('web:audit_exports')}?{query}" if query else reverse("web:audit_exports")


def _days(asked: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The first and the last day that were asked for."""
    since, until = (datetime.fromisoformat(at) if at else None for at in (asked["since"], asked["until"]))
    return since and since.date(), until and (until - timedelta(microseconds=1)).date()


def _start_of(day: date | None, days_later: int = 0) -> datetime | None:
    """Midnight, UTC; None, which is no bound, also behind the last day that there is."""
    if day is None or day > date.max - timedelta(days=days_later):
        return None
    return datetime.combine(day + timedelta(days=days_later), time(), UTC)


PATHS: Final[list[URLPattern]] = [
    path("audit/exports", exports_page, name="audit_exports"),
    path("audit/exports/<uuid:job_id>", export_page, name="audit_export"),
    path("audit/exports/<uuid:job_id>/download", download, name="audit_export_download"),
]
