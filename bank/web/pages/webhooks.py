"""Webhooks, for operations: who outside is told of what, how it goes, and what became of each message."""

import zlib
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.handler import find_outcome
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.tasks.engine import begin_check, run_check, run_form
from bank.web.tasks.webhook_registration import RegisterEndpointTask
from bank.web.tasks.webhooks import ENDPOINT_TASKS, EndpointTask, ReplayOneTask
from bank.webhooks import deliveries, projection, secrets
from bank.webhooks.models import Delivery, Lane, Status
from readmodels import freshness, webhook_endpoints
from readmodels.webhook_endpoints import WebhookEndpointRow

_ENDPOINTS_AT_MOST: Final = 200
_DELIVERIES_SHOWN: Final = 25
_BEHIND_SECONDS: Final = 10.0


class LogForm(forms.Form):
    """Which deliveries; `before` is the place of the last row of the page before."""

    status = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[("", _("All")), *Status.choices],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)


@allowed(policy.may_operate)
@signed_in
def webhooks_page(request: SignedInRequest) -> HttpResponse:
    """Every endpoint that was not removed, with how it fares."""
    rows = webhook_endpoints.page(_ENDPOINTS_AT_MOST)
    lanes = {lane.endpoint_id: lane for lane in Lane.objects.filter(endpoint_id__in=[row.endpoint_id for row in rows])}
    lines = [(row, lanes.get(row.endpoint_id)) for row in rows]
    return render(request, "web/webhooks.html", {"lines": lines})


@allowed(policy.may_operate)
@signed_in
def webhook_page(request: SignedInRequest, endpoint_id: UUID) -> HttpResponse:
    """An endpoint, what can be done to it, and its log. The log asks again by itself; 204 while nothing is new."""
    endpoint = _endpoint_or_404(endpoint_id)
    as_of = freshness.as_of(projection.NAME)
    is_behind = as_of.lag_seconds > _BEHIND_SECONDS
    form = LogForm(request.GET)
    is_valid = form.is_valid()
    status, before = (form.cleaned_data.get("status") or None, form.cleaned_data.get("before")) if is_valid else ("", 0)
    rows = deliveries.page(endpoint_id, _DELIVERIES_SHOWN + 1, before=before, status=status) if is_valid else []
    shown = rows[:_DELIVERIES_SHOWN]
    seen = _digest([as_of.position, is_behind, *((row.event_id, row.status, row.attempts, row.round) for row in shown)])
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "host": urlsplit(endpoint.url).hostname,
        "lane": Lane.objects.filter(endpoint_id=endpoint_id).first(),
        "tasks": [t for task in ENDPOINT_TASKS if (t := task(request.user, endpoint)).is_relevant],
        "form": form,
        "deliveries": shown,
        "filters": {name: request.GET[name] for name in ("status", "before") if request.GET.get(name)},
        "next_before": shown[-1].position if len(rows) > _DELIVERIES_SHOWN else None,
        "seen": seen,
        "as_of": as_of,
        "is_behind": is_behind,
        "old_secret_signs": endpoint.previous_valid_until is not None
        and endpoint.previous_valid_until > timezone.now(),
    }
    return render(request, "web/webhook.html", context, status=200 if is_valid else 422)


@allowed(policy.may_operate)
@signed_in
def delivery_page(request: SignedInRequest, endpoint_id: UUID, event_id: UUID) -> HttpResponse:
    """One message with each attempt."""
    endpoint = _endpoint_or_404(endpoint_id)
    delivery = _delivery_or_404(endpoint_id, event_id)
    task = ReplayOneTask(request.user, endpoint, delivery)
    context = {
        "endpoint": endpoint,
        "delivery": delivery,
        "attempts": deliveries.attempts_of(delivery),
        "tasks": [task] if task.is_relevant else [],
    }
    return render(request, "web/webhook_delivery.html", context)


@allowed(policy.may_operate)
@signed_in
def register(request: SignedInRequest) -> HttpResponse:
    """The form of a new endpoint."""
    return run_form(request, RegisterEndpointTask(request.user))


@allowed(policy.may_operate)
@signed_in
def register_check(request: SignedInRequest) -> HttpResponse:
    """Its check page."""
    return run_check(request, RegisterEndpointTask(request.user))


@allowed(policy.may_operate)
@signed_in
def task_form(
    request: SignedInRequest, endpoint_id: UUID, task: type[EndpointTask], event_id: UUID | None = None
) -> HttpResponse:
    """The form of a task; where there is nothing to fill in, on to the check page."""
    begun = _begun(request, endpoint_id, task, event_id)
    return begin_check(request, begun) if begun.is_one_step else run_form(request, begun)


@allowed(policy.may_operate)
@signed_in
def task_check(
    request: SignedInRequest, endpoint_id: UUID, task: type[EndpointTask], event_id: UUID | None = None
) -> HttpResponse:
    """Its check page."""
    return run_check(request, _begun(request, endpoint_id, task, event_id))


@allowed(policy.may_operate)
@signed_in
@require_POST
def show_secret(request: SignedInRequest, command_id: UUID) -> HttpResponse:
    """The secret of a command, to who sent it, once."""
    outcome = find_outcome(command_id)
    if outcome is None or not outcome.accepted or outcome.actor != policy.actor_of(request.user, "web").id:
        raise Http404
    secret = secrets.show_once(command_id)
    endpoint_id = next(iter(outcome.versions))
    context = {"secret": secret, "endpoint": webhook_endpoints.find(endpoint_id)}
    return render(request, "web/webhook_secret.html", context, status=200 if secret else 409)


def _begun(
    request: SignedInRequest, endpoint_id: UUID, task: type[EndpointTask], event_id: UUID | None
) -> EndpointTask:
    delivery = _delivery_or_404(endpoint_id, event_id) if event_id else None
    return task(request.user, _endpoint_or_404(endpoint_id), delivery)


def _endpoint_or_404(endpoint_id: UUID) -> WebhookEndpointRow:
    endpoint = webhook_endpoints.find(endpoint_id)
    if endpoint is None:
        raise Http404
    return endpoint


def _delivery_or_404(endpoint_id: UUID, event_id: UUID) -> Delivery:
    delivery = deliveries.find(endpoint_id, event_id)
    if delivery is None:
        raise Http404
    return delivery


def _digest(what: list[Any]) -> str:
    return f"{zlib.crc32(repr(what).encode()):08x}"


def _task_paths() -> list[URLPattern]:
    """Form and check page of each task: /webhooks/<id>/disable, /webhooks/<id>/disable/check."""
    paths = []
    one = "webhooks/<uuid:endpoint_id>/deliveries/<uuid:event_id>"
    tasks: tuple[type[EndpointTask], ...] = (*ENDPOINT_TASKS, ReplayOneTask)
    for task in tasks:
        place = one if task is ReplayOneTask else "webhooks/<uuid:endpoint_id>"
        route, extra = f"{place}/{task.slug}", {"task": task}
        paths.append(path(route, task_form, extra, name=task.name))
        paths.append(path(f"{route}/check", task_check, extra, name=f"{task.name}_check"))
    return paths


PATHS: Final[list[URLPattern]] = [
    path("webhooks", webhooks_page, name="webhooks"),
    path("webhooks/register", register, name="register_webhook"),
    path("webhooks/register/check", register_check, name="register_webhook_check"),
    path("webhooks/secrets/<uuid:command_id>", show_secret, name="webhook_secret"),
    path("webhooks/<uuid:endpoint_id>", webhook_page, name="webhook"),
    path("webhooks/<uuid:endpoint_id>/deliveries/<uuid:event_id>", delivery_page, name="webhook_delivery"),
    *_task_paths(),
]
