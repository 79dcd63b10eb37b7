"""The event browser: every sealed event, the newest first, by whatever an auditor looks for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from bank.identity import policy
from bank.identity.models import User
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit.event_filters import EventFilterForm
from bank.web.streams import actor_href, of_kind, stream_href
from ledger.codec import event_types
from readmodels import daily_flows, event_pages, freshness
from readmodels.event_pages import EventPage, FoundEvent, TooBroad

PAGE_SIZE: Final = 50

_USER: Final = re.compile(r"user:([0-9]{1,18})")
_NOTHING: Final = EventPage([], has_newer=False, has_older=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event as a row: `actor` as a user name where it is somebody's; `is_unknown`: the code has no such type."""

    event: FoundEvent
    kind: str
    stream_href: str
    actor: str
    actor_href: str
    is_unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where a page goes on; empty where it does not."""

    newest: str
    newer: str
    older: str


@allowed(policy.may_audit)
@signed_in
def events_page(request: SignedInRequest) -> HttpResponse:
    """One page, by the filters of the address."""
    # The freshness is read first: the list is then at least as new as it says.
    as_of = freshness.as_of("event_search")
    form = EventFilterForm(request.GET, currencies=daily_flows.currencies())
    page = _page(form)
    context: dict[str, Any] = {
        "form": form,
        "as_of": as_of,
        "lines": lines_of(page.events),
        "pager": _pager(form, page),
        "types": [kind.name for kind in event_types()],
        "query": form.query(),
    }
    return render(request, "web/audit/events.html", context, status=200 if form.is_valid() else 422)


def lines_of(events: Iterable[FoundEvent]) -> list[Line]:
    """Events as rows; people by their user names, in one statement."""
    found = list(events)
    names = _usernames({event.actor for event in found})
    known = {kind.name for kind in event_types()}
    return [
        Line(
            event=event,
            kind=of_kind(event.kind),
            stream_href=stream_href(event.stream_id),
            actor=names.get(event.actor, event.actor),
            actor_href=actor_href(event.actor),
            is_unknown=event.type not in known,
        )
        for event in found
    ]


def _page(form: EventFilterForm) -> EventPage:
    if not form.is_valid():
        return _NOTHING
    before, after = form.cleaned_data["before"], form.cleaned_data["after"]
    try:
        return event_pages.page(form.wanted(), PAGE_SIZE, before=before, after=after)
    except TooBroad:
        words = gettext("Looking for this takes too long. Narrow it down: by a stream, a type, or a span of time.")
        form.add_error(None, words)
        return _NOTHING


def _pager(form: EventFilterForm, page: EventPage) -> Pager:
    here, query = reverse("web:audit_events"), form.query()

    def href(**edge: int) -> str:
        given = {**query, **{name: str(position) for name, position in edge.items()}}
        return f"{here}?{urlencode(given)}" if given else here

    events = page.events
    if not events:
        # At an edge behind which nothing is (any more).
        return Pager(newest=href() if form.data.get("before") or form.data.get("after") else "", newer="", older="")
    return Pager(
        newest=href() if page.has_newer else "",
        newer=href(after=events[0].position) if page.has_newer else "",
        older=href(before=events[-1].position) if page.has_older else "",
    )


def _usernames(actors: set[str]) -> dict[str, str]:
    numbers = {int(found[1]): actor for actor in actors if (found := _USER.fullmatch(actor))}
    people = User.objects.filter(pk__in=numbers).values_list("pk", "username")
    return {numbers[pk]: username for pk, username in people}
