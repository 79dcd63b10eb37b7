"""What changed on an account since somebody opened a page about it, event by event, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise

from bank.identity import policy
from bank.identity.models import User
from bank.web import words
from bank.web.movements import lines_of
from ledger.partitions import EventsDetached
from ledger.reading import read_stream
from ledger.records import RecordedEvent
from readmodels import balances, movements
from readmodels.balances import AccountRow
from readmodels.movements import Movement

# More than these nobody compares with what was on the page; the sum of all says the rest.
_TOLD: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event: what it was, by whom, and when. `amount_minor` (signed): what it moved; `limit_minor`: a new limit."""

    title: StrOrPromise
    who: StrOrPromise
    at: datetime
    amount_minor: int | None = None
    limit_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The last changes, the newest first; how many came before those; and the balance before all of them."""

    told: list[Change]
    earlier: int
    then_minor: int


def changes_since(account: AccountRow, version: int, then_minor: int, viewer: User) -> Changes:
    """From behind `version`, when the balance was `then_minor`, up to now; of archived events, only how many."""
    first = max(version, account.version - _TOLD)
    try:
        events = list(read_stream(account.account_id, after=first, to=account.version))
    except EventsDetached:
        events = []
    return Changes(
        told=list(reversed(_changes(account, events, viewer))),
        earlier=account.version - version - len(events),
        then_minor=then_minor,
    )


def _changes(account: AccountRow, events: Sequence[RecordedEvent], viewer: User) -> list[Change]:
    moved: list[Movement] = [m for e in events if (m := movements.movement_of(e, 0)) is not None]
    own = balances.of_customer(account.customer_id)
    lines = {line.movement.stream_position: line for line in lines_of(movements.with_counterparties(moved), own)}
    changes = []
    for event in events:
        line = lines.get(event.stream_position)
        changes.append(
            Change(
                title=line.title if line else words.of_event(event.type),
                who=_who(event, account, viewer),
                at=event.recorded_at,
                amount_minor=line.movement.amount_minor if line else None,
                limit_minor=getattr(event.data, "overdraft_limit_minor", None),
            )
        )
    return changes


def _who(event: RecordedEvent, account: AccountRow, viewer: User) -> StrOrPromise:
    """Who did it, as far as the viewer may know. Of what came from elsewhere the title says whom it is from."""
    actor = event.metadata.get("actor", "")
    if actor == policy.actor_of(viewer, "web").id:
        return gettext("by you")
    if event.type == "TransferReceived":
        return ""
    person = User.objects.filter(pk=actor.removeprefix("user:")).first() if _names_a_user(actor) else None
    if person is not None and policy.owns(person, account):
        return gettext("by another log-in of yours") if policy.owns(viewer, account) else gettext("by the customer")
    if person is not None and policy.may_see_customers(viewer):
        return gettext("by %(name)s") % {"name": person.get_username()}
    return gettext("by the bank")


def _names_a_user(actor: str) -> bool:
    return actor.startswith("user:") and actor.removeprefix("user:").isdecimal()
