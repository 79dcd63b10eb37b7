"""Signed checkpoints: who signs, with which key, and what is never signed."""

import base64
import io
import json
import os
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege
from pytest_django import Settings

from bank.tasks import sign_checkpoint
from ledger import signing
from ledger.connections import transaction
from ledger.findings import Kind
from ledger.keys import (
    InvalidKey,
    NoSigningKey,
    SigningKey,
    is_signed,
    key_id,
    make_key_file,
    signing_key,
    trusted_keys,
)
from ledger.locks import lock
from ledger.sealing import seal_all
from ledger.seals import InvalidSeal, Seal, read_seals, seal_from_json, seals_from_lines
from ledger.signing import NotSigned, sign_head
from tests.ledger.book import write
from tests.ledger.owner import a_book, change_event, rehash_from, tamper, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_key")]

SEED = base64.b64encode(bytes(range(32))).decode()
OTHER_SEED = base64.b64encode(bytes(range(1, 33))).decode()


def ranges() -> list[tuple[int, int]]:
    return [(seal.first, seal.position) for seal in read_seals()]


# --- signing ---------------------------------------------------------------------------------------------------------


def test_the_head_is_signed_once_and_again_when_it_has_moved() -> None:
    assert sign_head() == []
    a_book()
    (signed,) = sign_head()
    assert (signed.first, signed.position) == (1, 20)
    assert signed.is_genuine()
    assert sign_head() == []
    write()
    seal_all()
    sign_head()
    assert ranges() == [(1, 20), (21, 21)]
    assert verified().signed_to == 21


def test_a_signature_covers_a_bounded_number_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "MAX_ENTRIES", 8)
    a_book()
    assert len(sign_head()) == 3
    assert ranges() == [(1, 8), (9, 16), (17, 20)]
    assert verified().checkpoints == 3


def test_the_task_signs() -> None:
    a_book()
    sign_checkpoint()
    assert ranges() == [(1, 20)]


def test_two_who_sign_at_once_make_one_checkpoint() -> None:
    a_book()
    make_key_file()
    threads = [threading.Thread(target=sign_head) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ranges() == [(1, 20)]


def test_nothing_is_done_where_somebody_else_is_at_it() -> None:
    a_book()
    with transaction() as cur:
        lock(cur, "checkpoints")
        assert sign_head() == []
    assert len(sign_head()) == 1


@pytest.mark.parametrize("position", [1, 10, 20])
def test_what_is_not_right_is_not_signed(position: int) -> None:
    a_book()
    change_event(position, "data = '{}'")
    with pytest.raises(NotSigned) as refused:
        sign_head()
    assert (refused.value.finding.kind, refused.value.finding.position) == (Kind.CHANGED, position)
    assert ranges() == []


def test_a_book_whose_last_entries_are_gone_is_not_signed() -> None:
    a_book()
    tamper("delete from ledger_entry where position > 17")
    with pytest.raises(NotSigned) as refused:
        sign_head()
    assert (refused.value.finding.kind, refused.value.finding.position) == (Kind.MISSING, 18)


def test_what_does_not_follow_what_was_signed_is_not_signed() -> None:
    a_book(signed=True)
    a_book()
    change_event(10, "data = '{}'")
    rehash_from(10)
    with pytest.raises(NotSigned):
        sign_head()


def test_a_book_shorter_than_what_was_signed_is_not_signed() -> None:
    a_book(signed=True)
    tamper("update ledger_sealer_state set position = 19")
    with pytest.raises(NotSigned) as refused:
        sign_head()
    assert refused.value.finding.kind is Kind.CUT_TAIL


def test_signed_checkpoints_are_append_only() -> None:
    a_book(signed=True)
    for statement in ("update ledger_seal set hash = hash", "delete from ledger_seal", "truncate ledger_seal"):
        with pytest.raises(InsufficientPrivilege), transaction() as cur:
            cur.execute(statement)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_the_first_signature_makes_a_key_file_that_only_its_owner_can_read(own_key: Path) -> None:
    a_book(signed=True)
    assert own_key.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(own_key.read_text())) == 32
    assert list(own_key.parent.iterdir()) == [own_key]


def test_making_a_key_again_keeps_the_first(own_key: Path) -> None:
    make_key_file()
    first = own_key.read_text()
    make_key_file()
    assert own_key.read_text() == first


def test_a_key_file_that_others_can_read_is_refused(own_key: Path) -> None:
    make_key_file()
    for mode in (0o640, 0o604, 0o660):
        own_key.chmod(mode)
        with pytest.raises(InvalidKey, match="can be read by others"):
            signing_key()
    own_key.chmod(0o400)
    signing_key()


def test_the_key_of_the_environment_comes_first_and_no_file_is_made(own_key: Path, settings: Settings) -> None:
    settings.LEDGER_SIGNING_KEY = SEED
    a_book(signed=True)
    (seal,) = read_seals()
    # The public key of the seed 00, 01, ..., 1f is well known.
    assert seal.key_id == "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    assert not own_key.exists()


@pytest.mark.parametrize("text", ["x", "AAAA", base64.b64encode(bytes(33)).decode(), "é" * 44, SEED[:-1] + "!"])
def test_a_key_that_is_none_is_refused(text: str, settings: Settings) -> None:
    settings.LEDGER_SIGNING_KEY = text
    with pytest.raises(InvalidKey, match="PASSBOOK_SIGNING_KEY"):
        signing_key()
    with pytest.raises(InvalidKey):
        key_id(text)


def test_a_key_that_is_lost_does_not_go_unnoticed(own_key: Path) -> None:
    a_book(signed=True)
    old = signing_key().id
    own_key.unlink()
    a_book()
    with pytest.raises(NoSigningKey):
        sign_head()
    assert not own_key.exists()
    sign_head(new_key=True)
    finding = verified().finding
    assert finding is not None
    assert (finding.kind, finding.position) == (Kind.CHECKPOINT, 20)
    out = io.StringIO()
    call_command("verify_ledger", "--public-key", old, stdout=out)
    assert "2 signed checkpoints hold" in out.getvalue()


def test_earlier_keys_count_where_they_are_named(settings: Settings) -> None:
    settings.LEDGER_SIGNING_KEY = SEED
    a_book(signed=True)
    earlier = signing_key().id
    settings.LEDGER_SIGNING_KEY = OTHER_SEED
    a_book(signed=True)
    assert not verified().ok
    settings.LEDGER_PUBLIC_KEYS = [earlier]
    assert trusted_keys() == {earlier, signing_key().id}
    assert verified().ok


def test_the_private_key_is_nowhere_in_the_database(settings: Settings) -> None:
    settings.LEDGER_SIGNING_KEY = SEED
    a_book(signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select string_agg(s::text, ' ') from ledger_seal s")
        (text,) = cursor.fetchone()
    assert SEED not in text
    assert bytes(range(32)).hex() not in text


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_signature_holds_for_its_message_alone(message: bytes, other: bytes) -> None:
    key = SigningKey(SEED, "the test")
    signature = key.sign(message)
    assert is_signed(message, signature, key.id)
    assert is_signed(other, signature, key.id) == (other == message)
    assert not is_signed(message, signature, SigningKey(OTHER_SEED, "the test").id)


# --- their public form -----------------------------------------------------------------------------------------------


def test_checkpoints_are_exported_as_json_lines_and_read_again(tmp_path: Path) -> None:
    a_book()
    file = tmp_path / "checkpoints.jsonl"
    call_command("sign_checkpoint", "--export", str(file))
    a_book(signed=True)
    call_command("sign_checkpoint", "--export", str(file))
    assert list(seals_from_lines(file.read_bytes().splitlines())) == list(read_seals())
    first, second = map(json.loads, file.read_text().splitlines())
    assert (first["first"], first["position"], second["first"], second["position"]) == (1, 20, 21, 40)
    assert first.keys() == {
        *("first", "hash", "keyId", "kind", "position", "root", "signature", "signedAt", "version"),
    }
    call_command("sign_checkpoint", "--export", str(file), "--from", "21")
    assert [seal.position for seal in seals_from_lines(file.read_bytes().splitlines())] == [40]


def test_the_verification_holds_the_book_to_a_file_of_checkpoints(tmp_path: Path) -> None:
    a_book(signed=True)
    file = tmp_path / "checkpoints.jsonl"
    call_command("sign_checkpoint", "--export", str(file))
    call_command("verify_ledger", "--checkpoints", str(file), stdout=io.StringIO())
    change_event(10, "data = '{}'")
    rehash_from(10)
    tamper("delete from ledger_seal")
    call_command("verify_ledger", stdout=io.StringIO())
    with pytest.raises(CommandError, match="rewritten somewhere from position 1 to 20"):
        call_command("verify_ledger", "--checkpoints", str(file))


@pytest.mark.parametrize("name", ["first", "position", "hash", "root", "keyId", "signedAt", "signature", "kind"])
def test_a_checkpoint_that_lacks_something_is_none(name: str) -> None:
    seal = Seal(1, 2, bytes(32), bytes(32), "", "2026-03-29T01:00:00.000000Z").signed_by(SigningKey(SEED, "the test"))
    form = seal.public_form()
    assert seal_from_json(json.dumps(form)) == seal
    for broken in ({**form, name: 1.5}, {k: v for k, v in form.items() if k != name}, {**form, "more": 1}):
        with pytest.raises(InvalidSeal):
            seal_from_json(json.dumps(broken))


def test_checkpoints_out_of_order_are_refused() -> None:
    a_book(signed=True)
    a_book(signed=True)
    lines = [json.dumps(seal.public_form()) for seal in read_seals()]
    with pytest.raises(InvalidSeal, match="comes behind"):
        list(seals_from_lines([lines[1], "", lines[0]]))


def test_the_command_prints_the_public_key_and_signs_nothing(own_key: Path) -> None:
    a_book()
    with pytest.raises(CommandError, match="no PASSBOOK_SIGNING_KEY"):
        call_command("sign_checkpoint", "--public-key")
    make_key_file()
    out = io.StringIO()
    call_command("sign_checkpoint", "--public-key", stdout=out)
    assert out.getvalue().strip() == signing_key().id
    assert ranges() == []


def test_a_key_file_in_a_folder_that_cannot_be_written_is_an_error_in_words(settings: Settings) -> None:
    settings.LEDGER_SIGNING_KEY_FILE = Path(os.devnull) / "signing_key"
    a_book()
    with pytest.raises(CommandError):
        call_command("sign_checkpoint")
