"""Partitions: there before they are needed, each as guarded as the whole, and nothing is refused without one."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection

from ledger.partitions import ensure_partitions
from ledger.reading import read_stream
from ledger.sealing import seal_all
from tests.ledger.book import write

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = 10


@pytest.fixture
def far_along() -> Iterator[int]:
    """A sequence that has come to a number where every partition is still to be made, and those gone afterwards."""
    first = 10**15
    before = partitions()
    with connection.cursor() as cursor:
        cursor.execute("select setval('ledger_event_sequence', %s, false)", [first])
    yield first
    with connection.cursor() as cursor:
        # The net is emptied, as only the owner can, for what comes after this test.
        cursor.execute("alter table ledger_event_rest disable trigger all; delete from ledger_event_rest")
        cursor.execute("alter table ledger_event_rest enable always trigger ledger_event_rest_append_only")
        for name in partitions() - before:
            cursor.execute(f"alter table ledger_event detach partition {name}; drop table {name}")


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("select inhrelid::regclass::text from pg_inherits where inhparent = 'ledger_event'::regclass")
        return {row[0] for row in cursor.fetchall()}


def partition_of_last() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select tableoid::regclass::text from ledger_event order by sequence desc limit 1")
        return str(cursor.fetchone()[0])


def make(first: int, beyond: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select ledger_make_partition(%s, %s)", [first, beyond])


def test_they_are_made_ahead_of_the_sequence_and_only_once() -> None:
    ensure_partitions()
    assert ensure_partitions() == 0
    assert {"ledger_event_1", "ledger_event_rest"} <= partitions()


def test_an_append_without_a_partition_is_not_refused(far_along: int) -> None:
    stream_id = write(count=3)
    assert partition_of_last() == "ledger_event_rest"
    seal_all()
    assert [event.position for event in read_stream(stream_id)] == [1, 2, 3]


def test_what_landed_in_the_net_does_not_keep_later_partitions_from_being_made(far_along: int) -> None:
    write(count=3)
    assert partition_of_last() == "ledger_event_rest"
    assert ensure_partitions(SMALL) == 1
    assert ensure_partitions(SMALL) == 0
    assert partition_of_last() == "ledger_event_rest", "what is in the net stays there"
    stream_id = write(count=40)
    assert partition_of_last() == "ledger_event_rest", "over the new partition's edge again"
    assert ensure_partitions(SMALL) == 1
    seal_all()
    assert [event.stream_position for event in read_stream(stream_id)] == list(range(1, 41))
    with connection.cursor() as cursor:
        cursor.execute("select distinct tableoid::regclass::text from ledger_event order by 1")
        assert len(cursor.fetchall()) == 2, "some of them found their partition"


def test_a_stream_goes_on_over_the_edge_of_a_partition(far_along: int) -> None:
    make(far_along, far_along + 3)
    make(far_along + 3, far_along + 100)
    stream_id = write(count=5)
    assert partition_of_last() == f"ledger_event_{far_along + 3}"
    seal_all()
    assert [(e.stream_position, e.position) for e in read_stream(stream_id)] == [(n, n) for n in range(1, 6)]


@pytest.mark.parametrize("statement", ["update {} set type = 'x'", "delete from {}", "truncate {}"])
def test_a_partition_named_directly_is_append_only(far_along: int, statement: str) -> None:
    make(far_along, far_along + SMALL)
    write()
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
        cursor.execute(statement.format(partition_of_last()))


def test_a_stream_position_stands_once_in_a_partition(far_along: int) -> None:
    make(far_along, far_along + SMALL)
    stream_id = write()
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="stream_position"):
        cursor.execute(
            "insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)"
            " values (%s, 1, gen_random_uuid(), 'x', 1, '{}', '{}')",
            [stream_id],
        )
