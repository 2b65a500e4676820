"""Lists in columns: lists of changes, scrub results, CSV files. One row at a time, exactly."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dialer.dnc.lines import BadLine, Layout, LinesRead, read_line, text_of
from dialer.dnc.numbers import Numbers
from dialer.dnc.profile import UNKNOWN_PART, Profile, part_of
from dialer.model.errors import OperatorError, Problem

ADDED = "+"
DELETED = "-"
"""The sets of a list of changes."""


@dataclass(frozen=True, slots=True)
class RowsRead:
    """What a piece of a file says: numbers by set (a part's name, ADDED, DELETED, or "")."""

    numbers: dict[str, Numbers]
    lines: int
    rows: int
    bad: tuple[BadLine, ...]


class RowReader:
    """Reads the rows of one file. `header`: its first line, "" if it has none. Raises OperatorError
    if a column the profile names is not there."""

    def __init__(self, profile: Profile, header: str, where: str) -> None:
        self._profile = profile
        columns = profile.columns
        names = self._fields(header) if header else []
        self._number = self._place(columns.number, names, where)
        self._npa = self._place(columns.npa, names, where)
        self._code = self._place(columns.code, names, where)
        self._change = self._place(columns.change, names, where)
        self._needed = 1 + max(
            place
            for place in (self._number, self._npa, self._code, self._change)
            if place is not None
        )
        self._width = len(names) or None
        self._parts = {code.casefold(): part_of(what) for code, what in profile.codes.items()}
        self._changes = {mark.casefold(): ADDED for mark in profile.adds}
        self._changes |= {mark.casefold(): DELETED for mark in profile.deletes}

    def read(self, piece: bytes) -> RowsRead:
        """Read whole lines; the last must end with a newline too."""
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        bad: list[BadLine] = []
        rows = 0
        lines = piece.split(b"\n")[:-1]
        for place, line in enumerate(lines):
            text = text_of(line)
            if not text:
                continue
            rows += 1
            said = self._row(text)
            if said is None:
                bad.append(BadLine(place, text))
                continue
            number, sets = said
            for each in sets:
                numbers[each].append(number)
        arrays = {name: np.array(held, dtype=np.uint64) for name, held in numbers.items()}
        return RowsRead(arrays, len(lines), rows, tuple(bad))

    def _row(self, text: str) -> tuple[int, Sequence[str]] | None:
        """The number of a row and the sets it goes into; None if the row cannot be read."""
        fields = self._fields(text)
        if len(fields) < self._needed or (self._width and len(fields) != self._width):
            return None
        written = fields[self._number or 0]
        layouts = (Layout.NUMBER,)
        if self._npa is not None:
            written, layouts = f"{fields[self._npa]},{written}", (Layout.NPA_NUMBER,)
        number = read_line(written, layouts)
        if number is None:
            return None
        if self._change is not None:
            change = self._changes.get(fields[self._change].casefold())
            return None if change is None else (number, (change,))
        if self._code is not None:
            return number, self._sets(fields[self._code])
        return number, ("",)

    def _sets(self, written: str) -> Sequence[str]:
        """Where the vendor's codes put the number. No code, like an unknown one, tells nothing, so
        the number goes where calls are denied."""
        separator = self._profile.code_separator
        codes = written.split(separator) if separator else [written]
        sets: list[str] = []
        for code in codes:
            key = code.strip().casefold()
            if key not in self._parts:
                sets.append(UNKNOWN_PART.name)
            elif (part := self._parts[key]) is not None:
                sets.append(part.name)
        return sets

    def _fields(self, text: str) -> list[str]:
        try:
            rows = list(csv.reader([text], delimiter=self._profile.delimiter, strict=True))
        except csv.Error:
            return []
        return [field.strip() for field in rows[0]] if rows else []

    def _place(self, column: str | int | None, names: list[str], where: str) -> int | None:
        if column is None:
            return None
        if isinstance(column, int):
            return column - 1
        for place, name in enumerate(names):
            if name.casefold() == column.casefold():
                return place
        raise OperatorError(
            Problem(
                where,
                1,
                f"the header has no column {column!r}, which the profile names",
                ", ".join(names)[:80],
                "Use the profile of this layout, or correct the file's header.",
            )
        )


def rows_of_lines(read: LinesRead) -> RowsRead:
    """A plain list's piece as one of a single set."""
    return RowsRead({"": read.numbers}, read.lines, read.rows, read.bad)
