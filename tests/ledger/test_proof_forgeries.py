"""The program that checks exports, against a forger who knows the format, makes every hash anew, and has a key."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger.keys import SigningKey
from ledger.merkle import Tree
from ledger.seals import Seal
from tools.verify_export import MAX_ENTRIES, Keys, NotProvenError, canonical, sha256, verify

KEY = SigningKey(base64.b64encode(bytes(32)).decode(), "the test")
STREAMS = ["aaaaaaaa-0000-7000-8000-000000000000", "bbbbbbbb-0000-7000-8000-000000000000"]
EVENT = ("data", "id", "metadata", "schemaVersion", "streamId", "streamPosition", "timestamp", "type")
ZERO = bytes(32).hex()

Form = dict[str, Any]
Forge = Callable[[list[Form]], list[Form]]


def numbers(cases: list[Any]) -> list[str]:
    return [str(number) for number in range(len(cases))]


def an_event(position: int) -> Form:
    """Odd positions are of one stream, even ones of the other."""
    return {
        "data": {"amount_minor": position},
        "id": f"{position}",
        "metadata": {},
        "schemaVersion": 1,
        "streamId": STREAMS[(position + 1) % 2],
        "streamPosition": (position + 1) // 2,
        "timestamp": "2026-03-29T01:00:00.000000Z",
        "type": "DepositMade",
        "position": position,
    }


def hashed(event: Form, previous: str) -> Form:
    """The event with the hash that follows `previous`."""
    own = canonical({name: event[name] for name in EVENT})
    found = sha256(bytes.fromhex(previous), event["position"].to_bytes(8, "big"), own)
    return {**event, "previousHash": previous, "hash": found.hex()}


def chained(events: list[Form], previous: str = ZERO) -> list[Form]:
    """The events with hashes that follow from each other."""
    chain = []
    for event in events:
        chain.append(hashed(event, previous))
        previous = chain[-1]["hash"]
    return chain


def a_book(count: int = 8) -> list[Form]:
    return chained([an_event(position) for position in range(1, count + 1)])


def signed(seal: Seal, **changes: Any) -> Form:
    """The checkpoint with other contents, and a signature that holds."""
    form = {**seal.signed_by(KEY).public_form(), **changes}
    del form["signature"]
    return {**form, "signature": base64.b64encode(KEY.sign(canonical(form))).decode()}


def seal_of(book: list[Form]) -> Seal:
    """The unsigned checkpoint of all these entries."""
    hashes = [bytes.fromhex(event["hash"]) for event in book]
    return Seal(book[0]["position"], book[-1]["position"], hashes[-1], Tree(hashes).root, KEY.id, "then")


def proof_of(book: list[Form], position: int) -> Form:
    """The proof of an entry in the tree over all these."""
    index = position - book[0]["position"]
    path = Tree([bytes.fromhex(event["hash"]) for event in book]).audit_path(index)
    return {
        "checkpoint": book[-1]["position"],
        "index": index,
        "size": len(book),
        "path": [node.hex() for node in path],
    }


def manifest(**changes: Any) -> Form:
    form = {"exportedAt": "now", "first": 1, "kind": "passbook-export", "last": 8, "previousHash": ZERO}
    return {**form, "streams": None, "version": 1, **changes}


def file_of(lines: list[Form], **end: Any) -> bytes:
    """The lines with an end that fits them, except for what `end` says."""
    body = b"".join(canonical(line) + b"\n" for line in lines)
    checkpoints = sum(line.get("kind") == "passbook-checkpoint" for line in lines)
    last = {"checkpoints": checkpoints, "events": len(lines) - 1 - checkpoints, "kind": "passbook-export-end", **end}
    return body + canonical({**last, "sha256": sha256(body, canonical(last)).hex()}) + b"\n"


def whole_book() -> list[Form]:
    """Eight events, signed after the fifth and the eighth."""
    book = a_book()
    return [manifest(), *book[:5], signed(seal_of(book[:5])), *book[5:], signed(seal_of(book[5:]))]


def one_stream() -> list[Form]:
    """The first stream of that book: 1, 3, 5; then 7."""
    book = a_book()
    lines = [manifest(streams=STREAMS[:1])]
    lines += [{**book[n - 1], "proof": proof_of(book[:5], n)} for n in (1, 3, 5)]
    lines += [signed(seal_of(book[:5])), {**book[6], "proof": proof_of(book[5:], 7)}, signed(seal_of(book[5:]))]
    return lines


def both_streams() -> list[Form]:
    book = a_book()
    first = [{**event, "proof": proof_of(book[:5], event["position"])} for event in book[:5]]
    return [manifest(streams=STREAMS), *first, signed(seal_of(book[:5])), *book[5:]]


def proven(content: bytes, keys: Keys | None = None) -> str:
    lines = io.BytesIO(content)
    return verify(iter(lines.readline, b""), keys or Keys([KEY.id]), {})


def refused(content: bytes) -> str:
    with pytest.raises(NotProvenError) as error:
        proven(content)
    return str(error.value)


def test_what_is_right_is_proven() -> None:
    assert proven(file_of(whole_book())).startswith("8 events (positions 1 to 8), 8 of them signed")
    assert proven(file_of(one_stream())).startswith("4 events (of 1 streams), 4 of them signed")
    assert proven(file_of(both_streams())).startswith("8 events (of 2 streams), 5 of them signed")
    book = a_book()
    part = [manifest(first=3, previousHash=book[1]["hash"]), *book[2:5], signed(seal_of(book[:5])), *book[5:]]
    assert proven(file_of(part)).startswith("6 events (positions 3 to 8), 3 of them signed")


# --- bytes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"schemaVersion":1,', b'"schemaVersion": 1,', "not canonical JSON"),
        (b'"schemaVersion":1,', b'"schemaVersion":1,"schemaVersion":1,', "not canonical JSON"),
        (b'"metadata":{},', b'"metadata":{"b":1,"a":2},', "not canonical JSON"),
        (b'"type":"DepositMade"', b'"type":"Deposit\\u004dade"', "not canonical JSON"),
        (b'"schemaVersion":1,', b'"schemaVersion":1.0,', "the number 1.0"),
        (b'"schemaVersion":1,', b'"schemaVersion":NaN,', "the number NaN"),
        (b'"schemaVersion":1,', b'"schemaVersion":\xff,', "not the JSON that the bank writes"),
    ],
)
def test_every_line_is_canonical_to_the_byte(old: bytes, new: bytes, words: str) -> None:
    content = file_of(whole_book())
    body = content[: content.rindex(b"\n", 0, -1) + 1].replace(old, new, 1)
    end = {"checkpoints": 2, "events": 8, "kind": "passbook-export-end"}
    digest = sha256(body, canonical(end)).hex()
    assert words in refused(body + canonical({**end, "sha256": digest}) + b"\n")


@pytest.mark.parametrize("line", [b"[]\n", b'"text"\n', b"null\n", b"1\n"])
def test_every_line_is_an_object(line: bytes) -> None:
    assert refused(line) == "line 1: not an object"


def test_a_file_ends_with_its_last_line_and_its_newline() -> None:
    content = file_of(whole_book())
    assert refused(content[:-1]) == "line 12: the line has no end"
    assert refused(content[: content.rindex(b"\n", 0, -1) + 1]) == "line 11: the export breaks off here"
    assert refused(content + b"\n") == "line 12: the SHA-256 of the file is another"
    assert refused(b"") == "line 1: the line has no end"
    assert refused(b'{"kind":"other"}\n') == "line 1: neither an export nor a proof"


# --- a forged book ---------------------------------------------------------------------------------------------------


def remade(lines: list[Form]) -> list[Form]:
    """With hashes, roots and signatures made anew from the events: nothing but the structure is wrong."""
    made: list[Form] = []
    previous, since = lines[0]["previousHash"], list[Form]()
    for line in lines:
        if "id" in line:
            made.append(hashed(line, previous))
            previous = made[-1]["hash"]
            since.append(made[-1])
        elif line.get("kind") == "passbook-checkpoint":
            made.append(signed(seal_of(since)))
            since = []
        else:
            made.append(line)
    return made


def changed(number: int, **changes: Any) -> Forge:
    """The line of that number with other contents."""
    return lambda lines: [*lines[:number], {**lines[number], **changes}, *lines[number + 1 :]]


def signed_again(number: int, **changes: Any) -> Forge:
    """The checkpoint on that line with other contents and a signature that holds."""

    def change(lines: list[Form]) -> list[Form]:
        form = {name: value for name, value in {**lines[number], **changes}.items() if name != "signature"}
        signature = base64.b64encode(KEY.sign(canonical(form))).decode()
        return [*lines[:number], {**form, "signature": signature}, *lines[number + 1 :]]

    return change


def without(number: int) -> Forge:
    return lambda lines: lines[:number] + lines[number + 1 :]


def twice(number: int) -> Forge:
    return lambda lines: lines[: number + 1] + lines[number:]


BOOK_FORGERIES: list[tuple[Forge, str]] = [
    (changed(0, version=2), "an export's first line of a version that this program does not know"),
    (changed(0, more=1), "not an export's first line"),
    (changed(0, first=-1), "first is not a whole number"),
    (changed(0, last="8"), "last is not a whole number"),
    (changed(0, last=True), "last is not a whole number"),
    (changed(0, last=2**63), "last is not a whole number"),
    (changed(0, last=9), "ends at position 8, before 9"),
    (changed(0, last=7), "ends at position 8, before 7"),
    (changed(0, streams="all"), "streams is not a list"),
    (changed(0, previousHash="ff" * 32), "before the first entry the hash is zero"),
    (changed(0, previousHash="FF" * 32), "previousHash is not a SHA-256"),
    (changed(0, previousHash=None), "previousHash is not a SHA-256"),
    (changed(1, hash="00" * 32), "the event is not what was sealed"),
    (changed(1, data={"amount_minor": 2}), "the event is not what was sealed"),
    (changed(1, position="1"), "position is not a whole number"),
    (changed(1, more=1), "not an event"),
    (changed(1, proof=proof_of(a_book(5), 1)), "position 1 is missing, 1 comes in its place"),
    (without(3), "position 3 is missing, 4 comes in its place"),
    (lambda lines: remade(without(3)(lines)), "position 3 is missing, 4 comes in its place"),
    (lambda lines: remade(twice(3)(lines)), "position 4 is missing, 3 comes in its place"),
    (lambda lines: [*lines[:4], hashed(lines[4], "11" * 32), *lines[5:]], "the chain is broken"),
    (changed(6, hash="11" * 32), "the signature of the checkpoint does not hold"),
    (changed(6, signature="AAAA"), "the signature of the checkpoint does not hold"),
    (changed(6, signature=None), "the signature of the checkpoint does not hold"),
    (changed(6, keyId="no key"), "signed by the key no key, which is not the one that you gave"),
    (signed_again(6, version=2), "a checkpoint of a version that this program does not know"),
    (signed_again(6, kind="passbook-other"), "not a checkpoint of this bank"),
    (signed_again(6, first=6), "not a checkpoint of this bank"),
    (signed_again(6, position=MAX_ENTRIES + 1), "not a checkpoint of this bank"),
    (signed_again(6, hash="11" * 32), "the chain at position 5 is not the one that was signed"),
    (signed_again(6, position=4), "the chain at position 5 is not the one that was signed"),
    (signed_again(6, root="11" * 32), "the Merkle root of the checkpoint at 5 is another"),
    (signed_again(6, first=2), "the Merkle root of the checkpoint at 5 is another"),
    (signed_again(10, first=5), "the Merkle root of the checkpoint at 8 is another"),
    (twice(6), "the checkpoint at 5 is out of order"),
]


@pytest.mark.parametrize(("forge", "words"), BOOK_FORGERIES, ids=numbers(BOOK_FORGERIES))
def test_a_forged_book_is_not_proven(forge: Forge, words: str) -> None:
    assert words in refused(file_of(forge(whole_book())))


@pytest.mark.parametrize("end", [{"events": 7}, {"checkpoints": 1}])
def test_the_numbers_of_the_last_line_are_those_of_the_file(end: Form) -> None:
    assert "the last line counts other numbers" in refused(file_of(whole_book(), **end))


def test_the_last_line_has_nothing_besides() -> None:
    assert "not an export's last line" in refused(file_of(whole_book(), more=1))


def test_without_signatures_the_rest_is_checked() -> None:
    forged = changed(6, signature="AAAA")(whole_book())
    assert proven(file_of(forged), Keys([KEY.id], check=False))
    with pytest.raises(NotProvenError):
        proven(file_of(signed_again(6, root="11" * 32)(whole_book())), Keys(None, check=False))


# --- forged streams --------------------------------------------------------------------------------------------------


def with_proof(number: int, **changes: Any) -> Forge:
    """The proof on that line with other contents."""
    return lambda lines: changed(number, proof={**lines[number]["proof"], **changes})(lines)


def other_first_event(lines: list[Form]) -> list[Form]:
    """Position 1 follows some hash that is not zero, and all the rest fits."""
    book = chained([an_event(position) for position in range(1, 9)], "11" * 32)
    return [lines[0], {**book[0], "proof": proof_of(book[:5], 1)}, signed(seal_of(book[:5]))]


STREAM_FORGERIES: list[tuple[Forge, str]] = [
    (changed(0, streams=STREAMS[1:]), "of a stream that was not asked for"),
    (changed(0, last=6), "position 7 is out of order"),
    (changed(0, first=2), "position 1 is out of order"),
    (twice(1), "position 1 is out of order"),
    (without(1), "position 3: before it, an event of the same stream is missing"),
    (without(2), "position 5: before it, an event of the same stream is missing"),
    (without(4), "its proof leads elsewhere than that of the event before"),
    (without(6), "the checkpoint that the last proofs lead to is missing"),
    (twice(4), "the checkpoint at 5 is out of order"),
    (lambda lines: [*lines[:4], lines[6], lines[5]], "the checkpoint at 8 is not the one that the proofs lead to"),
    (signed_again(4, root="11" * 32), "the checkpoint at 5 is not the one that the proofs lead to"),
    (signed_again(4, first=2), "the checkpoint at 5 is not the one that the proofs lead to"),
    (with_proof(2, index=1), "position 3: the proof is for another place"),
    (with_proof(2, size=6), "position 3: the proof is for another place"),
    (with_proof(2, checkpoint=8), "position 3: the proof is for another place"),
    (with_proof(2, path="x"), "position 3: the proof is for another place"),
    (with_proof(2, path=[]), "the proof is shorter than its tree is high"),
    (with_proof(2, path=["11" * 32] * 9), "the proof is longer than its tree is high"),
    (with_proof(2, path=["11" * 32] * 3), "its proof leads elsewhere than that of the event before"),
    (with_proof(2, path=["1"]), "path is not a SHA-256"),
    (with_proof(2, index=-1), "index is not a whole number"),
    (with_proof(2, more=1), "not a proof"),
    (changed(2, proof=[]), "not a proof"),
    (lambda lines: [*lines[:2], {k: v for k, v in lines[2].items() if k != "proof"}, *lines[3:]], "has no proof"),
    (other_first_event, "position 1 follows nothing"),
]


@pytest.mark.parametrize(("forge", "words"), STREAM_FORGERIES, ids=numbers(STREAM_FORGERIES))
def test_forged_streams_are_not_proven(forge: Forge, words: str) -> None:
    assert words in refused(file_of(forge(one_stream())))


def test_neighbours_in_an_export_of_streams_follow_each_other() -> None:
    lines = both_streams()
    lines[8] = hashed(lines[8], "11" * 32)
    assert "position 7: the chain is broken" in refused(file_of(lines))


# --- one event -------------------------------------------------------------------------------------------------------


def single_proof(**changes: Any) -> bytes:
    book = a_book()
    event = {**book[2], "proof": proof_of(book, 3)}
    proof = {"kind": "passbook-proof", "version": 1, "event": event, "checkpoint": signed(seal_of(book))}
    return canonical({**proof, **changes}) + b"\n"


def test_the_proof_of_one_event_is_held_to_its_checkpoint() -> None:
    book = a_book()
    assert "position 3 is in the signed book" in proven(single_proof())
    assert "is not in the tree" in refused(single_proof(checkpoint=signed(seal_of(book[:5]))))
    assert "is not in the tree" in refused(single_proof(checkpoint=signed(seal_of(book), root="11" * 32)))
    assert "not a proof" in refused(single_proof(event=book[2]))
    assert "not a proof" in refused(single_proof(more=1))
    assert "a version that this program does not know" in refused(single_proof(version=2))
    assert "is not in the tree" in refused(single_proof() + b"{}\n")
    assert json.loads(single_proof())["event"]["position"] == 3
