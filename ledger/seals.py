"""Signed checkpoints (seals): the book's hash at a position, and the Merkle root of the entries since the last.

A seal covers the entries from `first` up to `position`, at most MAX_ENTRIES, right behind the seal before it. The leaf
of an entry is its hash, 32 bytes: that binds its position, its event and everything before it.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec

from ledger.codec import encode_canonical
from ledger.connections import Cursor, cursor
from ledger.errors import LedgerError
from ledger.keys import SigningKey, is_signed
from ledger.records import RFC3339_SQL

# Bounds what a proof has to read, and what a check has to remember.
MAX_ENTRIES: Final = 65_536
_PAGE_SIZE: Final = 1_000
# In the order of Seal's fields.
_COLUMNS: Final = f"first, position, hash, root, key_id, {RFC3339_SQL.format('signed_at')}, signature"


class InvalidSeal(LedgerError):
    """Not the JSON of a signed checkpoint."""


class Seal(msgspec.Struct, frozen=True):
    """A signed checkpoint. `key_id` is the public key, `signed_at` RFC 3339; `signature` covers all the rest."""

    first: int
    position: int
    hash: bytes
    root: bytes
    key_id: str
    signed_at: str
    signature: bytes = b""

    @property
    def size(self) -> int:
        """How many entries its tree covers."""
        return self.position - self.first + 1

    def message(self) -> bytes:
        """What is signed: the public form without the signature, in canonical JSON."""
        form = self.public_form()
        del form["signature"]
        return encode_canonical(form)

    def signed_by(self, key: SigningKey) -> "Seal":
        """The same with this key's signature."""
        own = msgspec.structs.replace(self, key_id=key.id)
        return msgspec.structs.replace(own, signature=key.sign(own.message()))

    def is_genuine(self) -> bool:
        """Whether the key that it names signed it; whether that key is trusted is another question."""
        return is_signed(self.message(), self.signature, self.key_id)

    def public_form(self) -> dict[str, Any]:
        """As it is exported (JSON types)."""
        return {
            "kind": "passbook-checkpoint",
            "version": 1,
            "first": self.first,
            "position": self.position,
            "hash": self.hash.hex(),
            "root": self.root.hex(),
            "keyId": self.key_id,
            "signedAt": self.signed_at,
            "signature": base64.b64encode(self.signature).decode(),
        }


class _SealJson(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    kind: Literal["passbook-checkpoint"]
    version: Literal[1]
    first: int
    position: int
    hash: str
    root: str
    key_id: str
    signed_at: str
    signature: str


_decode: Final = msgspec.json.Decoder(_SealJson).decode


def seal_from_json(line: str | bytes) -> Seal:
    """A seal from its public form; raises InvalidSeal."""
    try:
        given = _decode(line)
        return Seal(
            first=given.first,
            position=given.position,
            hash=bytes.fromhex(given.hash),
            root=bytes.fromhex(given.root),
            key_id=given.key_id,
            signed_at=given.signed_at,
            signature=base64.b64decode(given.signature, validate=True),
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidSeal(f"not a signed checkpoint: {error}") from error


def seals_from_lines(lines: Iterable[str | bytes]) -> Iterator[Seal]:
    """The seals of an export, one a line; raises InvalidSeal, also where they are not in order of position."""
    last = 0
    for line in lines:
        if not line.strip():
            continue
        seal = seal_from_json(line)
        if seal.position <= last:
            raise InvalidSeal(f"the checkpoint at {seal.position} comes behind the one at {last}")
        last = seal.position
        yield seal


def read_seals(first: int = 1) -> Iterator[Seal]:
    """The seals at or behind position `first`, in order; in pages, so memory is flat."""
    while True:
        with cursor() as cur:
            cur.execute(
                f"select {_COLUMNS} from ledger_seal where position >= %s order by position limit %s",
                (first, _PAGE_SIZE),
            )
            page = [Seal(*row) for row in cur.fetchall()]
        yield from page
        if len(page) < _PAGE_SIZE:
            return
        first = page[-1].position + 1


def last_seal(cur: Cursor, *, before: int = 2**63 - 1) -> Seal | None:
    """The last seal whose position is below `before`."""
    row = cur.execute(
        f"select {_COLUMNS} from ledger_seal where position < %s order by position desc limit 1", (before,)
    ).fetchone()
    return Seal(*row) if row else None


def seal_covering(cur: Cursor, position: int) -> Seal | None:
    """The seal whose tree has the entry at `position`."""
    row = cur.execute(
        f"select {_COLUMNS} from ledger_seal where position >= %s and first <= %s order by position limit 1",
        (position, position),
    ).fetchone()
    return Seal(*row) if row else None


def seals_before(position: int, limit: int) -> list[Seal]:
    """Up to `limit` seals whose position is below, the newest first."""
    with cursor() as cur:
        cur.execute(
            f"select {_COLUMNS} from ledger_seal where position < %s order by position desc limit %s", (position, limit)
        )
        return [Seal(*row) for row in cur.fetchall()]


def insert_seal(cur: Cursor, seal: Seal) -> None:
    """Keep a seal for ever."""
    cur.execute(
        "insert into ledger_seal (first, position, hash, root, key_id, signed_at, signature)"
        " values (%s, %s, %s, %s, %s, %s::text::timestamptz, %s)",
        (seal.first, seal.position, seal.hash, seal.root, seal.key_id, seal.signed_at, seal.signature),
    )
