"""The Merkle tree over the journal's hashes, as RFC 6962 (section 2.1) and RFC 9162 define it.

A leaf is hashed as SHA-256(0x00 || data), a node as SHA-256(0x01 || left || right); a tree of n
leaves is split at the largest power of two below n. The leaf of entry n is its chain hash (32
bytes). A tree of n leaves proves with about log2(n) hashes that it holds a leaf (inclusion), and
that an older tree is its beginning (consistency).

`CompactRange` is the tree as its perfect subtrees only: what is needed to add leaves and to know
the root, and no more than one hash per bit of the size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""

HASH_BYTES = 32
_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return _sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The perfect subtrees of a tree that grows at its end, the largest first."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """A range stored before. Raises ValueError where `peaks` is not what `size` needs: one hash
        for every bit that is set."""
        if size < 0 or len(peaks) != size.bit_count() or any(len(p) != HASH_BYTES for p in peaks):
            raise ValueError(f"a tree of {size} leaves needs {max(size, 0).bit_count()} hashes")
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, the largest first."""
        return tuple(self._peaks)

    def copy(self) -> CompactRange:
        """Another one, to grow apart."""
        return CompactRange(self.size, self._peaks)

    def add(self, leaf: bytes) -> None:
        """Add a leaf, given by its hash (`leaf_hash`)."""
        peaks, size = self._peaks, self.size
        while size & 1:
            leaf = _sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add many leaves, given by their hashes: the same as `add` for each, in half the time."""
        nodes, before, kept = list(leaves), self.size, []
        while nodes:
            if before & 1:
                nodes.insert(0, self._peaks.pop())
            if len(nodes) & 1:
                kept.append(nodes.pop())
            pairs = iter(nodes)
            nodes = [
                _sha256(b"\x01" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=True)
            ]
            before >>= 1
        self._peaks.extend(reversed(kept))
        self.size += len(leaves)

    def root(self) -> bytes:
        """The root of the tree."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over hashes of leaves."""
    tree = CompactRange()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that prove leaf `index` (from 0) to whoever knows the root over `leaves`.

    Raises IndexError where there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def includes(root: bytes, size: int, leaf: bytes, index: int, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves with this root holds `leaf` at `index` (from 0); RFC 9162,
    section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(other, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, other)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], older: int) -> list[bytes]:
    """The hashes that prove that the tree of the first `older` leaves is the beginning of the tree
    over all `leaves`. Raises IndexError where `older` is not between 1 and their number."""
    if not 1 <= older <= len(leaves):
        raise IndexError(f"no tree of {older} leaves is the beginning of one of {len(leaves)}")
    return _consistency(leaves, older, whole=True)


def _consistency(leaves: Sequence[bytes], older: int, *, whole: bool) -> list[bytes]:
    if older == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if older <= split:
        return [*_consistency(leaves[:split], older, whole=whole), root_of(leaves[split:])]
    return [
        *_consistency(leaves[split:], older - split, whole=False),
        root_of(leaves[:split]),
    ]


def consistent(
    older_root: bytes, older: int, root: bytes, size: int, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `older` leaves is the beginning of the tree of `size`; RFC 9162, section
    2.1.4.2. Of an empty tree nothing can be said, so it is False."""
    if not 1 <= older <= size:
        return False
    if older == size:
        return not proof and older_root == root
    path = list(proof)
    if older & (older - 1) == 0:
        path.insert(0, older_root)
    if not path:
        return False
    place, last = older - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(other, first), node_hash(other, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, other)
        place, last = place >> 1, last >> 1
    return last == 0 and first == older_root and second == root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
