"""Exports and proofs: they hold without the bank, and not one byte of them can be another."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import signing
from ledger.codec import encode_canonical, event_types
from ledger.export import NotExportable, Selection, export_lines
from ledger.ids import new_id
from ledger.proofs import NotProvable, prove
from ledger.sealing import seal_all
from ledger.signing import sign_head
from tests.ledger.book import an_event, check_the_book, write
from tests.ledger.owner import a_book, change_event, public_key, rehash_from, sequence_at, tamper
from tests.steps import a_customer, an_account, do, transfer
from tools import verify_export
from tools.verify_export import Keys, NotProvenError, verify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_key")]

ROOT = Path(__file__).resolve().parents[2]
SLOW_FIXTURE = [HealthCheck.function_scoped_fixture]


def exported(**selection: Any) -> bytes:
    return b"".join(export_lines(Selection(**selection)))


def proven(content: bytes, *, keys: Sequence[str] | None = None, witnesses: dict[int, bytes] | None = None) -> str:
    """What the program outside says to it; raises NotProvenError."""
    lines = io.BytesIO(content)
    return verify(iter(lines.readline, b""), Keys(keys or [public_key()]), witnesses or {})


def refused(content: bytes, **options: Any) -> str:
    with pytest.raises(NotProvenError) as error:
        proven(content, **options)
    return str(error.value)


def forms(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def text_of(lines: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(encode_canonical(line) + b"\n" for line in lines)


def with_right_end(lines: list[dict[str, Any]]) -> bytes:
    """The lines as a forger would leave them: with the numbers and the SHA-256 of the last one made anew."""
    body = [line for line in lines if line.get("kind") != "passbook-export-end"]
    checkpoints = sum(line.get("kind") == "passbook-checkpoint" for line in body)
    end = {
        "kind": "passbook-export-end",
        "checkpoints": checkpoints,
        "events": len(body) - checkpoints - 1,
    }
    digest = verify_export.sha256(text_of(body), encode_canonical(end)).hex()
    return text_of([*body, end | {"sha256": digest}])


@pytest.fixture
def bank() -> list[UUID]:
    """Accounts with movements, signed in three checkpoints, and a little that is not signed yet."""
    one, other = an_account(100_00, customer_id=a_customer("Zoë 😀")), an_account()
    for amount in range(1, 8):
        do(transfer(one, other, amount))
    seal_all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing, "MAX_ENTRIES", 7)
        sign_head()
    do(transfer(one, other, 100))
    seal_all()
    return [one, other]


def run(program: list[str]) -> subprocess.CompletedProcess[str]:
    """Outside of the bank's folder, without its paths and environment."""
    return subprocess.run(program, capture_output=True, text=True, cwd="/", env={}, timeout=60, check=False)


# --- the whole book --------------------------------------------------------------------------------------------------


def test_an_export_is_proven_by_a_program_that_knows_nothing_of_the_bank(bank: list[UUID], tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    call_command("export_events", "--output", str(file))
    program = [sys.executable, "-I", str(ROOT / "tools" / "verify_export.py"), str(file)]
    done = run([*program, "--public-key", public_key()])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OK: 21 events (positions 1 to 21), 19 of them signed")
    alone = run(program)
    assert alone.returncode == 0
    assert f"Signed by {public_key()}. Ask the bank" in alone.stdout
    file.write_bytes(file.read_bytes().replace(b'"amount_minor":7,', b'"amount_minor":8,'))
    changed = run(program)
    assert changed.returncode == 1
    assert changed.stdout.startswith("NOT PROVEN: line")


def test_an_export_has_every_event_as_stored_with_its_hashes_and_the_checkpoints_in_between(bank: list[UUID]) -> None:
    lines = forms(exported())
    assert lines[0]["kind"] == "passbook-export"
    events = [line for line in lines if "id" in line]
    assert len(events) == check_the_book() == 21
    assert [event["position"] for event in events] == list(range(1, 22))
    assert [event["previousHash"] for event in events[1:]] == [event["hash"] for event in events[:-1]]
    assert events[0].keys() == {
        *("data", "hash", "id", "metadata", "position", "previousHash"),
        *("schemaVersion", "streamId", "streamPosition", "timestamp", "type"),
    }
    kinds = [line.get("kind", "event") for line in lines]
    assert [n for n, kind in enumerate(kinds) if kind == "passbook-checkpoint"] == [8, 16, 22]
    assert lines[-1]["events"] == 21
    # Personal data leave the bank as they are stored: unreadable.
    assert "Zoë".encode() not in exported()


def test_an_export_of_a_range_is_proven(bank: list[UUID]) -> None:
    for first, last in ((1, 1), (1, 7), (2, 21), (8, 14), (5, 16), (21, 21)):
        assert f"positions {first} to {last}" in proven(exported(first=first, last=last))


@pytest.mark.parametrize(("first", "last"), [(0, 3), (4, 3), (1, 22), (23, 24)])
def test_a_range_that_the_book_does_not_have_is_refused(bank: list[UUID], first: int, last: int) -> None:
    with pytest.raises(NotExportable):
        export_lines(Selection(first=first, last=last))
    with pytest.raises(CommandError, match="the book ends at 21"):
        call_command("export_events", "--from", str(first), "--to", str(last))


def test_a_book_with_a_hole_is_not_exported(bank: list[UUID], tmp_path: Path) -> None:
    tamper("delete from ledger_event where sequence = %s", sequence_at(9))
    with pytest.raises(CommandError, match="no event at position 9: run verify_ledger; the export is not complete"):
        call_command("export_events", "--output", str(tmp_path / "export.jsonl"))
    assert "breaks off" in refused((tmp_path / "export.jsonl").read_bytes())


def test_a_book_whose_last_entries_are_gone_is_not_exported(bank: list[UUID]) -> None:
    tamper("delete from ledger_entry where position > 19")
    with pytest.raises(NotExportable, match="no event at position 20: run verify_ledger"):
        exported()
    assert exported(last=19)


def test_streams_are_not_exported_across_a_hole_nor_anything_right_behind_one(bank: list[UUID]) -> None:
    tamper("delete from ledger_entry where position = 20")
    for selection in ({"streams": tuple(bank)}, {"streams": tuple(bank), "first": 21}, {"first": 21}):
        with pytest.raises(NotExportable, match="no entry at position 20: run verify_ledger"):
            exported(**selection)


# --- forgeries -------------------------------------------------------------------------------------------------------


@pytest.fixture
def content(bank: list[UUID]) -> bytes:
    return exported()


@given(st.data())
@settings(max_examples=250, suppress_health_check=SLOW_FIXTURE, deadline=None)
def test_not_one_byte_can_be_another(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1), label="place")
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[place]), label="byte")
    assert refused(content[:place] + bytes([byte]) + content[place + 1 :])


@given(st.data())
@settings(max_examples=100, suppress_health_check=SLOW_FIXTURE, deadline=None)
def test_not_one_byte_can_be_missing_or_come_besides(content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1), label="place")
    assert refused(content[:place] + content[place + 1 :])
    assert refused(content[:place] + data.draw(st.binary(min_size=1, max_size=3)) + content[place:])
    assert refused(content[:place])


def test_lines_that_a_forger_left_out_swapped_or_repeated_are_missed(content: bytes) -> None:
    lines = forms(content)
    events = [n for n, line in enumerate(lines) if "id" in line]
    for n in events:
        assert refused(with_right_end(lines[:n] + lines[n + 1 :]))
        assert refused(with_right_end(lines[: n + 1] + lines[n:]))
    for one, other in pairwise(events):
        swapped = list(lines)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert refused(with_right_end(swapped))


def rehashed(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same lines with every hash of every event made anew."""
    previous = lines[0]["previousHash"]
    for line in lines:
        if "id" in line:
            event = {name: line[name] for name in verify_export.EVENT}
            own = verify_export.sha256(
                bytes.fromhex(previous), line["position"].to_bytes(8, "big"), encode_canonical(event)
            )
            line["previousHash"], line["hash"] = previous, own.hex()
            previous = own.hex()
    return lines


def test_an_amount_changed_with_all_hashes_made_anew_shows_by_the_signature(content: bytes) -> None:
    assert proven(with_right_end(rehashed(forms(content))))
    lines = forms(content)
    next(line for line in lines if line.get("type") == "DepositMade")["data"]["amount_minor"] = 1
    assert "is not the one that was signed" in refused(with_right_end(rehashed(lines)))
    checkpoint = next(line for line in lines if line.get("kind") == "passbook-checkpoint")
    checkpoint["hash"] = lines[lines.index(checkpoint) - 1]["hash"]
    assert "the signature of the checkpoint does not hold" in refused(with_right_end(rehashed(lines)))


def test_a_forger_with_a_key_of_his_own_is_told_from_the_bank(content: bytes) -> None:
    assert proven(content)
    other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert f"signed by the key {public_key()}, which is not the one that you gave" in refused(content, keys=[other])


def test_a_checkpoint_that_was_kept_shows_what_was_rewritten_and_signed_again(bank: list[UUID], tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    call_command("sign_checkpoint", "--export", str(kept))
    change_event(10, "data = data || '{\"amount_minor\": 1}'")
    rehash_from(10)
    tamper("delete from ledger_seal")
    sign_head()
    (tmp_path / "export.jsonl").write_bytes(exported())
    arguments = [str(tmp_path / "export.jsonl"), "--public-key", public_key()]
    assert verify_export.main(arguments) == 0
    assert verify_export.main([*arguments, "--checkpoints", str(kept)]) == 1


def test_floats_and_other_things_that_no_event_holds_are_refused(content: bytes) -> None:
    for value in (
        b"1.5",
        b"1e3",
        b"NaN",
        b"Infinity",
        b"1" * 5000,
        b"[" * 100_000,
        b'"\\ud800"',
        b"true",
        b"-1",
        b"null",
    ):
        assert refused(content.replace(b'"streamPosition":1,', b'"streamPosition":' + value + b",", 1))


# --- some streams ----------------------------------------------------------------------------------------------------


def test_streams_are_exported_alone_and_every_signed_event_proves_itself(bank: list[UUID]) -> None:
    content = exported(streams=(bank[1],))
    events = [line for line in forms(content) if "id" in line]
    assert {event["streamId"] for event in events} == {str(bank[1])}
    assert [event["streamPosition"] for event in events] == list(range(1, 10))
    assert proven(content).startswith("9 events (of 1 streams), 8 of them signed")
    assert str(bank[0]).encode() in content  # as the other side of a transfer, not as a stream
    assert proven(exported(streams=tuple(bank))).startswith("19 events (of 2 streams), 17 of them signed")
    assert proven(exported(streams=tuple(bank), first=10, last=15))


def test_a_stream_that_does_not_exist_is_an_error_in_words(bank: list[UUID]) -> None:
    with pytest.raises(CommandError, match="there is no stream"):
        call_command("export_events", "--stream", str(new_id()))


def test_an_event_of_a_stream_that_was_left_out_is_missed(bank: list[UUID]) -> None:
    lines = forms(exported(streams=(bank[1],)))
    events = [n for n, line in enumerate(lines) if "id" in line]
    for n in events[:-1]:
        assert refused(with_right_end(lines[:n] + lines[n + 1 :]))


@given(st.data())
@settings(max_examples=100, suppress_health_check=SLOW_FIXTURE, deadline=None)
def test_not_one_byte_of_an_export_of_streams_can_be_another(bank: list[UUID], data: st.DataObject) -> None:
    content = exported(streams=tuple(bank))
    place = data.draw(st.integers(0, len(content) - 1), label="place")
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[place]), label="byte")
    assert refused(content[:place] + bytes([byte]) + content[place + 1 :])


# --- some types of events --------------------------------------------------------------------------------------------


def test_types_of_events_are_exported_alone_and_every_signed_event_proves_itself(bank: list[UUID]) -> None:
    content = exported(types=("DepositMade", "AccountOpened"))
    lines = forms(content)
    assert (lines[0]["version"], lines[0]["types"]) == (2, ["AccountOpened", "DepositMade"])
    events = [line for line in lines if "id" in line]
    assert {event["type"] for event in events} == {"AccountOpened", "DepositMade"}
    assert all("proof" in event for event in events if event["position"] <= 17)
    assert proven(content).startswith(f"{len(events)} events (of the types AccountOpened, DepositMade)")
    of_one = exported(types=("DepositMade",), streams=(bank[0],))
    assert {(line["type"], line["streamId"]) for line in forms(of_one) if "id" in line} == {
        ("DepositMade", str(bank[0]))
    }
    assert "(of 1 streams and of the types DepositMade)" in proven(of_one)


def test_an_export_of_types_cannot_pass_for_all_events(bank: list[UUID]) -> None:
    lines = forms(exported(types=("DepositMade",)))
    first = lines[0]
    without = {name: value for name, value in first.items() if name != "types"}
    for forged in (without, {**without, "version": 1}, {**first, "version": 1}, {**first, "types": []}):
        assert refused(with_right_end([forged, *lines[1:]]))
    assert "not asked for" in refused(with_right_end([{**first, "types": ["AccountOpened"]}, *lines[1:]]))


# --- one event -------------------------------------------------------------------------------------------------------


def test_every_signed_event_is_proven_alone(bank: list[UUID]) -> None:
    for position in range(1, 20):
        out = io.StringIO()
        call_command("prove_event", str(position), stdout=out)
        proof = out.getvalue().encode()
        assert proven(proof).startswith(f"the event at position {position} is in the signed book")
        assert proof.count(b'"streamPosition"') == 1


def test_the_proof_of_one_event_proves_no_other(bank: list[UUID]) -> None:
    for other in (1, 3, 8):
        (proof,) = forms(encode_canonical(prove(2)))
        (foreign,) = forms(encode_canonical(prove(other)))
        assert proven(text_of([proof]))
        proof["event"]["proof"] = foreign["event"]["proof"]
        assert refused(text_of([proof]))
        assert refused(text_of([{**proof, "checkpoint": foreign["checkpoint"]}]))


@given(st.data())
@settings(max_examples=100, suppress_health_check=SLOW_FIXTURE, deadline=None)
def test_not_one_byte_of_a_proof_can_be_another(bank: list[UUID], data: st.DataObject) -> None:
    content = encode_canonical(prove(data.draw(st.integers(1, 19)))) + b"\n"
    place = data.draw(st.integers(0, len(content) - 1), label="place")
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[place]), label="byte")
    assert refused(content[:place] + bytes([byte]) + content[place + 1 :])


@pytest.mark.parametrize(("position", "words"), [(20, "is not signed yet"), (22, "no event"), (0, "no event")])
def test_what_is_not_signed_or_not_there_cannot_be_proven(bank: list[UUID], position: int, words: str) -> None:
    with pytest.raises(NotProvable, match=words):
        prove(position)
    with pytest.raises(CommandError, match=words):
        call_command("prove_event", str(position))


def test_a_range_that_is_not_what_was_signed_proves_nothing(bank: list[UUID]) -> None:
    tamper("update ledger_entry set hash = sha256('x') where position = 3")
    with pytest.raises(NotProvable, match="run verify_ledger"):
        prove(2)
    assert proven(encode_canonical(prove(9)) + b"\n")


# --- the program -----------------------------------------------------------------------------------------------------


def test_the_program_says_what_it_left_open(
    bank: list[UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "export.jsonl"
    file.write_bytes(exported())
    assert verify_export.main([str(file), "--no-signatures"]) == 0
    assert "The signatures were NOT checked" in capsys.readouterr().out
    file.write_bytes(exported(first=20))
    assert verify_export.main([str(file)]) == 0
    assert "Nothing in it is signed yet" in capsys.readouterr().out


def test_the_program_takes_the_key_as_text_or_from_a_file_and_nothing_else(bank: list[UUID], tmp_path: Path) -> None:
    file, key = tmp_path / "export.jsonl", tmp_path / "key"
    file.write_bytes(exported())
    key.write_text(public_key() + "\n")
    assert verify_export.main([str(file), "--public-key", str(key)]) == 0
    assert verify_export.main([str(file), "--public-key", public_key()]) == 0
    assert verify_export.main([str(file), "--public-key", str(tmp_path / "nothing")]) == 2
    assert verify_export.main([str(tmp_path / "nothing")]) == 2


def json_values() -> st.SearchStrategy[Any]:
    scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
    keys = st.text(st.characters(exclude_categories=["Cs"]))
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)


@given(json_values())
@settings(max_examples=200)
def test_the_banks_json_and_the_programs_are_the_same_to_the_byte(value: Any) -> None:
    assert encode_canonical(value) == verify_export.canonical(value)


def holds_a_float(kind: msgspec.inspect.Type) -> bool:
    """Also somewhere inside."""
    if isinstance(kind, msgspec.inspect.FloatType | msgspec.inspect.DecimalType):
        return True
    inside = [field.type for field in getattr(kind, "fields", ())]
    inside += [getattr(kind, name) for name in ("item_type", "key_type", "value_type") if hasattr(kind, name)]
    inside += [*getattr(kind, "types", ()), *getattr(kind, "item_types", ())]
    return any(holds_a_float(found) for found in inside)


def test_no_event_holds_a_float_since_nobody_writes_those_alike() -> None:
    assert holds_a_float(msgspec.inspect.type_info(dict[str, list[float | None]]))
    for kind in event_types():
        assert not holds_a_float(msgspec.inspect.type_info(kind.cls)), kind.name


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=50))
@settings(max_examples=25, suppress_health_check=SLOW_FIXTURE, deadline=None)
def test_every_text_is_exported_as_it_was_hashed(text: str) -> None:
    write(events=[an_event(text)])
    seal_all()
    sign_head()
    assert proven(exported())


def test_an_export_streams(bank: list[UUID]) -> None:
    lines = export_lines(Selection())
    assert isinstance(lines, Iterator)
    assert json.loads(next(lines))["kind"] == "passbook-export"
    a_book()
    assert len(list(lines)) == 25
