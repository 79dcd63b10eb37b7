"""Merkle trees as in RFC 6962, section 2.1: one root for many leaves, and short proofs that a leaf is among them."""

import hashlib
from collections.abc import Sequence

# Different prefixes: nobody can pass an inner node off as a leaf.
_LEAF = b"\x00"
_NODE = b"\x01"


class Tree:
    """All levels of the tree over `leaves` (at least one), kept so that many audit paths cost little."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise ValueError("a tree has leaves")
        sha256 = hashlib.sha256
        level = [sha256(_LEAF + leaf).digest() for leaf in leaves]
        self._levels = [level]
        # Pairing level by level, with an odd last node moving up as it is, gives the tree that the RFC defines by
        # splitting at the largest power of two.
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            above = [sha256(_NODE + left + right).digest() for left, right in pairs]
            if len(level) % 2:
                above.append(level[-1])
            self._levels.append(level := above)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """MTH(D[n])."""
        return self._levels[-1][0]

    def audit_path(self, index: int) -> list[bytes]:
        """PATH(index, D[n]): the siblings on the way from leaf `index` (from 0) up to the root."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        path = []
        for level in self._levels[:-1]:
            if (sibling := index ^ 1) < len(level):
                path.append(level[sibling])
            index >>= 1
        return path


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2); None for one that fits no tree of `size` leaves."""
    if not 0 <= index < size:
        return None
    node = hashlib.sha256(_LEAF + leaf).digest()
    last = size - 1
    for sibling in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            node = hashlib.sha256(_NODE + sibling + node).digest()
            while index % 2 == 0 and index:
                index >>= 1
                last >>= 1
        else:
            node = hashlib.sha256(_NODE + node + sibling).digest()
        index >>= 1
        last >>= 1
    return node if last == 0 else None
