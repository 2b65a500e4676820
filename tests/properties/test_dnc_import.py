"""A list file says the same however fast it is read, whatever mixture of spellings it has."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialer.dnc import source
from dialer.dnc.lines import Layout, read_line, read_lines
from dialer.dnc.profile import find_profile
from dialer.dnc.reading import read_file
from dialer.model.errors import OperatorError

BOTH = (Layout.NPA_NUMBER, Layout.NUMBER)


def naive(line: str, layouts: tuple[Layout, ...]) -> int | None:
    """The grammar once more, a character at a time."""
    kept = "".join(c for c in line.strip() if c not in " \t\r().-\"'")
    digits = kept.replace("+", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit()):
        return None
    shape = "".join("9" if c.isdigit() else c for c in kept)
    if shape == "999,9999999":
        if Layout.NPA_NUMBER in layouts and digits[0] in "23456789":
            return int("1" + digits)
        return None
    if Layout.NUMBER not in layouts or "," in kept or not re.fullmatch(r"\+?9+", shape):
        return None
    if len(digits) == 10 and digits[0] in "23456789" and not kept.startswith("+"):
        return int("1" + digits)
    if len(digits) == 11 and digits[0] == "1" and digits[1] in "23456789":
        return int(digits)
    if kept.startswith("+") and 8 <= len(digits) <= 15 and digits[0] in "23456789":
        return int(digits)
    return None


def blank(line: str) -> bool:
    return not line.strip().strip(" \t\r().-\"'")


_TEN = st.from_regex(r"[2-9][0-9]{2}555[0-9]{4}", fullmatch=True)
_FORMS = [
    "{a},{n}", "{a}{n}", "1{a}{n}", "+1{a}{n}", "({a}) {e}-{l}", "{a}.{e}.{l}", "1-{a}-{e}-{l}",
    '"{a}","{n}"', '"{a}{n}"', " {a} , {n} ", "+1 ({a}) {e} {l}", "'{a}{n}'",
]  # fmt: skip
_SPELT = st.builds(
    lambda ten, form: form.format(a=ten[:3], n=ten[3:], e=ten[3:6], l=ten[6:]),
    _TEN,
    st.sampled_from(_FORMS),
)
_ODD = st.one_of(
    st.text("0123456789,+- x\"'\r\x00\xa0²/:;", max_size=16),
    st.sampled_from(["", " ", "+442079460123", "442079460123", "2125550123x", "212,555012", "12,",
                     "1125550123", "+12125550123,", "212,5550123,5", "2125550123 2125550124"]),
)  # fmt: skip
_ENDS = st.sampled_from(["\n", "\r\n", " \n"])
_LINES = st.lists(st.tuples(st.one_of(_SPELT, _SPELT, _SPELT, _ODD), _ENDS), max_size=30)
_EVEN = st.builds(
    lambda form, tens, end: [
        (form.format(a=ten[:3], n=ten[3:], e=ten[3:6], l=ten[6:]), end) for ten in tens
    ],
    st.sampled_from(_FORMS),
    st.lists(_TEN, min_size=1, max_size=30),
    _ENDS,
)
_SPOILT = st.builds(
    lambda lines, place, byte: _spoil("".join(text + end for text, end in lines), place, byte),
    _EVEN,
    st.integers(0, 10_000),
    st.integers(0, 255),
)


def _spoil(text: str, place: int, byte: int) -> bytes:
    content = bytearray(text.encode())
    content[place % len(content)] = byte
    return bytes(content) + b"\n"


@given(
    st.one_of(st.one_of(_LINES, _EVEN).map(lambda ls: "".join(t + e for t, e in ls)), _SPOILT),
    st.sampled_from([(Layout.NUMBER,), (Layout.NPA_NUMBER,), BOTH]),
)
@example("212,5550123\n212,555012:\n", BOTH)
@example("212,5550123\n212/5550123\n", BOTH)
@example("212,5550123\n112,5550123\n", BOTH)
def test_fast_reading_is_naive_reading(text: str | bytes, layouts: tuple[Layout, ...]) -> None:
    content = text if isinstance(text, bytes) else text.encode()
    lines = [line.decode("utf-8", "backslashreplace") for line in content.split(b"\n")[:-1]]
    truth = [naive(line, layouts) for line in lines]
    assert [read_line(line, layouts) for line in lines] == truth
    read = read_lines(content, layouts)
    assert read.numbers.tolist() == [number for number in truth if number is not None]
    assert read.lines == len(lines)
    assert read.rows == sum(1 for line in lines if not blank(line))
    assert [bad.line for bad in read.bad] == [
        place for place, number in enumerate(truth) if number is None and not blank(lines[place])
    ]


@given(
    _LINES, st.booleans(), st.booleans(), st.booleans(), st.integers(8, 60)
)  # fmt: skip
def test_a_file_is_its_lines(
    lines: list[tuple[str, str]], bom: bool, header: bool, zipped: bool, piece_bytes: int
) -> None:
    """Wherever it is cut into pieces, with or without header, byte order mark and archive."""
    text = "".join(body + end for body, end in lines)
    content = b"\xef\xbb\xbf" * bom + b"npa,number\r\n" * header + text.encode()
    seen = [line.decode("utf-8", "backslashreplace") for line in text.encode().split(b"\n")]
    truth = [naive(line, BOTH) for line in seen]
    wrong = [
        place + 1 + header
        for place, line in enumerate(seen)
        if not blank(line) and truth[place] is None
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        path.write_bytes(content)
        if zipped:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("a/list.txt", content)
            path.write_bytes(packed.getvalue())
        with mock.patch.object(source, "PIECE_BYTES", max(piece_bytes, 60)):
            if _looks_like_header(seen[0]) and not header:
                return  # a first line of letters alone is taken for a header
            if wrong:
                with pytest.raises(OperatorError) as refused:
                    read_file(path, find_profile("ftc_full"))
                named = [p.line for p in refused.value.problems if p.line is not None]
                assert named == wrong[:20]
                return
            read = read_file(path, find_profile("ftc_full"))
    held = {int(n) for part in read.sets[""].finish().numbers() for n in part}
    assert held == {number for number in truth if number is not None}
    assert read.rows == sum(1 for line in seen if not blank(line))


def _looks_like_header(line: str) -> bool:
    line = line.strip()
    return any(c.isalpha() for c in line) and not any(c.isdigit() for c in line)
