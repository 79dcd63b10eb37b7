"""Comments in SQL: Django's statements name their request, safely; the ledger's only where that was asked for."""

from urllib.parse import unquote

import pytest
from django.db import connection
from django.http import HttpRequest
from django.urls import resolve

from bank.ops import sql_comments, work
from ledger import observing
from ledger.connections import close_pool, cursor
from tests.steps import an_account

pytestmark = pytest.mark.django_db(transaction=True)

THIS = "select current_query()"


def a_request(path: str = "/livez") -> work.RequestWork:
    """Work on a request for this path."""
    request = HttpRequest()
    request.resolver_match = resolve(path)
    return work.RequestWork(request)


def as_django_sends(statement: str, values: list[int] | None = None) -> str:
    with connection.cursor() as cur:
        cur.execute(statement, values)
        return str(cur.fetchone()[0])


def as_the_ledger_sends(statement: str, values: tuple[object, ...] | None = None) -> str:
    with cursor() as cur:
        row = cur.execute(statement, values).fetchone()
        assert row is not None
        return str(row[0])


def test_djangos_statements_name_request_and_route_while_one_is_answered() -> None:
    mine = a_request("/api/v1/accounts/7")
    token = work.begin(mine)
    seen = as_django_sends(THIS)
    work.end(token)
    begin, _, told = seen.partition(" /*")
    assert begin == THIS
    assert told.endswith("*/")
    parts = dict(part.split("=", 1) for part in told.removesuffix("*/").split(","))
    assert list(parts) == sorted(parts)
    assert parts["request_id"] == f"'{mine.request_id}'"
    assert unquote(parts["route"]) == "'/api/v1/accounts/<str:account_id>'"


def test_outside_of_any_work_nothing_is_added() -> None:
    assert as_django_sends(THIS) == THIS


def test_values_are_put_in_as_before() -> None:
    token = work.begin(a_request("/api/v1/accounts/7"))
    with connection.cursor() as cur:
        cur.execute("select %s, '%%', %s", ["a % b", 3])
        assert cur.fetchone() == ("a % b", "%", 3)
        cur.execute("select '%', 2")
        assert cur.fetchone() == ("%", 2)
        cur.execute("create temporary table noted (n integer) on commit drop")
        cur.executemany("select %s", [[1], [2]])
    work.end(token)


@pytest.mark.parametrize("evil", ["*/ drop table x; --", "'; select 1; --", "%s %(a)s %", "a\\'b", "\x00", "ü\n"])
def test_no_route_ends_the_comment_or_the_value(evil: str) -> None:
    mine = work.TaskWork(request_id="7", task=evil, task_id="8")
    token = work.begin(mine)
    try:
        for doubled in (True, False):
            inner = sql_comments.comment(doubled=doubled).strip().removeprefix("/*").removesuffix("*/")
            assert "*" not in inner
            assert inner.count("'") == 4
            assert "\n" not in inner
            assert "\x00" not in inner
        assert as_django_sends("select %s::int", [5]) == "5"
        assert as_django_sends("select 5") == "5"
    finally:
        work.end(token)


def test_the_ledgers_statements_are_the_same_whatever_the_request() -> None:
    token = work.begin(a_request())
    assert as_the_ledger_sends(THIS) == THIS
    work.end(token)


def test_where_it_was_asked_for_the_ledgers_statements_name_their_request_too() -> None:
    commenting = sql_comments.CommentingLedger()
    observing.observe(commenting)
    close_pool()
    mine = a_request()
    token = work.begin(mine)
    try:
        assert mine.request_id in as_the_ledger_sends(THIS)
        assert mine.request_id in as_the_ledger_sends(f"{THIS} where %s = 1", (1,))
        an_account(5_00)
        with cursor() as cur:
            assert cur.execute("select count(*) from pg_prepared_statements").fetchone() == (0,)
    finally:
        work.end(token)
        observing.forget(commenting)
        close_pool()
