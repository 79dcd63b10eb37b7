"""An actor's history: what somebody asked for, how they got in, what they may do, and at whom they looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from bank.access_records import reading
from bank.access_records.reading import AccessFilter
from bank.access_records.recording import Look, record_looks
from bank.identity import policy
from bank.identity.models import Role, User
from bank.identity.recording import log_in_id
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.access_records import lines_of as lines_of_looks
from bank.web.pages.audit.actors import read_actor, user_number, usernames
from bank.web.pages.audit.commands import lines_of
from ledger.partitions import EventsDetached
from ledger.reading import stream_version
from ledger.stored import StoredEvent, read_stored
from readmodels import command_log
from readmodels.command_log import CommandFilter, Page, TooMuchToLookThrough

_COMMANDS: Final = 10
_LOOKS: Final = 10
_LOG_INS: Final = 25
_MOST_POSITION: Final = 2**31 - 1
# Everybody who tried with a name that nobody has is one actor.
_NOBODY: Final = "anonymous"
_WAYS: Final[dict[str, StrOrPromise]] = {
    "password": _("password"),
    "second_factor": _("second factor"),
    "totp": _("authenticator app"),
    "webauthn": _("passkey"),
    "recovery_codes": _("recovery codes"),
    "changed": _("by the person"),
    "reset": _("by letter"),
    "invited": _("the first one"),
    "admin": _("by an administrator"),
}


class ActorForm(forms.Form):
    """Whose history: a user name, or an actor as the record has it."""

    who = forms.CharField(
        label=_("User name, or an actor such as system:webhooks"),
        max_length=150,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "type": "search"}),
        error_messages={"required": _("Enter whose history you want to see.")},
    )

    def clean_who(self) -> str:
        """As the record has it."""
        return read_actor(self.cleaned_data["who"])


class PlaceForm(forms.Form):
    """Where the list of log-ins goes on: below this number of the log-in's own stream."""

    before = forms.IntegerField(required=False, min_value=2, max_value=_MOST_POSITION)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInLine:
    """An event of a log-in as a row; `by`: who did it, where it was somebody else."""

    stored: StoredEvent
    detail: str
    by: str
    by_actor: str


@allowed(policy.may_audit)
@signed_in
def actors_page(request: SignedInRequest) -> HttpResponse:
    """Whose history? With an answer in the address: on to it."""
    form = ActorForm(request.GET if "who" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("web:audit_actor", form.cleaned_data["who"])
    staff = User.objects.exclude(roles__len=0).exclude(roles=[Role.CUSTOMER]).order_by("username")
    people = [(person, policy.actor_of(person, "web").id, _roles(person.roles)) for person in staff[:200]]
    context = {"form": form, "people": people}
    return render(request, "web/audit/actors.html", context, status=422 if form.errors else 200)


@allowed(policy.may_audit)
@signed_in
def actor_page(request: SignedInRequest, actor: str) -> HttpResponse:
    """Everything that the record has of this actor, the newest first."""
    place = PlaceForm(request.GET)
    if not place.is_valid():
        return _not_a_place(request)
    number = user_number(actor)
    person = User.objects.filter(pk=number).first() if number is not None else None
    if person is None and number is not None:
        raise Http404
    if person is not None and person.customer_id is not None:
        record_looks(request, request.user, [Look(person.customer_id)])
    log_ins = _log_ins(number, place.cleaned_data["before"]) if number is not None or actor == _NOBODY else []
    commands = _commands(actor)
    context: dict[str, Any] = {
        "actor": actor,
        "person": person,
        "roles": _roles(person.roles) if person else "",
        "title": person.get_username() if person else actor,
        "is_nobody": actor == _NOBODY,
        "commands": lines_of(commands.commands),
        "has_more_commands": commands.has_older,
        "log_ins": _lines(log_ins, actor),
        "log_ins_before": log_ins[-1].stream_position if log_ins and log_ins[-1].stream_position > 1 else None,
        "has_log_ins": number is not None or actor == _NOBODY,
        "looks": lines_of_looks(reading.page(AccessFilter(actor=actor), _LOOKS)),
    }
    return render(request, "web/audit/actor.html", context)


def _not_a_place(request: SignedInRequest) -> HttpResponse:
    form = ActorForm({"who": ""})
    form.errors.clear()
    form.add_error(None, gettext("The address of this page is not right: begin again with the newest."))
    return render(request, "web/audit/actors.html", {"form": form, "people": []}, status=422)


def _commands(actor: str) -> Page:
    try:
        return command_log.page(CommandFilter(actor=actor), _COMMANDS)
    except TooMuchToLookThrough:
        return Page(commands=[], has_newer=False, has_older=True)


def _log_ins(number: int | None, before: int | None) -> list[StoredEvent]:
    stream_id = log_in_id(number)
    last = before - 1 if before else stream_version(stream_id)
    if last < 1:
        return []
    try:
        return list(read_stored(stream_id, after=max(last - _LOG_INS, 0), to=last))[::-1]
    except EventsDetached:
        return []


def _lines(events: Iterable[StoredEvent], actor: str) -> list[LogInLine]:
    found = list(events)
    senders = [str(event.metadata.get("actor", "")) for event in found]
    names = usernames(set(senders))
    return [
        LogInLine(
            stored=event,
            detail=_detail(event.raw),
            by="" if sender in {actor, _NOBODY} else names.get(sender, sender),
            by_actor=sender,
        )
        for event, sender in zip(found, senders, strict=True)
    ]


def _detail(data: dict[str, Any]) -> str:
    """What the event says besides its type; nothing of what the code does not know."""
    parts = [str(_WAYS.get(way, way)) for way in (*data.get("methods", ()), data.get("step"), data.get("kind")) if way]
    if how := data.get("how"):
        parts.append(str(_WAYS.get(how, how)))
    if "roles" in data:
        parts.append(_roles(data["roles"]) or gettext("no role"))
    if data.get("is_active") is False:
        parts.append(gettext("cannot sign in"))
    if "scopes" in data:
        parts.append(", ".join(data["scopes"]))
    if "token_id" in data:
        parts.append(gettext("token %(number)s") % {"number": data["token_id"]})
    return " · ".join(parts)


def _roles(roles: Iterable[str]) -> str:
    return ", ".join(str(Role(role).label) if role in Role else str(role) for role in roles)
