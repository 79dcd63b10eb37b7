"""Tampering: whatever the tables' owner does to the record, verification finds it, names it, and places it."""

from typing import Any

import pytest

from ledger.ids import new_id
from ledger.keys import trusted_keys
from ledger.reading import head_position
from ledger.seals import read_seals
from ledger.verification import verify
from tests.ledger.book import check_the_book, write
from tests.ledger.owner import (
    a_book,
    change_entries,
    change_event,
    found,
    put_in,
    rehash_from,
    sequence_at,
    tamper,
    unlocked,
    verified,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_key")]

EVENTS = 20


def an_inserted_event() -> int:
    """A made-up event of a made-up stream; its sequence number."""
    with unlocked() as cursor:
        stream = new_id()
        cursor.execute("insert into ledger_stream values (%s, 'test', 1, '{}', 1)", [stream])
        cursor.execute(
            "insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)"
            " values (%s, 1, %s, 'AccountFrozen', 1, '{}', '{}') returning sequence",
            [stream, new_id()],
        )
        return int(cursor.fetchone()[0])


# --- changed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "data = jsonb_set(data, '{reason}', '\"another\"')",
        "data = data || '{\"more\": 1.5}'",
        "metadata = jsonb_set(metadata, '{actor}', '\"user:1\"')",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "type = 'AccountUnfrozen'",
        "schema_version = 2",
        "id = gen_random_uuid()",
        "stream_id = gen_random_uuid()",
        "stream_position = stream_position + 100",
    ],
)
def test_a_changed_event_is_named(change: str) -> None:
    a_book(signed=True)
    change_event(10, change)
    assert found() == ("changed", 10)


def test_a_changed_hash_is_told_from_a_changed_event() -> None:
    a_book()
    tamper("update ledger_entry set hash = sha256('x') where position = 10")
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position) == ("changed", 10)
    assert "the hash of the entry was changed" in finding.message


def test_the_first_of_several_findings_is_named() -> None:
    a_book(signed=True)
    change_event(15, "data = '{}'")
    tamper("delete from ledger_entry where position = 12")
    change_event(7, "data = '{}'")
    assert found() == ("changed", 7)


def test_a_changed_memory_of_the_sealer_is_named() -> None:
    a_book()
    tamper("update ledger_sealer_state set hash = sha256('x')")
    assert found() == ("changed", EVENTS)


def test_an_event_that_nests_too_deep_to_be_read_is_named() -> None:
    a_book()
    change_event(10, "data = %s::text::jsonb", "[" * 3000 + "]" * 3000)
    assert found() == ("changed", 10)


# --- missing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [1, 10, EVENTS])
def test_a_deleted_event_is_named(position: int) -> None:
    a_book()
    sequence = sequence_at(position)
    tamper("delete from ledger_event where sequence = %s", sequence)
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position, finding.until) == ("missing", position, None)
    assert finding.message == f"the event of this entry (sequence {sequence}) is gone"


@pytest.mark.parametrize("position", [1, 10])
def test_a_deleted_entry_is_named(position: int) -> None:
    a_book()
    tamper("delete from ledger_entry where position = %s", position)
    assert found() == ("missing", position)


def test_deleted_entries_are_named_as_a_range() -> None:
    a_book()
    tamper("delete from ledger_entry where position between 5 and 9")
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position, finding.until) == ("missing", 5, 9)


def test_entries_deleted_at_the_end_of_a_range_are_missing_and_no_cut_tail() -> None:
    a_book()
    tamper("delete from ledger_entry where position between 5 and 9")
    assert found(last=7) == ("missing", 5)
    assert found(first=6, last=7) == ("missing", 5)


def test_an_event_that_is_gone_before_it_was_sealed_is_missed_by_its_stream() -> None:
    a_book()
    stream = write(count=3)
    tamper("delete from ledger_event where stream_id = %s and stream_position = 2", stream)
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position) == ("missing", None)
    assert finding.message == f"stream {stream} has 2 events, but the last is number 3"


def test_an_entry_taken_out_with_those_behind_moved_up_is_missing_there() -> None:
    a_book()
    change_entries(lambda entries: {p if p < 10 else p - 1: e for p, e in entries.items() if p != 10})
    assert found() == ("missing", 10)


def test_an_event_of_a_stream_that_is_missing_from_a_rewritten_book_is_named_by_the_next_of_its_stream() -> None:
    a_book()
    sequence = sequence_at(6)
    change_entries(lambda entries: {p if p < 6 else p - 1: e for p, e in entries.items() if p != 6})
    tamper("delete from ledger_event where sequence = %s", sequence)
    rehash_from(6)
    assert found() == ("missing", 9)


def test_an_event_whose_entry_will_never_be_made_is_named() -> None:
    a_book()
    an_inserted_event()
    tamper("update ledger_sealer_state set high_sequence = (select max(sequence) from ledger_event)")
    assert found(grace_seconds=0) == ("missing", None)


def test_an_event_that_waits_for_the_sealer_is_told_once_it_waits_too_long() -> None:
    a_book()
    write()
    assert verified().ok
    assert found(grace_seconds=0) == ("unsealed", None)


def test_a_newest_event_that_is_gone_with_its_entry_and_the_sealers_memory_is_missed_by_its_stream() -> None:
    a_book()
    tamper("delete from ledger_event where sequence = %s", sequence_at(EVENTS))
    tamper("delete from ledger_entry where position = %s", EVENTS)
    rehash_from(EVENTS - 1)
    assert found() == ("missing", None)


# --- swapped ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [(1, 2), (9, 10), (5, 17), (EVENTS - 1, EVENTS), (1, EVENTS)])
@pytest.mark.parametrize("columns", [(0,), (0, 1), (1,)], ids=["events", "entries", "hashes"])
def test_two_entries_that_changed_places_are_named(one: int, other: int, columns: tuple[int, ...]) -> None:
    a_book()

    def swap(entries: dict[int, list[Any]]) -> dict[int, list[Any]]:
        for column in columns:
            entries[one][column], entries[other][column] = entries[other][column], entries[one][column]
        return entries

    change_entries(swap)
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position) == ("swapped", one)
    assert f"stands at position {other}" in finding.message


def test_two_events_that_changed_places_are_named() -> None:
    a_book()
    one, other = sequence_at(5), sequence_at(17)
    for old, new in ((one, -1), (other, one), (-1, other)):
        tamper("update ledger_event set sequence = %s where sequence = %s", new, old)
    assert found() == ("swapped", 5)


# --- inserted --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [1, 10, EVENTS])
@pytest.mark.parametrize("with_right_hash", [False, True])
def test_an_entry_put_in_is_named(position: int, with_right_hash: bool) -> None:
    a_book()
    sequence = an_inserted_event()
    put_in(position, lambda _: [sequence, bytes(32)])
    if with_right_hash:
        with unlocked() as cursor:
            cursor.execute("select hash from ledger_entry where position > %s order by position", [position])
            later = [bytes(row[0]) for row in cursor.fetchall()]
        rehash_from(position)
        with unlocked() as cursor:
            for place, own_hash in enumerate(later, position + 1):
                cursor.execute("update ledger_entry set hash = %s where position = %s", [own_hash, place])
    tamper("update ledger_sealer_state set position = %s", EVENTS + 1)
    assert found() == ("inserted", position)


def test_an_event_put_in_with_all_hashes_made_anew_shows_by_the_signed_checkpoint_alone() -> None:
    a_book(signed=True)
    sequence = an_inserted_event()
    put_in(10, lambda _: [sequence, bytes(32)])
    rehash_from(10)
    assert check_the_book() == EVENTS + 1
    assert verify(keys=trusted_keys(), last=EVENTS - 1).ok
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position, finding.until) == ("rewritten", 1, EVENTS)


def test_a_rewritten_part_is_placed_between_the_checkpoints_around_it() -> None:
    a_book(signed=True)
    a_book(signed=True)
    a_book(signed=True)
    change_event(30, "data = '{}'")
    rehash_from(30)
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position, finding.until) == ("rewritten", EVENTS + 1, 2 * EVENTS)


def test_an_entry_behind_the_end_is_named() -> None:
    a_book()
    sequence = an_inserted_event()
    tamper("insert into ledger_entry values (%s, %s, %s)", EVENTS + 5, sequence, bytes(32))
    assert found() == ("inserted", EVENTS + 1)


def test_an_event_that_comes_twice_in_its_stream_is_named_though_all_hashes_are_right() -> None:
    a_book()
    with unlocked() as cursor:
        cursor.execute("alter table ledger_event_1 drop constraint ledger_event_1_stream_position")
        cursor.execute("update ledger_event set stream_position = 2 where sequence = %s", [sequence_at(9)])
    rehash_from(9)
    try:
        assert found() == ("inserted", 9)
    finally:
        change_event(9, "stream_position = 3")
        name = "ledger_event_1_stream_position"
        tamper(f"alter table ledger_event_1 add constraint {name} unique (stream_id, stream_position)")


# --- cut -------------------------------------------------------------------------------------------------------------


def cut_tail(count: int) -> None:
    """Take the last entries and events away."""
    with unlocked() as cursor:
        cursor.execute("select sequence from ledger_entry order by position desc limit %s", [count])
        gone = [row[0] for row in cursor.fetchall()]
        cursor.execute("delete from ledger_entry where sequence = any(%s)", [gone])
        cursor.execute(
            "update ledger_stream s set version = version - c.n from (select stream_id, count(*) n from ledger_event"
            " where sequence = any(%s) group by stream_id) c where c.stream_id = s.id",
            [gone],
        )
        cursor.execute("delete from ledger_event where sequence = any(%s)", [gone])


def test_a_cut_tail_is_known_by_the_sealer() -> None:
    a_book()
    cut_tail(4)
    assert found() == ("cut tail", EVENTS - 3)


def test_a_cut_tail_is_known_by_the_signed_checkpoint_where_the_sealer_was_made_to_forget() -> None:
    a_book(signed=True)
    cut_tail(4)
    rehash_from(EVENTS - 4)
    assert head_position() == EVENTS - 4
    assert found() == ("cut tail", EVENTS - 3)


def test_a_cut_tail_is_known_by_an_exported_checkpoint_where_the_stored_one_was_deleted() -> None:
    a_book(signed=True)
    kept = list(read_seals())
    cut_tail(4)
    rehash_from(EVENTS - 4)
    tamper("delete from ledger_seal")
    assert verified().ok
    assert found(witnesses=kept) == ("cut tail", EVENTS - 3)


def test_a_tail_that_was_replaced_is_known_by_an_exported_checkpoint() -> None:
    a_book(signed=True)
    kept = list(read_seals())
    cut_tail(4)
    rehash_from(EVENTS - 4)
    tamper("delete from ledger_seal")
    a_book(signed=True)
    assert verified().ok
    assert found(witnesses=kept) == ("rewritten", 1)
