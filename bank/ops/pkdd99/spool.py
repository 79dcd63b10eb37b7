"""All movements of all files by day and account, in flat memory: sorted in a temporary file (SQLite's)."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import TracebackType
from typing import Self

from bank.ops.pkdd99.files import Movement

_CACHE_KIB = 32_000
_COLUMNS = "trans_id, day, account_id, change_minor, balance_minor, operation, purpose, counterparty, file, line"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A movement with the place where it stands."""

    movement: Movement
    file: str
    line: int


class Spool:
    """Takes movements in any order and gives them back by day and account. A context: it holds a temporary file."""

    def __init__(self) -> None:
        # The empty name is a private temporary file, deleted as soon as it is open.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"pragma cache_size = -{_CACHE_KIB}")
        self._db.execute("pragma journal_mode = off")
        self._db.execute(f"create table movement (trans_id integer primary key, {_COLUMNS.partition(', ')[2]})")
        self._db.execute("begin")
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def __len__(self) -> int:
        return self._count

    def add(self, spooled: Spooled) -> Spooled | None:
        """Take a movement in; if its trans_id is in already, nothing changes and that movement is returned."""
        row = _row_of(spooled)
        cursor = self._db.execute("insert into movement values (?,?,?,?,?,?,?,?,?,?) on conflict do nothing", row)
        if cursor.rowcount:
            self._count += 1
            return None
        return _restore(self._db.execute("select * from movement where trans_id = ?", row[:1]).fetchone())

    def account_days(self) -> Iterator[list[Spooled]]:
        """The movements of one account on one day at a time, days ascending; within one, by trans_id."""
        # The few bytes of the key are sorted, not the rows.
        self._db.execute("create index by_day on movement (day, account_id, trans_id)")
        rows = self._db.execute("select * from movement order by day, account_id, trans_id")
        for _, group in groupby(rows, key=lambda row: (row[1], row[2])):
            yield [_restore(row) for row in group]

    def first_days(self) -> dict[int, date]:
        """The day of each account's first movement."""
        rows = self._db.execute("select account_id, min(day) from movement group by account_id")
        return {account_id: date.fromordinal(day) for account_id, day in rows}


_Row = tuple[int, int, int, int, int, str, str, str, str, int]


def _row_of(spooled: Spooled) -> _Row:
    m = spooled.movement
    return (
        *(m.trans_id, m.date.toordinal(), m.account_id, m.change_minor, m.balance_minor),
        *(m.operation, m.purpose, m.counterparty, spooled.file, spooled.line),
    )


def _restore(row: _Row) -> Spooled:
    trans_id, day, account_id, change_minor, balance_minor, operation, purpose, counterparty, file, line = row
    movement = Movement(
        trans_id=trans_id,
        account_id=account_id,
        date=date.fromordinal(day),
        change_minor=change_minor,
        balance_minor=balance_minor,
        operation=operation,
        purpose=purpose,
        counterparty=counterparty,
    )
    return Spooled(movement, file, line)
