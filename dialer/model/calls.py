"""Attempts, legs, and how they end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from dialer.model.instant import Instant

AttemptId = NewType("AttemptId", int)
LegId = NewType("LegId", int)
"""One SIP dialog, lead leg or agent leg. Unique within a run of the service; never reused."""


class AttemptState(StrEnum):
    """States of a CallAttempt; the table of its machine is `dialer.calls.attempt`."""

    PLANNED = "PLANNED"
    DIALLING = "DIALLING"
    RINGING = "RINGING"
    DETECTING = "DETECTING"
    WAITING = "WAITING"
    BRIDGED = "BRIDGED"
    MESSAGE = "MESSAGE"
    ENDED = "ENDED"


class Blame(StrEnum):
    """Whose doing an ending was."""

    CALLEE = "CALLEE"
    CARRIER = "CARRIER"
    US = "US"
    UNKNOWN = "UNKNOWN"


class Cause(StrEnum):
    """Why an attempt ended, from signalling and tones (RFC 3261, RFC 3398, ITU-T Q.850)."""

    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    DECLINED = "DECLINED"
    VACANT_NUMBER = "VACANT_NUMBER"
    NUMBER_CHANGED = "NUMBER_CHANGED"
    INVALID_FORMAT = "INVALID_FORMAT"
    UNREACHABLE = "UNREACHABLE"
    CONGESTION = "CONGESTION"
    REJECTED = "REJECTED"
    NETWORK_ERROR = "NETWORK_ERROR"
    MEDIA_REFUSED = "MEDIA_REFUSED"
    PROTOCOL_ERROR = "PROTOCOL_ERROR"
    TRUNK_FAILURE = "TRUNK_FAILURE"
    CALLEE_HUNG_UP = "CALLEE_HUNG_UP"
    AGENT_HUNG_UP = "AGENT_HUNG_UP"
    MACHINE = "MACHINE"
    FAX = "FAX"
    NO_AGENT = "NO_AGENT"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    SUPPRESSED = "SUPPRESSED"
    OPTED_OUT = "OPTED_OUT"
    LOST = "LOST"


class Tone(StrEnum):
    """Tones heard on a lead leg, in early media or after answer."""

    SIT = "SIT"
    """The three special information tones (ITU-T E.180): the network cannot complete the call."""
    FAX = "FAX"
    """CED/ANSam, 2100 Hz (ITU-T T.30, V.8)."""
    BEEP = "BEEP"
    """A voicemail's record tone."""


class VerdictKind(StrEnum):
    """What answered. UNSURE goes to an agent: a human in doubt is never hung up on."""

    HUMAN = "HUMAN"
    MACHINE = "MACHINE"
    FAX = "FAX"
    UNSURE = "UNSURE"


@dataclass(frozen=True, slots=True)
class AmdVerdict:
    """The detector's answer about one answered leg.

    `confidence` in 0..1; `elapsed_ms` from answer to verdict; `greeting_ended_at` when the last
    speech before the verdict ended (None where nobody spoke); `rule` names the deciding rule;
    `features` are the numbers it decided on, for the audit.
    """

    kind: VerdictKind
    confidence: float
    elapsed_ms: int
    rule: str
    greeting_ended_at: Instant | None = None
    features: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a leg ended, as the carrier saw it: SIP final status (200 for a BYE after answer; 0 where
    nothing was sent or came, by the doing of our side alone), Q.850 cause from a Reason header if
    there was one, and the reason phrase."""

    status: int
    q850: int | None = None
    reason: str = ""
