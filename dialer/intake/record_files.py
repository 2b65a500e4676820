"""Files of what is known of numbers: consents, relationships, revocations, answers of the
Reassigned Numbers Database, lines, verified contacts, and requests not to be called, as CSV.

The header names the columns (any order; `,`, `;` or tab between them):

| kind | columns it must have | columns it may have |
|---|---|---|
| consents | number, type (pec, pewc, oral), granted_at_utc | seller, scope (all, calls, texts,
  recorded), text_sha256, url, ip, signer, evidence_ref, revoked_at_utc, revocation_scope |
| relationships | number, type (transaction, inquiry), at_utc | seller, evidence_ref |
| revocations | number, channel, at_utc | seller, text |
| rnd | number, answer (yes, no, no_data, undetermined) | asked_date, queried_at_utc |
| lines | number, type (landline, wireless, unknown) | ported_to, ported_at_utc, port_file_date |
| contacts | number, at_utc | evidence_ref |
| dnc | number | seller, scope (seller, affiliates), requested_at_utc, source, evidence_ref, actor,
  batch_sha256 |

Other columns are kept with the record. A file of requests may have no header: then it is one number
a line. Instants are ISO 8601, taken as UTC where they name no zone; dates are 2026-11-20 or
11/20/2026, also shortened (11/20/26, 1/2/26). A profile maps other headers and words.

A row is refused, with its line and what to do, where it cannot be read. Where refusing it would let
a call through that the row speaks against, it is taken at its strictest instead, and listed all the
same: a revocation at an unreadable time happened now, a request of no readable date is in force.

One reader a kind of record: long, and flat.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar

from dialer.compliance.numbering import Unreadable, read_number
from dialer.intake.csv_rows import DELIMITERS, SHOWN, Row, rows, text_lines
from dialer.intake.record_profile import NO_PROFILE, RecordProfile
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of
from dialer.model.leads import RejectedRow
from dialer.model.record_files import (
    DncRequest,
    Fact,
    NumberRecord,
    RecordFile,
    RecordKind,
    VerifiedContact,
)
from dialer.model.records import (
    Consent,
    ConsentScope,
    ConsentType,
    Line,
    LineType,
    Relationship,
    RelationshipType,
    RequestChannel,
    Revocation,
    RndAnswer,
    RndStatus,
)

REQUIRED: Mapping[RecordKind, tuple[str, ...]] = {
    RecordKind.CONSENTS: ("number", "type", "granted_at_utc"),
    RecordKind.RELATIONSHIPS: ("number", "type", "at_utc"),
    RecordKind.REVOCATIONS: ("number", "channel", "at_utc"),
    RecordKind.RND: ("number", "answer"),
    RecordKind.LINES: ("number", "type"),
    RecordKind.CONTACTS: ("number", "at_utc"),
    RecordKind.DNC: ("number",),
}
"""The columns a file of each kind must have."""

_READ: Mapping[RecordKind, frozenset[str]] = {
    RecordKind.CONSENTS: frozenset(
        {
            "number",
            "seller",
            "type",
            "granted_at_utc",
            "revoked_at_utc",
            "scope",
            "evidence_ref",
        }
    ),
    RecordKind.RELATIONSHIPS: frozenset({"number", "seller", "type", "at_utc", "evidence_ref"}),
    RecordKind.REVOCATIONS: frozenset({"number", "seller", "at_utc", "text"}),
    RecordKind.RND: frozenset({"number", "asked_date", "answer", "queried_at_utc"}),
    RecordKind.LINES: frozenset({"number", "type", "ported_to", "ported_at_utc", "port_file_date"}),
    RecordKind.CONTACTS: frozenset({"number", "at_utc"}),
    RecordKind.DNC: frozenset({"number", "seller", "scope", "requested_at_utc"}),
}
"""Columns that become part of the record; every other one is its proof."""

_RND_WORDS = {
    "yes": RndStatus.YES,
    "no": RndStatus.NO,
    "no_data": RndStatus.NO_DATA,
    "undetermined": RndStatus.NO_DATA,
}
_DATE_FORMS = ("%Y-%m-%d", "%m/%d/%y", "%m/%d/%Y")
_BETWEEN_WORDS = re.compile(r"[\s\-]+")

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns' names, ours where the profile maps them; `last_line` of the header row. `named`
    False: there is no header, the one column is the number."""

    delimiter: str
    columns: tuple[str, ...]
    last_line: int
    named: bool = True


class _Unfit(ValueError):
    """A cell that will not do; `remedy` says what would."""

    def __init__(self, column: str, value: str, reason: str, remedy: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.value = value
        self.remedy = remedy


@dataclass
class _Cells:
    """A row's cells by column. `doubts`: what was taken at its strictest."""

    cells: Mapping[str, str]
    profile: RecordProfile
    seller: str
    now: Instant
    doubts: list[_Unfit] = field(default_factory=list)

    def text(self, column: str) -> str:
        cell = self.cells.get(column, "").strip()
        return self.profile.values.get(column, {}).get(cell, cell)

    def word(self, column: str, words: type[E], default: E | None = None) -> E:
        text = self.text(column)
        if not text and default is not None:
            return default
        try:
            return words(_plain(text).upper())
        except ValueError as error:
            known = ", ".join(word.lower() for word in words)
            raise _Unfit(column, text, "this word is not known", f"Use {known}.") from error

    def instant(self, column: str) -> Instant:
        text = self.text(column)
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            reason = "this is no time" if text else "there is no time"
            raise _Unfit(column, text, reason, "Write it like 2026-11-20T17:30:00Z.") from error
        return instant_of(at if at.tzinfo is not None else at.replace(tzinfo=UTC))

    def instant_or_none(self, column: str) -> Instant | None:
        return self.instant(column) if self.text(column) else None

    def day_or_none(self, column: str) -> date | None:
        text = self.text(column)
        if not text:
            return None
        for form in _DATE_FORMS:
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).date()
            except ValueError:
                continue
        raise _Unfit(column, text, "this is no date", "Write it like 2026-11-20 or 11/20/2026.")

    def seller_named(self) -> str:
        seller = self.text("seller") or self.seller
        if not seller:
            raise _Unfit(
                "seller", "", "no seller is named", "Fill in the column, or say --seller NAME."
            )
        return seller

    def at_worst(self, read: Callable[[], Instant | None], worst: Instant | None) -> Instant | None:
        """What is read, or where it cannot be read what speaks most against a call."""
        try:
            return read()
        except _Unfit as doubt:
            self.doubts.append(doubt)
            return worst


def read_records(
    name: str,
    content: bytes,
    kind: RecordKind,
    now: Instant,
    seller: str = "",
    profile: RecordProfile = NO_PROFILE,
) -> RecordFile:
    """Read a file; `name` is what it is called in messages. `seller` is whose records they are
    where a row does not say; `now` stands for times that must be and cannot be read.

    Raises OperatorError where nothing in it can be read: wrong encoding, missing columns, no rows.
    Lines are those an editor shows, from 1. Blank lines are no rows.
    """
    lines = text_lines(name, content, profile.encoding)
    header = _read_header(name, lines, kind, profile)
    records: list[NumberRecord] = []
    rejected: list[RejectedRow] = []
    count = 0
    for row in rows(lines, header.last_line, header.delimiter):
        if not any(cell.strip() for cell in row.cells) and not row.wrong:
            continue
        count += 1
        cells = _cells(row, header, profile, seller, now)
        if isinstance(cells, RejectedRow):
            rejected.append(cells)
            continue
        try:
            records.append(_read_row(row, kind, cells))
        except _Unfit as unfit:
            rejected.append(_rejected(row, unfit))
        rejected += [_rejected(row, doubt, taken=True) for doubt in cells.doubts]
    if not count:
        raise OperatorError(
            Problem(name, None, "the file has a header but no rows", remedy="Export it again.")
        )
    digest = hashlib.sha256(content).hexdigest()
    return RecordFile(kind, name, digest, count, tuple(records), tuple(rejected))


def _read_header(
    name: str, lines: Sequence[str], kind: RecordKind, profile: RecordProfile
) -> _Header:
    ours = {theirs.strip().casefold(): column for column, theirs in profile.columns.items()}
    wanted = REQUIRED[kind]
    candidates: list[tuple[int, int, _Header, Row]] = []
    for delimiter in DELIMITERS:
        row = next(rows(lines, 0, delimiter), None)
        if row is None:
            raise OperatorError(Problem(name, None, "the file is empty", remedy="Export it again."))
        columns = tuple(_column(cell, ours) for cell in row.cells)
        header = _Header(delimiter, columns, row.last_line)
        candidates.append((len(set(wanted) & set(columns)), len(columns), header, row))
    found, _, header, row = max(candidates, key=lambda each: each[:2])
    if kind is RecordKind.DNC and not found and _is_number(row.cells):
        return _Header("\t", ("number",), 0, named=False)
    if row.wrong:
        raise OperatorError(
            Problem(name, row.line, f"the header cannot be read: {row.wrong}", row.shown)
        )
    problems = []
    for column in dict.fromkeys([*wanted, *sorted(_READ[kind])]):
        times = header.columns.count(column)
        if times > 1 or (times == 0 and column in wanted):
            said = "is missing" if times == 0 else f"is there {times} times"
            problems.append(
                Problem(
                    name,
                    row.line,
                    f"the column {column!r} {said}",
                    ", ".join(cell.strip() for cell in row.cells)[:SHOWN],
                    f"A file of {kind.lower()} has {', '.join(wanted)}. Correct the header, or map "
                    "it in a profile.",
                )
            )
    if problems:
        raise OperatorError(*problems)
    return header


def _column(cell: str, ours: Mapping[str, str]) -> str:
    name = cell.strip()
    return ours.get(name.casefold()) or _plain(name)


def _plain(word: str) -> str:
    return _BETWEEN_WORDS.sub("_", word.strip().casefold())


def _is_number(cells: Sequence[str]) -> bool:
    return len(cells) == 1 and not isinstance(read_number(cells[0], enabled=None), Unreadable)


def _cells(
    row: Row, header: _Header, profile: RecordProfile, seller: str, now: Instant
) -> _Cells | RejectedRow:
    if row.wrong:
        return RejectedRow(row.line, row.shown, row.wrong, "Correct the row.")
    if len(row.cells) != len(header.columns):
        return RejectedRow(
            row.line,
            header.delimiter.join(row.cells)[:SHOWN],
            f"the row has {len(row.cells)} cells, the header {len(header.columns)}",
            "Put cells that hold the delimiter in quotes, and fill up missing ones.",
        )
    if any("\0" in cell for cell in row.cells):
        return RejectedRow(
            row.line,
            header.delimiter.join(row.cells).replace("\0", "")[:SHOWN],
            "the row has a NUL character in it, so part of it may be lost",
            "Export the file again.",
        )
    cells = dict(zip(header.columns, row.cells, strict=True))
    return _Cells(cells, profile, seller, now)


def _rejected(row: Row, unfit: _Unfit, *, taken: bool = False) -> RejectedRow:
    reason = f"{unfit}; the row was taken at its strictest" if taken else str(unfit)
    return RejectedRow(row.line, unfit.value[:SHOWN], reason, unfit.remedy)


def _read_row(row: Row, kind: RecordKind, cells: _Cells) -> NumberRecord:
    raw = cells.text("number")
    number = read_number(raw, enabled=None)
    if isinstance(number, Unreadable):
        raise _Unfit("number", raw, f"{number.code.value}: {number.explain}", number.remedy)
    proof = {
        column: cell.strip()
        for column, cell in cells.cells.items()
        if column and column not in _READ[kind] and cell.strip()
    }
    return NumberRecord(row.line, number.e164, _FACTS[kind](cells), proof)


def _consent(cells: _Cells) -> Consent:
    granted_at = cells.instant("granted_at_utc")
    # Consent of which part was taken back counts as taken back: the strictest reading.
    withdrawn = cells.text("revoked_at_utc") or cells.text("revocation_scope")
    revoked_at = (
        cells.at_worst(lambda: cells.instant("revoked_at_utc"), granted_at) if withdrawn else None
    )
    return Consent(
        cells.word("type", ConsentType),
        cells.seller_named(),
        granted_at,
        revoked_at,
        cells.word("scope", ConsentScope, ConsentScope.ALL),
        cells.text("evidence_ref"),
    )


def _relationship(cells: _Cells) -> Relationship:
    return Relationship(
        cells.word("type", RelationshipType),
        cells.seller_named(),
        cells.instant("at_utc"),
        cells.text("evidence_ref"),
    )


def _revocation(cells: _Cells) -> Revocation:
    return Revocation(
        _channel(cells, "channel"),
        cells.at_worst(lambda: cells.instant("at_utc"), cells.now) or cells.now,
        cells.text("text"),
        cells.text("seller") or cells.seller,
    )


def _rnd(cells: _Cells) -> RndAnswer:
    text = cells.text("answer")
    status = _RND_WORDS.get(_plain(text))
    if status is None:
        known = ", ".join(_RND_WORDS)
        remedy = f"Use {known}, or map your vendor's word in a profile."
        raise _Unfit("answer", text, "this answer is not known", remedy)
    return RndAnswer(
        status, cells.day_or_none("asked_date"), cells.instant_or_none("queried_at_utc")
    )


def _line(cells: _Cells) -> Line:
    ported_at = cells.instant_or_none("ported_at_utc")
    ported_to = None
    if ported_at is not None or cells.text("ported_to"):
        # A port of which only the time is known is the kind that forbids more.
        ported_to = cells.word("ported_to", LineType, LineType.WIRELESS)
    return Line(
        cells.word("type", LineType), ported_to, ported_at, cells.day_or_none("port_file_date")
    )


def _contact(cells: _Cells) -> VerifiedContact:
    return VerifiedContact(cells.instant("at_utc"))


def _request(cells: _Cells) -> DncRequest:
    return DncRequest(
        _channel(cells, "source"),
        cells.at_worst(lambda: cells.instant_or_none("requested_at_utc"), None),
        cells.text("seller") or cells.seller,
        _plain(cells.text("scope")),
    )


def _channel(cells: _Cells, column: str) -> RequestChannel:
    """How it came in; a word we do not know is no reason to lose what somebody asked."""
    try:
        return cells.word(column, RequestChannel, RequestChannel.IMPORT)
    except _Unfit as doubt:
        cells.doubts.append(doubt)
        return RequestChannel.IMPORT


_FACTS: Mapping[RecordKind, Callable[[_Cells], Fact]] = {
    RecordKind.CONSENTS: _consent,
    RecordKind.RELATIONSHIPS: _relationship,
    RecordKind.REVOCATIONS: _revocation,
    RecordKind.RND: _rnd,
    RecordKind.LINES: _line,
    RecordKind.CONTACTS: _contact,
    RecordKind.DNC: _request,
}
