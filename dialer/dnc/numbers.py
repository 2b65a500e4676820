"""How a set of telephone numbers is laid out in bits, shared by the working set and the index.

North American numbers (E.164 `1` and ten digits, area codes 200 to 999) are bits: one area code has
10,000,000 of them, in 156,250 words of 64. Everything else is a plain ascending array of integers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
"""E.164 digits without `+`, as integers."""

FIRST_NANP = 12_000_000_000
"""The first integer held in bits, +1 200 000 0000."""

NANP_SIZE = 8_000_000_000
AREA_SIZE = 10_000_000
AREAS = NANP_SIZE // AREA_SIZE
FIRST_AREA = 200
WORD_BITS = 64
AREA_WORDS = AREA_SIZE // WORD_BITS
CELLS = -(-AREA_WORDS // WORD_BITS)
"""Words of the directory of one area code: a bit for each of its words."""

MAX_E164 = 999_999_999_999_999
"""Fifteen digits, the longest number there is (ITU-T E.164)."""


def number_of(e164: str) -> int:
    """`+12125550123` as an integer. Raises ValueError for anything that is not digits after `+`: a
    number that cannot be read must never be answered with "not on the list"."""
    digits = e164.removeprefix("+")
    if not digits.isdecimal() or not digits.isascii():
        raise ValueError(f"this is no E.164 number: {e164!r}")
    return int(digits)


def distinct(numbers: Numbers) -> Numbers:
    """Ascending, each once."""
    ordered = np.sort(numbers)
    first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def among(numbers: Numbers, ordered: Numbers) -> NDArray[np.bool_]:
    """For each number whether it is in `ordered`, which is ascending."""
    if not len(ordered):
        return np.zeros(len(numbers), dtype=np.bool_)
    place = np.searchsorted(ordered, numbers)
    return np.equal(ordered.take(place, mode="clip"), numbers)


def numbers_in(words: NDArray[np.uint64], area: int) -> Numbers:
    """The numbers of an area code's bitmap, ascending."""
    marks = np.unpackbits(words.view(np.uint8), bitorder="little")
    base = FIRST_NANP + (area - FIRST_AREA) * AREA_SIZE
    return np.flatnonzero(marks).astype(np.uint64) + np.uint64(base)
