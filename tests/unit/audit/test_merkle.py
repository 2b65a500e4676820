"""The Merkle tree is RFC 6962's: against its definition, written down naively, and against the
values that implementations of it share."""

from __future__ import annotations

import hashlib
from binascii import unhexlify

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
    leaf_hash,
    root_of,
)

# The eight leaves with which certificate transparency's own code is tested, and the roots over the
# first one, two, ... of them.
LEAVES = [
    unhexlify(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

trees = st.integers(1, 70).map(lambda size: [leaf_hash(bytes([n])) for n in range(size)])


def defined(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + defined(leaves[:split]) + defined(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_everybody_gets(size: int) -> None:
    assert root_of(map(leaf_hash, LEAVES[:size])).hex() == ROOTS[size - 1]


@given(trees)
def test_the_root_is_as_defined(leaves: list[bytes]) -> None:
    assert root_of(leaves) == defined(leaves)
    assert root_of([]) == EMPTY_ROOT == defined([])


@given(trees, st.data())
def test_a_stored_range_grows_on(leaves: list[bytes], data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(leaves)))
    first = CompactRange()
    for leaf in leaves[:kept]:
        first.add(leaf)
    second = CompactRange(first.size, first.peaks)
    for leaf in leaves[kept:]:
        second.add(leaf)
    third = first.copy()
    third.extend(leaves[kept:])
    assert (third.size, third.peaks) == (second.size, second.peaks)
    assert (second.size, second.root()) == (len(leaves), defined(leaves))
    assert (first.size, first.root()) == (kept, defined(leaves[:kept]))


@pytest.mark.parametrize(("size", "peaks"), [(3, 1), (4, 2), (0, 1), (-1, 0)])
def test_a_range_that_cannot_be(size: int, peaks: int) -> None:
    with pytest.raises(ValueError, match="leaves needs"):
        CompactRange(size, [bytes(32)] * peaks)
    with pytest.raises(ValueError, match="leaves needs"):
        CompactRange(1, [bytes(31)])


@given(trees, st.data())
def test_inclusion_is_proved_and_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)
    root, size = root_of(leaves), len(leaves)
    assert includes(root, size, leaves[index], index, proof)
    other = data.draw(st.integers(0, len(leaves) - 1))
    if other != index:
        assert not includes(root, size, leaves[other], index, proof)
        assert not includes(root, size, leaves[index], other, proof)
    assert not includes(root, size, leaves[index], index, [*proof, bytes(32)])
    assert not includes(root, size, leaves[index], size, proof)
    for place in range(len(proof)):
        forged = [*proof[:place], leaf_hash(proof[place]), *proof[place + 1 :]]
        assert not includes(root, size, leaves[index], index, forged)
        assert not includes(root, size, leaves[index], index, proof[:place])


@given(trees, st.data())
def test_consistency_is_proved_and_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    size = len(leaves)
    older = data.draw(st.integers(1, size))
    proof = consistency_proof(leaves, older)
    before, root = root_of(leaves[:older]), root_of(leaves)
    assert consistent(before, older, root, size, proof)
    rewritten = [leaf_hash(b"another"), *leaves[1:]]
    if older < size:
        assert not consistent(root_of(rewritten[:older]), older, root, size, proof)
        assert not consistent(before, older, root_of(rewritten), size, proof)
    assert not consistent(before, older, root, size, [*proof, bytes(32)])
    assert not consistent(before, 0, root, size, proof)
    assert not consistent(before, size + 1, root, size, proof)
    for place in range(len(proof)):
        forged = [*proof[:place], leaf_hash(proof[place]), *proof[place + 1 :]]
        assert not consistent(before, older, root, size, forged)
        assert not consistent(before, older, root, size, proof[:place])


def test_there_is_no_proof_of_what_is_not_there() -> None:
    leaves = [leaf_hash(b"a")]
    with pytest.raises(IndexError):
        inclusion_proof(leaves, 1)
    for older in (0, 2):
        with pytest.raises(IndexError):
            consistency_proof(leaves, older)
