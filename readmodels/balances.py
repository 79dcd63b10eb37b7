"""Balances (inline): every account as it is right now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models

from accounts.account import (
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    DepositMade,
    OverdraftLimitSet,
    Status,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
)
from ledger.projections import InlineProjection, NewEvent
from ledger.rows import Part, Row
from readmodels import prepared
from readmodels.customers import CustomerRow


class AccountRow(models.Model):
    """An account now. Amounts in minor units of `currency`; `version` is the stream's."""

    account_id = models.UUIDField(primary_key=True)
    customer = models.ForeignKey(CustomerRow, models.DO_NOTHING, db_constraint=False, related_name="accounts")
    iban = models.CharField(max_length=34)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=6)
    balance_minor = models.BigIntegerField()
    held_minor = models.BigIntegerField(default=0)
    overdraft_limit_minor = models.BigIntegerField()
    version = models.IntegerField()
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "readmodels_account"
        constraints = [models.UniqueConstraint(fields=["iban"], name="readmodels_account_iban")]

    def __str__(self) -> str:
        return f"{self.name} ({self.iban})"

    @property
    def available_minor(self) -> int:
        """What a debit may take; nothing once the account is closed."""
        if self.status == Status.CLOSED:
            return 0
        return self.balance_minor - self.held_minor + self.overdraft_limit_minor

    @property
    def customer_name(self) -> str:
        """The holder's name; empty where the customer is unknown."""
        return self.customer.name


_OPENED = Part(
    columns="i uuid, c uuid, b text, n text, y text, s text, d bigint, o bigint, v integer, t timestamptz",
    sql="""
insert into readmodels_account (account_id, customer_id, iban, name, currency, status, balance_minor, held_minor,
                                overdraft_limit_minor, version, opened_at)
select r.i, r.c, r.b, r.n, r.y, r.s, r.d, 0, r.o, r.v, r.t from {rows}
""",
)
# The rows are only ever changed by whoever holds the stream's head, so they need no order of their own.
_CHANGED = Part(
    columns="i uuid, d bigint, v integer, s text, o bigint, n text",
    sql="""
update readmodels_account a
set balance_minor = a.balance_minor + r.d, version = r.v,
    status = coalesce(r.s, a.status), overdraft_limit_minor = coalesce(r.o, a.overdraft_limit_minor),
    name = coalesce(r.n, a.name)
from {rows}
where a.account_id = r.i
""",
)

_SIGNS: dict[type[Any], int] = {DepositMade: 1, TransferReceived: 1, WithdrawalMade: -1, TransferSent: -1}
_STATUSES: dict[type[Any], Status] = {
    AccountFrozen: Status.FROZEN,
    AccountUnfrozen: Status.OPEN,
    AccountClosed: Status.CLOSED,
}
_CONCERNED = {AccountOpened, OverdraftLimitSet, AccountRenamed, *_SIGNS, *_STATUSES}


@dataclass(slots=True)
class _Change:
    """What a batch does to one account; None leaves as it is."""

    difference_minor: int = 0
    version: int = 0
    status: str | None = None
    overdraft_limit_minor: int | None = None
    name: str | None = None


def rows(events: Sequence[NewEvent]) -> dict[str, list[Row]]:
    """One row an account: those that the batch opened whole, the others as a difference."""
    opened: dict[UUID, AccountOpened] = {}
    changes: dict[UUID, _Change] = {}
    for new in events:
        event, kind = new.event, type(new.event)
        if kind not in _CONCERNED:
            continue
        change = changes.get(new.stream_id)
        if change is None:
            change = changes[new.stream_id] = _Change()
        change.version = new.stream_position
        if sign := _SIGNS.get(kind):
            change.difference_minor += sign * event.amount_minor
        elif status := _STATUSES.get(kind):
            change.status = status.value
        elif isinstance(event, OverdraftLimitSet):
            change.overdraft_limit_minor = event.overdraft_limit_minor
        elif isinstance(event, AccountRenamed):
            change.name = event.name
        elif isinstance(event, AccountOpened):
            opened[new.stream_id] = event
    return {
        "accounts_opened": [_opened_row(i, event, changes.pop(i)) for i, event in opened.items()],
        "accounts_changed": [
            (i, c.difference_minor, c.version, c.status, c.overdraft_limit_minor, c.name) for i, c in changes.items()
        ],
    }


def _opened_row(account_id: UUID, event: AccountOpened, change: _Change) -> Row:
    limit = event.overdraft_limit_minor if change.overdraft_limit_minor is None else change.overdraft_limit_minor
    return (
        account_id,
        event.customer_id,
        event.iban,
        event.name if change.name is None else change.name,
        event.currency,
        change.status or Status.OPEN.value,
        change.difference_minor,
        limit,
        change.version,
        event.occurred_at,
    )


PROJECTION = InlineProjection(
    name="balances",
    description="Every account as it is right now: balance, limits, status, version.",
    tables=("readmodels_account",),
    parts={"accounts_opened": _OPENED, "accounts_changed": _CHANGED},
    rows=rows,
    refusals={"readmodels_account_iban": "iban_taken"},
)


# Written out: building this statement in the ORM takes longer than all the rest of finding an account.
_SELECT = """
select a.account_id, a.customer_id, a.iban, a.name, a.currency, a.status, a.balance_minor, a.held_minor,
       a.overdraft_limit_minor, a.version, a.opened_at, c.name as customer_name, c.email, c.registered_at
from readmodels_account a left join readmodels_customer c using (customer_id)
"""
_FIELDS = (
    "account_id", "customer_id", "iban", "name", "currency", "status", "balance_minor", "held_minor",
    "overdraft_limit_minor", "version", "opened_at",
)  # fmt: skip
_CUSTOMER_FIELDS = ("customer_id", "name", "email", "registered_at")


# For statements that begin a request, and learn of an account besides: its columns, for `row_of`.
SELECT_BY_ID = f"{_SELECT} where a.account_id = %(account)s"


def row_of(values: Sequence[Any]) -> AccountRow | None:
    """The account, with its customer, from the columns of SELECT_BY_ID; None where they are null."""
    *fields, name, email, registered_at = values
    if fields[0] is None:
        return None
    customer = prepared.instance(CustomerRow, _CUSTOMER_FIELDS, (fields[1], name or "", email or "", registered_at))
    return prepared.instance(AccountRow, _FIELDS, fields, customer=customer)


def _select(where: str, value: UUID | str) -> list[AccountRow]:
    rows = map(row_of, prepared.fetch_all(f"{_SELECT} where {where}", [value]))
    return [row for row in rows if row is not None]


def find(account_id: UUID) -> AccountRow | None:
    """The account with this id."""
    return next(iter(_select("a.account_id = %s", account_id)), None)


def find_by_iban(iban: str) -> AccountRow | None:
    """The account with this IBAN (compact, upper case)."""
    return next(iter(_select("a.iban = %s", iban)), None)


def of_customer(customer_id: UUID) -> list[AccountRow]:
    """A customer's accounts, the oldest first; closed ones last."""
    accounts = _select("a.customer_id = %s", customer_id)
    return sorted(accounts, key=lambda a: (a.status == Status.CLOSED, a.opened_at, a.account_id))


def page(limit: int, after: UUID | None = None, customer_id: UUID | None = None) -> list[AccountRow]:
    """Up to `limit` accounts by id, behind `after`."""
    accounts = AccountRow.objects.select_related("customer").order_by("account_id")
    if after is not None:
        accounts = accounts.filter(account_id__gt=after)
    if customer_id is not None:
        accounts = accounts.filter(customer_id=customer_id)
    return list(accounts[:limit])
