"""Lead files: CSV as people and spreadsheets make it. Every row becomes a lead or is refused with
its line, the reason, and what to do; one bad row never costs a good one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dialer.compliance.numbering import US_ONLY, Unreadable, read_number
from dialer.intake.csv_rows import DELIMITERS, SHOWN, Row, rows, text_lines
from dialer.model.campaigns import ListSource
from dialer.model.errors import OperatorError, Problem
from dialer.model.leads import LeadFile, NewLead, RejectedRow


@dataclass(frozen=True, slots=True)
class LeadHeader:
    """Where the wanted columns are, and which countries' numbers make leads."""

    delimiter: str
    cells: tuple[str, ...]
    last_line: int
    phone: int
    merge: Mapping[str, int]
    state: int | None = None
    postcode: int | None = None
    contact: int | None = None
    enabled: frozenset[str] = US_ONLY


def read_leads(
    name: str, content: bytes, source: ListSource, enabled: frozenset[str] = US_ONLY
) -> LeadFile:
    """Read a lead file; `name` is what it is called in messages. A number of a country that is not
    `enabled` (ISO 3166) makes no lead. Raises OperatorError where nothing in it can be read: wrong
    encoding, missing columns, no rows.

    Lines are those an editor shows, from 1; a row that spans several has the first one's number.
    A number that occurs twice is kept where it first stands. Blank lines are no rows.
    """
    text = open_leads(name, content, source, enabled)
    leads: list[NewLead] = []
    rejected: list[RejectedRow] = []
    first_lines: dict[str, int] = {}
    for row in text.rows():
        outcome = read_row(row, text.header)
        if isinstance(outcome, RejectedRow):
            rejected.append(outcome)
            continue
        first = first_lines.setdefault(outcome.number.e164, outcome.line)
        if first == outcome.line:
            leads.append(outcome)
        else:
            rejected.append(repeated(outcome.line, outcome.raw_number, outcome.number.e164, first))
    count = len(leads) + len(rejected)
    if not count:
        raise no_rows(name)
    digest = hashlib.sha256(content).hexdigest()
    return LeadFile(name, digest, count, tuple(leads), tuple(rejected))


@dataclass(frozen=True, slots=True)
class LeadText:
    """A lead file whose header is read, and whose rows are not yet."""

    header: LeadHeader
    lines: Sequence[str]

    def rows(self) -> Iterator[Row]:
        """Its rows in order; see `read_row`."""
        return rows(self.lines, self.header.last_line, self.header.delimiter)


def open_leads(
    name: str, content: bytes, source: ListSource, enabled: frozenset[str] = US_ONLY
) -> LeadText:
    """As `read_leads`, the header alone."""
    lines = text_lines(name, content, source.encoding)
    header = _read_header(name, lines, source)
    return LeadText(replace(header, enabled=enabled), lines)


def no_rows(name: str) -> OperatorError:
    """What is wrong with a file that has no rows."""
    problem = Problem(name, None, "the file has a header but no rows", remedy="Export it again.")
    return OperatorError(problem)


def repeated(line: int, raw: str, e164: str, first: int) -> RejectedRow:
    """A good row whose number stands on line `first` already."""
    return RejectedRow(
        line,
        raw[:SHOWN],
        f"the number {e164} is on line {first} already",
        "Remove one of the two rows.",
    )


def _read_header(name: str, lines: Sequence[str], source: ListSource) -> LeadHeader:
    """The first row that is not blank. The delimiter is the one that makes the phone column appear;
    where none does, the one that makes most columns, to name them in the message."""
    candidates = []
    for delimiter in DELIMITERS:
        row = next(rows(lines, 0, delimiter), None)
        if row is None:
            raise OperatorError(Problem(name, None, "the file is empty", remedy="Export it again."))
        cells = tuple(cell.strip() for cell in row.cells)
        candidates.append((source.phone_column.strip() in cells, len(cells), delimiter, row, cells))
    _, _, delimiter, row, cells = max(candidates, key=lambda candidate: candidate[:2])
    if row.wrong:
        raise OperatorError(
            Problem(name, row.line, f"the header cannot be read: {row.wrong}", row.shown)
        )
    asked = (source.state_column, source.zip_column, source.contact_column)
    others = [column for column in asked if column is not None]
    wanted = (source.phone_column, *others, *source.merge_columns.values())
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
                    ", ".join(cells)[:SHOWN],
                    "Correct the header, or name the right column in the campaign file.",
                )
            )
    if problems:
        raise OperatorError(*problems)
    state, postcode, contact = (
        None if column is None else cells.index(column.strip()) for column in asked
    )
    return LeadHeader(
        delimiter,
        cells,
        row.last_line,
        cells.index(source.phone_column.strip()),
        {field: cells.index(column.strip()) for field, column in source.merge_columns.items()},
        state,
        postcode,
        contact,
    )


def read_row(row: Row, header: LeadHeader) -> NewLead | RejectedRow:
    """The lead a row is, whatever the other rows are."""
    cells = row.cells
    if row.wrong:
        return RejectedRow(row.line, row.shown, row.wrong, "Correct the row.")
    if len(cells) != len(header.cells):
        return RejectedRow(
            row.line,
            header.delimiter.join(cells)[:SHOWN],
            f"the row has {len(cells)} cells, the header {len(header.cells)}",
            "Put cells that hold the delimiter in quotes, and fill up missing ones.",
        )
    raw = cells[header.phone]
    if any("\0" in cell for cell in cells):
        return RejectedRow(
            row.line,
            raw.replace("\0", "")[:SHOWN],
            "the row has a NUL character in it, so part of it may be lost",
            "Export the file again.",
        )
    number = read_number(raw, enabled=header.enabled)
    if isinstance(number, Unreadable):
        reason = f"{number.code.value}: {number.explain}"
        return RejectedRow(row.line, raw[:SHOWN], reason, number.remedy)
    fields = {field: cells[column].strip() for field, column in header.merge.items()}
    state = "" if header.state is None else cells[header.state].strip()
    postcode = "" if header.postcode is None else cells[header.postcode].strip()
    contact = "" if header.contact is None else cells[header.contact].strip()
    return NewLead(row.line, number, raw, fields, state.upper(), postcode, contact)
