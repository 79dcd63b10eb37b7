"""History (live): an account as it was at any version or moment, folded from its events when asked."""

from datetime import datetime
from uuid import UUID

from accounts.account import Account, evolve
from ledger.projections import LiveProjection
from ledger.reading import read_stream

PROJECTION = LiveProjection(
    name="history",
    description="An account at any version, or as of any moment, folded from its events.",
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
