"""A whole delivered file read into sets of numbers, by two threads: numpy lets go of the lock."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dialer.dnc.lines import Layout, read_line, read_lines, text_of
from dialer.dnc.numbers import Numbers
from dialer.dnc.profile import HeaderLine, Profile
from dialer.dnc.rows import ADDED, DELETED, RowReader, RowsRead, rows_of_lines
from dialer.dnc.source import Piece, Source
from dialer.dnc.working_set import NumberSet
from dialer.model.errors import OperatorError, Problem

Progress = Callable[[str, float], None]
"""Told what is being done and the fraction of it that is done, now and then."""

BAD_SHOWN = 20
_BAD_ENOUGH = 1_000
"""So many lines that cannot be read, and reading a file that is refused anyway ends."""

_READERS = 2
_BLOCK_SIZE = 1_000
_BLOCKS_AT_ONCE = 64
_SHOWN_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be read."""

    where: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class FileRead:
    """What a file says. `rows`: all but headers and blank lines; `rejected`: how many of them could
    not be read, the first of them in `examples`; `sets`: by part, mark of change, or ""."""

    sets: Mapping[str, NumberSet]
    rows: int
    rejected: int
    examples: tuple[Rejected, ...]
    sha256: str
    size: int


def read_file(path: Path, profile: Profile, progress: Progress | None = None) -> FileRead:
    """Read a file as its profile says. Raises OperatorError if it cannot be read, and, unless the
    profile says otherwise, if one line cannot: nobody could say which number it was."""
    sets = {name: NumberSet() for name in _set_names(profile)}
    lines: defaultdict[str, int] = defaultdict(int)
    examples: list[Rejected] = []
    rows = rejected = 0
    refuses = profile.bad_rows == "refuse"
    with Source(path) as source:
        for piece, headers, read in _ahead(source, _Reader(profile, sets)):
            at = lines[piece.where] + headers
            for bad in read.bad[: BAD_SHOWN - len(examples)]:
                shown = bad.text[:_SHOWN_WIDTH]
                examples.append(Rejected(piece.where, at + bad.line + 1, shown))
            lines[piece.where] = at + read.lines
            rows += read.rows
            rejected += len(read.bad)
            if refuses and rejected >= _BAD_ENOUGH:
                break
            if progress is not None:
                progress("reading", piece.done / max(source.size, 1))
        if rejected and refuses:
            raise OperatorError(*_problems(path, rejected, examples))
        return FileRead(sets, rows, rejected, tuple(examples), source.sha256, source.size)


class _Reader:
    """Reads pieces and puts their numbers into the sets. `read` is called by several threads."""

    def __init__(self, profile: Profile, sets: Mapping[str, NumberSet]) -> None:
        self._profile = profile
        self._sets = sets
        self._rows: RowReader | None = None

    def without_header(self, piece: Piece) -> tuple[bytes, int]:
        """The lines of a piece that are data, and how many before them are not. Called in order."""
        if not piece.first:
            return piece.content, 0
        end = piece.content.index(b"\n") + 1
        line = text_of(piece.content[:end])
        header = self._profile.header is HeaderLine.ALWAYS or (
            self._profile.header is HeaderLine.MAYBE and _is_header(line)
        )
        if header and read_line(line, (Layout.NUMBER, Layout.NPA_NUMBER)) is not None:
            raise OperatorError(
                Problem(
                    piece.where,
                    1,
                    "the first line should name columns, but is a number",
                    line[:_SHOWN_WIDTH],
                    "Use a profile without a header line.",
                )
            )
        if Layout.COLUMNS in self._profile.layouts:
            self._rows = RowReader(self._profile, line if header else "", piece.where)
        return (piece.content[end:], 1) if header else (piece.content, 0)

    def read(self, content: bytes, rows: RowReader | None) -> RowsRead:
        if rows is not None:
            read = rows.read(content)
        else:
            read = rows_of_lines(read_lines(content, self._profile.layouts))
        for name, numbers in read.numbers.items():
            if Layout.BLOCK in self._profile.layouts:
                for start in range(0, len(numbers), _BLOCKS_AT_ONCE):
                    self._sets[name].add(_of_blocks(numbers[start : start + _BLOCKS_AT_ONCE]))
            else:
                self._sets[name].add(numbers)
        return read

    @property
    def rows(self) -> RowReader | None:
        """How rows are read from here on; None for plain lines."""
        return self._rows


def _ahead(source: Source, reader: _Reader) -> Iterator[tuple[Piece, int, RowsRead]]:
    """Every piece, the header lines before its data and what it says, in order, read by threads a
    few pieces ahead."""
    with ThreadPoolExecutor(_READERS) as pool:
        waiting: deque[tuple[Piece, int, Future[RowsRead]]] = deque()
        try:
            for piece in source.pieces():
                content, headers = reader.without_header(piece)
                waiting.append((piece, headers, pool.submit(reader.read, content, reader.rows)))
                if len(waiting) > 2 * _READERS:
                    done, before, read = waiting.popleft()
                    yield done, before, read.result()
            while waiting:
                done, before, read = waiting.popleft()
                yield done, before, read.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _set_names(profile: Profile) -> tuple[str, ...]:
    if profile.content == "changes":
        return (ADDED, DELETED)
    return tuple(part.name for part in profile.parts) or ("",)


def _is_header(line: str) -> bool:
    return any(c.isalpha() for c in line) and not any(c.isdigit() for c in line)


def _of_blocks(starts: Numbers) -> Numbers:
    """Every number of blocks of a thousand."""
    numbers: Numbers = starts[:, np.newaxis] + np.arange(_BLOCK_SIZE).astype(np.uint64)
    return numbers.reshape(-1)


def _problems(path: Path, rejected: int, examples: list[Rejected]) -> Iterator[Problem]:
    for example in examples:
        yield Problem(
            example.where,
            example.line,
            "no number can be read here",
            example.text,
            "Correct or remove the line; the list is refused until every line is read.",
        )
    if rejected > len(examples):
        at_least = "at least " if rejected >= _BAD_ENOUGH else ""
        yield Problem(
            str(path), None, f"{at_least}{rejected - len(examples)} more lines like these"
        )
