"""Every projection, built again from the first event, is row for row the one in use."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.handler import handle
from ledger import checkpoints
from ledger.connections import Cursor, transaction
from ledger.projections import (
    AsyncProjection,
    InlineProjection,
    LiveProjection,
    NewEvent,
    async_projections,
    inline_projections,
    projections,
)
from ledger.reading import head_position, read_sealed, read_stream
from ledger.rebuilding import rebuild
from ledger.rows import parameters
from ledger.runner import drain
from ledger.sealing import seal_all
from readmodels import balances, movements
from readmodels.registry import PROJECTIONS
from tests.acting import as_owner
from tests.chance import a_seed, chances
from tests.readmodels.histories import a_long_life, live, lives_of_endpoints, lives_of_record_jobs, three_accounts
from tests.steps import BY, an_account, deposit

pytestmark = pytest.mark.django_db(transaction=True)

STORED = [p for p in PROJECTIONS if not isinstance(p, LiveProjection)]
Rows = dict[str, list[tuple[Any, ...]]]
TABLES = [table for p in STORED for table in p.tables]


def a_past(name: str) -> None:
    """A few hundred commands on six accounts, all of it sealed and in the reports."""
    chance = chances(a_seed())(name)
    for _ in range(2):
        live(three_accounts(), chance, 150)
    lives_of_endpoints(chance, 40)
    lives_of_record_jobs(chance, 40)
    a_long_life(chance)
    drain()


def rows_of(table: str, schema: str = "public") -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {schema}.{table} t order by t::text")
        return list(cursor.fetchall())


def test_effects_are_never_made_anew() -> None:
    sent = next(p.name for p in projections() if isinstance(p, AsyncProjection) and not p.tables)
    with pytest.raises(ValueError, match="nothing to rebuild"):
        rebuild(sent)


def test_every_table_of_the_read_side_belongs_to_one_projection() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select tablename from pg_tables where schemaname = 'public' and tablename like 'readmodels\\_%'"
        )
        found = sorted(row[0] for row in cursor.fetchall())
    assert found == sorted(TABLES)
    assert [p.name for p in projections() if p in STORED] == [p.name for p in STORED]


@pytest.mark.parametrize("name", [p.name for p in STORED])
def test_a_rebuilt_projection_does_not_differ_from_the_one_in_use(name: str) -> None:
    a_past(name)
    found = rebuild(name, check=True)
    assert (found.differences, found.switched) == (0, False)
    assert found.events > 100


@pytest.mark.parametrize("name", [p.name for p in STORED])
def test_a_check_finds_a_row_that_is_not_what_the_events_say(name: str) -> None:
    a_past(name)
    table = next(p for p in STORED if p.name == name).tables[0]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"delete from {table} where ctid = (select min(ctid) from {table})")
    assert rebuild(name, check=True).differences == 1


@pytest.mark.parametrize("name", [p.name for p in STORED])
def test_a_switch_to_a_rebuilt_projection_changes_no_row_and_the_bank_goes_on(name: str) -> None:
    a_past(name)
    account_id = an_account(10)
    drain()
    before = {table: rows_of(table) for table in TABLES}
    found = rebuild(name)
    assert found.switched
    assert {table: rows_of(table) for table in TABLES} == before
    handle(deposit(account_id, 5), by=BY)
    drain()
    row = balances.find(account_id)
    assert row is not None
    assert row.balance_minor == 15
    assert [m.balance_minor for m in movements.page(account_id, 5)] == [15, 10]
    assert rebuild(name, check=True).differences == 0


def test_inline_rows_made_from_all_events_at_once_are_those_made_batch_by_batch() -> None:
    """Each inline projection's statements again, over the whole history in one batch, into tables of their own."""
    a_past("inline")
    with connection.cursor() as cursor:
        cursor.execute("select distinct stream_id from ledger_event")
        streams = [row[0] for row in cursor.fetchall()]
    events = [
        NewEvent(e.stream_id, e.stream_position, e.data, e.id, e.metadata) for s in streams for e in read_stream(s)
    ]
    for projection in inline_projections():
        assert rows_made_of(projection, events) == {table: rows_of(table) for table in projection.tables}


def rows_made_of(projection: InlineProjection, events: list[NewEvent]) -> Rows:
    found = {name: rows for name, rows in projection.rows(events).items() if rows}
    with tables_of_its_own(projection) as cur:
        for name, rows in found.items():
            part = projection.parts[name]
            cur.execute(part.cte(name, len(rows)), parameters({name: (part, rows)}))
        return rows_in_its_own(cur, projection)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_async_rows_are_the_same_whatever_the_size_of_the_batches(size: int) -> None:
    a_past("async")
    for projection in async_projections():
        with tables_of_its_own(projection) as cur:
            for after in range(0, head_position(), size):
                projection.apply(cur, read_sealed(cur, after=after, to=after + size, types=projection.types))
            assert rows_in_its_own(cur, projection) == {table: rows_of(table) for table in projection.tables}


@contextmanager
def tables_of_its_own(projection: InlineProjection | AsyncProjection) -> Iterator[Cursor]:
    """A transaction in which the projection's statements write to empty tables that hide the real ones."""
    with transaction() as cur:
        for table in projection.tables:
            cur.execute(f"create temporary table {table} (like public.{table} including all) on commit drop")
        # Statements that were prepared for the real tables are planned anew when the path changes, and only then.
        cur.execute("set local search_path = pg_temp, public")
        yield cur


def rows_in_its_own(cur: Cursor, projection: InlineProjection | AsyncProjection) -> Rows:
    made = {}
    for table in projection.tables:
        cur.execute(f"select * from pg_temp.{table} t order by t::text")
        # The ledger's connections give jsonb as bytes.
        made[table] = [tuple(v.decode() if isinstance(v, bytes) else v for v in row) for row in cur.fetchall()]
    return made


def test_a_check_of_a_paused_projection_says_what_is_in_its_way() -> None:
    checkpoints.pause(movements.PROJECTION)
    try:
        handle(deposit(an_account(), 1), by=BY)
        seal_all()
        with pytest.raises(CommandError, match="is it paused"):
            call_command("rebuild_projection", "movements", check=True)
    finally:
        checkpoints.resume(movements.PROJECTION)


def test_a_pause_that_somebody_ordered_outlasts_a_rebuild() -> None:
    drain()
    checkpoints.pause(movements.PROJECTION)
    try:
        assert rebuild("movements").switched
        with transaction() as cur:
            assert {shard.status for shard in checkpoints.read(cur, "movements")} == {"paused"}
    finally:
        checkpoints.resume(movements.PROJECTION)
