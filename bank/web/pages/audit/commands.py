"""The command log: accepted and refused, the newest first, by whatever an auditor looks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from accounts.refusals import restore_refusal
from bank.identity import policy
from bank.web import words
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit.actors import usernames
from bank.web.pages.audit.command_filters import CHANNELS, CommandFilterForm
from ledger.models import Command
from ledger.steering import REFUSALS
from readmodels import command_log, freshness
from readmodels.command_log import Page, TooMuchToLookThrough

PAGE_SIZE: Final = 50
_AT_ONCE: Final = timedelta(minutes=1)
_NOTHING: Final = Page(commands=[], has_newer=False, has_older=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A command as a row: `actor` by user name where it is a person, `reason` in words; how often it came again.

    `lasted_ms`: from its request to its record, None where nothing tells.
    """

    command: Command
    actor: str
    channel: str
    reason: str
    replays: int
    lasted_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where a page goes on; empty where it does not."""

    newest: str = ""
    newer: str = ""
    older: str = ""


@allowed(policy.may_audit)
@signed_in
def commands_page(request: SignedInRequest) -> HttpResponse:
    """One page, by the filters of the address."""
    # The freshness is read first: the list is then at least as new as it says.
    as_of = freshness.as_of("command_search")
    form = CommandFilterForm(request.GET)
    page = _page(form)
    context: dict[str, Any] = {
        "form": form,
        "as_of": as_of,
        "lines": lines_of(page.commands),
        "pager": _pager(form, page),
    }
    return render(request, "web/audit/commands.html", context, status=200 if form.is_valid() else 422)


def lines_of(commands: Sequence[Command]) -> list[Line]:
    """Commands as rows: people by their user names, and how often each came again; two statements."""
    names = usernames({command.actor for command in commands})
    again = command_log.replays_of([command.command_id for command in commands])
    return [
        Line(
            command=command,
            actor=names.get(command.actor, command.actor),
            channel=str(CHANNELS.get(command.channel, command.channel)),
            reason=reason_of(command),
            replays=again[command.command_id].times if command.command_id in again else 0,
            lasted_ms=_lasted_ms(command),
        )
        for command in commands
    ]


def asked_at(command: Command) -> datetime | None:
    """When its request came, by the request's id: a UUIDv7 bears the millisecond in which the bank gave it.

    None where the id is a client's own, or names something that began long before: an import, a night's run.
    """
    request = command.correlation_id
    if request.version != 7:
        return None
    try:
        came = datetime.fromtimestamp((request.int >> 80) / 1_000, UTC)
    except (OverflowError, ValueError):
        return None
    return came if -_AT_ONCE < command.recorded_at - came < _AT_ONCE else None


def _lasted_ms(command: Command) -> float | None:
    came = asked_at(command)
    # Two clocks may differ by a little.
    return None if came is None else max((command.recorded_at - came) / timedelta(milliseconds=1), 0.0)


def reason_of(command: Command) -> str:
    """Why it was refused, in words; nothing where it was not."""
    if command.refusal is None:
        return ""
    if command.refusal in REFUSALS:
        return REFUSALS[command.refusal]
    fields = command.result.get("fields", {})
    try:
        return words.of_refusal(restore_refusal(command.refusal, fields))
    except (KeyError, TypeError, ValueError):
        return command.refusal  # of a refusal that the code has no more


def _page(form: CommandFilterForm) -> Page:
    if not form.is_valid() or (wanted := form.wanted()) is None:
        return _NOTHING
    before, after = form.cleaned_data["before"], form.cleaned_data["after"]
    try:
        return command_log.page(wanted, PAGE_SIZE, before=before, after=after)
    except TooMuchToLookThrough:
        form.add_error(None, gettext("Looking for this takes too long. Narrow it down by a span of time."))
        return _NOTHING


def _pager(form: CommandFilterForm, page: Page) -> Pager:
    here, query = reverse("web:audit_commands"), form.query()

    def href(**edge: UUID) -> str:
        given = {**query, **{name: str(command_id) for name, command_id in edge.items()}}
        return f"{here}?{urlencode(given)}" if given else here

    if not page.commands:
        # At an edge behind which nothing is.
        return Pager(newest=href() if form.data.get("before") or form.data.get("after") else "")
    return Pager(
        newest=href() if page.has_newer else "",
        newer=href(after=page.commands[0].command_id) if page.has_newer else "",
        older=href(before=page.commands[-1].command_id) if page.has_older else "",
    )
