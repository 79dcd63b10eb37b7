"""The way of every task: form, check answers, send once, receipt; and what to say where that way is blocked."""

from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.command import Command
from accounts.handler import find_outcome
from accounts.invalid import InvalidCommand
from accounts.refusals import KeyReused, Refused
from bank.identity import policy
from bank.identity.confirming import ask_to_confirm, must_confirm
from bank.web import words
from bank.web.access import SignedInRequest
from bank.web.changes import Changes, changes_since
from bank.web.drafts import (
    Draft,
    DraftExpired,
    DraftNotValid,
    Ticket,
    load_draft,
    read_ticket,
    sign_draft,
    sign_ticket,
)
from bank.web.middleware import correlation_id
from bank.web.tasks.task import Task, Values
from bank.web.typed import load_typed
from ledger.errors import VersionConflict
from ledger.ids import new_id

CHANNEL = "web"


class SeeOther(HttpResponseRedirect):
    """303: whatever was sent was taken; look there."""

    status_code = 303


def run_form(request: SignedInRequest, task: Task) -> HttpResponse:
    """GET: the form, empty or filled with what is known. POST: to the check page, or the form with what is wrong."""
    if request.method == "POST":
        return _continue(request, task)
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    try:
        values, command_id = _known(request, task)
    except (DraftExpired, DraftNotValid) as problem:
        return _refuse_draft(request, task, problem)
    return _show_form(request, task, task.form(initial=values), command_id=command_id)


def begin_check(request: SignedInRequest, task: Task) -> HttpResponse:
    """To the check page of a task without anything to fill in; where it can't be done now, that page says why."""
    return _to_check(task, _token(request, task, _ticket_of_now(task, new_id()), {}))


def run_check(request: SignedInRequest, task: Task) -> HttpResponse:
    """GET: what will be done, to be confirmed. POST: done, once, and on to the receipt."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    token = (request.POST if request.method == "POST" else request.GET).get("draft", "")
    try:
        draft = load_draft(token, request.user, task=task.name, subject=task.subject)
        command = task.command(draft.values, draft.command_id, timezone.now())
    except (DraftExpired, DraftNotValid, InvalidCommand) as problem:
        return _refuse_draft(request, task, problem)
    if task.needs_confirming(command) and must_confirm(request):
        return ask_to_confirm(f"{task.check_url}?{urlencode({'draft': token})}")
    if request.method == "POST":
        return _send(request, task, draft, command)
    outcome = find_outcome(draft.command_id)
    if outcome is not None and outcome.accepted:
        return _already_done(request, task, draft.command_id)
    return _show_check(request, task, draft, command)


def _known(request: SignedInRequest, task: Task) -> tuple[Values, UUID | None]:
    """What the form begins with: of a draft, of what was typed before the session was over, or else the first values.

    Raises DraftExpired, DraftNotValid.
    """
    if (token := request.GET.get("draft")) is not None:
        draft = load_draft(token, request.user, task=task.name, subject=task.subject)
        return draft.values, draft.command_id
    if (token := request.GET.get("typed")) is not None:
        ticket, values = load_typed(token, request.user, subject=task.subject)
        return values, ticket.command_id
    return task.first_values(request.GET), None


def _continue(request: SignedInRequest, task: Task) -> HttpResponse:
    try:
        ticket = read_ticket(request.POST.get("ticket", ""), request.user, subject=task.subject)
    except DraftNotValid as problem:
        return _refuse_draft(request, task, problem)
    form = task.form(request.POST)
    if form.is_valid():
        values = {name: str(value) for name, value in form.cleaned_data.items()}
        try:
            command = task.command(values, ticket.command_id, timezone.now())
        except InvalidCommand as invalid:
            _mark(form, invalid.field, words.of_invalid(invalid))
        else:
            refusal = task.refusal_of(command)
            if refusal is None:
                return _to_check(task, _token(request, task, ticket, values))
            _mark(form, task.refused_field(refusal), words.of_refusal(refusal))
    return _show_form(request, task, form, command_id=ticket.command_id, status=422)


def _send(request: SignedInRequest, task: Task, draft: Draft, command: Command) -> HttpResponse:
    task.prepare(command)
    try:
        outcome = task.send(
            command,
            by=policy.actor_of(request.user, CHANNEL),
            correlation_id=correlation_id(request),
            expected_version=draft.version or None,
        )
    except VersionConflict:
        return _to_check(task, request.POST["draft"])
    except KeyReused:
        return _to_check(task, _renewed_if_refused(request, draft))
    except Refused as refusal:
        return _show_refusal(request, task, draft, refusal)
    if not outcome.replayed:
        task.done(request, outcome)
    return SeeOther(reverse("web:receipt", args=[command.command_id]))


def _show_form(
    request: SignedInRequest, task: Task, form: forms.Form, *, command_id: UUID | None = None, status: int = 200
) -> HttpResponse:
    """The form. Where nothing may be done at all, the reason instead of a form that could only fail."""
    obstacle = task.obstacle if not form.is_bound else ""
    ticket = sign_ticket(_ticket_of_now(task, command_id or new_id()), request.user, subject=task.subject)
    context = {"task": task, "form": form, "ticket": ticket, "obstacle": obstacle}
    return render(request, "tasks/form.html", context, status=status)


def _show_check(request: SignedInRequest, task: Task, draft: Draft, command: Command) -> HttpResponse:
    """What will be done. Where the account moved on since the draft: what changed. Sending expects the state of now."""
    refusal = task.refusal_of(command)
    token = _token(request, task, _ticket_of_now(task, draft.command_id), draft.values)
    context = {
        "task": task,
        "draft": draft,
        "token": token,
        "query": urlencode({"draft": token}),
        "answers": task.answers(draft.values),
        "changes": _changes(request, task, draft),
        "refusal": words.of_refusal(refusal),
    }
    return render(request, "tasks/check.html", context)


def _show_refusal(request: SignedInRequest, task: Task, draft: Draft, refusal: Refused) -> HttpResponse:
    """The form with the bank's words and all values. A refusal is recorded for ever: the next try has a new id."""
    if task.is_one_step:
        return begin_check(request, task)  # the check page says why not
    form = task.form({field.name: field.value() for field in task.form(initial=draft.values)})
    form.is_valid()
    _mark(form, task.refused_field(refusal), words.of_refusal(refusal))
    return _show_form(request, task, form, status=422)


def _changes(request: SignedInRequest, task: Task, draft: Draft) -> Changes | None:
    account = task.account
    if account is None or draft.version in {0, account.version}:
        return None
    return changes_since(account, draft.version, draft.balance_minor, request.user)


def _to_check(task: Task, token: str) -> HttpResponse:
    """The check page, which tells what is the matter with the draft. By 303, so that the back button stays safe."""
    return SeeOther(f"{task.check_url}?{urlencode({'draft': token})}")


def _renewed_if_refused(request: SignedInRequest, draft: Draft) -> str:
    """The id was used with other values. If that was done, it is done; if it was refused, these values get a new id."""
    outcome = find_outcome(draft.command_id)
    if outcome is None or outcome.accepted:
        return request.POST["draft"]
    return sign_draft(replace(draft, command_id=new_id()), request.user)


def _already_done(request: SignedInRequest, task: Task, command_id: UUID) -> HttpResponse:
    context = {"task": task, "receipt_url": reverse("web:receipt", args=[command_id])}
    return render(request, "tasks/already_done.html", context)


def _refuse_draft(request: SignedInRequest, task: Task, problem: Exception) -> HttpResponse:
    context = {"task": task, "is_expired": isinstance(problem, DraftExpired)}
    return render(request, "tasks/draft_refused.html", context, status=410 if context["is_expired"] else 400)


def _ticket_of_now(task: Task, command_id: UUID) -> Ticket:
    """As of the account's state now."""
    account = task.account
    if account is None:
        return Ticket(command_id=command_id)
    return Ticket(command_id=command_id, version=account.version, balance_minor=account.balance_minor)


def _token(request: SignedInRequest, task: Task, ticket: Ticket, values: Values) -> str:
    """The draft, as old as its ticket."""
    draft = Draft(
        task=task.name,
        subject=task.subject,
        command_id=ticket.command_id,
        values=dict(values),
        version=ticket.version,
        balance_minor=ticket.balance_minor,
    )
    return sign_draft(draft, request.user)


def _mark(form: forms.Form, field: str, message: str) -> None:
    """Puts the message to its field; to the whole form where it is about no field of it."""
    form.add_error(field if field in form.fields else None, message)
