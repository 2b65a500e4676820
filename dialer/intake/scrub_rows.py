"""The rows of a scrub report: what the gate says to each row of a lead file, as CSV a person opens
in a spreadsheet."""

from __future__ import annotations

import csv
from typing import NamedTuple

from dialer.compliance.hours import local
from dialer.compliance.hours_checks import clock_text
from dialer.intake.csv_rows import inert
from dialer.model.instant import Instant, rfc3339
from dialer.model.leads import NewLead, RejectedRow
from dialer.model.screening import Allowed, ReasonCode, Screening

COLUMNS = (
    "line",
    "number",
    "e164",
    "verdict",
    "primary",
    "codes",
    "exemptions",
    "next_allowed_at",
    "next_allowed_local",
    "jurisdictions",
    "zones",
    "explanation",
)
ALLOW, DENY, REJECTED = "ALLOW", "DENY", "REJECTED"
"""Verdicts. REJECTED: a row that no import would load."""

ROW_REJECTED, DUPLICATE = "ROW_REJECTED", "DUPLICATE"
"""Why a row is rejected, where it is not its number."""

_CODES = frozenset(code.value for code in ReasonCode)


class ScrubRow(NamedTuple):
    """A row of the report: `text` as it is written, with its line's end. `next_at`: when a refused
    number may be called, None where waiting helps nothing. `e164` is "" where it is no lead."""

    line: int
    e164: str
    verdict: str
    primary: str
    next_at: Instant | None
    text: str


def decided_row(lead: NewLead, answer: Screening) -> ScrubRow:
    """The row of a lead the gate was asked about."""
    if isinstance(answer, Allowed):
        verdict, primary, codes, next_at = ALLOW, ALLOW, "", None
    else:
        verdict, primary, next_at = DENY, str(answer.primary), answer.next_allowed_at
        codes = " ".join(answer.codes)
    cells = (
        lead.line,
        inert(lead.raw_number),
        lead.number.e164,
        verdict,
        primary,
        codes,
        " ".join(answer.exemptions),
        "" if next_at is None else rfc3339(next_at),
        "" if next_at is None else _clocks(answer.zones, next_at),
        " ".join(answer.jurisdictions),
        " ".join(answer.zones),
        answer.explain,
    )
    return ScrubRow(lead.line, lead.number.e164, verdict, primary, next_at, csv_line(cells))


def rejected_row(row: RejectedRow, why: str = "") -> ScrubRow:
    """The row of one that is no lead. `why`: a code for it; without one the number's, if it is the
    number."""
    said = row.reason.partition(":")[0]
    primary = why or (said if said in _CODES else ROW_REJECTED)
    explain = f"{row.reason}. {row.remedy}".strip()
    cells = (row.line, inert(row.value), "", REJECTED, primary, primary, *[""] * 5, explain)
    return ScrubRow(row.line, "", REJECTED, primary, None, csv_line(cells))


def _clocks(zones: tuple[str, ...], at: Instant) -> str:
    return "; ".join([f"{clock_text(local(zone, at))} {zone}" for zone in zones])


class _Written:
    """What csv writes to: it keeps the last line."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


_WRITTEN = _Written()
_WRITER = csv.writer(_WRITTEN)


def csv_line(cells: tuple[object, ...]) -> str:
    """One line of CSV."""
    _WRITER.writerow(cells)
    return _WRITTEN.text
