"""Inclusion proofs: that one event is in the signed book, shown without any other event."""

from typing import Any

import msgspec

from ledger.book import BookRow, as_hashed, hash_at, hashes_between, row_at
from ledger.connections import Cursor, cursor
from ledger.errors import LedgerError
from ledger.merkle import Tree
from ledger.partitions import require_attached
from ledger.sealing import EventAsHashed
from ledger.seals import Seal, seal_covering


class NotProvable(LedgerError):
    """There is no proof: no such entry, none signed yet, or the book is not what was signed."""


class Proof(msgspec.Struct, frozen=True):
    """Where an entry stands in a checkpoint's tree: leaf `index` (from 0) of `size`, and its siblings to the root."""

    checkpoint: int
    index: int
    size: int
    path: list[str]


class ProvenEvent(EventAsHashed, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An event in the public form as stored, with its position, hash and the hash before it: a line of an export."""

    position: int
    hash: str
    previous_hash: str
    proof: Proof | None = None


def proven(row: BookRow, previous_hash: bytes, proof: Proof | None = None) -> ProvenEvent:
    """The entry as an export has it."""
    return ProvenEvent(
        *msgspec.structs.astuple(as_hashed(row)),
        position=row.position,
        hash=row.hash.hex(),
        previous_hash=previous_hash.hex(),
        proof=proof,
    )


def proof_in(tree: Tree, seal: Seal, position: int) -> Proof:
    """The proof of the entry at `position` in the seal's tree."""
    index = position - seal.first
    return Proof(seal.position, index, seal.size, [node.hex() for node in tree.audit_path(index)])


def tree_of(cur: Cursor, seal: Seal) -> Tree:
    """The tree that was signed, made again from the stored hashes; raises NotProvable where it cannot be."""
    hashes = hashes_between(cur, seal.first, seal.position)
    if len(hashes) == seal.size:
        tree = Tree(hashes)
        if tree.root == seal.root:
            return tree
    raise NotProvable(f"entries {seal.first} to {seal.position} are not what was signed: run verify_ledger")


def prove(position: int) -> dict[str, Any]:
    """The proof of one event (JSON types): the event, its place in the tree, and the checkpoint that was signed.

    Raises NotProvable, EventsDetached.
    """
    with cursor() as cur:
        row, previous_hash = row_at(cur, position), hash_at(cur, position - 1)
        if row is not None and not row.is_whole:
            require_attached(cur, position - 1, position)
        if row is None or not row.is_whole or previous_hash is None:
            raise NotProvable(f"the book has no event at position {position}")
        seal = seal_covering(cur, position)
        if seal is None:
            raise NotProvable(f"position {position} is not signed yet: run sign_checkpoint")
        proof = proof_in(tree_of(cur, seal), seal, position)
    return {
        "kind": "passbook-proof",
        "version": 1,
        "event": proven(row, previous_hash, proof),
        "checkpoint": seal.public_form(),
    }
