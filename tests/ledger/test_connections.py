"""Connections of the command path: lost ones are told as such, statements that failed are not."""

import threading
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection as django_connection

from accounts.handler import handle
from ledger.connections import close_pool, connection, cursor, transaction
from ledger.errors import StoreUnavailable
from tests.ledger.book import write
from tests.steps import BY, an_account, deposit

pytestmark = pytest.mark.django_db(transaction=True)


def end_backends() -> int:
    """End every connection of the command path from outside."""
    with django_connection.cursor() as cur:
        cur.execute(
            "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity"
            " where datname = current_database() and application_name = 'passbook ledger'"
        )
        return int(cur.fetchone()[0])


def test_a_statement_is_its_own_transaction_and_is_committed_at_once() -> None:
    with cursor() as cur:
        cur.execute("insert into ledger_generation (projection, generation) values ('test_own', 1)")
        with cursor() as other:
            other.execute("select generation from ledger_generation where projection = 'test_own'")
            assert other.fetchone() == (1,)


def test_a_transaction_that_raises_leaves_nothing() -> None:
    with pytest.raises(KeyError), transaction() as cur:  # noqa: PT012
        cur.execute("insert into ledger_generation (projection, generation) values ('test_none', 1)")
        raise KeyError
    with cursor() as cur:
        assert cur.execute("select from ledger_generation where projection = 'test_none'").fetchone() is None


def test_appends_wait_for_the_disk() -> None:
    with cursor() as cur:
        assert cur.execute("show synchronous_commit").fetchone() == ("on",)


def test_a_connection_that_was_lost_is_told_as_such_and_the_next_one_works() -> None:
    with pytest.raises(StoreUnavailable), cursor() as cur:  # noqa: PT012
        assert end_backends() >= 1
        cur.execute("select 1")
    with cursor() as cur:
        assert cur.execute("select 1").fetchone() == (1,)


def test_a_connection_lost_inside_a_transaction_is_told_as_such() -> None:
    with pytest.raises(StoreUnavailable), transaction() as cur:  # noqa: PT012
        cur.execute("select 1")
        end_backends()
        cur.execute("select 1")
    write()


def test_a_connection_lost_while_nobody_used_it_is_replaced() -> None:
    write()
    end_backends()
    for _ in range(3):
        try:
            write()
            break
        except StoreUnavailable:
            continue
    else:
        pytest.fail("no working connection in three tries")


def test_a_command_whose_connection_was_lost_is_carried_out_all_the_same() -> None:
    account_id = an_account()
    for n in range(1, 4):
        end_backends()
        assert handle(deposit(account_id, 1), by=BY).versions == {account_id: n + 1}


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("select 1 / 0", psycopg.errors.DivisionByZero),
        ("select nothing", psycopg.errors.UndefinedColumn),
        ("select ledger_check_heads(1, 2)", psycopg.errors.SerializationFailure),
        ("select pg_sleep(5)", psycopg.errors.QueryCanceled),
    ],
)
def test_a_statement_that_fails_is_not_taken_for_a_lost_connection(statement: str, error: type[Exception]) -> None:
    with pytest.raises(error), transaction() as cur:  # noqa: PT012
        cur.execute("set local statement_timeout = 200")
        cur.execute(statement)
    write()


def test_more_threads_than_connections_wait_their_turn() -> None:
    done: list[int] = []

    def work() -> None:
        with cursor() as cur:
            cur.execute("select pg_sleep(0.02)")
        done.append(1)

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 40


def test_a_pool_that_was_closed_opens_again_when_it_is_needed() -> None:
    close_pool()
    close_pool()
    write()


def test_json_comes_as_the_bytes_that_it_is() -> None:
    with connection() as conn, conn.cursor(binary=True) as cur:
        row = cur.execute("""select '{"b": 1, "a": [null, "\u017d"]}'::jsonb""").fetchone()
    assert row == ('{"a": [null, "\u017d"], "b": 1}'.encode(),)


def test_the_connection_that_was_used_last_is_used_next() -> None:
    close_pool()
    with connection() as one, connection() as two, connection():
        pass
    with connection() as first:
        assert first is one
        with connection() as second:
            assert second is two
    for _ in range(3):
        with connection() as again:
            assert again is one


def test_a_kept_cursor_is_kept_unless_it_holds_many_rows_or_failed() -> None:
    close_pool()
    with cursor(kept=True) as first:
        first.execute("select 1")
    with cursor(kept=True) as second:
        assert second is first
        second.execute("select generate_series(1, 5000)")
    with cursor(kept=True) as third:
        assert third is not first
        third.execute("select 1")
    with cursor() as other:
        assert other is not third
    with pytest.raises(psycopg.errors.DivisionByZero), transaction(kept=True) as cur:
        cur.execute("select 1 / 0")
    with cursor(kept=True) as fourth:
        assert fourth is not third


def test_how_the_append_sends_its_values_is_nobody_elses_business() -> None:
    account_id = an_account(1)
    with transaction() as cur:
        cur.execute("create temporary table copied (id uuid, ids uuid[], at timestamptz, n bigint) on commit drop")
        with cur.copy("copy copied from stdin (format binary)") as copy:
            copy.set_types(("uuid", "uuid[]", "timestamptz", "int8"))
            copy.write_row((account_id, [account_id], datetime(2026, 3, 29, 1, tzinfo=UTC), 7))
        assert cur.execute("select id, ids, n from copied").fetchone() == (account_id, [account_id], 7)
