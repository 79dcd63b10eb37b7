"""Verification: whatever the tables' owner does to the record, it is found, named, and placed."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import psycopg
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pytest_django import Settings

from bank.ops import roles
from ledger import seals, walking
from ledger.book import BookRow, canonical, pages
from ledger.connections import close_pool, transaction
from ledger.export import Selection, export_lines
from ledger.ids import new_id
from ledger.keys import signing_key, trusted_keys
from ledger.proofs import prove
from ledger.reading import head_position
from ledger.sealing import seal_all
from ledger.seals import Seal, insert_seal, read_seals
from ledger.signing import sign_head
from ledger.verification import NoSuchRange, verify
from tests.ledger.book import an_event, check_the_book, connection_parameters, write
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
from tests.steps import a_customer, an_account, do, transfer

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


# --- a book that is right --------------------------------------------------------------------------------------------


def test_an_untouched_book_is_right_and_the_figures_say_what_was_checked() -> None:
    do(transfer(an_account(100, customer_id=a_customer("Zoë 😀")), an_account(), 25))
    a_book()
    sign_head()
    write()
    seal_all()
    seen: list[tuple[int, int]] = []
    verification = verified(progress=lambda done, total: seen.append((done, total)), page_size=10)
    assert verification.ok
    head = check_the_book()
    assert (verification.events, verification.first, verification.last) == (head, 1, head)
    assert (verification.checkpoints, verification.signed_to) == (1, head - 1)
    assert seen[-1] == (head, head)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_an_empty_book_is_right() -> None:
    assert verified().ok
    assert verified().events == 0


@pytest.mark.parametrize("page_size", [1, 2, 3, EVENTS - 1, EVENTS, EVENTS + 1])
def test_pages_of_any_size_and_little_memory_of_streams_change_nothing(
    page_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_STREAMS", 2)
    a_book(signed=True)
    assert verified(page_size=page_size).ok
    change_event(11, "data = '{}'")
    assert found(page_size=page_size) == ("changed", 11)


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=50))
@hypothesis(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_is_hashed_alike_by_sealer_and_verification(text: str) -> None:
    write(events=[an_event(text)])
    seal_all()
    assert verified().ok


@pytest.mark.parametrize("moment", ["0099-01-01 BC", "infinity", "-infinity", "20260-01-01"])
def test_a_time_that_no_calendar_of_python_has_is_named_and_not_stumbled_over(moment: str) -> None:
    a_book()
    change_event(10, "recorded_at = %s", moment)
    assert found() == ("changed", 10)


def test_verification_reads_only() -> None:
    a_book(signed=True)
    with psycopg.connect(**connection_parameters()) as foreign:
        foreign.execute(
            "lock table ledger_event, ledger_entry, ledger_seal, ledger_sealer_state, ledger_stream in share mode"
        )
        assert verified().ok


def test_what_is_written_sealed_and_signed_meanwhile_disturbs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "_PAGE_SIZE", 1)
    a_book(signed=True)

    def go_on(_done: int, _total: int) -> None:
        a_book(streams=1, rounds=3, signed=True)

    for _ in range(3):
        assert verified(progress=go_on, page_size=7).finding is None
    assert verified().last > EVENTS + 9


@pytest.fixture
def as_auditor(settings: Settings) -> Iterator[Callable[[], None]]:
    """Called, it leaves the ledger's connections with nothing but an auditor's grants."""

    def become() -> None:
        close_pool()
        settings.DATABASE_ROLE = roles.AUDITOR

    yield become
    close_pool()


def test_an_auditor_who_may_only_read_verifies_exports_and_proves(as_auditor: Callable[[], None]) -> None:
    a_book(signed=True)
    write()
    seal_all()
    as_auditor()
    assert verified().ok
    assert len(list(export_lines(Selection()))) == EVENTS + 4
    assert prove(3)["checkpoint"]["position"] == EVENTS
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sign_head()


# --- ranges ----------------------------------------------------------------------------------------------------------


def test_a_range_is_checked_alone() -> None:
    a_book(signed=True)
    change_event(10, "data = '{}'")
    assert verified(last=9).ok
    assert verified(first=11).ok
    assert verified(first=5, last=9).events == 5
    assert found(first=10, last=10) == found(first=3, last=15) == ("changed", 10)


def test_a_range_that_begins_within_a_checkpoint_is_held_to_its_hash() -> None:
    a_book(signed=True)
    assert verified(first=7).checkpoints == 1
    change_event(10, "data = '{}'")
    rehash_from(10)
    assert found(first=7) == ("rewritten", 7)


@pytest.mark.parametrize(("first", "last"), [(0, 5), (1, 21), (22, 23), (7, 6), (-3, -1)])
def test_a_range_that_the_book_does_not_have_is_refused(first: int, last: int) -> None:
    a_book()
    with pytest.raises(NoSuchRange):
        verified(first=first, last=last)


def test_a_range_whose_entry_before_is_gone_says_so() -> None:
    a_book()
    tamper("delete from ledger_entry where position = 4")
    assert found(first=5) == ("missing", 4)


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


# --- checkpoints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "hash = sha256('x')",
        "root = sha256('x')",
        "signature = decode(repeat('00', 64), 'hex')",
        "signed_at = signed_at + interval '1 second'",
        "key_id = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='",
        "key_id = 'no key'",
        "first = first + 1",
    ],
)
def test_a_changed_checkpoint_is_named(change: str) -> None:
    a_book(signed=True)
    tamper(f"update ledger_seal set {change}")
    assert found() == ("checkpoint", EVENTS)


@pytest.mark.parametrize("change", [{"root": bytes(32)}, {"first": 2}, {"position": EVENTS - 1}])
def test_a_checkpoint_that_is_wrong_is_named_though_its_signature_holds(change: dict[str, Any]) -> None:
    a_book(signed=True)
    (seal,) = read_seals()
    wrong = msgspec.structs.replace(seal, **change).signed_by(signing_key())
    with unlocked() as cursor:
        cursor.execute("delete from ledger_seal")
    with transaction() as cur:
        insert_seal(cur, wrong)
    finding = verified().finding
    assert finding is not None
    assert finding.kind == ("rewritten" if "position" in change else "checkpoint")


def test_a_checkpoint_that_is_gone_is_missed_by_the_next() -> None:
    a_book(signed=True)
    a_book(signed=True)
    tamper("delete from ledger_seal where position = %s", EVENTS)
    assert found() == ("checkpoint", 1)


def test_a_checkpoint_signed_by_a_key_that_does_not_count_is_named() -> None:
    a_book(signed=True)
    finding = verify(keys=["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]).finding
    assert finding is not None
    assert finding.kind == "checkpoint"
    assert "not one of those that count" in finding.message


def test_a_forged_witness_is_named() -> None:
    a_book(signed=True)
    (seal,) = read_seals()
    forged = Seal(1, EVENTS + 1, bytes(32), bytes(32), seal.key_id, seal.signed_at, seal.signature)
    assert found(witnesses=[forged]) == ("checkpoint", EVENTS + 1)


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_says_ok_with_figures() -> None:
    a_book(signed=True)
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue().startswith("OK: 20 events (positions 1 to 20)")
    assert "1 signed checkpoints hold, everything is signed" in out.getvalue()


def test_the_command_fails_and_names_the_finding() -> None:
    a_book()
    change_event(10, "data = '{}'")
    with pytest.raises(CommandError, match="NOT OK, changed at position 10: "):
        call_command("verify_ledger")
    call_command("verify_ledger", "--from", "11", stdout=io.StringIO())


def test_the_rows_of_the_book_are_hashed_as_the_sealer_hashed_them() -> None:
    a_book()
    (page,) = pages(1, EVENTS)
    assert [BookRow(*row).position for row in page] == list(range(1, EVENTS + 1))
    assert canonical(BookRow(*page[0])).startswith(b'{"data":{"occurred_at":')
