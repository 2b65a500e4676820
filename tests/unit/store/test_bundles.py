"""A bundle proves itself: any part of the journal, offline, against whatever was done to it."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from dialer.audit.bundle import (
    AFTER,
    CHECKPOINTS,
    ENTRIES,
    MANIFEST,
    NOTE,
    PERSONAL,
    PUBLIC_KEY,
    README,
    SEAL_BYTES,
    BundleReport,
    manifest_body,
    seal,
    verify_bundle,
)
from dialer.audit.checkpoints import Signer, notes_in
from dialer.model.errors import JournalFault, OperatorError
from dialer.model.instant import SECOND_MS, Instant
from dialer.store.bundles import Made, Wanted
from dialer.store.sqlite import SqlStore
from tests.contracts.journal_entries import NOW, number
from tests.unit.store.audited import BATCH, kept_journal, key_of, tamper

COUNT = 70
LATER = Instant(4_000_000_000_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journal")
    kept_journal(folder, COUNT)
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> SqlStore:
    return SqlStore(folder / "dialer.db", lambda event: None)


def exported(
    store: SqlStore,
    since: int | None = None,
    until: int | None = None,
    *,
    numbers: bool = False,
) -> tuple[Made, bytes]:
    file = io.BytesIO()
    wanted = Wanted(
        None if since is None else Instant(since),
        None if until is None else Instant(until),
        numbers,
        "mia",
    )
    made = trio.run(store.export, wanted, LATER, file)
    return made, file.getvalue()


@pytest.fixture(scope="module")
def whole(store: SqlStore) -> bytes:
    return exported(store, numbers=True)[1]


def check(raw: bytes, **known: object) -> BundleReport:
    return verify_bundle(io.BytesIO(raw), **known)  # type: ignore[arg-type]  # whatever is known


def rebuilt(raw: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The bundle with members changed, packed and sealed again."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"0" * SEAL_BYTES
        for name, content in members.items():
            archive.writestr(name, content)
    seal(file)
    return file.getvalue()


def test_a_whole_journal_verifies(whole: bytes, folder: Path) -> None:
    report = check(whole)
    found = report.verification
    assert (found.verified, found.entries, found.checkpoints) == (True, COUNT, 4)
    assert (report.origin, report.named) == (key_of(folder).witness.origin, False)
    assert check(whole, witness=key_of(folder).witness).named
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.namelist() == [
            README,
            PUBLIC_KEY,
            ENTRIES,
            CHECKPOINTS,
            AFTER,
            PERSONAL,
            MANIFEST,
            NOTE,
        ]
        known = [json.loads(line) for line in archive.read(PERSONAL).splitlines()]
    values = {row["value"] for row in known}
    assert {number(0), number(5), "call after tea"} < values


def test_nobody_is_named_without_being_asked_for(store: SqlStore) -> None:
    _, raw = exported(store)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert PERSONAL not in archive.namelist()
        told = b"".join(archive.read(name) for name in archive.namelist())
    assert b"212555" not in told
    assert b"after tea" not in told
    assert check(raw).verification.verified


def test_the_recipe_of_its_readme_holds(whole: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        lines = archive.read(ENTRIES).decode().splitlines()
        manifest = json.loads(archive.read(MANIFEST))
    last = manifest["before"]["hash"]
    for seq, line in enumerate(lines, 1):
        entry = json.loads(line)
        own = entry.pop("hash")
        assert (entry["prev_hash"], entry["seq"]) == (last, seq)
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == own
        last = own


@pytest.mark.parametrize("last", [1, 7, 19, 20, 21, 40, 59, 60, 61, 69, 70])
@pytest.mark.parametrize("first", [1, 2, 20, 21, 40, 41, 55, 61, 70])
def test_any_part_verifies_as_the_whole_does(store: SqlStore, first: int, last: int) -> None:
    """Wherever it begins and ends: before, on and after a checkpoint."""
    if last < first:
        return
    since = None if first == 1 else NOW + SECOND_MS * (first - 1)
    until = None if last == COUNT else NOW + SECOND_MS * last
    made, raw = exported(store, since, until)
    manifest = made.manifest
    assert (manifest.first_seq, manifest.last_seq) == (first, last)
    report = check(raw)
    assert report.verification.verified, report.verification.why
    assert report.verification.entries == made.data["entries"] == last - first + 1
    assert report.verification.checkpoints >= 1
    assert report.manifest == manifest


def test_there_is_nothing_to_export(store: SqlStore) -> None:
    with pytest.raises(OperatorError, match="there is no entry from 2096"):
        exported(store, 4_000_000_000_000)


def test_a_checkpoint_is_signed_for_entries_that_have_none(tmp_path: Path) -> None:
    store, _ = kept_journal(tmp_path, 30)
    tamper(tmp_path, "DELETE FROM checkpoint WHERE size > 20")
    _, raw = exported(store)
    found = check(raw).verification
    assert (found.verified, found.checkpoints) == (True, 2)


def test_an_unreadable_journal_is_not_exported(tmp_path: Path) -> None:
    store, _ = kept_journal(tmp_path, 5)
    tamper(tmp_path, "UPDATE journal SET agent = CAST(x'ff' AS TEXT) WHERE seq = 4")
    with pytest.raises(JournalFault, match="entry 4"):
        exported(store)


# --- tampering ------------------------------------------------------------------------------------


def test_no_byte_of_the_file_can_be_changed(whole: bytes) -> None:
    """A sample of all places, and every place near the members' seams."""
    chance = random.Random(1)
    places = {*chance.sample(range(len(whole)), 250), *range(60), *range(-500, 0, 3)}
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        assert not check(bytes(changed)).verification.verified, place
    for end in (0, 1, 100, len(whole) - 1):
        assert not check(whole[:end]).verification.verified
    assert not check(whole + b"\n").verification.verified


def on_lines(change: Callable[[list[str]], None]) -> Callable[[dict[str, bytes]], None]:
    """A change of the entries' lines."""

    def changed(members: dict[str, bytes]) -> None:
        lines = members[ENTRIES].decode().splitlines(keepends=True)
        change(lines)
        members[ENTRIES] = "".join(lines).encode()

    return changed


def swap(lines: list[str]) -> None:
    lines[30], lines[31] = lines[31], lines[30]


def word(lines: list[str]) -> None:
    lines[41] = lines[41].replace("CONNECTED", "NO_ANSWER")


def respelled(lines: list[str]) -> None:
    lines[41] = lines[41].replace(":", ": ", 1)


def cut_tail(lines: list[str]) -> None:
    del lines[60:]


@pytest.mark.parametrize(
    ("change", "first_bad"),
    [
        (swap, 31),
        (word, 42),
        (respelled, 42),
        (cut_tail, 61),
        (lambda lines: lines.pop(0), 1),
        (lambda lines: lines.pop(50), 51),
        (lambda lines: lines.insert(5, lines[5]), 7),
        (lambda lines: lines.append(lines[-1]), 71),
        (lambda lines: lines.clear(), 1),
        (lambda lines: lines.append(lines.pop().rstrip("\n")), 70),
    ],
)
def test_the_first_bad_entry_is_named(
    whole: bytes, change: Callable[[list[str]], None], first_bad: int
) -> None:
    found = check(rebuilt(whole, on_lines(change))).verification
    assert (found.verified, found.first_bad_seq) == (False, first_bad)
    assert found.why


@pytest.mark.parametrize(
    ("member", "change", "said"),
    [
        (MANIFEST, lambda raw: raw.replace(b'"mia"', b'"eve"'), "not the one that was signed"),
        (MANIFEST, lambda raw: raw[:-1], "cannot be read"),
        (MANIFEST, lambda raw: raw.replace(b'"last_seq":70', b'"last_seq":69'), "says with 69"),
        (NOTE, lambda raw: raw.replace(b"bundle", b"bungle"), "signature"),
        (NOTE, lambda raw: b"", "signature"),
        (CHECKPOINTS, lambda raw: raw.replace(b"\n40\n", b"\n41\n"), "signature"),
        (CHECKPOINTS, lambda raw: b"", "no checkpoint covers"),
        (AFTER, lambda raw: b"x\n", "was changed"),
        (AFTER, lambda raw: b"0" * 64 + b"\n", "no checkpoint covers"),
        (PERSONAL, lambda raw: raw.replace(b"tea", b"ten"), "personal.jsonl was changed"),
        (README, lambda raw: raw + b" ", "README.txt was changed"),
        (PUBLIC_KEY, lambda raw: b"", "no public key"),
    ],
)
def test_every_member_is_held_to_the_manifest(
    whole: bytes, member: str, change: Callable[[bytes], bytes], said: str
) -> None:
    def changed(members: dict[str, bytes]) -> None:
        members[member] = change(members[member])

    found = check(rebuilt(whole, changed)).verification
    assert not found.verified
    assert said in found.why


@pytest.mark.parametrize(
    "member", [README, PUBLIC_KEY, ENTRIES, CHECKPOINTS, AFTER, MANIFEST, NOTE]
)
def test_no_member_can_be_left_out(whole: bytes, member: str) -> None:
    assert not check(rebuilt(whole, lambda members: members.pop(member))).verification.verified  # type: ignore[arg-type]  # what it returns is no matter


def test_nothing_can_be_slipped_in(whole: bytes) -> None:
    def slipped(members: dict[str, bytes]) -> None:
        members["more.txt"] = b"I am true as well\n"

    assert "the members are" in check(rebuilt(whole, slipped)).verification.why


def test_what_is_no_archive_is_no_bundle() -> None:
    found = check(b"Dear auditor, trust me.").verification
    assert (found.verified, found.entries, found.first_bad_seq) == (False, 0, None)
    assert "no whole bundle" in found.why


# --- insiders with the key ------------------------------------------------------------------------


def test_a_bundle_signed_by_another_key_is_not_the_journals(whole: bytes, folder: Path) -> None:
    other = Signer(bytes(32))

    def resigned(members: dict[str, bytes]) -> None:
        members[PUBLIC_KEY] = f"{other.witness}\n".encode()
        ours = key_of(folder).witness
        notes = [
            other.sign(ours.body_of(note).replace(ours.origin, other.witness.origin))
            for note in notes_in(members[CHECKPOINTS].decode())
        ]
        members[CHECKPOINTS] = "".join(f"{note}\n" for note in notes).encode()
        manifest = json.loads(members[MANIFEST])
        manifest["origin"] = other.witness.origin
        for name in (PUBLIC_KEY, CHECKPOINTS):
            content = members[name]
            digest = hashlib.sha256(content).hexdigest()
            told = {"bytes": len(content), "lines": content.count(b"\n"), "sha256": digest}
            manifest["members"][name] = told
        raw = json.dumps(manifest).encode()
        members[MANIFEST] = raw
        members[NOTE] = other.sign(manifest_body(other.witness.origin, raw)).encode()

    forged = rebuilt(whole, resigned)
    assert check(forged).verification.verified, "a bundle alone cannot know whose key it should be"
    found = check(forged, witness=key_of(folder).witness).verification
    assert "the key you named is that of" in found.why


def test_a_tail_cut_before_the_export_is_found_outside(tmp_path: Path) -> None:
    store, notes = kept_journal(tmp_path, COUNT)
    rows = "(SELECT hash FROM journal WHERE seq = 50)"
    tamper(
        tmp_path,
        f"UPDATE journal_head SET entries = 50, hash = {rows}",
        "DELETE FROM journal WHERE seq > 50",
        "DELETE FROM checkpoint WHERE size > 50",
    )
    _, raw = exported(store)
    assert check(raw).verification.verified
    found = check(raw, outside={"a safe": notes}).verification
    assert (found.verified, found.first_bad_seq) == (False, 51)
    assert "says there were more" in found.why


def test_an_outside_checkpoint_vouches_for_what_it_covers(whole: bytes, tmp_path: Path) -> None:
    store, notes = kept_journal(tmp_path, COUNT)
    _, raw = exported(store)
    assert check(raw, outside={"a safe": notes[:2]}).verification.anchored == 2 * BATCH
    found = check(whole, outside={"a safe": notes}).verification
    assert "not signed by" in found.why, "another journal's"
