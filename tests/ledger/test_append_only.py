"""The record is append-only, and the database itself sees to it."""

import psycopg
import pytest
from django.db import connection

from accounts.handler import handle
from ledger.sealing import seal_all
from tests.ledger.book import check_the_book, connection_parameters
from tests.steps import BY, an_account, deposit

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("ledger_event", "ledger_entry", "ledger_command", "access_record")
CHANGES = {
    "ledger_event": ("data = '{}'", "recorded_at = now()", "stream_position = stream_position"),
    "ledger_entry": ("hash = hash", "position = position + 100"),
    "ledger_command": ("outcome = 'refused'", "actor = actor"),
    "access_record": ("actor = actor", "looked_at = now()"),
}


@pytest.fixture(autouse=True)
def _something_recorded(transactional_db: None) -> None:
    handle(deposit(an_account(), 1), by=BY)
    seal_all()


def partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select inhrelid::regclass::text from pg_inherits where inhparent = 'ledger_event'::regclass")
        return [row[0] for row in cursor.fetchall()]


def refused(statement: str, *, as_owner_of_everything: bool = False) -> str:
    """The words in which the database refuses it. Nothing is kept either way."""
    parameters = connection_parameters(user="postgres") if as_owner_of_everything else connection_parameters()
    with psycopg.connect(**parameters) as conn:
        if as_owner_of_everything:
            conn.execute("set session_replication_role = replica")
        try:
            conn.execute(statement)
        except psycopg.errors.InsufficientPrivilege as error:
            return str(error)
        finally:
            conn.rollback()
    return ""


@pytest.mark.parametrize(("table", "change"), [(t, c) for t, changes in CHANGES.items() for c in changes])
def test_no_row_of_the_record_is_updated(table: str, change: str) -> None:
    assert "append-only" in refused(f"update {table} set {change}")
    assert "append-only" in refused(f"update {table} set {change} where false"), "not even no row"


@pytest.mark.parametrize("table", TABLES)
def test_no_row_of_the_record_is_deleted_or_truncated(table: str) -> None:
    assert "append-only" in refused(f"delete from {table}")
    assert "append-only" in refused(f"truncate {table}")
    assert "append-only" in refused(f"truncate {table} cascade")


@pytest.mark.parametrize("table", TABLES)
def test_an_insert_that_updates_on_conflict_is_refused(table: str) -> None:
    keys = {"ledger_event": "sequence", "ledger_entry": "position", "ledger_command": "command_id"}
    key = keys.get(table, "record_id")
    column = CHANGES[table][0].partition(" ")[0]
    rows = f"overriding system value select * from {table}"
    statement = f"insert into {table} {rows} on conflict ({key}) do update set {column} = excluded.{column}"
    assert "append-only" in refused(statement)


def test_no_partition_of_the_events_is_a_way_around() -> None:
    assert len(partitions()) >= 2
    for partition in partitions():
        assert "append-only" in refused(f"update {partition} set data = '{{}}'")
        assert "append-only" in refused(f"delete from {partition}")
        assert "append-only" in refused(f"truncate {partition}")


@pytest.mark.parametrize("table", TABLES)
def test_the_triggers_hold_also_for_who_replays_a_replication(table: str) -> None:
    for statement in (f"update {table} set {CHANGES[table][0]}", f"delete from {table}", f"truncate {table}"):
        assert "append-only" in refused(statement, as_owner_of_everything=True)


def test_every_table_of_the_record_has_its_trigger_switched_on_for_always() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select tgrelid::regclass::text, tgenabled, tgtype from pg_trigger"
            " where tgfoid = 'ledger_refuse_change'::regproc"
        )
        found = {table: (enabled, kind) for table, enabled, kind in cursor.fetchall()}
    # Before (2), for each statement (not 1), on delete (8), update (16) and truncate (32).
    assert set(found.values()) == {("A", 2 + 8 + 16 + 32)}
    assert set(found) >= {*TABLES, *partitions()}


def test_after_all_that_the_book_is_as_it_was() -> None:
    for table in TABLES:
        refused(f"delete from {table}")
    assert check_the_book() == 3
