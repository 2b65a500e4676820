"""A bundle: a part of the journal, or all of it, in one file that anybody can check offline.

It is a ZIP archive of

- `README.txt`: how to check it by hand
- `public_key.txt`: the journal's public key, one line (see `checkpoints.Witness`)
- `entries.jsonl`: the entries, one line each: their canonical text with their hash put first
- `checkpoints.txt`: signed checkpoints: those within the range and the first that covers its end
- `after.txt`: hashes of the entries between the range's end and that last checkpoint
- `personal.jsonl`: only if asked for: what the keys in the entries stand for
- `stamps/N.tsr`: what a time stamping authority said of the checkpoint of N entries (RFC 3161)
- `manifest.json`: the range, the tree before it, and length, lines and SHA-256 of all of these
- `manifest.note`: a note signed by the journal's key over the SHA-256 of manifest.json

The archive's comment is the SHA-256 of every byte before it, so that no byte of the file can change
unseen. What an insider with the key could still do, sign another past, is found by comparing with a
checkpoint that was kept elsewhere.

The module is longer than most because the check is one: every step needs what the one before found.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from pydantic import BaseModel, ConfigDict

from dialer.audit.chain import GENESIS, Head, text_of
from dialer.audit.checkpoints import NoCheckpoint, Witness, notes_in
from dialer.audit.merkle import CompactRange
from dialer.audit.stamps import BadStamp, read_stamp
from dialer.audit.verification import Checker, Contradicted, Sworn, sworn_outside
from dialer.model.journal import Verification

FORMAT = "dialer-audit-bundle-1"
README, PUBLIC_KEY, ENTRIES, CHECKPOINTS, AFTER, PERSONAL, MANIFEST, NOTE = (
    "README.txt",
    "public_key.txt",
    "entries.jsonl",
    "checkpoints.txt",
    "after.txt",
    "personal.jsonl",
    "manifest.json",
    "manifest.note",
)
SEAL_BYTES = 64
PIECE = 64 * 1024
LONGEST_LINE = 16 * 1024 * 1024
"""No entry is as long; a line that is must not fill the memory."""

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged archive may raise."""

_HASH_LINE = re.compile(r"[0-9a-f]{64}\n")
_PREFIX = b'{"hash":"'
_HASH_END = len(_PREFIX) + 64
_TEXT_AT = _HASH_END + 2


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Member(_Strict):
    """A member of the archive as the manifest describes it."""

    bytes: int
    lines: int
    sha256: str


class Before(_Strict):
    """The journal before the first entry of the bundle: its head, and its tree's subtrees."""

    entries: int
    hash: str
    peaks: tuple[str, ...]

    @property
    def tree(self) -> CompactRange:
        """Raises ValueError where it is none."""
        return CompactRange(self.entries, [bytes.fromhex(peak) for peak in self.peaks])


class Manifest(_Strict):
    """What is in a bundle. `since`, `until`: the time asked for (UTC ms, null: no bound).
    `journal_entries`: how many entries the whole journal had when the bundle was made."""

    format: str
    origin: str
    made_at: int
    made_by: str
    since: int | None
    until: int | None
    first_seq: int
    last_seq: int
    journal_entries: int
    before: Before
    numbers: bool
    members: Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What the check of a bundle found. `manifest` and `origin` are None and "" where they could
    not be read; `named`: the public key was given from outside, not taken from the bundle."""

    verification: Verification
    manifest: Manifest | None = None
    origin: str = ""
    named: bool = False


def line_of(row: tuple[Any, ...]) -> str:
    """A row of the journal as a line of `entries.jsonl`, with its end."""
    return f'{{"hash":"{row[12]}",{text_of(row)[1:]}\n'


def fault_of_line(line: bytes, before: Head) -> str:
    """What is wrong with a line of `entries.jsonl`, with its end, that should follow `before`, or
    ""."""
    text = b"{" + line[_TEXT_AT:-1]
    digest = hashlib.sha256(text).hexdigest()
    seq = before.entries + 1
    if line[:_TEXT_AT] != b'{"hash":"%s",' % digest.encode() or not line.endswith(b"\n"):
        return f"entry {seq} was changed: its hash does not fit what it says"
    if text.endswith(f',"prev_hash":"{before.hash}","seq":{seq}}}'.encode()):
        return ""
    prev_hash, place = _believed(line)
    if place + 1 != seq:
        return f"entry {seq} is missing: entry {place + 1} stands in its place"
    if prev_hash != before.hash:
        return f"entry {seq} is not chained to the entry before it"
    return f"entry {seq} was changed: it is spelled otherwise"


def manifest_body(origin: str, manifest: bytes) -> str:
    """What the note over a manifest says."""
    return f"{origin}\nbundle\n{hashlib.sha256(manifest).hexdigest()}\n"


def seal(file: IO[bytes]) -> None:
    """Write the seal of a finished archive (its last `SEAL_BYTES` bytes, its comment)."""
    size = file.seek(0, 2)
    digest = _digest_of(file, size - SEAL_BYTES)
    file.seek(size - SEAL_BYTES)
    file.write(digest.encode())


def verify_bundle(
    file: IO[bytes],
    outside: Mapping[str, Sequence[str]] | None = None,
    witness: Witness | None = None,
) -> BundleReport:
    """Check a bundle: every entry, its checkpoints, every member, every byte.

    `outside`: notes of checkpoints kept elsewhere, by where. `witness`: the public key as it is
    known from elsewhere; without it the bundle's own is believed.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            report = _Check(archive, outside or {}, witness).report()
    except _DAMAGED as error:
        return BundleReport(Verification(False, 0, None, f"it is no whole bundle: {error}"))
    if report.verification.verified and not _sealed(file):
        entries = report.verification.entries
        why = "bytes of the file were changed outside its members: its seal does not fit"
        return BundleReport(Verification(False, entries, None, why), report.manifest, report.origin)
    return report


class _Bad(Exception):
    """Something does not fit; carries the finding."""

    def __init__(self, why: str, entries: int = 0, first_bad: int | None = None) -> None:
        super().__init__(why)
        self.found = Verification(False, entries, first_bad, why)


class _Check:
    """One check of one archive."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        outside: Mapping[str, Sequence[str]],
        witness: Witness | None,
    ) -> None:
        self._archive = archive
        self._outside = outside
        self._named = witness
        self._witness = witness
        self._manifest: Manifest | None = None
        self._digests: dict[str, Member] = {}

    def report(self) -> BundleReport:
        try:
            found = self._checked()
        except _Bad as bad:
            found = bad.found
        except Contradicted as contradicted:
            found = contradicted.found
        origin = self._witness.origin if self._witness is not None else ""
        return BundleReport(found, self._manifest, origin, self._named is not None)

    def _checked(self) -> Verification:
        raw = self._read(MANIFEST)
        try:
            manifest = Manifest.model_validate_json(raw)
            tree = manifest.before.tree
        except ValueError as error:
            # The entries say more than a manifest that cannot be read: look at them all the same.
            entries = self._entries(None, None).entries
            raise _Bad(f"{MANIFEST} was changed: it cannot be read", entries) from error
        self._manifest = manifest
        checker, trouble = None, None
        try:
            witness = self._key()
            sworn, after = self._sworn(witness, manifest), self._after()
        except _Bad as bad:
            trouble = bad
        else:
            last = manifest.last_seq + len(after)
            within = [s for s in sworn if manifest.before.entries < s.checkpoint.size <= last]
            checker = Checker(within, tree)
        end = self._entries(Head(manifest.before.entries, manifest.before.hash), checker)
        if end.entries != manifest.last_seq:
            bad_seq = min(end.entries, manifest.last_seq) + 1
            why = f"the entries end with {end.entries}, {MANIFEST} says with {manifest.last_seq}"
            raise _Bad(why, end.entries, bad_seq)
        if checker is None:
            assert trouble is not None, "there is a reason"
            raise trouble
        for digest in after:
            checker.add(digest)
        if not any(each.checkpoint.size == last and not each.kept for each in within):
            raise _Bad(f"no checkpoint covers entry {last}", end.entries)
        self._members(manifest)
        self._signed(witness, manifest, raw)
        anchored = min(checker.anchored, manifest.last_seq)
        count = manifest.last_seq - manifest.before.entries
        return Verification(True, count, None, "", checker.checkpoints, anchored)

    def _read(self, name: str) -> bytes:
        try:
            return self._archive.read(name)
        except (KeyError, *_DAMAGED) as error:
            raise _Bad(f"{name} is missing or damaged: {error}") from error

    def _lines(self, name: str) -> Iterator[bytes]:
        """A member's lines with their ends; what it is to the manifest is known after the last."""
        digest, size, lines = hashlib.sha256(), 0, 0
        pending = b""
        try:
            with self._archive.open(name) as stream:
                while piece := stream.read(PIECE):
                    digest.update(piece)
                    size += len(piece)
                    *whole, pending = (pending + piece).split(b"\n")
                    lines += len(whole)
                    for line in whole:
                        yield line + b"\n"
                    if len(pending) > LONGEST_LINE:
                        raise _Bad(f"{name} has a line no entry can have")
        except KeyError as error:
            raise _Bad(f"{name} is missing") from error
        if pending:
            yield pending
        self._digests[name] = Member(bytes=size, lines=lines, sha256=digest.hexdigest())

    def _entries(self, start: Head | None, checker: Checker | None) -> Head:
        """Check the entries, and hold them against checkpoints; the head after the last. Without
        `start` the first line is believed about what was before it."""
        seq, last = (start.entries, start.hash) if start is not None else (0, GENESIS)
        before = None if start is None else last
        lines = self._lines(ENTRIES)
        try:
            for line in lines:
                if before is None:
                    before, seq = _believed(line)
                    last = before
                why = fault_of_line(line, Head(seq, last))
                if why:
                    raise _Bad(why, seq, seq + 1)
                seq += 1
                last = line[len(_PREFIX) : _HASH_END].decode()
                if checker is not None:
                    checker.add(last)
        except _DAMAGED as error:
            whole = self._manifest is not None and seq >= self._manifest.last_seq
            where = "after its last entry" if whole else f"at entry {seq + 1}"
            first_bad = None if whole else seq + 1
            raise _Bad(f"{ENTRIES} is damaged {where}: {error}", seq, first_bad) from error
        return Head(seq, last)

    def _key(self) -> Witness:
        try:
            own = Witness.parse(self._read(PUBLIC_KEY).decode())
        except (NoCheckpoint, UnicodeDecodeError) as error:
            raise _Bad(f"{PUBLIC_KEY}: {error}") from error
        if self._named is not None and own != self._named:
            raise _Bad(
                f"it is signed with the key of {own.origin}, the key you named is that of "
                f"{self._named.origin}"
            )
        self._witness = own
        return own

    def _sworn(self, witness: Witness, manifest: Manifest) -> list[Sworn]:
        entries = manifest.last_seq
        try:
            text = b"".join(self._lines(CHECKPOINTS)).decode()
            notes = list(notes_in(text))
            own = [Sworn(witness.checkpoint(note)) for note in notes]
            self._stamps(dict(zip((s.checkpoint.size for s in own), notes, strict=True)))
        except _DAMAGED as error:
            raise _Bad(f"{CHECKPOINTS}: {error}", entries) from error
        try:
            kept = sworn_outside(witness, self._outside)
        except NoCheckpoint as error:
            raise _Bad(str(error), entries) from error
        for sworn in kept:
            said = sworn.checkpoint
            if said.size > manifest.journal_entries and said.at <= manifest.made_at:
                raise _Bad(
                    f"the journal ended after entry {manifest.journal_entries}, "
                    f"{sworn.words()} says there were more",
                    entries,
                    manifest.journal_entries + 1,
                )
        return own + kept

    def _stamps(self, notes: Mapping[int, str]) -> None:
        """Raises ValueError where a stamp is not of the checkpoint it is named after."""
        for name in self._archive.namelist():
            size = name.removeprefix("stamps/").removesuffix(".tsr")
            if name == f"stamps/{size}.tsr":
                if not size.isdecimal() or int(size) not in notes:
                    raise BadStamp(f"{name} is of no checkpoint here")
                read_stamp(notes[int(size)], self._archive.read(name))

    def _after(self) -> list[str]:
        try:
            lines = [line.decode("ascii") for line in self._lines(AFTER)]
        except _DAMAGED as error:
            raise _Bad(f"{AFTER} was changed") from error
        if not all(_HASH_LINE.fullmatch(line) for line in lines):
            raise _Bad(f"{AFTER} was changed: it holds what is no hash")
        return [line[:-1] for line in lines]

    def _signed(self, witness: Witness, manifest: Manifest, raw: bytes) -> None:
        try:
            body = witness.body_of(self._read(NOTE).decode())
        except (NoCheckpoint, UnicodeDecodeError) as error:
            raise _Bad(f"{NOTE}: {error}", manifest.last_seq) from error
        expected = manifest_body(witness.origin, raw)
        if body != expected or (manifest.origin, manifest.format) != (witness.origin, FORMAT):
            raise _Bad(f"{MANIFEST} is not the one that was signed", manifest.last_seq)

    def _members(self, manifest: Manifest) -> None:
        names = [info.filename for info in self._archive.infolist()]
        expected = sorted([*manifest.members, MANIFEST, NOTE])
        if sorted(names) != expected:
            raise _Bad(f"the members are {', '.join(names)}, not {', '.join(expected)}")
        for name, member in manifest.members.items():
            if name not in self._digests:
                try:
                    for _ in self._lines(name):
                        pass
                except _DAMAGED as error:
                    raise _Bad(f"{name} is damaged: {error}", manifest.last_seq) from error
            if self._digests[name] != member:
                raise _Bad(f"{name} was changed: its SHA-256 is not the manifest's")


def _believed(line: bytes) -> tuple[str, int]:
    """What a line says came before it, or the beginning of the journal."""
    try:
        said = json.loads(line)
        return str(said["prev_hash"]), int(said["seq"]) - 1
    except (ValueError, KeyError, TypeError):
        return GENESIS, 0


def _sealed(file: IO[bytes]) -> bool:
    size = file.seek(0, 2)
    digest = _digest_of(file, size - SEAL_BYTES)
    file.seek(size - SEAL_BYTES)
    return file.read() == digest.encode()


def _digest_of(file: IO[bytes], size: int) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while size > 0 and (piece := file.read(min(size, 1 << 20))):
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()
