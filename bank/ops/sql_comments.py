"""Comments in SQL (sqlcommenter's form) that say which request a statement belongs to, for logs of slow ones and locks.

Django's own statements are never prepared, so a comment costs them microseconds. The ledger's are prepared by their
text, which must not change with each request: they get comments only where SQL_COMMENTS=all asks for it, and then are
planned anew each time; for an hour of searching, not for every day.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.abc import Params
from typing_extensions import override

from bank.ops import work
from ledger.connections import Connection
from ledger.observing import Observer

NONE: Final = "none"
ORM: Final = "orm"
ALL: Final = "all"


def comment(*, doubled: bool) -> str:
    """` /*request_id='...',route='...'*/`; empty outside of any work. `doubled`: % as %%, where values are put in."""
    mine = work.current()
    if mine is None:
        return ""
    # Quoting leaves nothing that could end the comment or the value: no star, no quote.
    parts = [f"{name}='{quote(value, safe='')}'" for name, value in _said_by(mine) if value]
    text = f" /*{','.join(parts)}*/"
    return text.replace("%", "%%") if doubled else text


def _said_by(mine: work.Work) -> tuple[tuple[str, str | None], ...]:
    return ("request_id", mine.request_id), ("route", mine.route)


def comment_statements(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """For Django's signal of a new connection."""
    if add_comment not in connection.execute_wrappers:
        connection.execute_wrappers.append(add_comment)


def add_comment(
    execute: Callable[[str, Any, bool, dict[str, Any]], Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Django's form of a wrapper around every statement."""
    if "/*" not in sql:
        sql += comment(doubled=params is not None)
    return execute(sql, params, many, context)


class CommentedCursor(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor of the ledger whose statements carry their request."""

    @override
    def execute(
        self, query: Any, params: Params | None = None, *, prepare: bool | None = None, binary: bool | None = None
    ) -> "CommentedCursor":
        if isinstance(query, str):
            query += comment(doubled=params is not None)
        super().execute(query, params, prepare=prepare, binary=binary)
        return self


class CommentingLedger(Observer):
    """Registered where SQL_COMMENTS is `all`."""

    @override
    def connected(self, conn: Connection) -> None:
        conn.cursor_factory = CommentedCursor
        conn.prepare_threshold = None
