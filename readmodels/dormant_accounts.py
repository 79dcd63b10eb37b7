"""Dormant accounts (async): open accounts by the last day on which their holder moved money."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import models

from accounts.account import AccountClosed, AccountOpened, TransferReceived
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent
from ledger.rows import Part, parameters
from readmodels import prepared
from readmodels.moved import KIND_OF, TYPES, day_of


class LastInitiatedRow(models.Model):
    """An open account and the last day (UTC, by `occurred_at`) on which a movement was initiated on it, or it was
    opened. What comes in by transfer somebody else has initiated."""

    account_id = models.UUIDField(primary_key=True)
    currency = models.CharField(max_length=3)
    last_on = models.DateField()

    class Meta:
        db_table = "readmodels_last_initiated"
        indexes = [models.Index("last_on", "account_id", name="readmodels_last_initiated_on")]

    def __str__(self) -> str:
        return str(self.account_id)


_EPOCH: Final = date(2000, 1, 1)
_SEEN: Final = Part(
    columns="a uuid, c text, d integer",
    sql="""
    insert into readmodels_last_initiated as seen (account_id, currency, last_on)
    select r.a, r.c, date '2000-01-01' + r.d from {rows}
    on conflict (account_id) do update set last_on = excluded.last_on where excluded.last_on > seen.last_on
    """,
)
_CLOSED: Final = "delete from readmodels_last_initiated where account_id = any(%s)"


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """Note the last day of each account that was used, never an earlier one than is noted; forget closed accounts."""
    last: dict[UUID, tuple[str, date]] = {}
    closed: list[UUID] = []
    for event in events:
        data = event.data
        if type(data) is AccountClosed:
            closed.append(event.stream_id)
            last.pop(event.stream_id, None)
        elif (type(data) in KIND_OF and type(data) is not TransferReceived) or type(data) is AccountOpened:
            day, known = day_of(data.occurred_at), last.get(event.stream_id)
            if known is None or known[1] < day:
                last[event.stream_id] = (data.currency, day)
    if last:
        rows = [(account_id, currency, (day - _EPOCH).days) for account_id, (currency, day) in last.items()]
        cursor.execute(_SEEN.cte("seen", len(rows)), parameters({"seen": (_SEEN, rows)}))
    if closed:
        cursor.execute(_CLOSED, (closed,))


PROJECTION = AsyncProjection(
    name="dormant_accounts",
    description="Open accounts by the last day on which their holder moved money.",
    apply=apply,
    tables=("readmodels_last_initiated",),
    types=TYPES,
)


class DormantAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An open account that nobody has used since `last_on`. The balance is the present one."""

    account_id: UUID
    last_on: date
    currency: str
    iban: str
    name: str
    status: str
    balance_minor: int
    holder: str
    customer_id: UUID | None


_PAGE: Final = """
select d.account_id, d.last_on, d.currency, coalesce(a.iban, ''), coalesce(a.name, ''), coalesce(a.status, ''),
       coalesce(a.balance_minor, 0), coalesce(c.name, ''), a.customer_id
from (
    select * from readmodels_last_initiated
    where last_on <= %(on)s and (last_on, account_id) > (%(after_on)s, %(after_id)s)
      and (%(currency)s::text is null or currency = %(currency)s)
    order by last_on, account_id limit %(limit)s
) d
left join readmodels_account a on a.account_id = d.account_id
left join readmodels_customer c on c.customer_id = a.customer_id
order by d.last_on, d.account_id
"""


def since(today: date, days: int) -> date:
    """The last day that makes an account dormant: nothing was initiated for `days` days up to `today`."""
    return today - timedelta(days=min(days, (today - date.min).days))


def page(
    last_on_or_before: date, limit: int, *, currency: str | None = None, after: tuple[date, UUID] | None = None
) -> list[DormantAccount]:
    """Up to `limit` open accounts that were last used on that day or earlier, the longest unused first; behind `after`
    (its `last_on` and id). For "no movement since 90 days": `page(since(today, 90), ...)`.
    """
    after_on, after_id = after or (date.min, UUID(int=0))
    parameters: dict[str, Any] = {
        "on": last_on_or_before,
        "currency": currency,
        "limit": limit,
        "after_on": after_on,
        "after_id": after_id,
    }
    found = prepared.fetch_all(_PAGE, parameters)
    return [DormantAccount(**dict(zip(DormantAccount.__struct_fields__, row, strict=True))) for row in found]
