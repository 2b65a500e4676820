"""What to call, when, how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dialer.model.dispositions import AgentDisposition, Recycle
from dialer.model.numbers import NO_LIMITS, CallerId, CallerIdLimits
from dialer.model.screening import Purpose


class DialMode(StrEnum):
    """PREVIEW: the agent sees the lead and launches the call. PROGRESSIVE: one line per free agent.
    PREDICTIVE: more lines than free agents, within the drop ceiling."""

    PREVIEW = "PREVIEW"
    PROGRESSIVE = "PROGRESSIVE"
    PREDICTIVE = "PREDICTIVE"


class CampaignState(StrEnum):
    """STOPPED: loads and screens nothing. PAUSED: no new dials. RUNNING: dialling."""

    STOPPED = "STOPPED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class CallingHours:
    """The campaign's own hours in the called party's local time: one entry per weekday, Monday
    first, each None (no calls) or (start, end) in minutes after midnight, end exclusive."""

    days: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class ListSource:
    """A lead file of the campaign folder and which of its columns mean what.

    `phone_column` holds the number; `merge_columns` maps a merge field's name to its column.
    `state_column` and `zip_column`: the address's; `contact_column`: the operator's own mark of the
    person (a customer id, say), the same on each of their numbers. None where the file has none.
    """

    file: str
    phone_column: str
    merge_columns: Mapping[str, str]
    encoding: str = "utf-8-sig"
    state_column: str | None = None
    zip_column: str | None = None
    contact_column: str | None = None


@dataclass(frozen=True, slots=True)
class AgentProfile:
    """An agent of a campaign: sign-in name, name shown, and the SIP address of their phone."""

    name: str
    display_name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A validated campaign file. Lengths in ms; `drop_ceiling` is a share (0.03 = 3 %)."""

    name: str
    title: str
    seller: str
    seller_phone: str
    mode: DialMode
    trunk: str
    caller_ids: tuple[CallerId, ...]
    agents: tuple[AgentProfile, ...]
    dispositions: tuple[AgentDisposition, ...]
    recycle: Mapping[str, Recycle]
    """System disposition name to its recycle rule; a name not listed means the lead is done."""
    hours: CallingHours
    lists: tuple[ListSource, ...]
    script: str
    """Script text with merge fields written `{first_name}`."""
    drop_message: str
    """WAV file played when no agent is there in time: the seller's name and number
    (16 CFR 310.4(b)(4)(iii))."""
    drop_ceiling: float = 0.03
    ring_timeout_ms: int = 22_000
    attempts_per_day: int = 3
    """Dials to one number in any 24 hours, over all campaigns."""
    min_gap_ms: int = 3_600_000
    """Shortest time between two dials to one number, over all campaigns."""
    drop_cooldown_ms: int = 0
    """How long a person who was dropped is left in peace, whatever the law asks for; at most 72
    hours, as far back as drops are remembered."""
    max_attempts: int = 6
    wrapup_limit_ms: int = 120_000
    """An agent who has not chosen by then is paused, and the call keeps CONNECTED."""
    opt_out_key: str = ""
    """The key (0-9, *, #) by which a callee asks not to be called again, "" for none. The drop
    message has to say so in its own words."""
    subject: str = ""
    """What the calls are about, as attempt limits tell subjects apart; a campaign file that does
    not say has its title here."""
    purpose: Purpose = Purpose.SALES
    caller_id_limits: CallerIdLimits = NO_LIMITS
    link_numbers: bool = True
    """Numbers of one person (the same contact in leads of one seller) share their limits, and a
    request not to be called by one binds all (RCW 80.36.390: any number of that party)."""
