"""Everything the floor asks of the world. Imperative; carried out in order, never waited for."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.model.calls import LegId
from dialer.model.instant import Instant
from dialer.model.journal import JournalEntry

# --- carrier ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial:
    """Place a call to a lead. `number` and `caller_id` in E.164. With `detect`, the carrier listens
    for tones from the first early media and for a verdict from the answer on; without, it only
    reports signalling."""

    leg: LegId
    trunk: str
    number: str
    caller_id: str
    caller_name: str
    detect: bool


@dataclass(frozen=True, slots=True)
class CallAgent:
    """Call an agent's phone; the leg stays up for the whole shift."""

    leg: LegId
    agent: str
    address: str
    """SIP URI of the phone."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """Let lead and agent hear each other, with a short beep to the agent first. Where the legs live
    is the carrier's secret. Answered by LegsBridged. When the lead leg ends the agent leg stays."""

    lead_leg: LegId
    agent_leg: LegId


@dataclass(frozen=True, slots=True)
class PlayMessage:
    """Play a WAV file (8 kHz, 16-bit, mono) to the leg once. Answered by MessageEnded."""

    leg: LegId
    file: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the leg: CANCEL before an answer, BYE after. Answered by LegEnded. Harmless on a leg that
    has ended."""

    leg: LegId


# --- store ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """A slot asked for under a frequency cap: at most `limit` attempts in any `window_ms`.

    `key` names what is counted without saying it: a SHA-256 in hex over the person's number and
    whatever else the cap tells apart (seller, subject), so that the book of reservations, which
    nodes may share, holds no number.
    """

    key: str
    limit: int
    window_ms: int

    def __post_init__(self) -> None:
        """Raises ValueError for a cap that can never have a slot."""
        if self.limit < 1 or self.window_ms < 1:
            raise ValueError(f"no cap: {self.limit} in {self.window_ms} ms")


@dataclass(frozen=True, slots=True)
class Record:
    """Write an entry to the journal. With a `token` it is durable: Journaled answers once it is
    committed. Without, it is written in groups.

    With `claims`, a slot is reserved under each, for the entry's attempt at the entry's instant, or
    under none: where one has no slot left the entry is not written, and SlotTaken answers instead
    of Journaled.
    """

    entry: JournalEntry
    token: int | None = None
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class RefillHopper:
    """Offer up to `count` OPEN leads of the campaign eligible at `now`, lowest order key first,
    leaving out the leads in `held` (in the hopper or being called), each with the other numbers its
    person has in this campaign and in those of `linked_in`. Answered by LeadsOffered."""

    campaign: str
    count: int
    now: Instant
    held: frozenset[int]
    linked_in: tuple[str, ...] = ()


# --- people -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """Tell the operator. `name` is stable (for alerts), `text` is for the person who reads it."""

    name: str
    text: str


CarrierCommand = Dial | CallAgent | Bridge | PlayMessage | Hangup
StoreCommand = Record | RefillHopper
Command = CarrierCommand | StoreCommand | RaiseAlarm
