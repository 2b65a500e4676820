"""From the network's words to a cause, a blame and a disposition.

Precedence: tones heard before the answer, then a Q.850 cause carried in a Reason header (RFC 3326),
then the SIP status (RFC 3261 section 21; the pairs follow RFC 3398 section 8 read backwards).
480 and 503 are catch-alls: they never say anything final about a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from dialer.model.calls import Blame, Cause, Ending, Tone
from dialer.model.dispositions import SystemDisposition as D


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why an unanswered attempt ended, whose doing it was, and the word for it."""

    cause: Cause
    blame: Blame
    disposition: D


_BUSY = Outcome(Cause.BUSY, Blame.CALLEE, D.BUSY)
_NO_ANSWER = Outcome(Cause.NO_ANSWER, Blame.CALLEE, D.NO_ANSWER)
_DECLINED = Outcome(Cause.DECLINED, Blame.CALLEE, D.DECLINED)
_VACANT = Outcome(Cause.VACANT_NUMBER, Blame.CALLEE, D.VACANT)
_CHANGED = Outcome(Cause.NUMBER_CHANGED, Blame.CALLEE, D.VACANT)
_FORMAT = Outcome(Cause.INVALID_FORMAT, Blame.US, D.VACANT)
_UNREACHABLE = Outcome(Cause.UNREACHABLE, Blame.CALLEE, D.UNREACHABLE)
_CONGESTION = Outcome(Cause.CONGESTION, Blame.CARRIER, D.CONGESTION)
_REJECTED = Outcome(Cause.REJECTED, Blame.CARRIER, D.REJECTED)
_NETWORK = Outcome(Cause.NETWORK_ERROR, Blame.CARRIER, D.NETWORK_ERROR)
_MEDIA = Outcome(Cause.MEDIA_REFUSED, Blame.US, D.NETWORK_ERROR)
_PROTOCOL = Outcome(Cause.PROTOCOL_ERROR, Blame.UNKNOWN, D.NETWORK_ERROR)
_TRUNK = Outcome(Cause.TRUNK_FAILURE, Blame.CARRIER, D.TRUNK_FAILURE)

BY_STATUS = MappingProxyType(
    {
        403: _REJECTED,
        404: _VACANT,
        408: _NO_ANSWER,
        410: _CHANGED,
        415: _MEDIA,
        480: _NO_ANSWER,
        484: _FORMAT,
        485: _VACANT,
        486: _BUSY,
        487: _NO_ANSWER,
        488: _MEDIA,
        500: _CONGESTION,
        502: _UNREACHABLE,
        503: _CONGESTION,
        504: _NETWORK,
        600: _BUSY,
        603: _DECLINED,
        604: _VACANT,
        606: _MEDIA,
        607: _REJECTED,
        608: _REJECTED,
    }
)
"""SIP final status to outcome; others are protocol errors."""

BY_Q850 = MappingProxyType(
    {
        1: _VACANT,
        2: _NETWORK,
        3: _NETWORK,
        4: _VACANT,
        17: _BUSY,
        18: _NO_ANSWER,
        19: _NO_ANSWER,
        20: _UNREACHABLE,
        21: _DECLINED,
        22: _CHANGED,
        23: _CHANGED,
        26: _NETWORK,
        27: _UNREACHABLE,
        28: _FORMAT,
        31: _NO_ANSWER,
        34: _CONGESTION,
        38: _NETWORK,
        41: _CONGESTION,
        42: _CONGESTION,
        44: _CONGESTION,
        47: _CONGESTION,
        55: _REJECTED,
        57: _REJECTED,
        65: _MEDIA,
        79: _MEDIA,
        87: _REJECTED,
        88: _MEDIA,
        102: _NO_ANSWER,
    }
)
"""ITU-T Q.850 cause to outcome; 16 (normal clearing) and unknown ones leave it to the status."""


def outcome_of(ending: Ending, tone: Tone | None, reached: bool) -> Outcome:
    """The outcome of an attempt that ended unanswered.

    `tone` is what was heard in early media; `reached` whether the trunk sent any response before
    the end. A 408, 503 or no status at all from a trunk that never answered us is the trunk's
    failure, not the number's: the lead is not burnt.
    """
    if tone is Tone.SIT:
        return _VACANT
    if tone is Tone.FAX:
        return Outcome(Cause.FAX, Blame.CALLEE, D.FAX)
    if not reached and ending.status in (0, 408, 502, 503):
        return _TRUNK
    if ending.q850 is not None and ending.q850 in BY_Q850:
        return BY_Q850[ending.q850]
    return BY_STATUS.get(ending.status, _PROTOCOL)
