"""History (live): an account as it was at any version or moment, folded from its events when asked."""

from datetime import datetime
from typing import get_args
from uuid import UUID

import msgspec

from accounts.account import Account, AccountEvent, evolve
from ledger.codec import event_types
from ledger.projections import LiveProjection
from ledger.reading import read_stream
from ledger.records import RecordedEvent
from readmodels import movements
from readmodels.movements import Movement

PROJECTION = LiveProjection(
    name="history",
    description="An account at any version, or as of any moment, folded from its events.",
    types=frozenset(kind.name for kind in event_types() if kind.cls in get_args(AccountEvent)),
)


def account_at(
    account_id: UUID, *, version: int | None = None, as_of: datetime | None = None
) -> tuple[Account, int] | None:
    """(state, version) of an account after event `version`, or of what had happened (`occurred_at`) by `as_of`.

    None where the account did not exist then, or does not have that version.
    """
    state: Account | None = None
    reached = 0
    for event in read_stream(account_id, to=version):
        if as_of is not None and event.data.occurred_at > as_of:
            if state is None:
                return None  # not opened by then, whatever is said to have happened on it before
            continue
        state = evolve(state, event.data, account_id)
        reached = event.stream_position
    if state is None or (version is not None and reached != version):
        return None
    return state, reached


class Step(msgspec.Struct, frozen=True):
    """An event of an account and the balance after it, in minor units. `movement`: what it moved, if it moved money."""

    event: RecordedEvent
    movement: Movement | None
    balance_minor: int


def steps(account_id: UUID, *, after: int, to: int, limit: int) -> tuple[int, list[Step]]:
    """(balance at version `after`, up to `limit` events behind it up to version `to`), the oldest first.

    The balance that the page begins with is the read model's, so that a long history costs no more than a short one;
    from there on the events themselves are added up. Raises EventsDetached where they are archived.
    """
    before_minor = balance_minor = movements.balance_after(account_id, after) if after else 0
    found = []
    for event in read_stream(account_id, after=after, to=to, limit=limit):
        movement = movements.movement_of(event, balance_minor)
        if movement is not None:
            balance_minor = movement.balance_minor
        found.append(Step(event, movement, balance_minor))
    named = {m.stream_position: m for m in movements.with_counterparties([s.movement for s in found if s.movement])}
    return before_minor, [Step(s.event, named.get(s.event.stream_position), s.balance_minor) for s in found]
