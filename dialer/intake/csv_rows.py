"""CSV as people and spreadsheets make it: rows with their lines, one bad row never costing a good
one."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dialer.model.errors import OperatorError, Problem
from dialer.model.leads import RejectedRow

LONGEST_CELL = 1_000_000
"""Characters. A longer cell refuses its row."""

LONGEST_ROW_LINES = 100
"""Lines a row with line breaks inside quotes may span. More means a quote that is never closed."""

DELIMITERS = (",", ";", "\t")

SHOWN = 120
"""Characters of a cell or row that a message shows."""

_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


class Row(NamedTuple):
    """A row as it stands in the file: lines `line` to `last_line`, its cells, and `wrong` where it
    could not be split into cells."""

    line: int
    last_line: int
    cells: Sequence[str]
    wrong: str = ""
    shown: str = ""


def text_lines(name: str, content: bytes, encoding: str) -> list[str]:
    """The file's lines with their ends; `name` is what it is called in messages. Raises
    OperatorError where its bytes are not text in this encoding."""
    return io.StringIO(_decode(name, content, encoding), newline="").readlines()


def write_refusals(path: Path, rejected: Sequence[RejectedRow]) -> None:
    """Write refused rows as CSV (line, value, reason, remedy) for the person who mends the file. No
    cell can act as a formula when a spreadsheet opens it. Raises OSError."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("line", "value", "reason", "remedy"))
        for row in rejected:
            writer.writerow((row.line, inert(row.value), inert(row.reason), inert(row.remedy)))


def inert(text: str) -> str:
    """The text as no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


def _decode(name: str, content: bytes, encoding: str) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if wide and not encoding.lower().replace("_", "-").startswith("utf-16"):
        raise OperatorError(
            Problem(
                name,
                1,
                f"the file is UTF-16 text, but the campaign says {encoding}",
                remedy='Save it as "CSV UTF-8", or set encoding = "utf-16" in the list\'s table.',
            )
        )
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        start = error.start
        raise OperatorError(
            Problem(
                name,
                content.count(b"\n", 0, start) + 1,
                f"the file is not {encoding} text from here on",
                repr(content[start : start + 4]),
                'Save it as "CSV UTF-8", or set encoding = "cp1252" in the list\'s table if it '
                "comes from an older Windows program.",
            )
        ) from error
    except (LookupError, ValueError) as error:
        raise OperatorError(
            Problem(name, None, f"the file cannot be read as {encoding} ({error})", encoding)
        ) from error


class _Lines(Iterator[str]):
    """Feeds csv.reader line by line, and can be set back: after a row that cannot be split, reading
    goes on with the line below the one where that row began, so a stray quote costs one row."""

    def __init__(self, lines: Sequence[str], at: int) -> None:
        self.at = at
        self._lines = lines
        self._row_began = at

    def begin_row(self) -> int:
        self._row_began = self.at
        return self.at

    def __next__(self) -> str:
        at = self.at
        if at >= len(self._lines):
            raise StopIteration
        if at - self._row_began >= LONGEST_ROW_LINES:
            raise csv.Error("a quote is opened and never closed")
        self.at = at + 1
        return self._lines[at]


def rows(lines: Sequence[str], start: int, delimiter: str) -> Iterator[Row]:
    """The rows below the first `start` lines; blank lines are no rows."""
    csv.field_size_limit(LONGEST_CELL)
    feed = _Lines(lines, start)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        began = feed.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            feed.at = began + 1
            shown = lines[began][:SHOWN].replace("\0", "").rstrip("\r\n")
            yield Row(began + 1, began + 1, (), _in_words(str(error)), shown)
            continue
        if cells:
            yield Row(began + 1, feed.at, cells)


def _in_words(error: str) -> str:
    if "field limit" in error:
        return f"a cell is longer than {LONGEST_CELL:,} characters"
    if "unexpected end of data" in error:
        return "a quote is opened and never closed"
    if "expected after" in error:
        return "text follows a closing quote, or a quote is never closed"
    return error
