"""A set of numbers being built, filled by several threads and written at last as an index file.

Up to 16 million numbers are kept as they come and sorted at the end; beyond that each area code
has its bitmap in memory: 330 area codes take about 410 MB, all 800 take 1 GB. Whole bitmaps for a
small list would cost more time than reading it.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dialer.dnc.index import Header, ListIdentity, NumberIndex
from dialer.dnc.numbers import (
    AREA_SIZE,
    AREA_WORDS,
    AREAS,
    CELLS,
    FIRST_AREA,
    FIRST_NANP,
    NANP_SIZE,
    Numbers,
    among,
    distinct,
    numbers_in,
)
from dialer.dnc.writing import WRITERS, Packed, write_index

KEPT_PLAIN = 16_000_000
"""How many numbers are kept as they come before bitmaps take them."""

_NO_SLOT = -1


class NumberSet:
    """A growing set. `add` may be called from any thread, everything else from one at a time."""

    def __init__(self, kept_plain: int = KEPT_PLAIN) -> None:
        self._kept_plain = kept_plain
        self._plain: list[Numbers] = []
        self._plain_count = 0
        self._bitmaps: _Bitmaps | None = None
        self._others: Numbers = np.empty(0, dtype=np.uint64)
        self._new_others: list[Numbers] = []
        self._lock = threading.Lock()

    def add(self, numbers: Numbers) -> None:
        """Put numbers in, in any order, repeated or not. The array is kept: do not change it."""
        nanp = numbers - np.uint64(FIRST_NANP) < NANP_SIZE
        if not nanp.all():
            with self._lock:
                self._new_others.append(distinct(numbers[~nanp]))
            numbers = numbers[nanp]
        if self._bitmaps is None and not _ascends(numbers):
            numbers = np.sort(numbers)  # here, where several threads share the work
        spilled: list[Numbers] = []
        with self._lock:
            if self._bitmaps is None:
                self._plain.append(numbers)
                self._plain_count += len(numbers)
                if self._plain_count <= self._kept_plain:
                    return
                self._bitmaps = _Bitmaps()
                spilled, self._plain, self._plain_count = self._plain, [], 0
            else:
                spilled.append(numbers)
            bitmaps = self._bitmaps
        for part in spilled:
            bitmaps.add(part)

    def add_index(self, index: NumberIndex) -> None:
        """Put every number of an index in."""
        self._all_in_bitmaps().add_index(index)
        self._new_others.append(index.others)

    def discard(self, numbers: Numbers) -> None:
        """Take numbers out; what is not in the set is passed over."""
        nanp = numbers - np.uint64(FIRST_NANP) < NANP_SIZE
        self._all_in_bitmaps().discard(numbers[nanp])
        others = self._all_others()
        self._others = others[~among(others, distinct(numbers[~nanp]))]

    def finish(self) -> FinishedSet:
        """The set as it is now. Nothing may be added afterwards."""
        held: _Held
        if self._bitmaps is not None:
            held = self._bitmaps
        else:
            held = _Ascending(self._plain)
            self._plain.clear()
        return FinishedSet(held, self._all_others())

    def _all_in_bitmaps(self) -> _Bitmaps:
        if self._bitmaps is None:
            self._bitmaps = _Bitmaps()
            for part in self._plain:
                self._bitmaps.add(part)
            self._plain.clear()
        return self._bitmaps

    def _all_others(self) -> Numbers:
        self._others = distinct(np.concatenate((self._others, *self._new_others)))
        self._new_others.clear()
        return self._others


class FinishedSet:
    """A set that grows no more."""

    def __init__(self, held: _Held, others: Numbers) -> None:
        self._held = held
        self._others = others
        self._counts = held.counts()
        self.count = sum(self._counts.values()) + len(others)

    def missing_from(self, before: NumberIndex) -> int:
        """How many of its numbers `before` does not have."""
        others = int((~among(self._others, before.others)).sum())
        return others + sum(self._held.missing_from(before, area) for area in self._counts)

    def numbers(self) -> Iterator[Numbers]:
        """Every number, some at a time."""
        for area in self._counts:
            yield self._held.numbers(area)
        yield self._others

    def write(
        self, path: Path, identity: ListIdentity, progress: Callable[[float], None] | None = None
    ) -> Header:
        """See `write_index`."""
        return write_index(path, identity, self._counts, self._held.packed, self._others, progress)


class _Held(Protocol):
    """North American numbers, by area code counted from 0 (200)."""

    def counts(self) -> Mapping[int, int]: ...

    def numbers(self, area: int) -> Numbers: ...

    def packed(self, area: int) -> Packed: ...

    def missing_from(self, before: NumberIndex, area: int) -> int: ...


class _Ascending:
    """Numbers as one ascending array for each area code, merged from ascending pieces."""

    def __init__(self, pieces: list[Numbers]) -> None:
        edges = np.arange(AREAS + 1, dtype=np.uint64) * np.uint64(AREA_SIZE)
        edges += np.uint64(FIRST_NANP)
        # Pieces of an ascending file may have come out of order: then this is all there is to sort.
        pieces = sorted((piece for piece in pieces if len(piece)), key=lambda piece: int(piece[0]))
        cuts = [np.searchsorted(piece, edges).tolist() for piece in pieces]

        def merge(area: int) -> Numbers:
            parts = [
                piece[cut[area] : cut[area + 1]]
                for piece, cut in zip(pieces, cuts, strict=True)
                if cut[area] < cut[area + 1]
            ]
            merged = parts[0] if len(parts) == 1 else np.concatenate(parts)
            return merged if bool((merged[1:] > merged[:-1]).all()) else distinct(merged)

        used = [area for area in range(AREAS) if any(cut[area] < cut[area + 1] for cut in cuts)]
        with ThreadPoolExecutor(WRITERS) as pool:
            self._merged = dict(zip(used, pool.map(merge, used), strict=True))

    def counts(self) -> Mapping[int, int]:
        return {area: len(numbers) for area, numbers in self._merged.items()}

    def numbers(self, area: int) -> Numbers:
        return self._merged[area]

    def packed(self, area: int) -> Packed:
        place = self._merged[area] - np.uint64(FIRST_NANP + area * AREA_SIZE)
        word, words = _merged(*_bits_of(place))
        used = np.zeros(CELLS * 64, dtype=np.bool_)
        used[word] = True
        return np.packbits(used, bitorder="little").view(np.uint64), words

    def missing_from(self, before: NumberIndex, area: int) -> int:
        return int((~before.contains_many(self._merged[area])).sum())


class _Bitmaps:
    """Whole bitmaps, one for each area code that has a number."""

    def __init__(self) -> None:
        # Room for every area code is reserved, but memory is taken only where bits are set.
        size = AREAS * AREA_WORDS * 8
        memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # a kernel without large pages: slower, not wrong
            memory.madvise(mmap.MADV_HUGEPAGE)
        self._words = np.frombuffer(memory, np.uint64)
        self._slots = np.full(AREAS, _NO_SLOT, dtype=np.int64)
        self._used = 0
        self._lock = threading.Lock()

    def add(self, numbers: Numbers) -> None:
        if not len(numbers):
            return
        ascends = _ascends(numbers)
        if not ascends and bool((numbers.max() - numbers.min()) > AREA_SIZE):
            numbers, ascends = np.sort(numbers), True
        word, mask = self._place(numbers)
        if ascends:
            # The bits of one word are neighbours, so each word is touched once.
            word, mask = _merged(word, mask)
            with self._lock:
                self._words[word] |= mask
        else:
            with self._lock:
                np.bitwise_or.at(self._words, word, mask)

    def add_index(self, index: NumberIndex) -> None:
        for area, _ in index.areas:
            self._reserve(area - FIRST_AREA)
            words = self._of(area - FIRST_AREA)
            words |= index.area_words(area)

    def discard(self, numbers: Numbers) -> None:
        if len(numbers):
            word, mask = self._place(numbers)
            np.bitwise_and.at(self._words, word, ~mask)

    def counts(self) -> Mapping[int, int]:
        counted = {int(area): _population(self._of(area)) for area in self._areas()}
        return {area: count for area, count in counted.items() if count}

    def numbers(self, area: int) -> Numbers:
        return numbers_in(self._of(area), area + FIRST_AREA)

    def packed(self, area: int) -> Packed:
        words = self._of(area)
        used = np.zeros(CELLS * 64, dtype=np.bool_)
        np.not_equal(words, 0, out=used[:AREA_WORDS])
        row = np.packbits(used, bitorder="little").view(np.uint64)
        return row, words[used[:AREA_WORDS]]

    def missing_from(self, before: NumberIndex, area: int) -> int:
        return _population(self._of(area) & ~before.area_words(area + FIRST_AREA))

    def _place(self, numbers: Numbers) -> tuple[NDArray[np.int64], Numbers]:
        """Where the numbers' bits are: word and mask. Area codes get their memory here."""
        place = numbers - np.uint64(FIRST_NANP)
        area = (place // np.uint64(AREA_SIZE)).view(np.int64)
        place -= area.view(np.uint64) * np.uint64(AREA_SIZE)
        word, mask = _bits_of(place)
        only = int(area[0])
        if bool((area == only).all()):
            word += self._reserve(only) * AREA_WORDS
        else:
            for each in np.flatnonzero(np.bincount(area, minlength=AREAS)):
                self._reserve(int(each))
            word += self._slots.take(area) * AREA_WORDS
        return word, mask

    def _reserve(self, area: int) -> int:
        """The slot of an area code, given out now if it has none."""
        with self._lock:
            if self._slots[area] == _NO_SLOT:
                self._slots[area] = self._used
                self._used += 1
            return int(self._slots[area])

    def _areas(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._slots != _NO_SLOT)

    def _of(self, area: int) -> Numbers:
        start = int(self._slots[area]) * AREA_WORDS
        return self._words[start : start + AREA_WORDS]


def _ascends(numbers: Numbers) -> bool:
    return bool((numbers[1:] >= numbers[:-1]).all())


def _bits_of(place: Numbers) -> tuple[NDArray[np.int64], Numbers]:
    """Word and mask of places within an area code."""
    mask = np.left_shift(np.uint64(1), place & np.uint64(63))
    return (place >> np.uint64(6)).view(np.int64), mask


def _merged(word: NDArray[np.int64], mask: Numbers) -> tuple[NDArray[np.int64], Numbers]:
    """Each word once with all its bits; equal words must be neighbours."""
    starts = np.flatnonzero(np.concatenate(([True], word[1:] != word[:-1])))
    return word[starts], np.bitwise_or.reduceat(mask, starts)


def _population(words: Numbers) -> int:
    return int(np.bitwise_count(words).sum(dtype=np.int64))
