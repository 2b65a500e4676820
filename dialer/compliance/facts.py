"""Everything one decision reads, as values: made by the floor, by a case file, or read back from
the journal, and the same to `screening.decide` whichever it was.

No phone number and no name is among them, so that facts may be kept for ever in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dialer.compliance.place import Place
from dialer.model.campaigns import CallingHours
from dialer.model.instant import Instant
from dialer.model.records import (
    UNKNOWN_LINE,
    Consent,
    Line,
    PastAttempt,
    Relationship,
    Revocation,
    RndAnswer,
)
from dialer.model.screening import CallMode, Purpose


class ListKind(StrEnum):
    """What being on a list means. NATIONAL, STATE: a registry's. LITIGATOR: people known to sue.
    INTERNAL: requests handed to us as a file."""

    NATIONAL = "NATIONAL"
    STATE = "STATE"
    LITIGATOR = "LITIGATOR"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class ListVersion:
    """The copy of a list a decision used. `state`: whose list it is: of a state list the state, of
    a national list the country (ISO 3166), empty for the United States. `issued_at`: when the
    registry published it, where that matters. `sha256`: of the file it was read from."""

    name: str
    kind: ListKind
    obtained_at: Instant
    state: str = ""
    issued_at: Instant | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class InternalRequest:
    """A request not to be called. `seller` "" binds everyone; `where` names the list or channel."""

    requested_at: Instant
    seller: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class OwnCap:
    """An operator's own limit: at most `limit` attempts in any `window_ms`, to the person (by any
    seller and subject) or, with `per_caller_id`, from the caller id to be shown to that person."""

    name: str
    limit: int
    window_ms: int
    per_caller_id: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """See the module. `hours`: the campaign's, None for none of its own. `end_guard_ms`: how long
    before the end of lawful hours the last call may start. `lists`: every copy in force;
    `on_lists`: names of those the number is on. `drops`: instants at which this person was dropped.
    `min_gap_ms`: the operator's shortest time between two attempts; `own_cooldown_ms`: how long the
    operator leaves a dropped person in peace. `enabled`: countries whose numbers may be called.
    `unread_flag`: a vendor's scrub said something of the number that nobody can read.
    """

    place: Place
    seller: str
    subject: str = ""
    mode: CallMode
    purpose: Purpose = Purpose.SALES
    hours: CallingHours | None = None
    end_guard_ms: int = 0
    caller_id: str = ""
    caller_id_owned: bool = True
    enabled: frozenset[str] = frozenset({"US"})
    lists: tuple[ListVersion, ...] = ()
    on_lists: frozenset[str] = frozenset()
    internal: tuple[InternalRequest, ...] = ()
    consents: tuple[Consent, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    rnd: tuple[RndAnswer, ...] = ()
    last_verified_contact: Instant | None = None
    line: Line = UNKNOWN_LINE
    unread_flag: bool = False
    emergencies: frozenset[str] = frozenset()
    attempts: tuple[PastAttempt, ...] = ()
    drops: tuple[Instant, ...] = ()
    agent_reserved: bool = False
    own_caps: tuple[OwnCap, ...] = ()
    min_gap_ms: int = 0
    own_cooldown_ms: int = 0
