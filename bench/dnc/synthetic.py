"""A national list nobody is on: distinct numbers spread evenly over area codes, ascending."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

AREA_CODES = 330
_FIRST_NXX = 2_000_000
_POSSIBLE = 8_000_000

REGULAR = ("aaa,nnnnnnn\n",)
IRREGULAR = (
    "aaa,nnnnnnn\n",
    "aaa,nnnnnnn\r\n",
    '"aaa","nnnnnnn"\r\n',
    " aaa , nnnnnnn\n",
    "aaannnnnnn\n",
    "aaannnnnnn\r\n",
    '"aaannnnnnn"\n',
    "+1aaannnnnnn\n",
    "1aaannnnnnn\r\n",
    "(aaa) nnn-nnnn\n",
    "aaa-nnn-nnnn\r\n",
)
"""Spellings; a line has one of them by chance."""


def area_lists(rows: int, seed: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Area code and its seven-digit numbers, ascending; `rows` numbers in all."""
    chance = np.random.default_rng(seed)
    areas = np.sort(chance.choice(np.arange(201, 1000), AREA_CODES, replace=False))
    for place, area in enumerate(areas.tolist()):
        wanted = rows * (place + 1) // AREA_CODES - rows * place // AREA_CODES
        yield area, _draw(chance, wanted) + _FIRST_NXX


def _draw(chance: np.random.Generator, wanted: int) -> NDArray[np.int64]:
    """So many distinct numbers below `_POSSIBLE`, ascending: a few too many are drawn, then as many
    left out as are too many."""
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < wanted:
        if wanted * 50 > _POSSIBLE:  # many: toss a coin for each number there is
            coins = chance.random(_POSSIBLE, dtype=np.float32)
            drawn = np.flatnonzero(coins < wanted * 1.01 / _POSSIBLE + 1e-4)
        else:
            more = chance.integers(0, _POSSIBLE, wanted - len(drawn) + 100)
            drawn = np.unique(np.concatenate((drawn, more)))
    kept = np.ones(len(drawn), dtype=np.bool_)
    while len(drawn) - wanted > 0:
        kept[chance.integers(0, len(drawn), len(drawn) - wanted)] = False
        drawn = drawn[kept]
        kept = np.ones(len(drawn), dtype=np.bool_)
    return drawn


def write_list(path: Path, rows: int, seed: int, spellings: tuple[str, ...]) -> int:
    """Write the list; returns how many rows it has."""
    chance = np.random.default_rng(seed + 1)
    written = 0
    with path.open("wb") as file:
        for area, numbers in area_lists(rows, seed):
            file.write(_spelt(area, numbers, spellings, chance))
            written += len(numbers)
    return written


def _spelt(
    area: int,
    numbers: NDArray[np.int64],
    spellings: tuple[str, ...],
    chance: np.random.Generator,
) -> bytes:
    """Every number as a line, each line's characters put where its length lets it begin."""
    if len(spellings) == 1:
        return _evenly_spelt(area, numbers, spellings[0])
    which = chance.integers(0, len(spellings), len(numbers))
    lengths = np.array([len(spelling) for spelling in spellings])[which]
    starts = np.cumsum(lengths) - lengths
    text = np.zeros(int(lengths.sum()), dtype=np.uint8)
    for place, spelling in enumerate(spellings):
        mine = which == place
        at, left = starts[mine], numbers[mine]
        area_digits = iter(str(area))
        power = 7
        for offset, mark in enumerate(spelling):
            if mark == "a":
                text[at + offset] = ord(next(area_digits))
            elif mark == "n":
                power -= 1
                text[at + offset] = left // 10**power % 10 + ord("0")
            else:
                text[at + offset] = ord(mark)
    return text.tobytes()


def _evenly_spelt(area: int, numbers: NDArray[np.int64], spelling: str) -> bytes:
    table = np.empty((len(numbers), len(spelling)), dtype=np.uint8)
    area_digits = iter(str(area))
    left = numbers.astype(np.uint32)
    power = 7
    for offset, mark in enumerate(spelling):
        if mark == "n":
            power -= 1
            table[:, offset] = left // np.uint32(10**power) % np.uint32(10) + np.uint32(ord("0"))
        else:
            table[:, offset] = ord(next(area_digits) if mark == "a" else mark)
    return table.tobytes()
