"""Verification: what is right is found right, in whole and in part; checkpoints count as they are signed."""

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
from ledger.keys import signing_key
from ledger.proofs import prove
from ledger.sealing import seal_all
from ledger.seals import Seal, insert_seal, read_seals
from ledger.signing import sign_head
from ledger.verification import NoSuchRange, verify
from tests.ledger.book import an_event, check_the_book, connection_parameters, write
from tests.ledger.owner import (
    a_book,
    change_event,
    found,
    rehash_from,
    tamper,
    unlocked,
    verified,
)
from tests.steps import a_customer, an_account, do, transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_key")]

EVENTS = 20


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


def test_of_a_range_nobody_says_that_what_is_signed_behind_it_is_not() -> None:
    a_book(signed=True)
    out = io.StringIO()
    call_command("verify_ledger", "--to", "2", stdout=out)
    assert "2 events behind the last one are for a checkpoint beyond this range" in out.getvalue()


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
