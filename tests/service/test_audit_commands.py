"""Handing the journal over and checking it, through the real commands."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.model.journal import EntryKind
from dialer.service.anchoring import anchoring, anchors_of
from dialer.service.offline import reading, writing
from dialer.settings import Settings, read_settings
from dialer.store.sqlite import SqlStore
from tests.contracts.journal_entries import NOW, number
from tests.unit.store.audited import entries

COUNT = 40
FILE = """
[[trunks]]
name = "demo"
address = "127.0.0.1:5060"
channels = 5
cps = 1.0
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A house whose service has run and ended."""
    file = tmp_path / "dialer.toml"
    file.write_text(FILE)
    settings = read_settings(file)
    trio.run(keep, settings)
    return settings


async def keep(settings: Settings) -> None:
    async with writing(settings) as store:
        await store.append(entries(COUNT))


def dialer(settings: Settings, *arguments: str, status: int = 0) -> Result:
    config = str(settings.data.parent / "dialer.toml")
    result = CliRunner().invoke(main, [*arguments, "--config", config])
    assert result.exit_code == status, result.output
    return result


def newest(settings: Settings) -> tuple[EntryKind, dict[str, object]]:
    (stored,) = trio.run(lambda: reading(settings).journal(limit=1))
    return stored.entry.kind, dict(stored.entry.data)


def test_a_bundle_is_exported_journaled_and_verified_anywhere(
    settings: Settings, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.zip"
    told = dialer(settings, "audit", "export", "--out", str(bundle), "--json")
    figures = json.loads(told.stdout)
    assert (figures["entries"], figures["numbers"], figures["file"]) == (COUNT, False, str(bundle))
    kind, data = newest(settings)
    assert kind is EntryKind.EXPORTED
    assert (data["sha256"], data["first_seq"], data["last_seq"]) == (figures["sha256"], 1, COUNT)
    assert str(data["by"]).endswith("(command)")
    key = tmp_path / "key.txt"
    key.write_text(dialer(settings, "audit", "key").stdout)
    arguments = ["audit", "verify", "--bundle", str(bundle), "--key", str(key), "--json"]
    result = CliRunner().invoke(main, arguments)  # no settings, no database
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["entries"] == COUNT
    assert f"entries 1 to {COUNT}" in result.stderr
    assert dialer(settings, "audit", "verify").exit_code == 0


def test_a_part_is_exported_by_its_time(settings: Settings, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    times = ["--from", "2026-11-18T11:06:50Z", "--to", "2026-11-18T06:06:55-05:00"]
    assert NOW == 1_795_000_000_000, "2026-11-18T11:06:40Z"
    told = dialer(settings, "audit", "export", *times, "--numbers", "--out", str(bundle), "--json")
    assert (json.loads(told.stdout)["first_seq"], json.loads(told.stdout)["last_seq"]) == (11, 15)
    told = dialer(settings, "audit", "verify", "--bundle", str(bundle))
    assert "5 entries, every one as it was written" in told.stderr


def test_an_export_that_cannot_be_made_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    there = tmp_path / "there.zip"
    there.write_text("a letter")
    for arguments, said in (
        (["--out", str(there)], "the file exists"),
        (["--out", str(tmp_path / "no" / "x.zip")], "cannot be written"),
        (["--out", str(tmp_path / "x.zip"), "--from", "yesterday"], "--from: not an instant"),
        (["--out", str(tmp_path / "x.zip"), "--to", "2026-11-18T11:06:50"], "without a zone"),
        (["--out", str(tmp_path / "x.zip"), "--to", "2001-01-01T00:00:00Z"], "there is no entry"),
    ):
        assert said in dialer(settings, "audit", "export", *arguments, status=1).stderr
    assert there.read_text() == "a letter"
    assert not list(tmp_path.glob("x.zip*"))
    assert newest(settings)[0] is not EntryKind.EXPORTED


def test_an_export_that_is_not_journaled_is_none(settings: Settings, tmp_path: Path) -> None:
    """Somebody else writes the database, and no service answers on the control socket."""

    async def export() -> Result:
        async with writing(settings):
            out = str(tmp_path / "x.zip")
            arguments = (settings, "audit", "export", "--out", out)
            return await trio.to_thread.run_sync(lambda: dialer(*arguments, status=1))

    assert "is writing this database already" in trio.run(export).stderr
    assert not list(tmp_path.glob("x.zip*"))


def test_outside_checkpoints_find_a_cut_tail(settings: Settings, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    with closing(sqlite3.connect(settings.database)) as database:
        (note,) = database.execute("SELECT note FROM checkpoint").fetchone()
        kept.write_text(f"{note}\n")
        found = dialer(settings, "audit", "verify", "--checkpoint", str(kept))
        assert f"entries up to {COUNT} are vouched for" in found.stderr
        database.execute("DELETE FROM checkpoint")
        database.execute("DELETE FROM journal WHERE seq > 9")
        database.execute(
            "UPDATE journal_head SET entries = 9, hash = (SELECT hash FROM journal WHERE seq = 9)"
        )
        database.commit()
    assert dialer(settings, "audit", "verify").exit_code == 0
    told = dialer(settings, "audit", "verify", "--checkpoint", str(kept), "--json", status=1)
    assert json.loads(told.stdout)["first_bad_seq"] == 10
    assert str(kept) in told.stderr


def test_another_key_is_refused(settings: Settings, tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_text("once upon a time")
    assert (
        "no public key" in dialer(settings, "audit", "verify", "--key", str(key), status=1).stderr
    )
    ours = dialer(settings, "audit", "key").stdout
    key.write_text(ours)
    assert dialer(settings, "audit", "verify", "--key", str(key)).exit_code == 0
    (settings.data / "checkpoint_key").write_text("33" * 32)
    told = dialer(settings, "audit", "verify", "--key", str(key), status=1)
    assert "signed with another key" in told.stderr


def test_a_number_is_erased(settings: Settings) -> None:
    told = dialer(settings, "audit", "erase", number(0), "--because", "asked by letter")
    assert "2 values erased" in told.stderr
    kind, data = newest(settings)
    assert (kind, data["because"]) == (EntryKind.ERASED, "asked by letter")
    assert number(0) not in str(data)
    told = dialer(settings, "audit", "erase", number(0), "--because", "again")
    assert "knows nothing" in told.stderr
    assert dialer(settings, "audit", "verify").exit_code == 0
    with closing(sqlite3.connect(settings.database)) as database:
        found = database.execute("SELECT count(*) FROM personal WHERE value = ?", [number(0)])
        assert found.fetchone() == (0,)


def test_what_is_over_is_told_and_removed(settings: Settings) -> None:
    told = dialer(settings, "audit", "retain", "--dry-run", "--json")
    figures = json.loads(told.stdout)
    assert figures["years"] == 5
    assert {name: table["rows"] for name, table in figures["tables"].items()} == dict.fromkeys(
        ("call_attempt", "lead", "rejected_row", "number_record"), 0
    )
    assert "gone" in dialer(settings, "audit", "retain", "--older-than", "7").stderr
    dialer(settings, "audit", "retain", "--older-than", "4", status=2)


def test_what_was_anchored_while_the_service_ran_vouches_for_it(tmp_path: Path) -> None:
    """Checkpoints published by a running store reach the file, the last one as it ends, too."""
    file = tmp_path / "dialer.toml"
    file.write_text(f'{FILE}[audit]\nanchors = ["kept.txt"]\n')
    settings = read_settings(file)
    alarms: list[str] = []

    async def serve() -> None:
        settings.data.mkdir()
        store = SqlStore(
            settings.database, lambda event: None, publish=lambda note: anchors.take(note)
        )
        anchors = anchors_of(settings.audit, lambda name, text: alarms.append(text), keep_stamp)
        async with anchoring(anchors), trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.append(entries(COUNT))
            nursery.cancel_scope.cancel()

    async def keep_stamp(note: str, stamp: bytes) -> None:
        raise AssertionError("nobody was asked for one")

    trio.run(serve)
    kept = tmp_path / "kept.txt"
    told = dialer(settings, "audit", "verify", "--checkpoint", str(kept))
    assert f"entries up to {COUNT} are vouched for" in told.stderr
    assert alarms == []
