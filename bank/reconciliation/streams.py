"""The walk past all streams: each snapshot, and each account's row, against the fold of the stream's own events.

Head and row are read in one snapshot, the events afterwards: up to the head's version they can change no more.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast
from uuid import UUID

import msgspec
import psycopg

from accounts import account
from accounts.account import Account
from accounts.aggregates import AGGREGATES, State, fold
from bank.reconciliation.breaks import Check, Difference
from ledger.connections import Cursor, transaction
from ledger.errors import StoreUnavailable
from ledger.partitions import EventsDetached
from ledger.store import Head

_PAGE: Final = 500
_FIRST: Final = UUID(int=0)
_HEADS: Final = "select id, category, version, snapshot, snapshot_schema from ledger_stream where {} order by id"
_OF_ROW: Final = (
    "customer_id", "iban", "name", "currency", "status", "balance_minor", "held_minor", "overdraft_limit_minor",
    "opened_at",
)  # fmt: skip
_ROWS: Final = (
    f"select account_id, version, {', '.join(_OF_ROW)} from readmodels_account where {{}} order by account_id"
)
# The values of these may be shown to whoever operates the bank; of the others it is said only that they differ.
_SHOWN: Final = frozenset(
    {"balance_minor", "held_minor", "overdraft_limit_minor", "status", "currency", "version"}
    | {"stream", "category", "events", "snapshot", "row"}
)
_HIDDEN: Final = "(not shown)"


class Pair(msgspec.Struct, frozen=True):
    """A stream's head, and the account's row (version and fields): one of the two may be missing."""

    stream_id: UUID
    head: Head | None
    row: tuple[Any, ...] | None


class Walked(msgspec.Struct, kw_only=True):
    """What a walk came past. `after`: the last stream; `is_round`: there are none behind it."""

    after: UUID
    is_round: bool = False
    folded: set[UUID] = msgspec.field(default_factory=set)
    away: int = 0
    differences: list[Difference] = msgspec.field(default_factory=list)

    def take(self, pair: Pair) -> None:
        """Look at one stream; one whose events are detached cannot be folded."""
        try:
            self.differences += differences(pair)
            self.folded.add(pair.stream_id)
        except EventsDetached:
            self.away += 1


def walk(after: UUID, seconds: float) -> Walked:
    """From behind `after` on, for about so long, past at least one stream, at most to the end."""
    deadline = time.monotonic() + seconds
    walked = Walked(after=after)
    while True:
        pairs, is_last = _page_behind(walked.after)
        for pair in pairs:
            walked.take(pair)
            walked.after = pair.stream_id
            if time.monotonic() > deadline and (pair is not pairs[-1] or not is_last):
                return walked
        if is_last:
            walked.is_round = True
            return walked


def look_at(stream_ids: Collection[UUID]) -> Walked:
    """The same past these streams."""
    walked = Walked(after=_FIRST)
    for pair in _pairs("id = any(%(ids)s)", "account_id = any(%(ids)s)", {"ids": list(stream_ids)}):
        walked.take(pair)
    return walked


def differences(pair: Pair) -> list[Difference]:
    """What does not agree with the stream's events. Raises EventsDetached where they are not here."""
    head = pair.head
    if head is None:
        return [_difference(Check.ACCOUNT, pair, "stream", "a stream with its events", "none")]
    aggregate = AGGREGATES.get(head.category)
    if aggregate is None:
        return [_difference(Check.SNAPSHOT, pair, "category", "a known one", head.category)]
    try:
        # None where there are no events at all.
        state: State | None = fold(head.category, pair.stream_id, to=head.version)
    except (EventsDetached, StoreUnavailable, psycopg.Error):
        raise  # the database's trouble, or nobody's
    except Exception as error:  # noqa: BLE001 - whatever events cannot be folded is what is looked for here
        return [_difference(Check.SNAPSHOT, pair, "events", "events that fold", type(error).__name__)]
    if state is None:
        return [_difference(Check.SNAPSHOT, pair, "events", f"events up to version {head.version}", "none")]
    found = []
    # Snapshots of another schema are refolded when they are needed: nothing is decided on what stands there.
    if head.snapshot_schema == aggregate.snapshot_schema:
        found += _of_snapshot(pair, head, state)
    if head.category == account.CATEGORY:
        found += _of_row(pair, head, cast(Account, state))
    return found


def _of_snapshot(pair: Pair, head: Head, state: object) -> list[Difference]:
    try:
        snapshot = AGGREGATES[head.category].decode(head.snapshot)
    except msgspec.MsgspecError as error:
        return [_difference(Check.SNAPSHOT, pair, "snapshot", "one that can be read", type(error).__name__)]
    if snapshot == state:
        return []
    fields = type(state).__struct_fields__ if isinstance(state, msgspec.Struct) else ()
    found = [
        _difference(Check.SNAPSHOT, pair, field, getattr(state, field), getattr(snapshot, field))
        for field in fields
        if getattr(state, field) != getattr(snapshot, field)
    ]
    return found or [_difference(Check.SNAPSHOT, pair, "snapshot", "what the events fold to", "another state")]


def _of_row(pair: Pair, head: Head, state: Account) -> list[Difference]:
    if pair.row is None:
        return [_difference(Check.ACCOUNT, pair, "row", "the account's row", "none")]
    expected = {"version": head.version} | {field: getattr(state, field) for field in _OF_ROW}
    found = dict(zip(("version", *_OF_ROW), pair.row, strict=True))
    return [
        _difference(Check.ACCOUNT, pair, field, value, found[field])
        for field, value in expected.items()
        if value != found[field]
    ]


def _difference(check: Check, pair: Pair, field: str, expected: object, found: object) -> Difference:
    is_shown = field in _SHOWN
    return Difference(
        check=check,
        subject=str(pair.stream_id),
        field=field,
        expected=str(expected) if is_shown else _HIDDEN,
        found=str(found) if is_shown else _HIDDEN,
    )


@contextmanager
def _snapshot() -> Iterator[Cursor]:
    """The lock comes first: a rebuild that switches puts another table in the place of this one."""
    with transaction() as cur:
        cur.execute("set transaction isolation level repeatable read, read only")
        cur.execute("lock table readmodels_account in access share mode")
        yield cur


def _page_behind(after: UUID) -> tuple[list[Pair], bool]:
    """The next streams, and rows that have none; whether they are the last."""
    with _snapshot() as cur:
        cur.execute(f"{_HEADS.format('id > %s')} limit %s", (after, _PAGE))
        heads = {row[0]: Head(*row[1:]) for row in cur.fetchall()}
        is_last = len(heads) < _PAGE
        upper = UUID(int=2**128 - 1) if is_last else max(heads)
        cur.execute(_ROWS.format("account_id > %s and account_id <= %s"), (after, upper))
        rows = {row[0]: row[1:] for row in cur.fetchall()}
    return list(_paired(heads, rows)), is_last


def _pairs(of_heads: str, of_rows: str, parameters: dict[str, Any]) -> list[Pair]:
    with _snapshot() as cur:
        cur.execute(_HEADS.format(of_heads), parameters)
        heads = {row[0]: Head(*row[1:]) for row in cur.fetchall()}
        cur.execute(_ROWS.format(of_rows), parameters)
        rows = {row[0]: row[1:] for row in cur.fetchall()}
    return list(_paired(heads, rows))


def _paired(heads: dict[UUID, Head], rows: dict[UUID, tuple[Any, ...]]) -> Iterator[Pair]:
    for stream_id in sorted({*heads, *rows}):
        yield Pair(stream_id, heads.get(stream_id), rows.get(stream_id))
