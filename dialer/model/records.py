"""What is known of a number besides the lists it is on: consent, relationships, revocations, who
holds the line. Each record names its evidence; a decision is only as good as that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dialer.model.instant import Instant


class ConsentType(StrEnum):
    """PEWC: prior express written consent, signed (47 CFR 64.1200(f)(9)). PEC: prior express
    consent. ORAL: said aloud; it never stands in for a written one."""

    PEC = "PEC"
    PEWC = "PEWC"
    ORAL = "ORAL"


class ConsentScope(StrEnum):
    """What the person agreed to. RECORDED: recorded or artificial voice only."""

    ALL = "ALL"
    CALLS = "CALLS"
    TEXTS = "TEXTS"
    RECORDED = "RECORDED"


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's consent to one seller. `evidence`: where the proof is kept."""

    type: ConsentType
    seller: str
    granted_at: Instant
    revoked_at: Instant | None = None
    scope: ConsentScope = ConsentScope.ALL
    evidence: str = ""


class RelationshipType(StrEnum):
    """TRANSACTION: bought, paid or was delivered something. INQUIRY: asked or applied."""

    TRANSACTION = "TRANSACTION"
    INQUIRY = "INQUIRY"


@dataclass(frozen=True, slots=True)
class Relationship:
    """One event of an established business relationship with a seller."""

    type: RelationshipType
    seller: str
    at: Instant
    evidence: str = ""


class RequestChannel(StrEnum):
    """How a person said that they do not want to be called, or take consent back."""

    AGENT = "AGENT"
    CALL_KEY = "CALL_KEY"
    VOICEMAIL = "VOICEMAIL"
    TEXT = "TEXT"
    EMAIL = "EMAIL"
    WEB = "WEB"
    MAIL = "MAIL"
    IMPORT = "IMPORT"


@dataclass(frozen=True, slots=True)
class Revocation:
    """A message by which a person may have taken consent back: `text` is judged by screening.
    `seller` "" binds every seller."""

    channel: RequestChannel
    at: Instant
    text: str = ""
    seller: str = ""


class RndStatus(StrEnum):
    """The Reassigned Numbers Database's answer: YES disconnected since the date asked about, NO not
    since, NO_DATA not known (47 CFR 64.1200(m))."""

    YES = "YES"
    NO = "NO"
    NO_DATA = "NO_DATA"


@dataclass(frozen=True, slots=True)
class RndAnswer:
    """One answer: about `asked_date` (None: not said), received at `queried_at`."""

    answer: RndStatus
    asked_date: date | None = None
    queried_at: Instant | None = None


class LineType(StrEnum):
    """What kind of line a number is, by its block and the port files."""

    LANDLINE = "LANDLINE"
    WIRELESS = "WIRELESS"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Line:
    """The line type of the number's block, what it was ported to and when, and the date of the port
    file that would show a port."""

    type: LineType = LineType.UNKNOWN
    ported_to: LineType | None = None
    ported_at: Instant | None = None
    port_file_date: date | None = None


UNKNOWN_LINE = Line()
"""What is taken of a number nobody told us the line of."""


@dataclass(frozen=True, slots=True)
class NumberRecords:
    """Everything the store knows of one number that screening reads."""

    consents: tuple[Consent, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    rnd: tuple[RndAnswer, ...] = ()
    line: Line = UNKNOWN_LINE
    last_verified_contact: Instant | None = None


NO_RECORDS = NumberRecords()
"""What is known of a number nobody told us anything of."""


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """A dial of the number that counts, answered or not."""

    at: Instant
    seller: str = ""
    subject: str = ""
    caller_id: str = ""
