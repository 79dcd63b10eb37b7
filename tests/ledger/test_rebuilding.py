"""A rebuild that was interrupted: the same code goes on, another begins anew; and what stands in a rebuild's way."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger import parking, rebuilding, recipes
from ledger.applying import EventFails
from ledger.projections import AsyncProjection, OnError, register, unregister
from ledger.rebuilding import TablesChanged, rebuild
from ledger.runner import advance_all, drain
from ledger.sealing import seal_all
from tests.ledger.book import write
from tests.ledger.seen import forget_the_pause

pytestmark = pytest.mark.django_db(transaction=True)

NAME, TABLE = "test_notes", "readmodels_test_notes"
PACKAGE = "notes_of_a_release"
CODE = """
def apply(cursor, events):
    for event in events:
        if event.data.reason == "{wrong}":
            raise ValueError("cannot read " + event.data.reason)
    rows = [(event.position, "{word}") for event in events]
    cursor.executemany("insert into readmodels_test_notes (position, word) values (%s, %s)", rows)
"""


class Releases:
    """The code of a projection, as one release after the other has it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / PACKAGE / "__init__.py"
        self._file.parent.mkdir()
        self._module: ModuleType | None = None

    def deploy(self, word: str, *, wrong: str = "") -> None:
        """New processes that run this code."""
        self._file.write_text(CODE.format(word=word, wrong=wrong))
        importlib.invalidate_caches()
        recipes._code_of.cache_clear()
        if self._module is not None:
            unregister(NAME)
            del sys.modules[PACKAGE]
        self._module = importlib.import_module(PACKAGE)
        apply: Callable[..., None] = self._module.apply
        register(
            AsyncProjection(name=NAME, description="A test's.", apply=apply, tables=(TABLE,), on_error=OnError.PARK)
        )

    def end(self) -> None:
        unregister(NAME)
        del sys.modules[PACKAGE]


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releases]:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(rebuilding, "BATCH_SIZE", 2)
    execute(f"create table {TABLE} (position bigint, word text); grant all on {TABLE} to passbook_worker")
    found = Releases(tmp_path)
    found.deploy("old")
    try:
        yield found
    finally:
        found.end()
        execute(f"drop table {TABLE}; drop table if exists rebuild.{TABLE}")
        recipes._code_of.cache_clear()


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def notes() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {TABLE} order by position")
        return list(cursor.fetchall())


def begin_and_break_off() -> None:
    def progress(_position: int, _head: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(NAME, progress=progress)


def places_of_a_rebuild() -> list[int]:
    """Where each of its batches ended."""
    places: list[int] = []
    assert rebuild(NAME, progress=lambda position, _head: places.append(position)).switched
    return places


def test_the_same_code_goes_on_where_it_stopped(releases: Releases) -> None:
    write(count=6)
    drain()
    begin_and_break_off()
    releases.deploy("old")
    assert places_of_a_rebuild() == [4, 6]
    assert notes() == [(n, "old") for n in range(1, 7)]


def test_other_code_begins_anew(releases: Releases) -> None:
    write(count=6)
    drain()
    begin_and_break_off()
    releases.deploy("new")
    assert places_of_a_rebuild() == [2, 4, 6]
    assert notes() == [(n, "new") for n in range(1, 7)]


@pytest.mark.parametrize(
    "change", ["add column more integer default 7", "alter column word set not null", "add unique (position)"]
)
def test_other_tables_begin_anew(releases: Releases, change: str) -> None:
    write(count=6)
    drain()
    begin_and_break_off()
    execute(f"alter table {TABLE} {change}")
    assert places_of_a_rebuild() == [2, 4, 6]
    assert [row[:2] for row in notes()] == [(n, "old") for n in range(1, 7)]
    assert [len(row) for row in notes()] == [3 if "more" in change else 2] * 6


def test_tables_that_a_migration_changes_meanwhile_are_not_switched_to_their_old_form(releases: Releases) -> None:
    write(count=3)
    drain()

    def migrate(position: int, _head: int) -> None:
        if position == 2:
            execute(f"alter table {TABLE} add column more integer default 7")

    with pytest.raises(TablesChanged):
        rebuild(NAME, progress=migrate)
    assert places_of_a_rebuild() == [2, 3]
    assert notes() == [(n, "old", 7) for n in range(1, 4)]


def test_the_event_that_stands_in_the_way_is_named_and_the_generation_in_use_stays(releases: Releases) -> None:
    write(count=6)
    drain()
    releases.deploy("new", wrong="event 5")
    with pytest.raises(EventFails, match="position 5: ValueError: cannot read event 5") as failure:
        rebuild(NAME)
    assert failure.value.position == 5
    assert isinstance(failure.value.__cause__, ValueError)
    with pytest.raises(CommandError, match="position 5"):
        call_command("rebuild_projection", NAME)
    assert notes() == [(n, "old") for n in range(1, 7)]


def test_an_event_that_was_given_up_is_left_out_of_a_rebuild_too(releases: Releases) -> None:
    releases.deploy("old", wrong="event 2")
    write(count=3)
    seal_all()
    for _ in range(4):
        advance_all()
        forget_the_pause(NAME)
    assert [parked.position for parked in parking.parked(NAME)] == [2, 3]
    with pytest.raises(EventFails, match="position 2"):
        rebuild(NAME)
    projection = AsyncProjection(name=NAME, description="", apply=lambda *_: None, tables=(TABLE,))
    assert parking.discard(projection, 2, by="user:1", reason="no event of ours")
    assert rebuild(NAME).switched
    assert notes() == [(1, "old"), (3, "old")]
    assert parking.parked(NAME) == []
    assert rebuild(NAME, check=True).differences == 0
