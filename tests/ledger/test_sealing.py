"""Sealing: every committed event gets one place in the book, however late its transaction commits."""

import time
from collections.abc import Callable

import pytest
from django.db import connection

from ledger.connections import transaction
from ledger.ids import new_id
from ledger.locks import SEALER, try_lock
from ledger.reading import head_position
from ledger.sealing import Sealed, canonical_event, entry_hash, seal_all, seal_once
from tests.ledger.book import (
    an_event,
    check_the_book,
    foreign_transaction,
    gaps,
    sequences_of_book,
    unsealed_count,
    write,
    write_and_roll_back,
    writing,
)

pytestmark = pytest.mark.django_db(transaction=True)


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within seconds: the server's own transactions (autovacuum) may keep a gap a little."""
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def all_gaps_forgotten() -> bool:
    seal_all()
    return gaps() == []


def test_an_empty_ledger_has_an_empty_book() -> None:
    assert seal_once() == Sealed(0, 0)
    assert (head_position(), check_the_book()) == (0, 0)


def test_committed_events_get_dense_positions_in_the_order_of_their_numbers_and_a_chain_of_hashes() -> None:
    stream = write(count=3)
    write(count=2)
    write(stream, 2, after=3)
    assert seal_once() == Sealed(7, 7)
    assert sequences_of_book() == list(range(1, 8))
    assert check_the_book() == head_position() == 7


def test_sealing_again_goes_on_where_it_ended() -> None:
    stream = write()
    assert seal_once() == Sealed(1, 1)
    assert seal_once() == Sealed(0, 1)
    write(stream, 2, after=1)
    assert seal_once() == Sealed(2, 3)
    assert check_the_book() == 3


def test_what_is_not_committed_is_not_sealed() -> None:
    with writing():
        assert seal_once() == Sealed(0, 0)
    assert seal_once() == Sealed(1, 1)


def test_a_low_number_that_commits_late_comes_later_in_the_book_and_is_not_lost() -> None:
    with writing(count=2):
        write(count=2)
        assert seal_once() == Sealed(2, 2)
        assert gaps() == [(1, 2)]
        write()
        assert seal_once() == Sealed(1, 3), "the book goes on meanwhile"
    assert seal_once() == Sealed(2, 5)
    assert sequences_of_book() == [3, 4, 5, 1, 2]
    assert gaps() == []
    assert check_the_book() == 5


def test_a_number_that_was_rolled_back_is_forgotten_and_leaves_no_hole_in_the_book() -> None:
    write()
    write_and_roll_back(3)
    write()
    seal_all()
    assert soon(all_gaps_forgotten)
    assert sequences_of_book() == [1, 5]
    assert check_the_book() == 2


def test_one_of_two_open_transactions_commits_and_the_other_rolls_back() -> None:
    with writing(count=2):  # 1, 2: commits
        write_and_roll_back(2)  # 3, 4
        write()  # 5
        assert seal_once() == Sealed(1, 1)
        assert gaps() == [(1, 4)]
    assert seal_once().count == 2
    assert soon(all_gaps_forgotten)
    assert sequences_of_book() == [5, 1, 2]
    assert check_the_book() == 3


def test_a_long_foreign_transaction_keeps_the_gaps_but_never_holds_up_the_book() -> None:
    with foreign_transaction():
        write_and_roll_back()  # 1
        write()  # 2
        for position in range(1, 6):
            assert seal_all().position == position
            assert gaps() == [(1, 1)]
            write()
    assert soon(all_gaps_forgotten)
    assert check_the_book() == 6


def test_a_transaction_that_began_before_a_gap_was_seen_and_wrote_nothing_does_not_make_it_forgotten_too_soon() -> None:
    with writing(), foreign_transaction():  # 1 is open
        write()
        seal_once()
        for _ in range(3):
            write()
            seal_once()
            assert gaps() == [(1, 1)]
    assert seal_once().count == 1
    assert sequences_of_book() == [2, 3, 4, 5, 1]


def test_gaps_seen_at_different_times_are_forgotten_each_on_its_own() -> None:
    write_and_roll_back()  # 1
    write()  # 2
    seal_once()
    with writing():  # 3 is open
        write()  # 4
        seal_once()
        assert soon(lambda: seal_all().count == 0 and gaps() == [(3, 3)])
    assert seal_once().count == 1
    assert check_the_book() == 3


def test_a_second_sealer_leaves_at_once_and_does_nothing() -> None:
    write()
    with transaction() as cur:
        assert try_lock(cur, SEALER)
        assert seal_once() == Sealed(0, 0, busy=True)
        assert seal_all().busy
    assert seal_once() == Sealed(1, 1)


@pytest.mark.parametrize(("events", "turns"), [(3, [3]), (4, [4, 0]), (5, [4, 1]), (8, [4, 4, 0]), (9, [4, 4, 1])])
def test_a_batch_that_is_exactly_full_says_that_there_may_be_more(events: int, turns: list[int]) -> None:
    write(count=events)
    for count in turns:
        turn = seal_once(4)
        assert turn.count == count
        assert turn.more == (count == 4)
    assert seal_all(4) == Sealed(0, events)
    assert check_the_book() == events


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 100])
def test_late_numbers_come_in_their_streams_order_whatever_the_size_of_a_batch(size: int) -> None:
    stream = new_id()
    with writing(stream, 4):  # 1 to 4
        write(count=2)  # 5, 6
        assert seal_all(size).count == 2
    write(stream, 2, after=4)  # 7, 8
    assert seal_all(size).count == 6
    assert sequences_of_book() == [5, 6, 1, 2, 3, 4, 7, 8]
    assert check_the_book() == 8


def test_a_full_batch_of_late_numbers_does_not_forget_those_that_did_not_fit() -> None:
    with writing(count=6):
        write()
        seal_once()
    assert [seal_once(2).count for _ in range(4)] == [2, 2, 2, 0]
    assert check_the_book() == 7


def test_a_turn_that_fails_leaves_no_trace_and_the_next_one_does_it() -> None:
    write(count=3)
    with connection.cursor() as cursor:
        cursor.execute(
            "create function test_fail() returns trigger language plpgsql as"
            " $$ begin raise exception 'no room'; end $$;"
            " create trigger test_fail before insert on ledger_entry for each statement execute function test_fail()"
        )
    try:
        with pytest.raises(Exception, match="no room"):
            seal_once()
        assert (head_position(), sequences_of_book()) == (0, [])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("drop trigger test_fail on ledger_entry; drop function test_fail()")
    assert seal_once() == Sealed(3, 3)
    assert check_the_book() == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Žluťoučký kůň",
        "日本語 👩\u200d👧",
        '"quoted" \\ and /',
        "\u007f\u0080\u2028\ufeff\uffff",
        "<&>",
        "\U0010ffff",
    ],
)
def test_the_chain_holds_for_every_kind_of_text(text: str) -> None:
    write(events=[an_event(text)])
    seal_all()
    assert check_the_book() == 1
    assert unsealed_count() == 0


def test_the_hash_depends_on_everything_that_it_covers() -> None:
    base = (new_id(), "Type", 1, new_id(), 1, an_event().occurred_at, b'{"a":1}', b'{"actor":"x"}')
    others = [
        (new_id(), *base[1:]),
        (base[0], "Other", *base[2:]),
        (*base[:2], 2, *base[3:]),
        (*base[:3], new_id(), *base[4:]),
        (*base[:4], 2, *base[5:]),
        (*base[:5], base[5].replace(microsecond=1), *base[6:]),
        (*base[:6], b'{"a":2}', base[7]),
        (*base[:7], b'{"actor":"y"}'),
    ]
    hashes = {entry_hash(bytes(32), 1, canonical_event(row)) for row in (base, *others)}
    hashes |= {entry_hash(bytes(32), 2, canonical_event(base)), entry_hash(b"\x01" * 32, 1, canonical_event(base))}
    assert len(hashes) == len(others) + 3


def test_a_look_at_many_gaps_costs_a_look_at_each_and_not_at_all_events_for_each() -> None:
    with foreign_transaction():
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into ledger_event"
                " (sequence, stream_id, stream_position, id, type, schema_version, data, metadata)"
                " select n * 2, gen_random_uuid(), 1, gen_random_uuid(), 'AccountFrozen', 1, '{}', '{}'"
                " from generate_series(1, 6000) n"
            )
        assert seal_all().count == 6_000
        assert len(gaps()) == 6_000
        quickest = min(timed(seal_once) for _ in range(3))
    assert quickest < 0.3
    assert soon(all_gaps_forgotten)


def timed(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started
