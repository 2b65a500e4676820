"""Do-not-call lists: read whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.facts import ListKind
from dialer.intake.dnc_lists import load_lists, read_numbers
from dialer.model.errors import OperatorError
from dialer.model.instant import instant_of

GOOD = """\
[[lists]]
name = "national"
source = "national"
layout = "npa,number"
file = "national.txt"
obtained = "2026-11-20"

[[lists]]
name = "internal"
source = "internal"
layout = "number"
file = "internal.txt"
obtained = 2026-11-19
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "lists.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "national.txt").write_text("212,5550123\n202,5550100\n", encoding="utf-8")
    (tmp_path / "internal.txt").write_text("+1 (312) 555-0124\n", encoding="utf-8")
    return tmp_path


def test_good_lists(root: Path) -> None:
    national, internal = load_lists(root)
    assert (national.version.name, national.version.kind) == ("national", ListKind.NATIONAL)
    assert national.version.obtained_at == instant_of(datetime(2026, 11, 20, tzinfo=UTC))
    assert internal.version.obtained_at == instant_of(datetime(2026, 11, 19, tzinfo=UTC))
    assert national.numbers.tolist() == [12025550100, 12125550123]
    assert "+12125550123" in national
    assert "+13125550124" in internal
    assert "+13125550124" not in national


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('"2026-11-20"', '"20.11.2026"', 6, "no date"),
        ('obtained = "2026-11-20"\n', "", 1, "no 'obtained'"),
        ('"npa,number"', '"xml"', 4, "no such layout"),
        ('source = "national"', 'source = "county"', 3, "no such source"),
        ('"internal"\nsource', '"national"\nsource', 9, "already"),
        ('"national.txt"', '"none.txt"', 5, "cannot be read"),
        ('"national.txt"', '"../national.txt"', 5, "beside lists.toml"),
        ('name = "national"', 'nam = "national"', 2, "'nam' is not known"),
        ("[[lists]]\n", "x = 1\n[[lists]]\n", 1, "'x' is not known"),
        (GOOD, "", None, "no list is named"),
        (GOOD, "lists = [1]", 1, "has no 'name'"),
    ],
)
def test_mistakes_in_the_list_of_lists(
    root: Path, old: str, new: str, line: int | None, says: str
) -> None:
    assert old in GOOD
    (root / "lists.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OperatorError) as caught:
        load_lists(root)
    fitting = [problem for problem in caught.value.problems if says in problem.message]
    assert fitting, caught.value.problems
    assert fitting[0].line == line


def test_no_list_of_lists(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        load_lists(tmp_path)


def test_one_bad_line_stops_everything_and_is_named(root: Path) -> None:
    (root / "national.txt").write_text("212,5550123\n202,555O100\n", encoding="utf-8")
    (root / "internal.txt").write_text("2025550100\n\nnonsense\n", encoding="utf-8")
    with pytest.raises(OperatorError) as caught:
        load_lists(root)
    assert [(Path(p.where).name, p.line, p.value) for p in caught.value.problems] == [
        ("national.txt", 2, "202,555O100"),
        ("internal.txt", 3, "nonsense"),
    ]


def test_an_empty_registry_copy_is_a_failed_download(root: Path) -> None:
    (root / "national.txt").write_bytes(b"")
    with pytest.raises(OperatorError, match="no number in it"):
        load_lists(root)


def test_an_empty_internal_list_is_fine(root: Path) -> None:
    (root / "internal.txt").write_bytes(b"\n")
    assert len(load_lists(root)[1].numbers) == 0


@pytest.mark.parametrize(
    ("content", "layout", "expected"),
    [
        (b"212,5550123\r\n202,5550100\r\n", "npa,number", [12025550100, 12125550123]),
        (b"212,5550123\n202,5550100", "npa,number", [12025550100, 12125550123]),
        (b"212,5550123\n212,5550123\n", "npa,number", [12125550123]),
        (b"\xef\xbb\xbf212,5550123\n\n202,5550100\r\n", "npa,number", [12025550100, 12125550123]),
        (b"2125550123\n2025550100\n", "number", [12025550100, 12125550123]),
        (b"+12125550123\n(202) 555-0100\n+442079460123\n1-312-555-0124", "number",
         [12025550100, 12125550123, 13125550124, 442079460123]),
    ],
)  # fmt: skip
def test_layouts(content: bytes, layout: str, expected: list[int]) -> None:
    assert read_numbers(content, layout, "x").tolist() == expected


@pytest.mark.parametrize(
    ("content", "layout", "line"),
    [
        (b"npa,number\n212,5550123\n", "npa,number", 1),
        (b"2125550123\n", "npa,number", 1),
        (b"212,5550123\n112,5550123\n", "npa,number", 2),
        (b"212,5550123\n212,555012\n", "npa,number", 2),
        (b"212,5550123,x\n", "npa,number", 1),
        (b"212,5550123 212,5550124\n", "npa,number", 1),
        (b"212,5550123\n212,55501\xff3\n", "npa,number", 2),
        (b"212,5550123\n", "number", 1),
        (b"2125550123\n21255501234\n", "number", 2),
        (b"2125550123\n0125550123\n", "number", 2),
        ("２１２５５５０１２３\n".encode(), "number", 1),
    ],
)
def test_lines_that_are_not_of_the_layout(content: bytes, layout: str, line: int) -> None:
    with pytest.raises(OperatorError) as caught:
        read_numbers(content, layout, "x.txt")
    problem = caught.value.problems[0]
    assert (problem.where, problem.line) == ("x.txt", line)


def test_many_bad_lines_are_counted_not_listed() -> None:
    with pytest.raises(OperatorError) as caught:
        read_numbers(b"x\n" * 1_000, "number", "x.txt")
    assert len(caught.value.problems) == 21
    assert "980 more" in caught.value.problems[-1].message


def test_a_million_lines_all_count() -> None:
    numbers = np.arange(2_000_000_000, 2_001_000_000)
    content = b"".join(b"%d,%07d\n" % divmod(int(number), 10**7) for number in numbers)
    read = read_numbers(content, "npa,number", "x")
    assert np.array_equal(read, numbers.astype(np.uint64) + np.uint64(10**10))


NANP = st.integers(2_000_000_000, 9_999_999_999)


@given(st.lists(NANP, min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_the_fast_and_the_slow_way_agree(numbers: list[int], ending: str, last: bool) -> None:
    expected = sorted({10**10 + number for number in numbers})
    for layout, form in (("number", "{}{}"), ("npa,number", "{},{}")):
        lines = [form.format(str(number)[:3], str(number)[3:]) for number in numbers]
        content = (ending.join(lines) + ending * last).encode()
        assert read_numbers(content, layout, "x").tolist() == expected
        assert read_numbers(b"\n" + content, layout, "x").tolist() == expected


@given(st.binary(max_size=80), st.sampled_from(["number", "npa,number"]))
def test_any_bytes_are_read_whole_or_refused(content: bytes, layout: str) -> None:
    try:
        numbers = read_numbers(content, layout, "x")
    except OperatorError as error:
        assert error.problems
    else:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
        lines = [line for line in text.split("\n") if line.strip()]
        assert len(numbers) <= len(lines)
        assert bool(numbers.size) == bool(lines)
