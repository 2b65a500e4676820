"""The files lists.toml names are what is in force, and a newer copy brought by hand stays."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialer.compliance.facts import ListKind
from dialer.dnc.index import SetKind
from dialer.dnc.profile import find_profile
from dialer.dnc.shelf import ListShelf
from dialer.intake.list_entries import LIST_SOURCES
from dialer.model.errors import OperatorError
from dialer.model.instant import Instant, instant_of
from dialer.service.list_shelf import shelve, shelve_aside

NOW = instant_of(datetime(2026, 12, 2, 17, tzinfo=UTC))

LISTS = """\
[[lists]]
name = "national"
source = "national"
layout = "npa,number"
file = "national.txt"
obtained = "2026-11-20"

[[lists]]
name = "ours"
source = "internal"
layout = "number"
file = "ours.txt"
obtained = "2026-11-20"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "dnc_lists"
    folder.mkdir()
    (folder / "lists.toml").write_text(LISTS)
    (folder / "national.txt").write_text("212,5550101\n")
    (folder / "ours.txt").write_text("+1 (212) 555-0102\n")
    return folder


def test_every_source_is_a_kind_of_set() -> None:
    assert {SetKind(kind) for kind in LIST_SOURCES.values()} == {*SetKind} - {SetKind.REASSIGNED}


def test_lists_are_in_force_at_the_start(root: Path, tmp_path: Path) -> None:
    lists = shelve(root, tmp_path / "var" / "dnc", NOW).active()
    assert [(name, index.version.kind) for name, index in lists.items()] == [
        ("national", ListKind.NATIONAL),
        ("ours", ListKind.INTERNAL),
    ]
    assert "+12125550101" in lists["national"]
    assert "+12125550102" in lists["ours"]


def test_only_what_changed_is_imported(root: Path, tmp_path: Path) -> None:
    shelf = shelve(root, tmp_path / "dnc", NOW)
    (root / "ours.txt").write_text("2125550102\n2125550103\n")
    shelf = shelve(root, tmp_path / "dnc", NOW)
    assert len(shelf.manifests("national")) == 1
    assert len(shelf.manifests("ours")) == 2
    (root / "lists.toml").write_text(LISTS.replace("2026-11-20", "2026-11-30"))
    shelf = shelve(root, tmp_path / "dnc", NOW)
    assert len(shelf.manifests("national")) == 2  # the same numbers, downloaded again
    assert shelf.active()["national"].version.obtained_at == instant_of(
        datetime(2026, 11, 30, tzinfo=UTC)
    )


def test_a_newer_copy_brought_by_hand_stays(root: Path, tmp_path: Path) -> None:
    shelve(root, tmp_path / "dnc", NOW)
    newer = tmp_path / "newer.txt"
    newer.write_text("212,5550109\n")
    ListShelf(tmp_path / "dnc", lambda: NOW).import_file(
        "national", SetKind.NATIONAL, "", newer, find_profile("ftc_full"), Instant(NOW - 1)
    )
    assert "+12125550109" in shelve(root, tmp_path / "dnc", NOW).active()["national"]


def test_every_mistake_in_every_list_is_told(root: Path, tmp_path: Path) -> None:
    (root / "national.txt").write_text("212,5550101\nrubbish\n")
    (root / "ours.txt").unlink()
    with pytest.raises(OperatorError) as caught:
        shelve(root, tmp_path / "dnc", NOW)
    assert [(Path(p.where).name, p.line) for p in caught.value.problems] == [
        ("national.txt", 2),
        ("lists.toml", 12),
    ]


def test_a_check_leaves_no_files_and_can_still_be_asked(root: Path, tmp_path: Path) -> None:
    lists = shelve_aside(root, NOW).active()
    assert "+12125550101" in lists["national"]
    assert not lists["national"].path.exists()
