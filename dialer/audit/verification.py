"""The whole check of a journal: its chain, its head, and every checkpoint anybody kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from dialer.audit.chain import Head, Unreadable, verify_from
from dialer.audit.checkpoints import Checkpoint, NoCheckpoint, Witness
from dialer.audit.merkle import CompactRange, leaf_hash
from dialer.model.instant import rfc3339
from dialer.model.journal import Verification

AT_ONCE = 1_024
"""How many hashes are added to the tree in one go."""


class Sworn(NamedTuple):
    """A checkpoint with a good signature, and where it was kept: "" for the journal's own."""

    checkpoint: Checkpoint
    kept: str = ""

    def words(self) -> str:
        """Which one it is."""
        where = f" kept in {self.kept}" if self.kept else ""
        made = rfc3339(self.checkpoint.at)
        return f"the checkpoint of {self.checkpoint.size} entries made {made}{where}"


class Contradicted(Exception):
    """A checkpoint says otherwise; carries the finding."""

    def __init__(self, found: Verification) -> None:
        super().__init__(found.why)
        self.found = found


class Checker:
    """Follows a journal's hashes and holds each checkpoint against the tree as it grows.

    `start`: the entries before the first one given (a whole journal has none).
    """

    def __init__(self, sworn: Iterable[Sworn], start: CompactRange | None = None) -> None:
        self.tree = start.copy() if start is not None else CompactRange()
        inside = (s for s in sworn if s.checkpoint.size > self.tree.size)
        self._waiting = sorted(inside, key=lambda each: each.checkpoint.size, reverse=True)
        self._next = self._waiting[-1].checkpoint.size if self._waiting else 0
        self._agreed = self.tree.size
        self.checkpoints = 0
        self.anchored = 0

    def add(self, digest: str) -> None:
        """The next entry's hash, in hex. Raises Contradicted."""
        tree = self.tree
        tree.add(leaf_hash(bytes.fromhex(digest)))
        if tree.size == self._next:
            while self._waiting and self._waiting[-1].checkpoint.size == tree.size:
                self._hold(self._waiting.pop(), digest)
            self._next = self._waiting[-1].checkpoint.size if self._waiting else 0

    def room(self) -> int:
        """How many hashes may be added at once: up to the next checkpoint, and no more than
        `AT_ONCE`."""
        return min(self._next - self.tree.size, AT_ONCE) if self._next else AT_ONCE

    def add_all(self, digests: Sequence[str]) -> None:
        """The hashes of the next entries, no more than there is `room` for. Raises Contradicted."""
        if digests:
            *before, last = digests
            self.tree.extend([leaf_hash(bytes.fromhex(each)) for each in before])
            self.add(last)

    def _hold(self, sworn: Sworn, digest: str) -> None:
        said = sworn.checkpoint
        if said.head != digest or said.root != self.tree.root():
            first = self._agreed + 1
            where = f"entry {first}" if first == said.size else f"entries {first} to {said.size}"
            raise Contradicted(
                Verification(
                    False,
                    self._agreed,
                    first,
                    f"{sworn.words()} was made of other entries: {where} "
                    "were written anew after it",
                )
            )
        self._agreed = said.size
        if sworn.kept:
            self.anchored = said.size
        else:
            self.checkpoints += 1

    def missing(self) -> Verification | None:
        """What is wrong where the journal ends before a checkpoint does."""
        beyond = [each for each in self._waiting if each.checkpoint.size > self.tree.size]
        if not beyond:
            return None
        size = self.tree.size
        sworn = beyond[0]
        why = f"the journal ends after entry {size}, {sworn.words()} says there were more"
        return Verification(False, size, size + 1, why)


def sworn_outside(witness: Witness, outside: Mapping[str, Sequence[str]]) -> list[Sworn]:
    """Checkpoints kept outside (notes, by where they were kept).

    Raises NoCheckpoint where one is not signed by the journal's key, or a place holds none: either
    the copy was changed, or it is another journal's, or the journal's key was replaced.
    """
    sworn = []
    for kept, notes in outside.items():
        if not notes:
            raise NoCheckpoint(f"{kept}: no checkpoint was found in it")
        for place, note in enumerate(notes, 1):
            try:
                sworn.append(Sworn(witness.checkpoint(note), kept))
            except NoCheckpoint as error:
                raise NoCheckpoint(f"{kept}: checkpoint {place} in it: {error}") from error
    return sworn


def verify_journal(
    rows: Iterable[tuple[Any, ...] | Unreadable], head: Head | None, sworn: Sequence[Sworn]
) -> Verification:
    """Check a whole journal: every row, its head, and every checkpoint given.

    The first bad entry is named. Where all rows fit each other and a checkpoint contradicts them,
    it is the first one after the last checkpoint that agrees.
    """
    checker = Checker(sworn)

    def watched() -> Iterator[tuple[Any, ...] | Unreadable]:
        good: list[str] = []
        room = checker.room()
        for row in rows:
            yield row
            # Asked for the next one: this one is good.
            good.append(row[12])  # type: ignore[index]  # what cannot be read is not good
            if len(good) == room:
                checker.add_all(good)
                good.clear()
                room = checker.room()
        checker.add_all(good)

    try:
        found = verify_from(Head(), watched(), head)
    except Contradicted as contradicted:
        return contradicted.found
    if found.verified:
        found = checker.missing() or found
    return replace(found, checkpoints=checker.checkpoints, anchored=checker.anchored)
