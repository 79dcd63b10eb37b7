"""What a batch of events moved, worked out once for all the reports that get it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from accounts.account import DepositMade, TransferReceived, TransferSent, WithdrawalMade
from ledger.connections import Cursor
from ledger.records import RecordedEvent

Kind = Literal["deposit", "withdrawal", "transfer_sent", "transfer_received"]
Flows = Mapping[tuple[date, str, Kind], Sequence[int]]

KIND_OF: Final[dict[type[Any], Kind]] = {
    DepositMade: "deposit",
    WithdrawalMade: "withdrawal",
    TransferSent: "transfer_sent",
    TransferReceived: "transfer_received",
}
# Reports want the same types, so that they share one batch: these, whether or not they look at all of them.
TYPES: Final = frozenset(
    {"AccountOpened", "DepositMade", "WithdrawalMade", "TransferSent", "TransferReceived", "AccountClosed"}
)


def day_of(moment: datetime) -> date:
    """The business day (UTC) of a moment."""
    return moment.astimezone(UTC).date()


def flows(events: Sequence[RecordedEvent]) -> Flows:
    """(count, sum in minor units) of each kind of movement by business day and currency."""
    sums: defaultdict[tuple[date, str, Kind], list[int]] = defaultdict(lambda: [0, 0])
    for event in events:
        data = event.data
        kind = KIND_OF.get(type(data))
        if kind is not None:
            total = sums[data.occurred_at.astimezone(UTC).date(), data.currency, kind]
            total[0] += 1
            total[1] += data.amount_minor
    return sums


def currencies_of(cursor: Cursor, account_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The currencies of these accounts, which never change. They are written with the events, before any worker."""
    if not account_ids:
        return {}
    # By its schema: while balances are built anew, the table of that name in `rebuild` is not full yet.
    cursor.execute(
        "select account_id, currency from public.readmodels_account where account_id = any(%s)", (list(account_ids),)
    )
    return dict(cursor.fetchall())
