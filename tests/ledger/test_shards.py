"""Another number of shards: the streams are divided anew where all have met, and every event still counts once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from ledger import checkpoints
from ledger.connections import cursor
from ledger.consistency import has_passed, token_of
from ledger.ids import new_id
from ledger.projections import AsyncProjection, register, unregister
from ledger.runner import Advanced, advance, advance_once, drain
from ledger.sealing import seal_all
from tests.ledger.book import write
from tests.ledger.seen import each_stream_in_order, positions_seen, seen_events

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def with_shards(projection: AsyncProjection, shards: int) -> Iterator[AsyncProjection]:
    """The next release, which has it divided otherwise."""
    changed = replace(projection, shards=shards)
    unregister(projection.name)
    register(changed)
    try:
        yield changed
    finally:
        unregister(projection.name)
        register(projection)


def some_events(streams: list[UUID], after: int) -> None:
    """Five more for each stream, by turns; sealed."""
    for n in range(after, after + 5):
        for stream_id in streams:
            write(stream_id, 1, after=n)
    seal_all()


def places() -> list[int]:
    with cursor() as cur:
        return [checkpoint.position for checkpoint in checkpoints.read(cur, "test_seen")]


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (2, 5), (3, 2)])
def test_every_event_counts_once_and_in_order_however_the_streams_are_divided_since(before: int, after: int) -> None:
    streams = [new_id() for _ in range(12)]
    some_events(streams, 0)
    with seen_events(shards=before, batch_size=7) as projection:
        advance(projection, before - 1)  # the others have not begun
        with with_shards(projection, after):
            some_events(streams, 5)
            drain()
            assert sorted(positions_seen()) == list(range(1, 121))
            assert each_stream_in_order()
            assert places() == [120] * after


def test_the_shards_meet_where_the_first_of_them_stands_before_anything_new_is_read() -> None:
    streams = [new_id() for _ in range(12)]
    some_events(streams, 0)
    with seen_events(shards=2, batch_size=1_000) as projection:
        advance(projection, 0)
        some_events(streams, 5)
        token = token_of(streams[0], 5)
        with with_shards(projection, 3) as changed:
            assert advance_once(changed, 0) == Advanced(0, 60)
            assert advance_once(changed, 2) == Advanced(0, 0), "nothing belongs to it yet"
            assert places() == [60, 0]
            assert not has_passed("test_seen", token)
            advance_once(changed, 1)
            assert places() == [60, 60]
            advance_once(changed, 2)
            assert places() == [60, 60, 120]
            assert has_passed("test_seen", token)
            assert not has_passed("test_seen", token_of(streams[0], 10))


def test_a_pause_that_somebody_ordered_outlasts_it() -> None:
    write(count=4)
    seal_all()
    with seen_events(shards=2) as projection:
        drain()
        checkpoints.pause(projection)
        write(count=4)
        with with_shards(projection, 3) as changed:
            drain()
            assert positions_seen() == [1, 2, 3, 4]
            checkpoints.resume(changed)
            drain()
            assert sorted(positions_seen()) == list(range(1, 9))
            assert places() == [8, 8, 8]
