"""Writing a bundle of the journal; `dialer.audit.bundle` says what it is and checks it."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import Connection, select

from dialer.audit.bundle import (
    AFTER,
    CHECKPOINTS,
    ENTRIES,
    FORMAT,
    MANIFEST,
    NOTE,
    PERSONAL,
    PUBLIC_KEY,
    README,
    SEAL_BYTES,
    Before,
    Manifest,
    Member,
    line_of,
    manifest_body,
    seal,
)
from dialer.audit.bundle_text import readme
from dialer.audit.chain import GENESIS, Head, Unreadable, canonical_json, keys_of
from dialer.audit.checkpoints import Signer
from dialer.audit.merkle import CompactRange, leaf_hash
from dialer.audit.personal import PersonalValue
from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.model.instant import Instant, rfc3339
from dialer.model.journal import JsonValue
from dialer.store.chained import chained_rows, read_head
from dialer.store.checkpointing import tree_of
from dialer.store.tables import CHECKPOINT, JOURNAL
from dialer.store.tables import PERSONAL as PERSONAL_TABLE

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_KEYS_AT_A_TIME = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a bundle should hold: entries at `since` or later and before `until` (None: no bound),
    with or without what the keys in them stand for."""

    since: Instant | None
    until: Instant | None
    numbers: bool
    by: str


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that was written. `sha256` is its manifest's."""

    manifest: Manifest
    sha256: str

    @property
    def data(self) -> dict[str, JsonValue]:
        """What EXPORTED says of it, but for who made it."""
        m = self.manifest
        return {
            "from": m.since,
            "to": m.until,
            "first_seq": m.first_seq,
            "last_seq": m.last_seq,
            "entries": m.last_seq - m.first_seq + 1,
            "sha256": self.sha256,
            "numbers": m.numbers,
        }


def write_bundle(
    connection: Connection, signer: Signer, wanted: Wanted, now: Instant, file: IO[bytes]
) -> Made:
    """Write the entries of a time, and all between them, to an empty file.

    Raises OperatorError where there are none, JournalFault at an entry that was changed beyond
    reading. What it writes is not checked: `verify_bundle` does that.
    """
    first, last = _range(connection, wanted)
    head = read_head(connection)
    before, tree = _before(connection, first)
    manifest_before = Before(
        entries=first - 1, hash=before, peaks=tuple(peak.hex() for peak in tree.peaks)
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"0" * SEAL_BYTES
        members = _Members(archive)
        origin = signer.witness.origin
        members.add(README, [readme(origin, first, last).encode()])
        members.add(PUBLIC_KEY, [f"{signer.witness}\n".encode()])
        members.add(ENTRIES, _entry_lines(connection, first, last, tree))
        notes, after, stamps = _covering(connection, signer, first, last, tree, head, now)
        members.add(CHECKPOINTS, [f"{note}\n".encode() for note in notes])
        members.add(AFTER, [f"{digest}\n".encode() for digest in after])
        if wanted.numbers:
            members.add(PERSONAL, _personal_lines(connection, first, last))
        for size, stamp in stamps:
            members.add(f"stamps/{size}.tsr", [stamp])
        manifest = Manifest(
            format=FORMAT,
            origin=origin,
            made_at=now,
            made_by=wanted.by,
            since=wanted.since,
            until=wanted.until,
            first_seq=first,
            last_seq=last,
            journal_entries=head.entries,
            before=manifest_before,
            numbers=wanted.numbers,
            members=dict(members.written),
        )
        raw = canonical_json(manifest.model_dump(mode="json")).encode()
        members.add(MANIFEST, [raw])
        members.add(NOTE, [signer.sign(manifest_body(origin, raw)).encode()])
    seal(file)
    return Made(manifest, hashlib.sha256(raw).hexdigest())


class _Members:
    """Members written so far, and what the manifest says of them. The same members give the same
    archive: no times, no names of this machine."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.written: dict[str, Member] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        digest, size, lines = hashlib.sha256(), 0, 0
        info = zipfile.ZipInfo(name, _FIXED_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._archive.open(info, "w", force_zip64=name in (ENTRIES, PERSONAL)) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
                lines += piece.count(b"\n")
        self.written[name] = Member(bytes=size, lines=lines, sha256=digest.hexdigest())


def _range(connection: Connection, wanted: Wanted) -> tuple[int, int]:
    seq, at = JOURNAL.c.seq, JOURNAL.c.at
    first, last = select(seq).order_by(seq).limit(1), select(seq).order_by(seq.desc()).limit(1)
    if wanted.since is not None:
        first, last = first.where(at >= wanted.since), last.where(at >= wanted.since)
    if wanted.until is not None:
        first, last = first.where(at < wanted.until), last.where(at < wanted.until)
    start, end = connection.scalar(first), connection.scalar(last)
    if start is None or end is None:
        since = "the beginning" if wanted.since is None else rfc3339(wanted.since)
        until = "now" if wanted.until is None else rfc3339(wanted.until)
        raise OperatorError(
            Problem(
                "journal",
                None,
                f"there is no entry from {since} to {until}",
                "",
                "Choose another time, or none for the whole journal.",
            )
        )
    return start, end


def _before(connection: Connection, first: int) -> tuple[str, CompactRange]:
    """The hash of the entry before, and the tree over all before it."""
    if first == 1:
        return GENESIS, CompactRange()
    row = connection.execute(
        select(CHECKPOINT.c.size, CHECKPOINT.c.peaks_json)
        .where(CHECKPOINT.c.size < first)
        .order_by(CHECKPOINT.c.size.desc())
        .limit(1)
    ).one_or_none()
    tree = CompactRange() if row is None else tree_of(row.size, row.peaks_json)
    for digest in _hashes(connection, tree.size + 1, first - 1):
        tree.add(leaf_hash(bytes.fromhex(digest)))
    last = connection.scalar(select(JOURNAL.c.hash).where(JOURNAL.c.seq == first - 1))
    if last is None or tree.size != first - 1:
        raise JournalFault(
            f"entries before entry {first} are missing: `dialer audit verify` tells which"
        )
    return last, tree


def _hashes(connection: Connection, first: int, last: int) -> Iterator[str]:
    """Hashes of the entries `first` to `last`, both included."""
    seq = JOURNAL.c.seq
    question = select(JOURNAL.c.hash).where(seq >= first, seq <= last).order_by(seq)
    for row in connection.execution_options(yield_per=1_000).execute(question):
        yield row.hash


def _entry_lines(
    connection: Connection, first: int, last: int, tree: CompactRange
) -> Iterator[bytes]:
    """The entries' lines; `tree` grows with them."""
    for row in _readable(connection, first, last):
        tree.add(leaf_hash(bytes.fromhex(row[12])))
        try:
            yield line_of(row).encode()
        except (TypeError, ValueError) as error:
            raise JournalFault(f"entry {row[0]} was changed: {error}") from error


def _readable(connection: Connection, first: int, last: int) -> Iterator[tuple[Any, ...]]:
    for row in chained_rows(connection, first - 1, last):
        if isinstance(row, Unreadable):
            raise JournalFault(row.why)
        yield row


def _covering(
    connection: Connection,
    signer: Signer,
    first: int,
    last: int,
    tree: CompactRange,
    head: Head,
    now: Instant,
) -> tuple[list[str], list[str], list[tuple[int, bytes]]]:
    """Notes of the checkpoints within the range and of the one that covers its end; the hashes from
    the range's end to that one; and their time stamps. Where none covers the end yet, one is signed
    here, over the whole journal as it is."""
    table = CHECKPOINT.c
    rows = connection.execute(
        select(table.size, table.note, table.stamp)
        .where(table.size >= first, table.size < last)
        .order_by(table.size)
    ).all()
    covering = connection.execute(
        select(table.size, table.note, table.stamp)
        .where(table.size >= last)
        .order_by(table.size)
        .limit(1)
    ).all()
    rows = [*rows, *covering]
    notes = [row.note for row in rows]
    stamps = [(row.size, base64.b64decode(row.stamp)) for row in rows if row.stamp]
    end = covering[0].size if covering else head.entries
    after = list(_hashes(connection, last + 1, end))
    if not covering:
        for digest in after:
            tree.add(leaf_hash(bytes.fromhex(digest)))
        notes.append(signer.checkpoint(head.entries, tree.root(), head.hash, now))
    return notes, after, stamps


def _personal_lines(connection: Connection, first: int, last: int) -> Iterator[bytes]:
    """What the entries' keys stand for, as far as it was not erased; each once."""
    told: set[str] = set()
    fresh: list[str] = []
    for row in _readable(connection, first, last):
        for key in keys_of(row):
            if key not in told:
                told.add(key)
                fresh.append(key)
        if len(fresh) >= _KEYS_AT_A_TIME:
            yield from _values(connection, fresh)
            fresh.clear()
    yield from _values(connection, fresh)


def _values(connection: Connection, keys: list[str]) -> Iterator[bytes]:
    table = PERSONAL_TABLE.c
    columns = [table[name] for name in PersonalValue._fields]
    for row in connection.execute(select(*columns).where(table.key.in_(keys)).order_by(table.key)):
        yield f"{canonical_json(dict(row._mapping))}\n".encode()
