"""The final word on an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SystemDisposition(StrEnum):
    """Dispositions the system gives; an agent's choice (`SALE`, ...) is the campaign file's."""

    NO_ANSWER = "NO_ANSWER"
    BUSY = "BUSY"
    DECLINED = "DECLINED"
    VACANT = "VACANT"
    """Unassigned, changed or disconnected number: never dial it again."""
    UNREACHABLE = "UNREACHABLE"
    CONGESTION = "CONGESTION"
    REJECTED = "REJECTED"
    """The network will not carry the call (bad caller id, barred, blocked)."""
    NETWORK_ERROR = "NETWORK_ERROR"
    TRUNK_FAILURE = "TRUNK_FAILURE"
    """The trunk did not even say it was trying: no phone rang, the lead is not burnt."""
    MACHINE = "MACHINE"
    FAX = "FAX"
    HUNG_UP = "HUNG_UP"
    """The callee answered and hung up before an agent could be connected in time."""
    DROP = "DROP"
    """A person answered and no agent was there by the deadline (regulators: abandoned call)."""
    CONNECTED = "CONNECTED"
    """Bridged to an agent who has not yet chosen a disposition."""
    CANCELLED = "CANCELLED"
    """We hung up before an answer, at an agent's or an operator's wish."""
    SUPPRESSED = "SUPPRESSED"
    """The person asked not to be called while we were dialling: given up before an answer."""
    OPTED_OUT = "OPTED_OUT"
    """The callee pressed the opt-out key before any agent was there."""
    LOST = "LOST"
    """The leg vanished with its worker or with the service."""
    REFUSED = "REFUSED"
    """Screening at the instant of the dial said no: nothing was placed."""


@dataclass(frozen=True, slots=True)
class Recycle:
    """After a disposition: dial again no sooner than `after_ms`, `max_attempts` dials in all."""

    after_ms: int
    max_attempts: int


@dataclass(frozen=True, slots=True)
class AgentDisposition:
    """A choice on the agent's wrap-up page.

    `callback` asks for a time, `suppress` puts the number on the internal list at once,
    `recycle` None means the lead is done.
    """

    name: str
    label: str
    recycle: Recycle | None = None
    callback: bool = False
    suppress: bool = False
