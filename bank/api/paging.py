"""Pages of a list by keyset: right while rows are added, and as quick on the last page as on the first."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, TypeVar

from rest_framework.request import Request

from bank.api.cursors import make_cursor, read_cursor

Row = TypeVar("Row")


class PageBody(TypedDict):
    """A page. `next_cursor` is null on the last one."""

    data: Sequence[Any]
    has_more: bool
    next_cursor: str | None


def key_of_cursor(request: Request, query: dict[str, Any]) -> str | None:
    """The sort key behind which the page starts; None for the first page."""
    cursor = query.get("cursor")
    return None if cursor is None else read_cursor(request.path, cursor)


def page_body(
    request: Request, rows: Sequence[Row], limit: int, *, body: Callable[[Row], Any], key: Callable[[Row], object]
) -> PageBody:
    """`rows` are up to `limit` + 1 of them, in the list's order: the one too many says that there are more."""
    shown = rows[:limit]
    has_more = len(rows) > limit
    return {
        "data": [body(row) for row in shown],
        "has_more": has_more,
        "next_cursor": make_cursor(request.path, str(key(shown[-1]))) if has_more else None,
    }
