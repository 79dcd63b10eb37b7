"""Reading the record: streams, the book and its filters, each up to the very boundary that was asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.handler import Actor, handle
from ledger.batches import Reading
from ledger.connections import cursor
from ledger.errors import UnknownEvent
from ledger.ids import new_id
from ledger.locks import shard_of
from ledger.projections import AsyncProjection
from ledger.reading import (
    find_event,
    head_position,
    read_book,
    read_entry,
    read_events,
    read_positions,
    read_sealed,
    read_stream,
    read_unsealed,
    stream_version,
)
from ledger.records import public_form
from ledger.sealing import seal_all
from tests.ledger.book import check_the_book, write, writing
from tests.steps import BY, an_account, deposit, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def places(stream_id: UUID, **options: Any) -> list[int]:
    return [event.stream_position for event in read_stream(stream_id, **options)]


# --- a stream


def test_a_stream_is_read_in_its_order_and_only_itself() -> None:
    stream_id = write(count=3)
    write(count=2)
    write(stream_id, 2, after=3)
    assert places(stream_id) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"after": 0}, [1, 2, 3, 4, 5]),
        ({"after": 4}, [5]),
        ({"after": 5}, []),
        ({"after": 99}, []),
        ({"to": 0}, []),
        ({"to": 1}, [1]),
        ({"to": 5}, [1, 2, 3, 4, 5]),
        ({"to": 99}, [1, 2, 3, 4, 5]),
        ({"to": 2**40}, [1, 2, 3, 4, 5]),
        ({"after": 1, "to": 3}, [2, 3]),
        ({"after": 3, "to": 3}, []),
        ({"limit": 0}, []),
        ({"limit": 2}, [1, 2]),
        ({"limit": 5}, [1, 2, 3, 4, 5]),
        ({"limit": 6}, [1, 2, 3, 4, 5]),
        ({"after": 1, "to": 4, "limit": 2}, [2, 3]),
    ],
)
def test_a_part_of_a_stream_has_exact_ends(options: dict[str, int], found: list[int]) -> None:
    assert places(write(count=5), **options) == found


@pytest.mark.parametrize("count", [999, 1_000, 1_001, 2_000])
def test_a_stream_longer_than_a_page_is_read_whole(count: int) -> None:
    stream_id = write(count=count)
    assert places(stream_id) == list(range(1, count + 1))
    assert places(stream_id, limit=count - 1) == list(range(1, count))
    assert places(stream_id, after=998, to=count) == list(range(999, count + 1))


def test_an_unknown_stream_is_empty() -> None:
    assert places(new_id()) == []
    assert stream_version(new_id()) == 0


@pytest.mark.parametrize(("position", "found"), [(-1, None), (0, None), (1, 1), (3, 3), (4, None), (2**40, None)])
def test_one_event_is_found_by_its_place_and_no_other(position: int, found: int | None) -> None:
    event = find_event(write(count=3), position)
    assert (event.stream_position if event else None) == found


def test_an_event_has_no_position_until_it_is_sealed() -> None:
    stream_id = write(count=2)
    assert [event.position for event in read_stream(stream_id)] == [None, None]
    seal_all()
    assert [event.position for event in read_stream(stream_id)] == [1, 2]


def test_events_are_found_by_their_places() -> None:
    one, two = write(count=2), write(count=2)
    with cursor() as cur:
        found = read_events(cur, [(one, 2), (two, 1), (new_id(), 1), (one, 9)])
    assert {(event.stream_id, event.stream_position) for event in found.values()} == {(one, 2), (two, 1)} == set(found)


# --- the book


def test_the_book_is_read_from_behind_a_position_to_another() -> None:
    write(count=5)
    seal_all()
    with cursor() as cur:
        for after, to, found in [(0, 5, [1, 2, 3, 4, 5]), (2, 4, [3, 4]), (5, 9, []), (4, 9, [5]), (3, 3, [])]:
            assert [event.position for event in read_sealed(cur, after=after, to=to)] == found
        assert [event.position for event in read_positions(cur, [4, 2, 99])] == [2, 4]


def test_shards_divide_the_book_by_stream_and_nothing_is_in_two_of_them() -> None:
    streams = [write(count=3) for _ in range(30)]
    seal_all()
    sharded = AsyncProjection(name="test", description="", apply=lambda *_: None, tables=(), shards=3)
    with cursor() as cur:
        shards = [Reading().between(cur, sharded, n, 0, 90) for n in range(3)]
        for n, shard in enumerate(shards):
            assert {shard_of(cur, event.stream_id, 3) for event in shard} == {n}
    assert sorted(e.position for shard in shards for e in shard) == list(range(1, 91))
    owners = [{e.stream_id for e in shard} for shard in shards]
    assert sum(len(owned) for owned in owners) == len(streams)
    assert all(owners), "thirty streams over three shards leave none empty"


def test_what_is_not_sealed_yet_can_be_told_apart_also_in_a_gap() -> None:
    write()
    with writing(count=2):
        write()
        seal_all()
        late = write()
        with cursor() as cur:
            assert [event.stream_id for event in read_unsealed(cur)] == [late]
    with cursor() as cur:
        assert len(read_unsealed(cur)) == 3
    seal_all()
    with cursor() as cur:
        assert read_unsealed(cur) == []


def test_an_entry_has_its_hash_and_that_of_the_one_before() -> None:
    write(count=3)
    seal_all()
    entries = [read_entry(position) for position in (1, 2, 3)]
    assert all(entries)
    assert [e.event.position for e in entries if e] == [1, 2, 3]
    assert [e.previous_hash for e in entries if e] == [bytes(32), *(e.hash for e in entries[:2] if e)]
    assert {len(e.hash) for e in entries if e} == {32}
    assert (read_entry(0), read_entry(4), read_entry(-1)) == (None, None, None)
    assert head_position() == check_the_book() == 3


def test_the_book_is_read_in_pages_that_neither_skip_nor_repeat() -> None:
    write(count=7)
    seal_all()
    found: list[int | None] = []
    while page := read_book(after=len(found), limit=3):
        found += [event.position for event in page]
    assert found == list(range(1, 8))


def test_each_filter_of_the_book_lets_through_what_fits_and_nothing_else() -> None:
    source, target = an_account(100), an_account()
    correlation_id = new_id()
    handle(transfer(source, target, 40), by=Actor(id="user:7", channel="web"), correlation_id=correlation_id)
    handle(withdraw(target, 5), by=Actor(id="user:8", channel="api"))
    write()
    seal_all()
    everything = read_book(after=0, limit=100)
    assert len(everything) == head_position()

    def kinds(**filters: object) -> list[str]:
        found = read_book(after=0, limit=100, **filters)  # type: ignore[arg-type]
        assert [e.position for e in found] == sorted(e.position or 0 for e in found)
        return [event.type for event in found]

    assert kinds(stream_id=target) == ["AccountOpened", "TransferReceived", "WithdrawalMade"]
    assert kinds(type_name="TransferSent") == ["TransferSent"]
    assert kinds(type_name="transfersent") == []
    assert kinds(actor="user:7") == ["TransferSent", "TransferReceived"]
    assert kinds(correlation_id=correlation_id) == ["TransferSent", "TransferReceived"]
    assert kinds(stream_id=target, actor="user:7") == ["TransferReceived"]
    assert kinds(stream_id=new_id()) == kinds(actor="user:9") == kinds(correlation_id=new_id()) == []
    first, last = everything[0].recorded_at, everything[-1].recorded_at
    assert len(kinds(from_at=first)) == len(everything), "from is inclusive"
    assert kinds(to_at=first) == [], "to is exclusive"
    assert kinds(from_at=last) == ["AccountFrozen"]
    assert len(kinds(to_at=last)) == len(everything) - 1
    assert kinds(from_at=last + timedelta(microseconds=1)) == []
    assert kinds(from_at=datetime(9999, 1, 1, tzinfo=UTC)) == []


def test_reading_a_type_that_the_code_does_not_know_is_an_error_and_not_a_skip() -> None:
    from django.db import connection

    stream_id = write()
    with connection.cursor() as db:
        db.execute(
            "insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)"
            " values (%s, 2, gen_random_uuid(), 'FromTheFuture', 1, '{}', '{}')",
            [stream_id],
        )
    seal_all()
    with pytest.raises(UnknownEvent, match="FromTheFuture"):
        list(read_stream(stream_id))
    with pytest.raises(UnknownEvent):
        read_book(after=0, limit=10)


def test_the_public_form_is_the_one_that_everybody_shows() -> None:
    account_id = an_account()
    outcome = handle(deposit(account_id, 25, reference="Rent"), by=BY)
    seal_all()
    (event,) = read_book(after=0, limit=9, type_name="DepositMade")
    form = public_form(event)
    assert list(form) == [
        "id",
        "type",
        "schemaVersion",
        "streamId",
        "streamPosition",
        "position",
        "timestamp",
        "data",
        "metadata",
    ]
    assert form["position"] == head_position()
    assert (form["type"], form["schemaVersion"], form["streamPosition"]) == ("DepositMade", 1, 2)
    assert form["id"] == str(outcome.events[0].id)
    assert form["timestamp"] == outcome.recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert form["data"]["amount_minor"] == 25
    assert form["data"]["occurred_at"] == "2026-03-29T01:00:00Z"
    assert form["metadata"]["commandId"] == str(outcome.command_id)
