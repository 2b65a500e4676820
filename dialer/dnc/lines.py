"""Plain lists: one number a line. Whole columns of bytes at a time where lines allow it, and one
line at a time, exactly, for every line that is not plainly right.

`read_line` is the judge of what a line says; the two fast ways accept nothing it would refuse and
read nothing differently. They leave to it whatever they do not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dialer.dnc.numbers import Numbers


class Layout(StrEnum):
    """How a line says its number. NPA_NUMBER: `212,5550123`, the registry's. NUMBER: ten digits
    with or without +1, or any other number with its `+`. BLOCK: the first seven digits of a
    thousand numbers. COLUMNS: fields, named by a profile."""

    NPA_NUMBER = "npa,number"
    NUMBER = "number"
    BLOCK = "block"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read; `line` counts from 0 within its piece."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class LinesRead:
    """What a piece of a file says. `lines`: all, blank ones too; `rows`: those not blank."""

    numbers: Numbers
    lines: int
    rows: int
    bad: tuple[BadLine, ...] = ()


PASSED_OVER = b" \t\r().-\"'"
"""Bytes that mean nothing wherever they stand in a line."""

_COUNTRY = 10_000_000_000
"""Added to ten digits, the leading 1 of E.164."""
_PUNCTUATION = re.compile(f"[{re.escape(PASSED_OVER.decode())}]+")
_NPA_NUMBER = re.compile(r"([2-9][0-9]{2}),([0-9]{7})")
_TEN_DIGITS = re.compile(r"(?:\+?1)?([2-9][0-9]{9})")
_OTHER_E164 = re.compile(r"\+([2-9][0-9]{7,14})")
_BLOCK = re.compile(r"[2-9][0-9]{6}")
_WIDEST = 64
_LOWEST_NUMBER = 2_000_000_000


def read_line(text: str, layouts: Collection[Layout]) -> int | None:
    """The number a line says, E.164 digits as an integer (a block's first number); None if it
    cannot be read."""
    plain = _PUNCTUATION.sub("", text.strip())
    if Layout.NPA_NUMBER in layouts:
        match = _NPA_NUMBER.fullmatch(plain)
        if match:
            return _COUNTRY + int(match.group(1) + match.group(2))
    if Layout.NUMBER in layouts:
        match = _TEN_DIGITS.fullmatch(plain)
        if match:
            return _COUNTRY + int(match.group(1))
        match = _OTHER_E164.fullmatch(plain)
        if match:
            return int(match.group(1))
    if Layout.BLOCK in layouts and _BLOCK.fullmatch(plain.replace(",", "")):
        return _COUNTRY + int(plain.replace(",", "")) * 1000
    return None


def is_blank(text: str) -> bool:
    """Whether there is nothing in a line but what is passed over."""
    return not _PUNCTUATION.sub("", text.strip())


def text_of(line: bytes) -> str:
    """A line as text, whatever its bytes."""
    return line.decode("utf-8", "backslashreplace").strip()


def read_lines(piece: bytes, layouts: Collection[Layout]) -> LinesRead:
    """Read whole lines; the last must end with a newline too."""
    numbers = _read_even(piece, layouts)
    if numbers is not None:
        return LinesRead(numbers, len(numbers), len(numbers))
    return _read_mixed(piece, layouts)


# --- lines of one width, differing only in their ten digits ---------------------------------------


def _read_even(piece: bytes, layouts: Collection[Layout]) -> Numbers | None:
    """The numbers, if every line is like the first but for the ten digits; None if any differs."""
    width = piece.find(b"\n") + 1
    if not 0 < width <= _WIDEST or len(piece) % width:
        return None
    form = piece[:width]
    digits = [place for place, byte in enumerate(form) if 48 <= byte <= 57][-10:]
    first = read_line(text_of(form), layouts)
    if first is None or not _COUNTRY < first < 2 * _COUNTRY or len(digits) < 10:
        return None
    if width == 12 and digits == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]:
        return _read_registry(piece)
    return _read_columns(piece, form, digits)


def _read_registry(piece: bytes) -> Numbers | None:
    """`212,5550123` and a newline: three words of four bytes a line."""
    words = np.frombuffer(piece, dtype="<u4").reshape(-1, 3)
    area, area_faults = _four_digits(words[:, 0], np.uint32(0x2C303030), np.uint32(0x7F767676))
    middle, middle_faults = _four_digits(words[:, 1], np.uint32(0x30303030), np.uint32(0x76767676))
    end, end_faults = _four_digits(words[:, 2], np.uint32(0x0A303030), np.uint32(0x7F767676))
    area_faults |= middle_faults
    area_faults |= end_faults
    # The fourth byte of the first and last word is the comma and the newline, read as a digit 0.
    if int(np.bitwise_or.reduce(area_faults)) & 0x80808080 or int(area.min()) < 2000:
        return None
    middle *= np.uint32(1000)
    end //= np.uint32(10)
    middle += end
    numbers = area.astype(np.uint64)
    numbers *= np.uint64(1_000_000)
    numbers += middle
    numbers += np.uint64(_COUNTRY)
    return numbers


def _four_digits(
    words: NDArray[np.uint32], form: np.uint32, room: np.uint32
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The value of each word's four digits, and words in which a byte has its highest bit set if
    it is not what `form` has there (a 0 standing for any digit). `room`: what a good byte may grow
    by without reaching that bit."""
    value = words ^ form
    faults = value + room
    faults |= value
    tens = value >> np.uint32(8)
    value *= np.uint32(10)
    value += tens
    value &= np.uint32(0x00FF00FF)
    tens = value >> np.uint32(16)
    value *= np.uint32(100)
    value += tens
    value &= np.uint32(0xFFFF)
    return value, faults


def _read_columns(piece: bytes, form: bytes, digits: list[int]) -> Numbers | None:
    """Any other form: a column of bytes at a time."""
    table = np.frombuffer(piece, dtype=np.uint8).reshape(-1, len(form))
    numbers = np.ones(len(table), dtype=np.uint64)  # the 1 in front is the country code
    for column, expected in enumerate(form):
        if column not in digits:
            if bool((table[:, column] != expected).any()):
                return None
            continue
        marks = table[:, column] - np.uint8(48)  # what lies below 0 wraps to far above 9
        lowest = 2 if column == digits[0] else 0
        if int(marks.max()) > 9 or int(marks.min()) < lowest:
            return None
        numbers *= np.uint64(10)
        numbers += marks
    return numbers


# --- lines of any width ---------------------------------------------------------------------------


def _read_mixed(piece: bytes, layouts: Collection[Layout]) -> LinesRead:
    """Drop what means nothing; then almost every line is one of four forms."""
    if not piece:
        return LinesRead(np.empty(0, dtype=np.uint64), 0, 0)
    compact = np.frombuffer(b"\n" * 16 + piece.translate(None, PASSED_OVER), dtype=np.uint8)
    ends = np.flatnonzero(compact == 10)[16:]
    starts = np.concatenate(([15], ends[:-1])) + 1
    lengths = ends - starts
    numbers = np.zeros(len(ends), dtype=np.uint64)
    read = lengths == 0
    rows = len(ends) - int(read.sum())
    if Layout.NUMBER in layouts:
        heads = compact[starts]
        whole = lengths == 10
        whole |= (lengths == 11) & (heads == 49)
        whole |= (lengths == 12) & (heads == 43) & (compact[ends - 11] == 49)
        _read_form(compact, ends, whole, numbers, read, _ten_digits)
    if Layout.NPA_NUMBER in layouts:
        registry = (lengths == 11) & (compact[ends - 8] == 44)
        _read_form(compact, ends, registry, numbers, read, _npa_number)
    bad: list[BadLine] = []
    left = np.flatnonzero(~read)
    if len(left):
        lines = piece.split(b"\n")
        for place in left.tolist():
            text = text_of(lines[place])
            number = read_line(text, layouts)
            if number is not None:
                numbers[place] = number
            elif not is_blank(text):
                bad.append(BadLine(place, text))
            else:
                rows -= 1
    return LinesRead(numbers[numbers != 0], len(ends), rows, tuple(bad))


_Reader = Callable[[NDArray[np.uint8], NDArray[np.int64]], tuple[Numbers, NDArray[np.bool_]]]


def _read_form(
    compact: NDArray[np.uint8],
    ends: NDArray[np.int64],
    form: NDArray[np.bool_],
    numbers: Numbers,
    read: NDArray[np.bool_],
    reader: _Reader,
) -> None:
    """Read the lines that look like the form; `numbers` and `read` are filled in."""
    places = np.flatnonzero(form)
    if not len(places):
        return
    found, good = reader(compact, ends[places])
    good &= found >= _LOWEST_NUMBER
    places = places[good]
    numbers[places] = found[good] + np.uint64(_COUNTRY)
    read[places] = True


def _ten_digits(
    compact: NDArray[np.uint8], ends: NDArray[np.int64]
) -> tuple[Numbers, NDArray[np.bool_]]:
    """`2125550123` before each end."""
    high, high_good = _eight_digits(_eight_bytes(compact, ends - 10), 0x3030303030303030)
    low, low_good = _eight_digits(_eight_bytes(compact, ends - 8), 0x3030303030303030)
    return high * np.uint64(100) + low % np.uint64(100), high_good & low_good


def _npa_number(
    compact: NDArray[np.uint8], ends: NDArray[np.int64]
) -> tuple[Numbers, NDArray[np.bool_]]:
    """`212,5550123` before each end."""
    high, high_good = _eight_digits(_eight_bytes(compact, ends - 11), 0x303030302C303030)
    low, low_good = _eight_digits(_eight_bytes(compact, ends - 8), 0x303030303030302C)
    # `high` is the area code, a 0 for the comma and four digits; `low` a 0 and seven digits.
    return high // np.uint64(100_000) * np.uint64(10_000_000) + low, high_good & low_good


def _eight_bytes(compact: NDArray[np.uint8], starts: NDArray[np.int64]) -> Numbers:
    words = np.ndarray(len(compact) - 7, "<u8", compact.data, strides=(1,))
    gathered: Numbers = words[starts]
    return gathered


def _eight_digits(words: Numbers, form: int) -> tuple[Numbers, NDArray[np.bool_]]:
    """The value of each word's eight digits, the first in the lowest byte, and whether every byte
    is as in `form` (a 0 standing for any digit)."""
    value = words ^ np.uint64(form)
    room = sum((0x76 if form >> shift & 255 == 48 else 0x7F) << shift for shift in range(0, 64, 8))
    faults = (value + np.uint64(room)) | value
    good = faults & np.uint64(0x8080808080808080) == 0
    for factor, bits, mask in (
        (10, 8, 0x00FF00FF00FF00FF),
        (100, 16, 0x0000FFFF0000FFFF),
        (10_000, 32, 0x00000000FFFFFFFF),
    ):
        lower = value >> np.uint64(bits)
        value *= np.uint64(factor)
        value += lower
        value &= np.uint64(mask)
    return value, good
