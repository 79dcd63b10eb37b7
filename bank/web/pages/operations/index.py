"""The rooms of those who keep the bank running, each with a word on how it is there."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django_stubs_ext import StrOrPromise

from bank.identity import policy
from bank.jobs.scheduled import scheduled
from bank.ops import health
from bank.reconciliation import reading
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.formats import grouped
from bank.web.pages.operations.jobs import is_in_need
from bank.web.pages.operations.projections import needs_somebody
from bank.web.pages.operations.seen import answer
from bank.web.rooms import RoomLink, links_of
from readmodels import projection_states

_SECTION: Final = "operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A room as a link, and how it is there: `is_well` is None where there is nothing to say."""

    link: RoomLink
    is_well: bool | None
    words: StrOrPromise


@allowed(policy.may_operate)
@signed_in
def operations_index(request: SignedInRequest) -> HttpResponse:
    """A line each; what needs somebody is to be seen from here."""
    states = {
        reverse("web:operations_projections"): _projections(),
        reverse("web:operations_jobs"): _jobs(),
        reverse("web:operations_machinery"): _machinery(),
        reverse("web:reconciliation"): _reconciliation(),
    }
    lines = [
        Line(link=link, is_well=state[0], words=state[1])
        for link in links_of(_SECTION, request.user, request.path)
        for state in [states.get(link.href, (None, ""))]
    ]
    seen = [(line.link.href, line.is_well, str(line.words)) for line in lines]
    return answer(request, "web/operations/index.html", seen, {"lines": lines})


def _projections() -> tuple[bool, str]:
    count = sum(needs_somebody(state) for state in projection_states.states())
    words = ngettext("%(count)s needs somebody", "%(count)s need somebody", count) % {"count": grouped(count)}
    return (False, words) if count else (True, gettext("All go on"))


def _jobs() -> tuple[bool, str]:
    tasks = scheduled()
    count = sum(is_in_need(task) for task in tasks)
    words = ngettext("%(count)s is late or failed", "%(count)s are late or failed", count) % {"count": grouped(count)}
    if count:
        return False, words
    return (True, gettext("All in time")) if any(task.run for task in tasks) else (False, gettext("None has run yet"))


def _machinery() -> tuple[bool, str]:
    is_well = all(value == health.OK for value in health.readiness().values())
    return is_well, gettext("In order") if is_well else gettext("Not all is in order")


def _reconciliation() -> tuple[bool, str]:
    alarm = reading.alarm()
    if alarm.is_on:
        return False, gettext("Not everything agrees")
    return (False, gettext("Has not run for long")) if alarm.is_late else (True, gettext("Everything agrees"))
