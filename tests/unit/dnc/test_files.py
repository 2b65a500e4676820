"""Files as they are delivered: archives, broken downloads, profiles of an operator's own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dialer.dnc.index import SetKind
from dialer.dnc.lines import Layout
from dialer.dnc.profile import find_profile, profile_names
from dialer.dnc.reading import read_file
from dialer.model.errors import OperatorError
from tests.unit.dnc.rig import Rig, lines, numbers

FULL = find_profile("ftc_full")


def held(path: Path, profile: str = "ftc_full") -> set[int]:
    sets = read_file(path, find_profile(profile)).sets
    return {int(n) for part in sets[""].finish().numbers() for n in part}


def archive(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return path


def test_an_archive_of_an_area_code_a_file(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", a=lines(101), b="\ufeffNPA,Number\r\n" + lines(102))
    assert held(path) == numbers(101, 102)


def test_a_bad_line_in_an_archive_is_named_with_its_member(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", a=lines(101), b=lines(102) + "212,x\n")
    with pytest.raises(OperatorError, match=r"all\.zip/b:2: no number"):
        read_file(path, FULL)


def test_a_broken_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "all.zip", a=lines(*range(100, 200)) * 50)
    content = bytearray(path.read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    with pytest.raises(OperatorError, match="cannot be read"):
        read_file(path, FULL)


def test_no_line_ends_in_it(tmp_path: Path) -> None:
    path = tmp_path / "binary"
    path.write_bytes(b"2" * 3_000_000)
    with pytest.raises(OperatorError, match="no line ends within a megabyte"):
        read_file(path, FULL)


def test_a_header_is_passed_over_only_where_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("npa,number\n" + lines(101))
    assert held(path) == numbers(101)
    with pytest.raises(OperatorError, match=r"list\.txt:1: no number"):
        read_file(path, find_profile("npa_numbers"))
    path.write_text(lines(101, 102))
    with pytest.raises(OperatorError, match="should name columns"):
        read_file(path, find_profile("internal_csv"))


def test_our_own_csv(rig_csv: Path) -> None:
    assert held(rig_csv, "internal_csv") == numbers(101, 102)


@pytest.fixture
def rig_csv(tmp_path: Path) -> Path:
    path = tmp_path / "internal.csv"
    path.write_text(
        "number,seller,scope,requested_at_utc,source,evidence_ref,actor,batch_sha256\r\n"
        '+12125550101,"Sample, Sons",all,2026-11-01T10:00:00Z,email,x1,olga,\r\n'
        "(212) 555-0102,,all,2026-11-01T10:00:00Z,mail,x2,olga,\r\n"
    )
    return path


def test_a_row_of_another_width_is_refused(rig_csv: Path) -> None:
    rig_csv.write_text(rig_csv.read_text() + "2125550103,only\n")
    with pytest.raises(OperatorError, match=r"internal\.csv:4"):
        read_file(rig_csv, find_profile("internal_csv"))


def test_every_profile_that_comes_along_is_sound() -> None:
    assert len(profile_names()) >= 9
    for name in profile_names():
        assert find_profile(name).bad_rows == "refuse"
    assert find_profile("ftc_full").layouts == (Layout.NPA_NUMBER, Layout.NUMBER)
    kinds = {part.kind for part in find_profile("vendor_scrub").parts}
    assert {SetKind.UNKNOWN, SetKind.STATE, SetKind.NATIONAL} <= kinds


GOOD = """\
title = "Vendor"
layouts = ["columns"]
header = "always"
[columns]
number = "Phone"
code = "Flag"
[codes]
F = "national"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('"national"', '"nationl"', None, "is none of"),
        ('"national"', '"state:florida"', None, "is none of"),
        ('header = "always"\n', "", None, 'need header = "always"'),
        ('code = "Flag"\n', "", None, "given together"),
        ('["columns"]', '["number"]', None, "columns"),
        ('["columns"]', '["columns", "number"]', None, "stand alone"),
        ('["columns"]', '["xml"]', 2, "xml"),
        ('title = "Vendor"\n', "", None, "title"),
        ('title = "Vendor"', 'title = "Vendor"\ncontent = "changes"', None, "a list of changes"),
        ('title = "Vendor"', 'title = "Vendor"\nencoding = "x"', 2, "encoding"),
        ("[codes]", "[codes", 7, "not valid TOML"),
    ],
)
def test_mistakes_in_a_profile(
    tmp_path: Path, old: str, new: str, line: int | None, says: str
) -> None:
    assert old in GOOD
    path = tmp_path / "own.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(OperatorError) as caught:
        find_profile("own.toml", tmp_path)
    fitting = [p for p in caught.value.problems if says in f"{p.message} {p.value}"]
    assert fitting, caught.value.problems
    assert fitting[0].where == str(path)
    assert fitting[0].line == line or line is None


def test_no_such_profile(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no profile of this name"):
        find_profile("nothing")
    with pytest.raises(OperatorError, match="cannot be read"):
        find_profile("nothing.toml", tmp_path)


def test_an_operators_own_profile(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(GOOD)
    rig = Rig(tmp_path)
    rig.bring("Name,Phone,Flag\nA,2125550101,f\nB,2125550102,?\n", name="vendor",
              kind=SetKind.UNKNOWN, profile=str(own))  # fmt: skip
    assert rig.held("vendor:national") == numbers(101)
    assert rig.held("vendor:unknown") == numbers(102)
