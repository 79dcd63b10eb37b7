"""A backup is worth what its restore is: a dump, restored into a fresh cluster, proves itself and goes on as a bank."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db import transaction as django_transaction

from accounts.handler import handle
from accounts.outcome import Outcome
from bank.identity.models import User
from bank.ops import places
from ledger import rebuilding
from ledger.partitions import ensure_partitions
from ledger.reading import read_stream
from ledger.runner import drain
from ledger.sealing import seal_all
from tests.faults.cluster import a_cluster, binary, client_environment, manage, used_by_django
from tests.faults.processes import wait_until
from tests.faults.storm import STORED
from tests.faults.truth import check_accounts, check_book_and_reports, every_account
from tests.ledger.book import check_the_book, connection_parameters, gaps, unsealed_count, write_and_roll_back
from tests.steps import BY, a_customer, an_account, deposit, do, transfer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_key"),
    pytest.mark.timeout(120),
]

EVERYTHING_GRANTED = """
select 'table', table_schema || '.' || table_name, '', grantee, privilege_type from information_schema.table_privileges
where grantee like 'passbook\\_%%' or grantee = 'PUBLIC' and table_schema in ('public', 'rebuild')
union all
select 'column', table_schema || '.' || table_name, column_name, grantee, privilege_type
from information_schema.column_privileges where grantee like 'passbook\\_%%'
union all
select 'function', routine_schema || '.' || routine_name, '', grantee, privilege_type
from information_schema.routine_privileges where routine_schema = 'public'
union all
select 'usage', object_schema || '.' || object_name, '', grantee, privilege_type
from information_schema.usage_privileges where grantee like 'passbook\\_%%'
order by 1, 2, 3, 4, 5
"""
GUARDS = """
select tgrelid::regclass::text, tgname, tgenabled::text, pg_get_triggerdef(oid) from pg_trigger
where not tgisinternal order by 1, 2
"""
PARTITIONS = """
select c.oid::regclass::text, pg_get_expr(c.relpartbound, c.oid)
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'ledger_event'::regclass order by 1
"""


def rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def everything_granted() -> list[tuple[Any, ...]]:
    """Who may what; partitions are reached through the whole, whose grants count."""
    return [row for row in rows(EVERYTHING_GRANTED) if "ledger_event_" not in row[1]]


@pytest.fixture
def second_partition() -> Iterator[None]:
    """One more partition than there was, gone afterwards."""
    before = {name for name, _ in rows(PARTITIONS)}
    ensure_partitions(10_000_000, ahead=3)
    yield
    for name, _ in rows(PARTITIONS):
        if name not in before:
            with connection.cursor() as cursor:
                cursor.execute(f"alter table ledger_event detach partition {name}; drop table {name}")


def dump(to: Path) -> None:
    """What docs/BACKUP.md says."""
    where = connection_parameters()
    command = [*binary("pg_dump"), "--format=custom", f"--file={to}", "--host", where["host"], "--username"]
    subprocess.run([*command, where["user"], where["dbname"]], check=True, capture_output=True, text=True)


def restore(dumped: Path) -> None:
    """What docs/BACKUP.md says, into the empty database of a fresh cluster."""
    command = [*binary("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    command += ["--dbname", places.DATABASE_NAME, str(dumped)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=client_environment())
    assert done.returncode == 0, done.stderr
    with used_by_django():
        manage("set_up_roles")


def test_a_dump_restored_into_a_fresh_cluster_verifies_is_as_guarded_and_goes_on(
    second_partition: None, own_key: Path, tmp_path: Path
) -> None:
    customer_id = a_customer("Zoë Lovelace", "zoe@example.org")
    one, other = an_account(500, customer_id=customer_id), an_account(100)
    drain()
    call_command("sign_checkpoint", "--export", str(tmp_path / "kept.jsonl"))
    sent = transfer(one, other, 25)
    do(sent)
    write_and_roll_back(3)
    do(deposit(other, 7))
    seal_all()
    assert gaps(), "numbers that the sealer still waits for when the dump is made"
    do(deposit(one, 1))
    assert unsealed_count() == 1, "and an event that it has not seen yet"
    book, granted, guards, partitions = check_the_book(), everything_granted(), rows(GUARDS), rows(PARTITIONS)
    dump(tmp_path / "bank.dump")
    with a_cluster() as cluster:
        shutil.copy2(own_key, cluster.home / "signing_key")
        restore(tmp_path / "bank.dump")
        with used_by_django():
            assert (rows(GUARDS), rows(PARTITIONS)) == (guards, partitions)
            assert everything_granted() == granted
            check_proof(book, tmp_path / "kept.jsonl")
            check_guards([name for name, _ in partitions])
            check_that_it_goes_on(sent, deposit(one, 50), book)
            assert [e.data.name for e in read_stream(customer_id)] == ["Zoë Lovelace"]


def no_gaps() -> bool:
    seal_all()
    return not gaps()


def check_proof(entries: int, kept: Path) -> None:
    """As it was sealed and signed, and as somebody else remembers it."""
    assert check_the_book() == entries
    assert "signed checkpoints hold" in manage("verify_ledger", "--checkpoints", str(kept))


def check_guards(partitions: list[str]) -> None:
    """The owner, too, is refused."""
    for table in ("ledger_event", "ledger_entry", "ledger_command", *partitions):
        column = {"ledger_command": "actor", "ledger_entry": "hash"}.get(table, "data")
        for how in (f"update {table} set {column} = {column}", f"delete from {table}", f"truncate {table}"):
            with (
                django_transaction.atomic(),
                connection.cursor() as cursor,
                pytest.raises(DatabaseError, match="append-only"),
                django_transaction.atomic(),
            ):
                cursor.execute(how)


def check_that_it_goes_on(before: Any, command: Any, entries: int) -> None:
    """Commands, their memory, the sealer, the projections, people."""
    replayed: Outcome = handle(before, by=BY)
    assert replayed.replayed
    outcome = handle(command, by=BY)
    assert outcome.accounts[command.account_id].balance_minor == 500 - 25 + 1 + 50
    new = an_account(33)
    do(transfer(new, command.account_id, 3))
    seal_all()
    assert unsealed_count() == 0
    assert check_the_book() == entries + 1 + 1 + 3 + 2, "dense, behind what was there"
    wait_until(no_gaps, 10, "transactions of the old server do not run here, whatever their ids were")
    check_accounts(every_account())
    check_book_and_reports(every_account())
    for name in STORED:
        assert rebuilding.rebuild(name, check=True).differences == 0
    assert User.objects.create(username="new").pk
    manage("sign_checkpoint")
    manage("verify_ledger")
