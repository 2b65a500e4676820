"""What vouches for a running service's journal, and bundles that leave it by its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from dialer.audit.bundle import verify_bundle
from dialer.model.errors import JournalFault, OperatorError
from dialer.model.instant import DAY_MS, Instant
from dialer.model.journal import EntryKind
from dialer.service import vouching
from dialer.service.vouching import Vouching
from dialer.store.anchors import AnchorState
from dialer.store.sqlite import SqlStore
from dialer.web.office import OfficeBusy
from tests.contracts.journal_entries import NOW, alarm

LATER = Instant(NOW + DAY_MS)


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def never(entries: object) -> None:
    await trio.sleep_forever()


@asynccontextmanager
async def journal(folder: Path, notes: list[str]) -> AsyncIterator[SqlStore]:
    """A store with three entries, closed by a checkpoint."""
    for entries in ([alarm("one"), alarm("two"), alarm("three")], []):
        store = SqlStore(folder / "dialer.db", lambda event: None, publish=notes.append)
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.append(entries)
            if not entries:
                yield store
            nursery.cancel_scope.cancel()


async def test_checkpoints_and_places_are_told_with_what_fails(tmp_path: Path) -> None:
    notes: list[str] = []
    async with journal(tmp_path, notes) as store:
        states = (
            AnchorState("kept", notes[-1], 0, ""),
            AnchorState("https://anchor.example", None, 2, "no route to host"),
        )
        status = await Vouching(store, lambda: states, tmp_path).chain_status()
        assert status.key == str(await store.witness())
        assert [line.entries for line in status.checkpoints] == [3] and status.checkpoint_count == 1
        good, bad = status.anchors
        assert (good.entries, good.at, good.failing) == (3, status.checkpoints[0].at, "")
        assert (bad.entries, bad.waiting, bad.failing) == (None, 2, "no route to host")


async def test_a_checkpoint_that_was_changed_is_a_fault(tmp_path: Path) -> None:
    notes: list[str] = []
    async with journal(tmp_path, notes) as store:
        others = tmp_path / "other"
        others.mkdir()
        async with journal(others, []) as other:
            foreign = (await other.checkpoints(1))[0]
            assert foreign, "the other journal has one of its own"
        (tmp_path / "checkpoint_key").write_bytes((others / "checkpoint_key").read_bytes())
        with pytest.raises(JournalFault, match="was changed"):
            await Vouching(store, tuple, tmp_path).chain_status()


async def test_a_bundle_verifies_and_is_journaled(tmp_path: Path) -> None:
    async with journal(tmp_path, []) as store:
        before = names_in(tmp_path)
        desk = Vouching(store, tuple, tmp_path)
        made = await desk.export(None, None, numbers=False, by="olga", now=LATER)
        assert names_in(tmp_path) == before, "no name of it is left"
        with made.file as file:
            report = verify_bundle(file, {}, None)
        assert report.verification.verified and report.verification.entries == 3
        (entry,) = await store.journal(kind=EntryKind.EXPORTED)
        data = entry.entry.data
        assert (data["by"], data["sha256"], data["numbers"]) == ("olga", made.sha256, False)
        assert (data["first_seq"], data["last_seq"]) == (made.first_seq, made.last_seq) == (1, 3)


async def test_a_time_without_entries_has_no_bundle(tmp_path: Path) -> None:
    async with journal(tmp_path, []) as store:
        with pytest.raises(OperatorError, match="no entry"):
            await Vouching(store, tuple, tmp_path).export(
                LATER, None, numbers=True, by="olga", now=LATER
            )
        assert not await store.journal(kind=EntryKind.EXPORTED)


async def test_what_cannot_be_journaled_is_not_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with journal(tmp_path, []) as store:
        monkeypatch.setattr(vouching, "COMMIT_PATIENCE_S", 0.0)
        monkeypatch.setattr(store, "append", never)
        with pytest.raises(OfficeBusy):
            await Vouching(store, tuple, tmp_path).export(
                None, None, numbers=False, by="olga", now=LATER
            )
