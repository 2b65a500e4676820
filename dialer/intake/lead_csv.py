"""Lead files: CSV as people and spreadsheets make it. Every row becomes a lead or is refused with
its line, the reason, and what to do; one bad row never costs a good one.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dialer.compliance.numbering import AMERICAN, Unreadable, read_number
from dialer.model.campaigns import ListSource
from dialer.model.errors import OperatorError, Problem
from dialer.model.leads import LeadFile, NewLead, RejectedRow

LONGEST_CELL = 1_000_000
"""Characters. A longer cell refuses its row."""

LONGEST_ROW_LINES = 100
"""Lines a row with line breaks inside quotes may span. More means a quote that is never closed."""

_DELIMITERS = (",", ";", "\t")
_SHOWN = 120
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it stands in the file: lines `line` to `last_line`, its cells, and `wrong` where it
    could not be split into cells."""

    line: int
    last_line: int
    cells: Sequence[str]
    wrong: str = ""
    shown: str = ""


@dataclass(frozen=True, slots=True)
class _Header:
    """Where the wanted columns are."""

    delimiter: str
    cells: tuple[str, ...]
    last_line: int
    phone: int
    merge: Mapping[str, int]
    state: int | None = None
    postcode: int | None = None


def read_leads(name: str, content: bytes, source: ListSource) -> LeadFile:
    """Read a lead file; `name` is what it is called in messages. Raises OperatorError where nothing
    in it can be read: wrong encoding, missing columns, no rows.

    Lines are those an editor shows, from 1; a row that spans several has the first one's number.
    A number that occurs twice is kept where it first stands. Blank lines are no rows.
    """
    lines = io.StringIO(_decode(name, content, source.encoding), newline="").readlines()
    header = _read_header(name, lines, source)
    leads: list[NewLead] = []
    rejected: list[RejectedRow] = []
    first_lines: dict[str, int] = {}
    for row in _rows(lines, header.last_line, header.delimiter):
        outcome = _read_row(row, header, first_lines)
        if isinstance(outcome, NewLead):
            first_lines[outcome.number.e164] = outcome.line
            leads.append(outcome)
        else:
            rejected.append(outcome)
    rows = len(leads) + len(rejected)
    if not rows:
        raise OperatorError(
            Problem(name, None, "the file has a header but no rows", remedy="Export it again.")
        )
    digest = hashlib.sha256(content).hexdigest()
    return LeadFile(name, digest, rows, tuple(leads), tuple(rejected))


def write_refusals(path: Path, rejected: Sequence[RejectedRow]) -> None:
    """Write refused rows as CSV (line, value, reason, remedy) for the person who mends the file. No
    cell can act as a formula when a spreadsheet opens it. Raises OSError."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("line", "value", "reason", "remedy"))
        for row in rejected:
            writer.writerow((row.line, _inert(row.value), _inert(row.reason), _inert(row.remedy)))


def _inert(text: str) -> str:
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


def _read_header(name: str, lines: Sequence[str], source: ListSource) -> _Header:
    """The first row that is not blank. The delimiter is the one that makes the phone column appear;
    where none does, the one that makes most columns, to name them in the message."""
    candidates = []
    for delimiter in _DELIMITERS:
        row = next(_rows(lines, 0, delimiter), None)
        if row is None:
            raise OperatorError(Problem(name, None, "the file is empty", remedy="Export it again."))
        cells = tuple(cell.strip() for cell in row.cells)
        candidates.append((source.phone_column.strip() in cells, len(cells), delimiter, row, cells))
    _, _, delimiter, row, cells = max(candidates, key=lambda candidate: candidate[:2])
    if row.wrong:
        raise OperatorError(
            Problem(name, row.line, f"the header cannot be read: {row.wrong}", row.shown)
        )
    address = [column for column in (source.state_column, source.zip_column) if column is not None]
    wanted = (source.phone_column, *address, *source.merge_columns.values())
    problems = []
    for column in dict.fromkeys(column.strip() for column in wanted):
        times = cells.count(column)
        if times != 1:
            said = "is missing" if times == 0 else f"is there {times} times"
            problems.append(
                Problem(
                    name,
                    row.line,
                    f"the column {column!r} {said}",
                    ", ".join(cells)[:_SHOWN],
                    "Correct the header, or name the right column in the campaign file.",
                )
            )
    if problems:
        raise OperatorError(*problems)
    return _Header(
        delimiter,
        cells,
        row.last_line,
        cells.index(source.phone_column.strip()),
        {field: cells.index(column.strip()) for field, column in source.merge_columns.items()},
        cells.index(source.state_column.strip()) if source.state_column is not None else None,
        cells.index(source.zip_column.strip()) if source.zip_column is not None else None,
    )


def _read_row(row: _Row, header: _Header, first_lines: Mapping[str, int]) -> NewLead | RejectedRow:
    cells = row.cells
    if row.wrong:
        return RejectedRow(row.line, row.shown, row.wrong, "Correct the row.")
    if len(cells) != len(header.cells):
        return RejectedRow(
            row.line,
            header.delimiter.join(cells)[:_SHOWN],
            f"the row has {len(cells)} cells, the header {len(header.cells)}",
            "Put cells that hold the delimiter in quotes, and fill up missing ones.",
        )
    raw = cells[header.phone]
    if any("\0" in cell for cell in cells):
        return RejectedRow(
            row.line,
            raw.replace("\0", "")[:_SHOWN],
            "the row has a NUL character in it, so part of it may be lost",
            "Export the file again.",
        )
    number = read_number(raw, enabled=AMERICAN)
    if isinstance(number, Unreadable):
        reason = f"{number.code.value}: {number.explain}"
        return RejectedRow(row.line, raw[:_SHOWN], reason, number.remedy)
    first = first_lines.get(number.e164)
    if first is not None:
        return RejectedRow(
            row.line,
            raw[:_SHOWN],
            f"the number {number.e164} is on line {first} already",
            "Remove one of the two rows.",
        )
    fields = {field: cells[column].strip() for field, column in header.merge.items()}
    state = "" if header.state is None else cells[header.state].strip()
    postcode = "" if header.postcode is None else cells[header.postcode].strip()
    return NewLead(row.line, number, raw, fields, state.upper(), postcode)


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


def _rows(lines: Sequence[str], start: int, delimiter: str) -> Iterator[_Row]:
    """The rows below the first `start` lines."""
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
            shown = lines[began][:_SHOWN].replace("\0", "").rstrip("\r\n")
            yield _Row(began + 1, began + 1, (), _in_words(str(error)), shown)
            continue
        if cells:
            yield _Row(began + 1, feed.at, cells)


def _in_words(error: str) -> str:
    if "field limit" in error:
        return f"a cell is longer than {LONGEST_CELL:,} characters"
    if "unexpected end of data" in error:
        return "a quote is opened and never closed"
    if "expected after" in error:
        return "text follows a closing quote, or a quote is never closed"
    return error
