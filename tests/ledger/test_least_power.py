"""Each role of the database can do what its processes do, and nothing else."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from bank.ops import roles
from ledger import runner
from ledger.connections import Connection, _open_pool
from ledger.ids import new_id
from tests.steps import an_account

pytestmark = pytest.mark.django_db(transaction=True)
EVENT = "stream_id, stream_position, id, type, schema_version, data, metadata"
LOOK = "actor, roles, customer_id, account_id, route, channel, correlation_id"
LOOKED = f"'user:1', '{{teller}}', '{new_id()}', null, '/', 'web', '{new_id()}'"
VALUES = f"'{new_id()}', 1, '{new_id()}', 'DepositMade', 1, '{{}}', '{{}}'"


@pytest.fixture
def acting() -> Iterator[Connection]:
    """A connection of the owner, on which a test takes roles on."""
    an_account(100)
    runner.drain()
    with _open_pool() as pool, pool.connection() as conn:
        yield conn


@pytest.mark.parametrize("role", [roles.APP, roles.WORKER, roles.AUDITOR])
@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_event set data = '{}'",
        "delete from ledger_event",
        "truncate ledger_event",
        "update ledger_event_1 set data = '{}'",
        "delete from ledger_event_1",
        "truncate ledger_event_1",
        "update ledger_command set outcome = 'refused'",
        "delete from ledger_command",
        "truncate ledger_command",
        "update ledger_entry set hash = hash",
        "delete from ledger_entry",
        "truncate ledger_entry",
        f"insert into ledger_event (sequence, {EVENT}) overriding system value values (1000000, {VALUES})",
        f"insert into ledger_event ({EVENT}, recorded_at) values ({VALUES}, '1999-01-01')",
        "select setval('ledger_event_sequence', 1)",
        "alter table ledger_event disable trigger all",
        "alter table ledger_event_1 disable trigger all",
        "set session_replication_role = replica",
        "drop table ledger_entry",
        "create table mine (n integer)",
        "update access_record set actor = 'user:1'",
        "delete from access_record",
        "truncate access_record",
        f"insert into access_record (looked_at, {LOOK}) values ('1999-01-01', {LOOKED})",
        f"insert into access_record (record_id, {LOOK}) overriding system value values (1, {LOOKED})",
        "alter table access_record disable trigger all",
        "alter table ledger_event detach partition ledger_event_1",
        "select ledger_make_partition(1, 2)",
    ],
)
def test_no_role_can_rewrite_history(acting: Connection, role: str, statement: str) -> None:
    acting.execute(f"set role {role}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        acting.execute(statement)


@pytest.mark.parametrize("table", ["ledger_event", "ledger_event_1", "ledger_command", "ledger_entry", "access_record"])
@pytest.mark.parametrize("how", ["update {} set {} = {}", "delete from {}", "truncate {}"])
def test_the_owner_is_refused_as_long_as_the_triggers_stand(table: str, how: str) -> None:
    an_account(100)
    runner.drain()
    column = {"ledger_command": "actor", "ledger_entry": "hash", "access_record": "actor"}.get(table, "data")
    with connection.cursor() as cursor, pytest.raises(Exception, match="append-only"):
        cursor.execute(how.format(table, column, column))


@pytest.mark.parametrize(
    "statement",
    [
        f"insert into ledger_event ({EVENT}) values ({VALUES})",
        "insert into ledger_entry (position, sequence, hash) values (7, 7, sha256('x'))",
        "update ledger_stream set version = 9",
        "update readmodels_account set balance_minor = 1",
        "select key from ledger_subject_key",
        "select * from identity_user",
        f"insert into access_record ({LOOK}) values ({LOOKED})",
    ],
)
def test_an_auditor_reads_the_record_and_nothing_else(acting: Connection, statement: str) -> None:
    acting.execute(f"set role {roles.AUDITOR}")
    for table in (
        *("ledger_event", "ledger_entry", "ledger_command", "ledger_stream"),
        *("readmodels_account", "access_record"),
    ):
        acting.execute(f"select * from {table}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        acting.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into ledger_entry (position, sequence, hash) values (7, 7, sha256('x'))",
        "update ledger_sealer_state set position = 0",
        "update ledger_checkpoint set position = 0",
        "delete from readmodels_movement",
        "delete from webhooks_delivery",
        "delete from webhooks_secret",
        "update webhooks_progress set position = 0",
        "update readmodels_daily_flow set count = 0",
        "delete from readmodels_account",
        "update ledger_stream set category = 'x'",
        "delete from ledger_stream",
        "select ledger_begin_rebuild('{readmodels_account}')",
        "select ledger_ensure_partitions(10, 1)",
    ],
)
def test_the_web_neither_seals_nor_writes_reports(acting: Connection, statement: str) -> None:
    acting.execute(f"set role {roles.APP}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        acting.execute(statement)


def test_only_the_web_leaves_access_records(acting: Connection) -> None:
    acting.execute(f"set role {roles.APP}")
    acting.execute(f"insert into access_record ({LOOK}) values ({LOOKED})")
    acting.execute(f"set role {roles.WORKER}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        acting.execute(f"insert into access_record ({LOOK}) values ({LOOKED})")


def test_a_worker_makes_partitions_ahead_of_need(acting: Connection) -> None:
    acting.execute(f"set role {roles.WORKER}")
    acting.execute("select ledger_ensure_partitions(10000000, 1)")
    assert acting.execute("select ledger_ensure_partitions(10000000, 1)").fetchone() == (0,)


def test_rebuilding_is_only_for_tables_of_projections(acting: Connection) -> None:
    acting.execute(f"set role {roles.WORKER}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not a table of a projection"):
        acting.execute("select ledger_end_rebuild('{ledger_event}', true)")


def test_setting_the_roles_up_again_changes_nothing() -> None:
    def grants() -> list[tuple[str, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "select table_name, grantee, privilege_type from information_schema.table_privileges"
                " where grantee like 'passbook_%' order by 1, 2, 3"
            )
            return [tuple(row) for row in cursor.fetchall()]

    roles.set_up()
    before = grants()
    roles.set_up()
    assert grants() == before != []
