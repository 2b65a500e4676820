"""AgentSession: one agent's shift.

Theory of operation. Signing in opens the shift PAUSED while the agent's phone is called; the leg
then stays up all shift, and only an agent whose phone is up becomes READY. A lead promised to the
agent (a preview, or a bridge being made) makes them RESERVED; joined legs make them INCALL. After
a call comes WRAPUP, always. A pause or sign-out asked for during a call or wrap-up is remembered
and takes effect when wrap-up ends. Losing the phone pauses the agent; the floor calls it again.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from dialer.model.agents import AgentState as S


class AgentInput(StrEnum):
    """What can happen to a shift."""

    SIGNED_IN = "SIGNED_IN"
    READIED = "READIED"
    PAUSED = "PAUSED"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    """The promised lead went away before the bridge, or was skipped."""
    JOINED = "JOINED"
    CALL_OVER = "CALL_OVER"
    WRAPPED_UP = "WRAPPED_UP"
    WRAPPED_UP_PAUSED = "WRAPPED_UP_PAUSED"
    PHONE_LOST = "PHONE_LOST"
    SIGNED_OUT = "SIGNED_OUT"


_I = AgentInput

TABLE = MappingProxyType(
    {
        (S.OFFLINE, _I.SIGNED_IN): S.PAUSED,
        (S.PAUSED, _I.READIED): S.READY,
        (S.PAUSED, _I.SIGNED_OUT): S.OFFLINE,
        (S.PAUSED, _I.PHONE_LOST): S.PAUSED,
        (S.READY, _I.PAUSED): S.PAUSED,
        (S.READY, _I.RESERVED): S.RESERVED,
        (S.READY, _I.PHONE_LOST): S.PAUSED,
        (S.READY, _I.SIGNED_OUT): S.OFFLINE,
        (S.RESERVED, _I.RELEASED): S.READY,
        (S.RESERVED, _I.JOINED): S.INCALL,
        (S.RESERVED, _I.PHONE_LOST): S.PAUSED,
        (S.INCALL, _I.CALL_OVER): S.WRAPUP,
        (S.INCALL, _I.PHONE_LOST): S.PAUSED,
        (S.WRAPUP, _I.WRAPPED_UP): S.READY,
        (S.WRAPUP, _I.WRAPPED_UP_PAUSED): S.PAUSED,
        (S.WRAPUP, _I.PHONE_LOST): S.WRAPUP,
        (S.WRAPUP, _I.SIGNED_OUT): S.OFFLINE,
    }
)
"""Every edge there is."""

START = S.OFFLINE
