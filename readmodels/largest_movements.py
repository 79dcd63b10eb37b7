"""Largest movements (async): of each day, currency and kind as many as anybody asks for, and no more."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from heapq import nlargest
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import models

from accounts.account import TransferReceived
from ledger.codec import encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from readmodels import prepared
from readmodels.moved import KIND_OF, TYPES, day_of

# So many are kept of each day, currency and kind: the largest of a period are among the largest of its days.
KEPT: Final = 25
# A transfer is one movement here, its sender's.
KINDS: Final = ("deposit", "withdrawal", "transfer_sent")

_Group = tuple[date, str, str]


class LargeMovementRow(models.Model):
    """A movement that is among the largest of its day (UTC, by `occurred_at`). The amount is without sign."""

    pk = models.CompositePrimaryKey("currency", "date", "kind", "position")
    currency = models.CharField(max_length=3)
    date = models.DateField()
    kind = models.CharField(max_length=17)
    position = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    account_id = models.UUIDField()
    stream_position = models.IntegerField()
    counterparty_account_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "readmodels_large_movement"
        indexes = [
            models.Index("currency", models.F("amount_minor").desc(), "position", name="readmodels_large_amount")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.stream_position}"


_ADD: Final = """
insert into readmodels_large_movement (currency, date, kind, position, amount_minor, account_id, stream_position,
                                       counterparty_account_id, occurred_at)
select * from json_to_recordset(%s::json)
    as m(currency text, date date, kind text, position bigint, amount_minor bigint, account_id uuid,
         stream_position integer, counterparty_account_id uuid, occurred_at timestamptz)
"""
_TRIM: Final = """
delete from readmodels_large_movement m
using (
    select kept.currency, kept.date, kept.kind, kept.position
    from json_to_recordset(%(groups)s::json) as touched(currency text, date date, kind text)
    cross join lateral (
        select * from readmodels_large_movement l
        where l.currency = touched.currency and l.date = touched.date and l.kind = touched.kind
        order by l.amount_minor desc, l.position offset %(kept)s
    ) kept
) beyond
where m.currency = beyond.currency and m.date = beyond.date and m.kind = beyond.kind and m.position = beyond.position
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Put the batch's largest beside those of their days, and let go of what is beyond the number that is kept."""
    groups: defaultdict[_Group, list[RecordedEvent]] = defaultdict(list)
    for event in events:
        kind = KIND_OF.get(type(event.data))
        if kind is not None and type(event.data) is not TransferReceived:
            groups[day_of(event.data.occurred_at), event.data.currency, kind].append(event)
    if not groups:
        return
    # The earlier of two that are equal comes first: `events` are in book order, and nlargest keeps it.
    rows = [
        _row(event, *group)
        for group, its in groups.items()
        for event in nlargest(KEPT, its, key=lambda event: event.data.amount_minor)
    ]
    cursor.execute(_ADD, (encode_json(rows).decode(),))
    touched = [{"date": day, "currency": currency, "kind": kind} for day, currency, kind in groups]
    cursor.execute(_TRIM, {"groups": encode_json(touched).decode(), "kept": KEPT})


def _row(event: RecordedEvent, day: date, currency: str, kind: str) -> dict[str, Any]:
    return {
        "currency": currency,
        "date": day,
        "kind": kind,
        "position": event.position,
        "amount_minor": event.data.amount_minor,
        "account_id": event.stream_id,
        "stream_position": event.stream_position,
        "counterparty_account_id": getattr(event.data, "to_account_id", None),
        "occurred_at": event.data.occurred_at,
    }


PROJECTION = AsyncProjection(
    name="largest_movements",
    description=f"The {KEPT} largest movements of each day, currency and kind, and so of any period.",
    apply=apply,
    tables=("readmodels_large_movement",),
    types=TYPES,
)


class LargeMovement(msgspec.Struct, frozen=True, kw_only=True):
    """A large movement: whose, and with whom (another account of the bank's, or None: from or to outside)."""

    position: int
    date: date
    kind: str
    currency: str
    amount_minor: int
    account_id: UUID
    stream_position: int
    counterparty_account_id: UUID | None
    occurred_at: datetime
    iban: str
    holder: str


# The page first, then who it is.
_LARGEST: Final = """
select m.position, m.date, m.kind, m.currency, m.amount_minor, m.account_id, m.stream_position,
       m.counterparty_account_id, m.occurred_at, coalesce(a.iban, ''), coalesce(c.name, '')
from (
    select * from readmodels_large_movement
    where currency = %(currency)s and date between %(from)s and %(to)s
      and (%(kind)s::text is null or kind = %(kind)s)
    order by amount_minor desc, position limit %(limit)s
) m
left join readmodels_account a on a.account_id = m.account_id
left join readmodels_customer c on c.customer_id = a.customer_id
order by m.amount_minor desc, m.position
"""


def largest(
    from_date: date, to_date: date, currency: str, kind: str | None = None, limit: int = KEPT
) -> list[LargeMovement]:
    """The largest movements in a currency on these days (both inclusive), at most KEPT; equal ones in book order."""
    parameters = {
        "from": from_date,
        "to": to_date,
        "currency": currency,
        "kind": kind,
        "limit": max(min(limit, KEPT), 0),
    }
    found = prepared.fetch_all(_LARGEST, parameters)
    return [LargeMovement(**dict(zip(LargeMovement.__struct_fields__, row, strict=True))) for row in found]
