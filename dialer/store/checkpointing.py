"""When a checkpoint is made, and from what: the running store's part of `dialer.audit.checkpoints`.

One is made with the commit that brings `EVERY_ENTRIES` entries since the last one, or where
`EVERY_S` have passed since the first entry after it, and when the store ends. It is written in the
same transaction as the entries it covers and published after its commit. The Merkle tree is carried
along as its perfect subtrees, so nothing is read again.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from dialer.audit.chain import Head, canonical_json
from dialer.audit.checkpoints import NoCheckpoint, Signer, Witness
from dialer.audit.merkle import CompactRange, leaf_hash
from dialer.audit.stamps import read_stamp
from dialer.audit.verification import Sworn
from dialer.model.audit_reports import CheckpointLine
from dialer.model.errors import JournalFault
from dialer.model.instant import Instant
from dialer.store.tables import CHECKPOINT, JOURNAL

EVERY_ENTRIES = 1_000
EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Pending:
    """What holds once the transaction is committed: the tree, and the note of a new checkpoint."""

    tree: CompactRange
    note: str | None


class Notary:
    """Makes the checkpoints of one journal. Belongs to the writer's thread."""

    def __init__(self, signer: Signer, tree: CompactRange, noted: int, shift_ms: int) -> None:
        """`tree`: over all entries committed; `noted`: how many the last checkpoint covers."""
        self._signer = signer
        self._tree = tree
        self._noted = noted
        self._shift_ms = shift_ms
        self._first_at = time.monotonic()

    @classmethod
    def open(
        cls, connection: Connection, signer: Signer, head: Head, shift_ms: int
    ) -> tuple[Notary, str | None]:
        """Go on from the last checkpoint; its note comes with it, None where there is none.

        Raises JournalFault where the journal does not fit it: then nothing may be built on it.
        """
        tree, noted, note = CompactRange(), 0, None
        last = connection.execute(
            select(CHECKPOINT).order_by(CHECKPOINT.c.size.desc()).limit(1)
        ).one_or_none()
        if last is not None:
            note = last.note
            try:
                said = signer.witness.checkpoint(note)
                tree = tree_of(last.size, last.peaks_json)
            except ValueError as error:
                raise JournalFault(
                    f"the last checkpoint cannot be gone on from: {error}"
                ) from error
            found = connection.scalar(select(JOURNAL.c.hash).where(JOURNAL.c.seq == said.size))
            if (said.size, said.root) != (last.size, tree.root()) or found != said.head:
                raise JournalFault(
                    f"the checkpoint of {last.size} entries does not fit the journal: it was "
                    "changed outside this program. `dialer audit verify` tells where; restore it "
                    "from a backup."
                )
            noted = said.size
        later = select(JOURNAL.c.hash).where(JOURNAL.c.seq > noted).order_by(JOURNAL.c.seq)
        for row in connection.execution_options(yield_per=1_000).execute(later):
            tree.add(leaf_hash(bytes.fromhex(row.hash)))
        if tree.size != head.entries:
            raise JournalFault(
                f"{head.entries - tree.size} entries are missing in the journal's midst. "
                "`dialer audit verify` tells where; restore it from a backup."
            )
        return cls(signer, tree, noted, shift_ms), note

    @property
    def witness(self) -> Witness:
        """What checks the signatures."""
        return self._signer.witness

    def due_in_s(self) -> float | None:
        """How long until a checkpoint should be made; None while there is nothing to say."""
        if self._tree.size == self._noted:
            return None
        return max(0.0, self._first_at + EVERY_S - time.monotonic())

    def grow(self, connection: Connection, hashes: Sequence[str], *, now: bool = False) -> Pending:
        """Take in entries about to be committed; write a checkpoint if one is due, or asked for
        with `now`. Nothing holds before `committed` is told."""
        tree = self._tree.copy()
        for each in hashes:
            tree.add(leaf_hash(bytes.fromhex(each)))
        fresh = tree.size - self._noted
        if not fresh:
            return Pending(tree, None)
        if not (now or fresh >= EVERY_ENTRIES or self.due_in_s() == 0.0):
            return Pending(tree, None)
        head = (
            hashes[-1]
            if hashes
            else connection.scalar(select(JOURNAL.c.hash).where(JOURNAL.c.seq == tree.size))
        )
        assert head is not None, "the tree ends at an entry"
        at = Instant(int(time.time() * 1000) + self._shift_ms)
        note = self._signer.checkpoint(tree.size, tree.root(), head, at)
        connection.execute(
            insert(CHECKPOINT),
            {
                "size": tree.size,
                "note": note,
                "peaks_json": canonical_json([peak.hex() for peak in tree.peaks]),
                "stamp": "",
            },
        )
        return Pending(tree, note)

    def committed(self, pending: Pending) -> None:
        """The transaction is committed."""
        if pending.note is not None:
            self._noted = pending.tree.size
        elif self._tree.size == self._noted and pending.tree.size > self._noted:
            self._first_at = time.monotonic()
        self._tree = pending.tree

    def put_off(self) -> None:
        """It could not be written now: not again at once."""
        self._first_at = time.monotonic()


def tree_of(size: int, peaks_json: str) -> CompactRange:
    """A tree as a row of `checkpoint` keeps it. Raises ValueError where it is none."""
    peaks = json.loads(peaks_json)
    if not isinstance(peaks, list) or not all(isinstance(peak, str) for peak in peaks):
        raise ValueError("the hashes of the tree are no list of texts")
    return CompactRange(size, [bytes.fromhex(peak) for peak in peaks])


def keep_stamp(connection: Connection, note: str, stamp: bytes) -> None:
    """Keep a time stamping authority's response with the checkpoint whose note it is of."""
    coded = base64.b64encode(stamp).decode()
    connection.execute(update(CHECKPOINT).where(CHECKPOINT.c.note == note).values(stamp=coded))


def own_checkpoints(connection: Connection, witness: Witness) -> list[Sworn]:
    """The journal's own checkpoints, the oldest first. Raises NoCheckpoint at one that was changed,
    naming it."""
    found = []
    for row in connection.execute(select(CHECKPOINT).order_by(CHECKPOINT.c.size)):
        try:
            said = witness.checkpoint(row.note)
            if said.size != row.size or tree_of(row.size, row.peaks_json).root() != said.root:
                raise NoCheckpoint("its row says otherwise than its note")
            if row.stamp:
                read_stamp(row.note, base64.b64decode(row.stamp, validate=True))
        except ValueError as error:
            raise NoCheckpoint(
                f"the journal's checkpoint of {row.size} entries: {error}"
            ) from error
        found.append(Sworn(said))
    return found


def newest_checkpoints(
    connection: Connection, witness: Witness, limit: int
) -> tuple[list[CheckpointLine], int]:
    """The journal's newest checkpoints, and how many there are. Raises NoCheckpoint at one that was
    changed."""
    newest = select(CHECKPOINT).order_by(CHECKPOINT.c.size.desc()).limit(limit)
    lines = [
        CheckpointLine(row.size, witness.checkpoint(row.note).at, bool(row.stamp))
        for row in connection.execute(newest)
    ]
    return lines, connection.scalar(select(func.count()).select_from(CHECKPOINT)) or 0
