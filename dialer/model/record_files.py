"""Files of what is known of numbers, as parsed: facts, each with its line and its proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dialer.model.instant import Instant
from dialer.model.leads import RejectedRow
from dialer.model.records import (
    Consent,
    Line,
    Relationship,
    RequestChannel,
    Revocation,
    RndAnswer,
)


class RecordKind(StrEnum):
    """What a file's rows say of their numbers. DNC: requests not to be called."""

    CONSENTS = "CONSENTS"
    RELATIONSHIPS = "RELATIONSHIPS"
    REVOCATIONS = "REVOCATIONS"
    RND = "RND"
    LINES = "LINES"
    CONTACTS = "CONTACTS"
    DNC = "DNC"


@dataclass(frozen=True, slots=True)
class VerifiedContact:
    """At `at` we spoke with the person we meant to reach: what an answer of the Reassigned Numbers
    Database is measured against."""

    at: Instant


SELLER_ONLY = "seller"
"""The scope of a request that binds the seller it was made to, and nobody else."""


@dataclass(frozen=True, slots=True)
class DncRequest:
    """A request not to be called, kept by somebody before us. `seller` "" binds everyone;
    `requested_at` None: not said, so the import's instant stands for it. Whatever `scope` is but
    SELLER_ONLY binds every seller that calls from here."""

    source: RequestChannel
    requested_at: Instant | None = None
    seller: str = ""
    scope: str = ""


Fact = Consent | Relationship | Revocation | RndAnswer | Line | VerifiedContact | DncRequest


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """A good row: a fact about a number (E.164). `proof` holds the row's other columns by their
    documented names (who signed, from which address, under which text): kept, never judged."""

    line: int
    e164: str
    fact: Fact
    proof: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A parsed file: the good rows, the refused ones, and the file's identity."""

    kind: RecordKind
    name: str
    sha256: str
    rows: int
    records: tuple[NumberRecord, ...]
    rejected: tuple[RejectedRow, ...]


@dataclass(frozen=True, slots=True)
class RecordsReport:
    """What became of a file. `known` rows said nothing new. `refusals_file` is where the refused
    rows were written ("" where none were)."""

    kind: RecordKind
    file: str
    rows: int
    loaded: int
    known: int
    rejected: tuple[RejectedRow, ...]
    refusals_file: str = ""
