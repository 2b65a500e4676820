"""What becomes of a delivered list: the active version, or nothing at all."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.compliance.facts import ListKind
from dialer.dnc.index import SetKind
from dialer.dnc.profile import find_profile
from dialer.dnc.shelf import ListShelf
from dialer.model.errors import OperatorError
from dialer.model.instant import DAY_MS, Instant
from tests.unit.dnc.rig import NOW, Rig, lines, numbers

MANY = range(100, 140)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_an_import_counts_everything(rig: Rig) -> None:
    text = lines(101, 102, 102, 103) + "\n"
    first = rig.bring(text)
    assert (first.rows_read, first.rows_repeated, first.added, first.deleted) == (4, 1, 3, 0)
    assert first.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (first.base, first.count, first.imported_at) == ("", 3, NOW)
    second = rig.bring(lines(102, 103, 104), approve="Olga Officer", because="moved one")
    assert (second.added, second.deleted, second.base) == (1, 1, first.version)
    assert rig.held() == numbers(102, 103, 104)
    assert rig.shelf.manifests("national") == (first, second)


def test_the_active_list_says_what_it_is(rig: Rig) -> None:
    manifest = rig.bring(lines(101), name="FL", kind=SetKind.STATE, state="FL")
    version = rig.shelf.active()["FL"].version
    assert (version.name, version.kind, version.state) == ("FL", ListKind.STATE, "FL")
    assert (version.obtained_at, version.sha256) == (NOW - DAY_MS, manifest.sha256)


@pytest.mark.parametrize(("bad", "line"), [("212,555", 3), ("112,5550123", 3), ("<xml>", 3)])
def test_one_line_that_cannot_be_read_refuses_the_file(rig: Rig, bad: str, line: int) -> None:
    rig.bring(lines(*MANY))
    with pytest.raises(OperatorError, match=rf"national\.txt:{line}: .*{bad}"):
        rig.bring(lines(101, 102) + bad + "\n" + lines(103))
    assert rig.held() == numbers(*MANY)
    assert len(rig.shelf.manifests("national")) == 1


def test_of_many_such_lines_the_first_are_named_and_the_rest_counted(rig: Rig) -> None:
    with pytest.raises(OperatorError) as refused:
        rig.bring("nothing 1\n" * 45)
    assert len(refused.value.problems) == 21
    assert "25 more" in str(refused.value.problems[-1])


def test_a_profile_may_report_bad_rows_instead(rig: Rig, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('title = "Own"\nlayouts = ["number"]\nbad_rows = "report"\n')
    manifest = rig.bring("2125550101\nrubbish\n2125550102\n", profile=str(own))
    assert (manifest.rows_read, manifest.rows_rejected, manifest.count) == (3, 1, 2)
    assert [(each.line, each.text) for each in manifest.rejected] == [(2, "rubbish")]
    assert rig.shelf.manifests("national") == (manifest,)


@pytest.mark.parametrize("size", [37, 43])
def test_a_sudden_change_needs_a_name_and_a_reason(rig: Rig, size: int) -> None:
    rig.bring(lines(*MANY))
    changed = lines(*range(100, 100 + size))
    with pytest.raises(OperatorError, match="by more than 5%"):
        rig.bring(changed)
    with pytest.raises(OperatorError, match="a name and a reason"):
        rig.bring(changed, approve="Olga Officer")
    assert rig.held() == numbers(*MANY)
    approved = rig.bring(changed, approve="Olga Officer", because="new area codes bought")
    assert (approved.approved_by, approved.because) == ("Olga Officer", "new area codes bought")
    assert rig.held() == numbers(*range(100, 100 + size))


def test_five_percent_is_still_usual(rig: Rig) -> None:
    rig.bring(lines(*MANY))
    rig.bring(lines(*range(100, 142)))
    rig.bring(lines(*range(100, 140)))


def test_our_own_list_may_grow_but_not_shrink(rig: Rig) -> None:
    ours = {"name": "ours", "kind": SetKind.INTERNAL, "profile": "npa_numbers"}
    rig.bring(lines(101, 102, 103), **ours)  # type: ignore[arg-type]
    rig.bring(lines(*MANY), **ours)  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match="by more than 5%"):
        rig.bring(lines(101), **ours)  # type: ignore[arg-type]


def test_an_empty_registry_list_is_refused(rig: Rig) -> None:
    with pytest.raises(OperatorError, match="no number in it"):
        rig.bring("")


def test_changes_apply_to_the_version_they_were_made_for(rig: Rig) -> None:
    base = rig.bring(lines(101, 102, 103)).version
    text = (
        "212,5550104,2026-12-01,A\n212,5550101,2026-12-01,D\n"
        "212,5550103,2026-12-01,A\n212,5550103,2026-12-01,D\n"
    )
    for wrong in (None, "000009-000000000000"):
        with pytest.raises(OperatorError, match="made for the active version"):
            rig.bring(text, profile="ftc_changes", base=wrong)
    manifest = rig.bring(text, profile="ftc_changes", base=base)
    assert rig.held() == numbers(102, 103, 104)  # both added and deleted: stays listed
    assert (manifest.added, manifest.deleted, manifest.count) == (1, 1, 3)
    with pytest.raises(OperatorError, match="made for the active version"):
        rig.bring(text, profile="ftc_changes", base=base)


def test_changes_without_a_copy_or_with_an_unknown_mark(rig: Rig) -> None:
    with pytest.raises(OperatorError, match="Import the full list first"):
        rig.bring("212,5550104,x,A\n", profile="ftc_changes", base="000001-000000000000")
    base = rig.bring(lines(101)).version
    with pytest.raises(OperatorError, match=r"national\.txt:1"):
        rig.bring("212,5550104,x,C\n", profile="ftc_changes", base=base)


def test_deletes_touch_their_own_list_only(rig: Rig) -> None:
    base = rig.bring(lines(101)).version
    rig.bring(lines(101), name="FL", kind=SetKind.STATE, state="FL")
    rig.bring("212,5550101,x,D\n", profile="ftc_changes", base=base)
    assert rig.held() == set()
    assert rig.held("FL") == numbers(101)


def test_a_list_stays_what_it_is(rig: Rig) -> None:
    rig.bring(lines(101), name="FL", kind=SetKind.STATE, state="FL")
    with pytest.raises(OperatorError, match="under another name"):
        rig.bring(lines(101), name="FL", kind=SetKind.STATE, state="GA")


@pytest.mark.parametrize(
    ("name", "kind", "state", "profile"),
    [
        ("../up", SetKind.NATIONAL, "", "ftc_full"),
        ("FL", SetKind.STATE, "", "ftc_full"),
        ("x", SetKind.NATIONAL, "FL", "ftc_full"),
        ("x", SetKind.NATIONAL, "", "vendor_scrub"),
        ("x", SetKind.UNKNOWN, "", "ftc_full"),
    ],
)
def test_what_does_not_fit_together(
    rig: Rig, name: str, kind: SetKind, state: str, profile: str
) -> None:
    file = rig.inbox / "a.txt"
    file.write_text(lines(101))
    with pytest.raises(OperatorError):
        rig.shelf.import_file(name, kind, state, file, find_profile(profile), NOW)
    assert rig.shelf.active() == {}


def test_a_copy_from_the_future_or_older_than_the_active_one(rig: Rig) -> None:
    with pytest.raises(OperatorError, match="in the future"):
        rig.bring(lines(101), obtained_at=Instant(NOW + 1))
    rig.bring(lines(101))
    with pytest.raises(OperatorError, match="active copy is newer"):
        rig.bring(lines(101), obtained_at=Instant(NOW - 2 * DAY_MS))


def test_a_scrub_result_fills_a_list_for_each_code(rig: Rig) -> None:
    text = (
        "number,code\r\n(212) 555-0101,NATIONAL;FL\r\n2125550102,clean\r\n2125550103,LITIGATOR\r\n"
        "2125550104,ZAP\r\n2125550105,\r\n2125550106,CLEAN;ZAP\r\n"
    )
    manifest = rig.bring(text, name="scrub", kind=SetKind.UNKNOWN, profile="vendor_scrub")
    assert manifest.rows_read == 6
    assert rig.held("scrub:national") == rig.held("scrub:state:FL") == numbers(101)
    assert rig.held("scrub:litigator") == numbers(103)
    assert rig.held("scrub:unknown") == numbers(104, 105, 106)
    # No copy of a registry's list: it denies, and never counts as that list.
    assert rig.shelf.active()["scrub:state:FL"].version.kind is ListKind.INTERNAL
    rig.bring(lines(109), name="FL", kind=SetKind.STATE, state="FL")
    assert rig.shelf.active()["scrub:state:FL"].version.state == "FL"
    assert rig.shelf.active()["scrub:national"].version.kind is ListKind.INTERNAL
    assert "scrub:unknown" not in rig.shelf.active()
    assert "scrub:unknown" in rig.shelf.other_sets()


def test_a_scrub_result_without_its_columns_is_refused(rig: Rig) -> None:
    with pytest.raises(OperatorError, match="no column 'code'"):
        rig.bring("number,flag\n2125550101,X\n", name="scrub", kind=SetKind.UNKNOWN,
                  profile="vendor_scrub")  # fmt: skip


def test_wireless_blocks_hold_a_thousand_numbers_each(rig: Rig) -> None:
    manifest = rig.bring(
        "212-555-0\n3055551\n", name="blocks", kind=SetKind.WIRELESS_BLOCK,
        profile="wireless_blocks",
    )  # fmt: skip
    assert manifest.count == 2000
    blocks = rig.shelf.other_sets()["blocks"]
    assert "+12125550199" in blocks
    assert "+13055551999" in blocks
    assert "+13055552000" not in blocks


def test_a_running_service_sees_a_new_version(rig: Rig) -> None:
    rig.bring(lines(*MANY))
    running = ListShelf(rig.root)
    assert "+12125550140" not in running.active()["national"]
    assert not running.reload_if_changed()
    old = running.active()["national"]
    rig.bring(lines(*MANY, 140))
    rig.bring(lines(*MANY, 140, 141))
    rig.bring(lines(*MANY, 140))
    assert running.reload_if_changed()
    assert not running.reload_if_changed()
    assert "+12125550140" in running.active()["national"]
    assert "+12125550100" in old  # an index in use outlives its file


def test_a_list_that_vanishes_stays_in_use(rig: Rig) -> None:
    rig.bring(lines(*MANY))
    running = ListShelf(rig.root)
    assert "+12125550100" in running.active()["national"]
    (rig.root / "national" / "active.json").unlink()
    with pytest.raises(OperatorError, match="vanished"):
        running.reload_if_changed()
    assert "+12125550100" in running.active()["national"]


def test_a_damaged_list_stops_the_shelf_until_it_is_imported_again(rig: Rig) -> None:
    manifest = rig.bring(lines(*MANY))
    file = rig.root / "national" / manifest.sets[0].file
    content = bytearray(file.read_bytes())
    content[-3] ^= 4
    file.write_bytes(content)
    with pytest.raises(OperatorError, match="have been changed"):
        ListShelf(rig.root).active()
    with pytest.raises(OperatorError, match="by more than 5%"):  # its size is still remembered
        rig.bring(lines(101))
    rig.bring(lines(*MANY))
    assert rig.held() == numbers(*MANY)


def test_a_pointer_nobody_can_read(rig: Rig) -> None:
    rig.bring(lines(*MANY))
    (rig.root / "national" / "active.json").write_text("{")
    with pytest.raises(OperatorError, match="which version is active"):
        ListShelf(rig.root).active()


def test_two_imports_of_a_list_at_once(rig: Rig) -> None:
    def second(stage: str, done: float) -> None:
        with pytest.raises(OperatorError, match="being imported already"):
            ListShelf(rig.root, lambda: NOW).import_file(
                "national", SetKind.NATIONAL, "", rig.inbox / "national.txt",
                find_profile("ftc_full"), NOW,
            )  # fmt: skip

    rig.bring(lines(*MANY), progress=second)
    assert rig.held() == numbers(*MANY)


def test_a_retired_list_is_out_of_use_and_still_accounted_for(rig: Rig) -> None:
    rig.bring(lines(*MANY))
    manifest = rig.shelf.retire("national", "Olga Officer", "replaced by the vendor's copy")
    assert (manifest.retired, manifest.deleted, manifest.count) == (True, 40, 0)
    assert rig.shelf.active() == {}
    assert len(rig.shelf.manifests("national")) == 2
    rig.bring(lines(101))
    assert rig.held() == numbers(101)


def test_every_manifest_is_kept_but_only_the_newest_indexes(rig: Rig) -> None:
    for _ in range(4):
        rig.bring(lines(*MANY))
    assert len(rig.shelf.manifests("national")) == 4
    assert len(list((rig.root / "national").glob("*.idx"))) == 2


def test_a_manifest_is_plain_json(rig: Rig) -> None:
    manifest = rig.bring(lines(101))
    data = json.loads((rig.root / "national" / f"{manifest.version}.json").read_bytes())
    assert data["obtained_at"] == "2026-12-01T17:00:00.000Z"
    assert data["rows_read"] == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from dialer.dnc import manifest, shelf
from dialer.dnc.index import SetKind
from dialer.dnc.profile import find_profile

root, file, victim = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
def die():
    os.kill(os.getpid(), signal.SIGKILL)
def progress(stage, done):
    if stage == victim:
        die()
real = shelf.write_json
def write_json(path, data):
    if victim == "pointer" and path.name == shelf.POINTER:
        die()
    real(path, data)
    if victim == "done":
        die() if path.name == shelf.POINTER else None
shelf.write_json = write_json
now = int(sys.argv[4])
shelf.ListShelf(root, lambda: now).import_file(
    "national", SetKind.NATIONAL, "", file, find_profile("ftc_full"), now, progress=progress)
"""


@pytest.mark.parametrize("victim", ["reading", "writing", "pointer", "done"])
def test_an_import_killed_at_any_point_is_all_or_nothing(rig: Rig, victim: str) -> None:
    first = rig.bring(lines(*MANY))
    file = rig.inbox / "next.txt"
    file.write_text(lines(*MANY, 140))
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(rig.root), str(file), victim, str(NOW - DAY_MS)],
        check=False,
        cwd=Path.cwd(),
        env=os.environ,
    )
    assert ended.returncode == -signal.SIGKILL
    new = victim == "done"
    assert rig.held() == (numbers(*MANY, 140) if new else numbers(*MANY))
    assert len(ListShelf(rig.root).manifests("national")) == 1 + new
    again = rig.bring(lines(*MANY, 140))
    assert rig.held() == numbers(*MANY, 140)
    assert again.version.startswith("000003" if new else "000002")
    assert again.base != first.version if new else again.base == first.version
    folder = rig.root / "national"
    assert not list(folder.glob("*.partial"))
    assert len(list(folder.glob("*.idx"))) == 2
