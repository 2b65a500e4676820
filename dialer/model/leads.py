"""A person to reach, and the file they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from dialer.model.instant import EPOCH, Instant
from dialer.model.numbers import PhoneNumber
from dialer.model.records import NO_RECORDS, NumberRecords


class LeadState(StrEnum):
    """OPEN may be dialled from `next_eligible_at` on; DONE never again; REFUSED not before what
    is known of the number, or the lists, have changed."""

    OPEN = "OPEN"
    DONE = "DONE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class NewLead:
    """A good row of a lead file, not yet stored. `fields` are the merge fields of the script;
    `state` and `postcode` are the address's, as the file has them ("": not said); `contact` is the
    operator's own mark of the person, the same on each of their numbers ("": not said)."""

    line: int
    number: PhoneNumber
    raw_number: str
    fields: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    postcode: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """A stored lead. `attempts` counts dials so far; `order_key` sorts, lowest first. `state` and
    `postcode` are the address's ("": not said); `records` are of the number, as it was offered.
    `contact` marks the person ("": not said), `linked` are their other numbers (E.164) among the
    seller's leads, as they were when it was offered."""

    lead_id: int
    campaign: str
    list_name: str
    line: int
    number: PhoneNumber
    fields: Mapping[str, str]
    attempts: int = 0
    order_key: int = 0
    next_eligible_at: Instant = EPOCH
    callback_for: str | None = None
    """The agent a callback was promised to, if any."""
    state: str = ""
    postcode: str = ""
    records: NumberRecords = NO_RECORDS
    contact: str = ""
    linked: tuple[str, ...] = ()

    def numbers(self, *, linked: bool) -> tuple[str, ...]:
        """Its number; with `linked`, the person's others too."""
        return (self.number.e164, *self.linked) if linked else (self.number.e164,)

    def has(self, e164: str, *, linked: bool) -> bool:
        """Whether a request by this number concerns the lead."""
        return e164 in self.numbers(linked=linked)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot become a lead: its line, what it said, why, what to do."""

    line: int
    value: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class LeadFile:
    """A parsed lead file: the good rows, the refused ones, and the file's identity."""

    name: str
    sha256: str
    rows: int
    leads: tuple[NewLead, ...]
    rejected: tuple[RejectedRow, ...]


class RefusedLead(NamedTuple):
    """A lead that is not offered any more, and the primary reason for which it was refused."""

    lead_id: int
    campaign: str
    e164: str
    code: str
