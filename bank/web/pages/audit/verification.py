"""Verification: is the record what was sealed and signed? Asked for here, done by a worker, shown as it goes on."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from accounts.record_job import JobKind, RequestVerification
from bank.identity import policy
from bank.jobs import asking
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit import jobs
from bank.web.pages.audit.jobs import PAGE_SIZE, RangeForm
from bank.web.tasks.engine import SeeOther
from ledger.book import read_head
from ledger.connections import cursor
from ledger.ids import new_id
from ledger.seals import Seal, seals_before

_SEALS_SHOWN: Final = 10
_FAR: Final = 2**63 - 1


class EdgesForm(forms.Form):
    """Where the page's lists go on: behind which job, below which checkpoint."""

    before = forms.UUIDField(required=False)
    below = forms.IntegerField(required=False, min_value=1, max_value=_FAR)


@allowed(policy.may_audit)
@signed_in
def verification_page(request: SignedInRequest) -> HttpResponse:
    """GET: what was verified, the newest first, and the signed checkpoints. POST: verify."""
    if request.method == "POST":
        return _ask(request)
    edges = EdgesForm(request.GET)
    if not edges.is_valid():
        return render(request, "web/audit/address_wrong.html", status=400)
    before, below = edges.cleaned_data["before"], edges.cleaned_data["below"]
    return _show(request, RangeForm(initial={"request": new_id()}), before=before, below=below)


@allowed(policy.may_audit)
@signed_in
def verification_job_page(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """One verification: how far it is, and what it found. It asks again by itself; 204 while nothing is new."""
    job = asking.find(job_id, JobKind.VERIFICATION)
    if job is None:
        raise Http404
    seen = jobs.digest([job])
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    (line,) = jobs.lines_of([job])
    return render(request, "web/audit/verification_job.html", {"line": line, "job": job, "seen": seen})


def _ask(request: SignedInRequest) -> HttpResponse:
    form = RangeForm(request.POST)
    job_id = jobs.ask(request, form, RequestVerification) if form.is_valid() else None
    if job_id is None:
        return _show(request, form, status=422)
    return SeeOther(reverse("web:audit_verification_job", args=[job_id]))


def _show(
    request: SignedInRequest,
    form: RangeForm,
    *,
    before: UUID | None = None,
    below: int | None = None,
    status: int = 200,
) -> HttpResponse:
    found = asking.page(JobKind.VERIFICATION, PAGE_SIZE + 1, before)
    shown = found[:PAGE_SIZE]
    seen = jobs.digest(shown)
    if request.GET.get("seen") == seen and not form.is_bound:
        return HttpResponse(status=204)
    with cursor() as cur:
        head = read_head(cur).position
    seals = seals_before(below or _FAR, _SEALS_SHOWN + 1)
    context: dict[str, Any] = {
        "form": form,
        "head": head,
        "lines": jobs.lines_of(shown),
        "is_open": any(job.is_open for job in shown),
        "last": next((job for job in shown if job.row.outcome is not None), None) if before is None else None,
        "seen": seen,
        "filters": {"before": before, "below": below},
        "older": shown[-1].row.job_id if len(found) > PAGE_SIZE else None,
        "seals": [(seal, datetime.fromisoformat(seal.signed_at)) for seal in seals[:_SEALS_SHOWN]],
        "older_seal": seals[_SEALS_SHOWN - 1].position if len(seals) > _SEALS_SHOWN else None,
        "keys": _keys(seals),
    }
    return render(request, "web/audit/verification.html", context, status=status)


def _keys(seals: list[Seal]) -> list[str]:
    """The public keys that signed what is shown, the newest first."""
    return list(dict.fromkeys(seal.key_id for seal in seals[:_SEALS_SHOWN]))


PATHS: Final[list[URLPattern]] = [
    path("audit/verification", verification_page, name="audit_verification"),
    path("audit/verification/<uuid:job_id>", verification_job_page, name="audit_verification_job"),
]
