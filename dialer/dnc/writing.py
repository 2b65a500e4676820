"""A set of numbers written as an index file."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialer.dnc.index import Header, ListIdentity, Sections
from dialer.dnc.numbers import CELLS, FIRST_AREA, Numbers

Packed = tuple[NDArray[np.uint64], Numbers]
"""Of one area code: its row of the directory, and its words that are not empty."""

WRITERS = 2


def write_index(
    path: Path,
    identity: ListIdentity,
    counts: Mapping[int, int],
    packed: Callable[[int], Packed],
    others: Numbers,
    progress: Callable[[float], None] | None = None,
) -> Header:
    """Write an index file and flush it to disk.

    `counts`: how many numbers each area code has, area codes ascending from 0 (200), none empty.
    `packed` gives an area code's bits and is called by several threads. `progress` is told the
    fraction done now and then. Raises OSError.
    """
    header = Header(
        identity=identity,
        count=sum(counts.values()) + len(others),
        areas=tuple((area + FIRST_AREA, count) for area, count in counts.items()),
        words=1,
        others=len(others),
    )
    room = header.room
    bits = np.zeros((len(counts) + 1, CELLS), dtype=np.uint64)
    words = 0
    body = hashlib.sha256()
    with path.open("wb") as file:
        file.seek(Sections.of(len(counts), 0, 0, room).words)

        def put(part: Numbers) -> None:
            body.update(part.data)
            file.write(part.data)

        for place, (row, part) in enumerate(_ahead(packed, counts), start=1):
            bits[place] = row
            put(part)
            words += len(part)
            if progress is not None:
                progress(place / len(counts))
        if not words:  # a look-up in a list of no numbers reads this word
            put(np.zeros(1, dtype=np.uint64))
            words = 1
        put(others)
        sections = Sections.of(len(counts), words, len(others), room)
        ranks = _ranks(bits)
        directory = (bits.tobytes() + ranks.tobytes()).ljust(sections.words - sections.bits, b"\0")
        header = replace(
            header,
            words=words,
            directory_sha256=hashlib.sha256(directory).hexdigest(),
            body_sha256=body.hexdigest(),
        )
        file.seek(0)
        file.write(header.packed(room))
        file.seek(sections.bits)
        file.write(directory)
        file.flush()
        os.fsync(file.fileno())
    return header


def _ranks(bits: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Of each directory word, how many of the body's words come before its own."""
    held = np.bitwise_count(bits.reshape(-1))
    ranks = np.zeros(len(held), dtype=np.uint32)
    np.cumsum(held[:-1], out=ranks[1:], dtype=np.uint32)
    return ranks


def _ahead(work: Callable[[int], Packed], areas: Mapping[int, int]) -> Iterator[Packed]:
    """The results of the work in order, computed by threads a few ahead of their use."""
    with ThreadPoolExecutor(WRITERS) as pool:
        waiting: deque[Future[Packed]] = deque()
        for area in areas:
            waiting.append(pool.submit(work, area))
            if len(waiting) > 2 * WRITERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
