#!/usr/bin/env python3
"""Proves an export of Passbook's ledger, or a single event, without the bank: one file, no database, no Django.

    python3 tools/verify_export.py export.jsonl --public-key KEY
    python3 tools/verify_export.py proof.json --public-key KEY

It checks every byte's form, the chain of hashes (SHA-256 of hash before, position, event), that positions are dense,
inclusion proofs and Merkle roots (RFC 6962), and signatures (Ed25519). KEY is the bank's public key in base64, or a
file that holds it: get it on another way than the export. Signatures need the package `cryptography`; all the rest
needs Python 3.11 or newer and nothing else.

Exit code: 0 proven, 1 not proven, 2 not tried.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

EVENT: Final = {"data", "id", "metadata", "schemaVersion", "streamId", "streamPosition", "timestamp", "type"}
LINE: Final = EVENT | {"hash", "position", "previousHash"}
PROOF: Final = {"checkpoint", "index", "path", "size"}
SINGLE_PROOF: Final = {"checkpoint", "event", "kind", "version"}
CHECKPOINT: Final = {"first", "hash", "keyId", "kind", "position", "root", "signature", "signedAt", "version"}
MANIFEST: Final = {"exportedAt", "first", "kind", "last", "previousHash", "streams", "version"}
MANIFEST_OF_TYPES: Final = MANIFEST | {"types"}  # version 2: only events of some types
END: Final = {"checkpoints", "events", "kind", "sha256"}

GENESIS: Final = bytes(32)
MAX_ENTRIES: Final = 65_536  # of one checkpoint
MAX_LINE_BYTES: Final = 1 << 26
SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}\Z")

Form = dict[str, Any]


class NotProvenError(Exception):
    """What is wrong."""


def canonical(value: object) -> bytes:
    """RFC 8785 for objects, arrays, strings, integers, booleans and null: sorted keys, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(*parts: bytes) -> bytes:
    """The hash of the parts, one behind the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def parse(line: bytes) -> Form:
    """The object that a line holds, which has to be canonical JSON to the last byte."""
    if not line.endswith(b"\n"):
        raise NotProvenError("the line has no end")
    try:
        value = json.loads(line, parse_float=refuse_number, parse_constant=refuse_number)
        same = canonical(value) + b"\n" == line
    except (ValueError, RecursionError) as error:
        raise NotProvenError(f"not the JSON that the bank writes: {error}") from error
    if not same:
        raise NotProvenError("not canonical JSON: something was added, removed or written anew")
    if not isinstance(value, dict):
        raise NotProvenError("not an object")
    return value


def refuse_number(text: str) -> NoReturn:
    """Events hold integers only."""
    raise ValueError(f"the number {text}")


def require(form: object, keys: set[str], what: str, version: int = 1) -> Form:
    """`form` is an object with exactly these keys, of this version where it says any."""
    if not isinstance(form, dict) or form.keys() != keys:
        raise NotProvenError(f"not {what}: it lacks something, or has something that none has")
    if form.get("version", version) != version:
        raise NotProvenError(f"{what} of a version that this program does not know")
    return form


def number(form: Form, name: str) -> int:
    """A whole number from 0."""
    value = form[name]
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise NotProvenError(f"{name} is not a whole number")
    return value


def hash_of(form: Form, name: str) -> bytes:
    """A SHA-256 in hexadecimal."""
    return unhex(form[name], name)


def unhex(value: object, name: str) -> bytes:
    """32 bytes from 64 digits."""
    if not isinstance(value, str) or not SHA256_HEX.match(value):
        raise NotProvenError(f"{name} is not a SHA-256")
    return bytes.fromhex(value)


# --- Merkle trees ----------------------------------------------------------------------------------------------------


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """MTH (RFC 6962, 2.1), level by level: pairs are joined, an odd last node moves up as it is."""
    level = [sha256(b"\x00", leaf) for leaf in leaves]
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        level = [sha256(b"\x01", left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise NotProvenError("the proof is of a leaf outside its tree")
    node, last = sha256(b"\x00", leaf), size - 1
    for sibling in path:
        if last == 0:
            raise NotProvenError("the proof is longer than its tree is high")
        if index % 2 or index == last:
            node = sha256(b"\x01", sibling, node)
            while index and index % 2 == 0:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\x01", node, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise NotProvenError("the proof is shorter than its tree is high")
    return node


# --- checkpoints -----------------------------------------------------------------------------------------------------


class Keys:
    """The public keys whose signatures count; None: those that the file itself names, which proves less."""

    def __init__(self, trusted: Sequence[str] | None, *, check: bool = True) -> None:
        self.trusted = trusted
        self.check = check
        self.seen: set[str] = set()

    def verify(self, key: str, signature: object, message: bytes) -> None:
        """Raises NotProvenError unless a key that counts signed the message."""
        if self.trusted is not None and key not in self.trusted:
            raise NotProvenError(f"signed by the key {key}, which is not the one that you gave")
        self.seen.add(key)
        if not self.check:
            return
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
            public.verify(base64.b64decode(str(signature), validate=True), message)
        except (InvalidSignature, ValueError) as error:
            raise NotProvenError("the signature of the checkpoint does not hold") from error


class Checkpoint:
    """A signed checkpoint: the chain's hash at `position`, the Merkle root of the entries from `first` to there."""

    def __init__(self, form: object, keys: Keys) -> None:
        form = require(form, CHECKPOINT, "a checkpoint")
        self.first, self.position = number(form, "first"), number(form, "position")
        self.hash, self.root = hash_of(form, "hash"), hash_of(form, "root")
        self.size = self.position - self.first + 1
        if form["kind"] != "passbook-checkpoint" or not 1 <= self.size <= MAX_ENTRIES:
            raise NotProvenError("not a checkpoint of this bank")
        message = canonical({name: value for name, value in form.items() if name != "signature"})
        keys.verify(str(form["keyId"]), form["signature"], message)


# --- events ----------------------------------------------------------------------------------------------------------


class Event:
    """An event whose own hash is right: SHA-256(hash before, position as 8 bytes big-endian, canonical event)."""

    def __init__(self, form: object) -> None:
        if isinstance(form, dict) and "proof" in form:
            self.proof, form = form["proof"], {name: value for name, value in form.items() if name != "proof"}
        else:
            self.proof = None
        form = require(form, LINE, "an event")
        self.position = number(form, "position")
        self.stream, self.place = str(form["streamId"]), number(form, "streamPosition")
        self.type = str(form["type"])
        self.previous, self.hash = hash_of(form, "previousHash"), hash_of(form, "hash")
        own = canonical({name: form[name] for name in EVENT})
        if sha256(self.previous, self.position.to_bytes(8, "big"), own) != self.hash:
            raise NotProvenError(f"position {self.position}: the event is not what was sealed, its hash is another")
        if self.position == 1 and self.previous != GENESIS:
            raise NotProvenError("position 1 follows nothing, so the hash before it is zero")

    def tree(self) -> tuple[int, int, bytes]:
        """(first, position, root) of the checkpoint that its proof leads to."""
        proof = require(self.proof, PROOF, "a proof")
        index, size, position = number(proof, "index"), number(proof, "size"), number(proof, "checkpoint")
        first = self.position - index
        if first + size - 1 != position or not isinstance(proof["path"], list):
            raise NotProvenError(f"position {self.position}: the proof is for another place")
        return first, position, root_from_path(self.hash, index, size, [unhex(node, "path") for node in proof["path"]])


class Export:
    """The check of an export, line by line. Memory stays bounded by one checkpoint's range."""

    def __init__(self, manifest: Form, keys: Keys, witnesses: Mapping[int, bytes]) -> None:
        if "types" in manifest:
            require(manifest, MANIFEST_OF_TYPES, "an export's first line", version=2)
        else:
            require(manifest, MANIFEST, "an export's first line")
        self.keys, self.witnesses = keys, witnesses
        self.first, self.last, self.streams = number(manifest, "first"), number(manifest, "last"), manifest["streams"]
        self.types = manifest.get("types")
        self.is_chosen = self.streams is not None or self.types is not None
        self.position, self.hash = self.first - 1, hash_of(manifest, "previousHash")
        if self.first == 1 and self.hash != GENESIS:
            raise NotProvenError("before the first entry the hash is zero")
        if self.streams is not None and not isinstance(self.streams, list):
            raise NotProvenError("streams is not a list")
        if "types" in manifest and not (isinstance(self.types, list) and self.types):
            raise NotProvenError("types is not a list of any")
        self.events = self.checkpoints = self.signed = self.waiting = self.witnessed = 0
        self.signed_to = 0
        self.leaves: list[bytes] = []
        self.places: dict[str, int] = {}  # the next place in each stream
        self.tree: tuple[int, int, bytes] | None = None  # where the proofs since the last checkpoint lead to

    def take(self, form: Form) -> None:
        """The next line but the last."""
        if "kind" in form:
            self._checkpoint(Checkpoint(form, self.keys))
            return
        event = Event(form)
        if self.is_chosen:
            self._next_of_chosen(event)
        else:
            self._next_of_chain(event)
        self.position, self.hash = event.position, event.hash
        self.events += 1
        if (kept := self.witnesses.get(event.position)) is not None:
            if kept != event.hash:
                raise NotProvenError(f"position {event.position}: the checkpoint that you kept has another hash")
            self.witnessed += 1

    def _next_of_chain(self, event: Event) -> None:
        if event.proof is not None or event.position != self.position + 1:
            raise NotProvenError(f"position {self.position + 1} is missing, {event.position} comes in its place")
        if event.previous != self.hash:
            raise NotProvenError(f"position {event.position}: the chain is broken, it follows another entry")
        if len(self.leaves) <= MAX_ENTRIES:
            self.leaves.append(event.hash)

    def _next_of_chosen(self, event: Event) -> None:
        if self.types is not None and event.type not in self.types:
            raise NotProvenError(f"position {event.position} is of a type that was not asked for")
        of_others = self.streams is not None and event.stream not in self.streams
        if not self.position < event.position <= self.last or of_others:
            raise NotProvenError(f"position {event.position} is out of order, or of a stream that was not asked for")
        if event.position == self.position + 1 and event.previous != self.hash:
            raise NotProvenError(f"position {event.position}: the chain is broken, it follows another entry")
        if self.types is None:
            if event.place != self.places.get(event.stream, event.place if self.first > 1 else 1):
                raise NotProvenError(f"position {event.position}: before it, an event of the same stream is missing")
            self.places[event.stream] = event.place + 1
        if event.proof is None:
            if self.tree is not None:
                raise NotProvenError(f"position {event.position} has no proof, but the event before it has")
            return
        tree = event.tree()
        if self.tree not in (None, tree):
            raise NotProvenError(f"position {event.position}: its proof leads elsewhere than that of the event before")
        self.tree = tree
        self.waiting += 1

    def _checkpoint(self, found: Checkpoint) -> None:
        if found.position <= self.signed_to:
            raise NotProvenError(f"the checkpoint at {found.position} is out of order")
        if not self.is_chosen:
            self._against_chain(found)
            self.signed = self.events
        elif self.tree != (found.first, found.position, found.root):
            raise NotProvenError(f"the checkpoint at {found.position} is not the one that the proofs lead to")
        self.signed += self.waiting
        self.waiting, self.tree = 0, None
        self.checkpoints, self.signed_to = self.checkpoints + 1, found.position

    def _against_chain(self, found: Checkpoint) -> None:
        if (found.position, found.hash) != (self.position, self.hash):
            raise NotProvenError(f"the chain at position {self.position} is not the one that was signed")
        leaves, self.leaves = self.leaves, []
        whole = found.first >= self.first
        if whole and (len(leaves) != found.size or merkle_root(leaves) != found.root):
            raise NotProvenError(f"the Merkle root of the checkpoint at {found.position} is another")

    def end(self, form: Form) -> str:
        """The last line; returns what was proven."""
        if (form["events"], form["checkpoints"]) != (self.events, self.checkpoints):
            raise NotProvenError("the last line counts other numbers of events and checkpoints")
        if not self.is_chosen and self.position != self.last:
            raise NotProvenError(f"the export ends at position {self.position}, before {self.last}")
        if self.tree is not None:
            raise NotProvenError("the checkpoint that the last proofs lead to is missing")
        chosen = [f"of {len(self.streams)} streams"] if self.streams is not None else []
        chosen += [f"of the types {', '.join(map(str, self.types))}"] if self.types is not None else []
        what = " and ".join(chosen) or f"positions {self.first} to {self.last}"
        kept = f", {self.witnessed} checkpoints that you kept agree" if self.witnesses else ""
        return f"{self.events} events ({what}), {self.signed} of them signed{kept}; last hash {self.hash.hex()}"


def verify(lines: Iterator[bytes], keys: Keys, witnesses: Mapping[int, bytes]) -> str:
    """What an export or a single proof proves; raises NotProvenError."""
    first = next(lines, b"")
    number_of_line = 1
    try:
        manifest = parse(first)
        if manifest.get("kind") == "passbook-proof":
            return single_proof(manifest, lines, keys)
        if manifest.get("kind") != "passbook-export":
            raise NotProvenError("neither an export nor a proof")
        export, file_hash = Export(manifest, keys, witnesses), hashlib.sha256(first)
        for line in lines:
            number_of_line += 1
            form = parse(line)
            if form.get("kind") != "passbook-export-end":
                export.take(form)
                file_hash.update(line)
                continue
            require(form, END, "an export's last line")
            file_hash.update(canonical({name: value for name, value in form.items() if name != "sha256"}))
            if file_hash.digest() != hash_of(form, "sha256") or next(lines, None) is not None:
                raise NotProvenError("the SHA-256 of the file is another")
            return export.end(form)
        raise NotProvenError("the export breaks off here")
    except NotProvenError as error:
        raise NotProvenError(f"line {number_of_line}: {error}") from error


def single_proof(form: Form, lines: Iterator[bytes], keys: Keys) -> str:
    """What the proof of one event proves."""
    require(form, SINGLE_PROOF, "a proof")
    event, found = Event(form["event"]), Checkpoint(form["checkpoint"], keys)
    if event.tree() != (found.first, found.position, found.root) or next(lines, None) is not None:
        raise NotProvenError(f"position {event.position} is not in the tree of the checkpoint")
    return f"the event at position {event.position} is in the signed book: {event.hash.hex()}"


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines, none longer than any that the bank writes."""
    while line := file.readline(MAX_LINE_BYTES):
        yield line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="Prove an export of Passbook's ledger, or the proof of one event.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--public-key", action="append", metavar="FILE|BASE64", help="a key whose signatures count")
    parser.add_argument("--checkpoints", type=Path, metavar="FILE", help="checkpoints that you kept, as JSON lines")
    parser.add_argument("--no-signatures", action="store_true", help="check all but the signatures")
    options = parser.parse_args(arguments)
    try:
        trusted = [public_key(text) for text in options.public_key] if options.public_key else None
        keys = Keys(trusted, check=not options.no_signatures)
        if keys.check:
            import cryptography  # noqa: F401 - to know now, not at the first checkpoint
        witnesses = {}
        if options.checkpoints:
            with options.checkpoints.open("rb") as file:
                kept = [Checkpoint(parse(line), keys) for line in lines_of(file)]
            witnesses = {checkpoint.position: checkpoint.hash for checkpoint in kept}
        with options.file.open("rb") as file:
            proven = verify(lines_of(file), keys, witnesses)
    except NotProvenError as error:
        print(f"NOT PROVEN: {error}")
        return 1
    except ImportError:
        print("not tried: signatures need the package cryptography (or ask for --no-signatures)", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"not tried: {error}", file=sys.stderr)
        return 2
    print(f"OK: {proven}")
    for line in caveats(keys):
        print(line)
    return 0


def caveats(keys: Keys) -> Iterator[str]:
    """What the verdict leaves open."""
    if not keys.check:
        yield "The signatures were NOT checked: whoever could write the file could make all of it up."
    elif not keys.seen:
        yield "Nothing in it is signed yet: whoever could write the file could make all of it up."
    elif keys.trusted is None:
        yield f"Signed by {', '.join(sorted(keys.seen))}. Ask the bank, on another way, whether that is its public key."


def public_key(text: str) -> str:
    """A key in base64, as it was given or as the file of that name has it; raises ValueError."""
    with suppress(OSError):
        text = Path(text).read_text()
    text = text.strip()
    if len(text) != 44 or len(base64.b64decode(text, validate=True)) != 32:
        raise ValueError(f"{text[:60]} is neither a public key nor a file that holds one")
    return text


if __name__ == "__main__":
    sys.exit(main())
