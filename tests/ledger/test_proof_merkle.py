"""Merkle trees: as RFC 6962 defines them, here and in the program that checks exports."""

import hashlib

import pytest

from ledger.merkle import Tree, root_from_path
from tools import verify_export
from tools.verify_export import NotProvenError

SIZES = range(1, 71)


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(bytes([n])).digest() for n in range(count)]


def mth(data: list[bytes]) -> bytes:
    """MTH as the RFC writes it."""
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = largest_power_below(len(data))
    return hashlib.sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path_of(index: int, data: list[bytes]) -> list[bytes]:
    """PATH as the RFC writes it."""
    if len(data) == 1:
        return []
    k = largest_power_below(len(data))
    if index < k:
        return [*path_of(index, data[:k]), mth(data[k:])]
    return [*path_of(index - k, data[k:]), mth(data[:k])]


def largest_power_below(size: int) -> int:
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def proves(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether the proof holds; the bank's own code and the program outside have to agree."""
    own = root_from_path(leaf, index, size, path)
    try:
        outside = verify_export.root_from_path(leaf, index, size, path)
    except NotProvenError:
        assert own is None
        return False
    assert own == outside
    return own == root


def test_roots_and_paths_are_those_of_the_rfc() -> None:
    for size in SIZES:
        data = leaves(size)
        tree = Tree(data)
        assert tree.root == mth(data) == verify_export.merkle_root(data)
        assert [tree.audit_path(index) for index in range(size)] == [path_of(index, data) for index in range(size)]


def test_the_known_root_of_a_known_tree() -> None:
    # The eight inputs and the root that Certificate Transparency's implementations test each other with.
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = Tree([bytes.fromhex(text) for text in inputs])
    assert tree.root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_every_leaf_is_proven_and_nothing_else_is() -> None:
    for size in SIZES:
        data = leaves(size)
        tree = Tree(data)
        for index in range(size):
            path = tree.audit_path(index)
            assert proves(data[index], index, size, path, tree.root)
            assert not proves(data[index] + b"x", index, size, path, tree.root)
            assert not proves(data[index], index, size, [*path, tree.root], tree.root)
            assert not proves(data[index], size, size, path, tree.root)
            assert not proves(data[index], -1, size, path, tree.root)
            if path:
                assert not proves(data[index], index, size, path[:-1], tree.root)
                assert not proves(data[index], index, size, path[1:], tree.root)
            for other in range(size):
                assert proves(data[index], other, size, path, tree.root) == (other == index)


def test_a_node_is_not_taken_for_a_leaf() -> None:
    data = leaves(4)
    tree = Tree(data)
    left = tree.audit_path(2)[1]
    right = tree.audit_path(0)[1]
    assert hashlib.sha256(b"\x01" + left + right).digest() == tree.root
    assert not proves(left + right, 0, 1, [], tree.root)


def test_every_changed_node_of_a_path_is_noticed() -> None:
    data = leaves(70)
    tree = Tree(data)
    for index in (0, 1, 35, 63, 64, 68, 69):
        path = tree.audit_path(index)
        for place in range(len(path)):
            changed = [*path[:place], bytes(32), *path[place + 1 :]]
            assert not proves(data[index], index, 70, changed, tree.root)


def test_a_tree_has_leaves() -> None:
    with pytest.raises(ValueError, match="leaves"):
        Tree([])
    with pytest.raises(IndexError):
        Tree(leaves(3)).audit_path(3)
