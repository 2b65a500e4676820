"""CallAttempt: one try to reach one lead.

Theory of operation. An attempt is PLANNED once its dial is being journaled. Only when that entry is
committed and screening has said yes once more is it DIALLING. An answer starts DETECTING; a person,
or doubt, makes it WAITING for an agent, and joined legs make it BRIDGED. WAITING has a deadline
(`compliance.drop_rate.connect_deadline`): past it the callee hears the campaign's MESSAGE and the
attempt ends as a drop. If the agent's leg dies under a call, the callee is WAITING again. ENDED is
absorbing and fixes exactly one disposition.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from dialer.model.calls import AttemptState as S


class AttemptInput(StrEnum):
    """What can happen to an attempt."""

    APPROVED = "APPROVED"
    """Journaled and allowed by the second screening."""
    REFUSED = "REFUSED"
    PROGRESSED = "PROGRESSED"
    ANSWERED = "ANSWERED"
    FAILED = "FAILED"
    """A final response other than 200, or the network's tones in place of one."""
    RANG_OUT = "RANG_OUT"
    LIVE = "LIVE"
    """A person, or in doubt."""
    MACHINE = "MACHINE"
    """An answering machine, a fax, or an announcement."""
    JOINED = "JOINED"
    UNATTENDED = "UNATTENDED"
    """No agent by the connect deadline."""
    MESSAGE_OVER = "MESSAGE_OVER"
    CALLEE_LEFT = "CALLEE_LEFT"
    AGENT_LEFT = "AGENT_LEFT"
    """The agent ended the call."""
    AGENT_LOST = "AGENT_LOST"
    """The agent's leg died; the callee is still there."""
    CANCELLED = "CANCELLED"
    LOST = "LOST"
    """The lead's leg is gone with its worker, or with the service."""


_I = AttemptInput

TABLE = MappingProxyType(
    {
        (S.PLANNED, _I.APPROVED): S.DIALLING,
        (S.PLANNED, _I.REFUSED): S.ENDED,
        (S.PLANNED, _I.CANCELLED): S.ENDED,
        (S.PLANNED, _I.LOST): S.ENDED,
        (S.DIALLING, _I.PROGRESSED): S.RINGING,
        (S.DIALLING, _I.ANSWERED): S.DETECTING,
        (S.DIALLING, _I.FAILED): S.ENDED,
        (S.DIALLING, _I.RANG_OUT): S.ENDED,
        (S.DIALLING, _I.CANCELLED): S.ENDED,
        (S.DIALLING, _I.LOST): S.ENDED,
        (S.RINGING, _I.ANSWERED): S.DETECTING,
        (S.RINGING, _I.FAILED): S.ENDED,
        (S.RINGING, _I.RANG_OUT): S.ENDED,
        (S.RINGING, _I.CANCELLED): S.ENDED,
        (S.RINGING, _I.LOST): S.ENDED,
        (S.DETECTING, _I.LIVE): S.WAITING,
        (S.DETECTING, _I.MACHINE): S.ENDED,
        (S.DETECTING, _I.CALLEE_LEFT): S.ENDED,
        (S.DETECTING, _I.CANCELLED): S.ENDED,
        (S.DETECTING, _I.LOST): S.ENDED,
        (S.WAITING, _I.JOINED): S.BRIDGED,
        (S.WAITING, _I.UNATTENDED): S.MESSAGE,
        (S.WAITING, _I.CALLEE_LEFT): S.ENDED,
        (S.WAITING, _I.MACHINE): S.ENDED,
        (S.WAITING, _I.CANCELLED): S.ENDED,
        (S.WAITING, _I.LOST): S.ENDED,
        (S.BRIDGED, _I.CALLEE_LEFT): S.ENDED,
        (S.BRIDGED, _I.AGENT_LEFT): S.ENDED,
        (S.BRIDGED, _I.AGENT_LOST): S.WAITING,
        (S.BRIDGED, _I.CANCELLED): S.ENDED,
        (S.BRIDGED, _I.LOST): S.ENDED,
        (S.MESSAGE, _I.MESSAGE_OVER): S.ENDED,
        (S.MESSAGE, _I.CALLEE_LEFT): S.ENDED,
        (S.MESSAGE, _I.CANCELLED): S.ENDED,
        (S.MESSAGE, _I.LOST): S.ENDED,
    }
)
"""Every edge there is."""

START = S.PLANNED
