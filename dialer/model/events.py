"""Everything that can happen to the floor. Past tense; `at` is when it happened as first seen.

One long list, so that the floor's whole vocabulary is found in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dialer.model.calls import AmdVerdict, AttemptId, Ending, LegId, Tone
from dialer.model.campaigns import Campaign, CampaignState
from dialer.model.commands import Claim
from dialer.model.instant import Instant
from dialer.model.leads import Lead
from dialer.model.records import NumberRecords, PastAttempt
from dialer.model.suppression import Suppression

# --- time -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The instant the floor asked to be woken at has come (waking early or late does no harm)."""


@dataclass(frozen=True, slots=True)
class ClockJudged:
    """Somebody held this machine's clock against its time servers. Where it is not `healthy`, or
    nobody can tell, `why` says so in words and nobody is dialled until it is."""

    healthy: bool
    why: str = ""


# --- carrier ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CapacityChanged:
    """How many legs the carrier can hold in all, lead and agent legs together; 0: no carrier."""

    legs: int


@dataclass(frozen=True, slots=True)
class LegProgressed:
    """A provisional response: `status` 100-199; `early_media` when it carried SDP."""

    leg: LegId
    status: int
    early_media: bool
    at: Instant


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """200 OK and our ACK; media flows."""

    leg: LegId
    at: Instant


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """A tone on a lead leg, before or after answer."""

    leg: LegId
    tone: Tone
    at: Instant


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The far end of an answered leg pressed a key (RFC 4733): one of 0-9, *, #, A-D."""

    leg: LegId
    digit: str
    at: Instant


@dataclass(frozen=True, slots=True)
class VerdictReached:
    """The detector's answer about an answered lead leg that was dialled with `detect`."""

    leg: LegId
    verdict: AmdVerdict
    at: Instant


@dataclass(frozen=True, slots=True)
class LegsBridged:
    """Lead and agent hear each other from this instant (both ends of the media path are joined)."""

    lead_leg: LegId
    agent_leg: LegId
    at: Instant


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """The message asked for by PlayMessage was played to its end."""

    leg: LegId
    at: Instant


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone: refused, cancelled, hung up by either side. Said exactly once per leg that
    did not end in LegsLost, whoever ended it."""

    leg: LegId
    ending: Ending
    at: Instant


@dataclass(frozen=True, slots=True)
class LegsLost:
    """A worker died with these legs on it; nothing more will be heard of them."""

    legs: tuple[LegId, ...]
    worker: str
    at: Instant


# --- agents (a click on the agent page) -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentSignedIn:
    """The agent opened a shift: their phone is called and stays up."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentReadied:
    agent: str


@dataclass(frozen=True, slots=True)
class AgentPaused:
    """Asked during a call or wrap-up, it takes effect after wrap-up."""

    agent: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgentSignedOut:
    """Asked during a call or wrap-up, it takes effect after wrap-up."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentHungUp:
    """The agent ended the call (not their shift's phone leg)."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentLaunched:
    """The agent looked at the previewed lead and asked for the call."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentSkipped:
    """The agent looked at the previewed lead and passed it back."""

    agent: str


@dataclass(frozen=True, slots=True)
class AgentSuppressed:
    """The person on the line asked the agent not to be called again; the call goes on. `evidence`:
    their words, or where they are kept ("": the call itself)."""

    agent: str
    attempt: AttemptId
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class AgentDisposed:
    """The agent's choice about `attempt` (a second click on an old page changes nothing)."""

    agent: str
    attempt: AttemptId
    disposition: str
    notes: str = ""
    callback_at: Instant | None = None


# --- managers, officers, operators ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CampaignChanged:
    """A campaign file was loaded or reloaded, validated."""

    campaign: Campaign


@dataclass(frozen=True, slots=True)
class CampaignStateAsked:
    """A manager pressed start, pause or stop."""

    campaign: str
    state: CampaignState
    by: str


@dataclass(frozen=True, slots=True)
class LeadsImported:
    """New leads are in the store; a campaign that had run dry should look again."""

    campaign: str


@dataclass(frozen=True, slots=True)
class SuppressionRequested:
    """Somebody asked not to be called, outside a call: how, by whom and where the proof is stands
    in the suppression."""

    suppression: Suppression


@dataclass(frozen=True, slots=True)
class SuppressionWithdrawn:
    """An officer takes out the requests of a number that were made to `seller` ("": to everyone),
    entered in error say. `because` and `evidence` are personal data."""

    e164: str
    seller: str
    because: str
    evidence: str
    by: str


@dataclass(frozen=True, slots=True)
class EmergencyDeclared:
    """No calls into `state` (`LA`) from now on."""

    state: str
    because: str
    by: str


@dataclass(frozen=True, slots=True)
class EmergencyLifted:
    """The emergency in `state` is over."""

    state: str
    because: str
    by: str


@dataclass(frozen=True, slots=True)
class DrainAsked:
    """No new dials from now on; calls in progress finish."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """Hang up everything now; every attempt in progress ends CANCELLED."""


# --- store ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeadsOffered:
    """The store's answer to RefillHopper, best first. Fewer than asked for: there are no more that
    are eligible now; `next_eligible_at` is then when the earliest other one is (None: never)."""

    campaign: str
    leads: tuple[Lead, ...]
    next_eligible_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Journaled:
    """The durable Record with this token is committed."""

    token: int


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """The Record with this token was not written: `claim` has no slot left. `free_at` is the
    earliest instant at which it has one again, if nobody takes it meanwhile. With `why`, the book
    of reservations could not be asked, for the reason it says: a slot is refused on doubt."""

    token: int
    claim: Claim
    free_at: Instant
    why: str = ""


@dataclass(frozen=True, slots=True)
class RecordsChanged:
    """What is known of these numbers (E.164) was changed by an import."""

    records: Mapping[str, NumberRecords]


@dataclass(frozen=True, slots=True)
class NumbersSuppressed:
    """An import of requests not to be called is committed: these are in force."""

    suppressions: tuple[Suppression, ...]


@dataclass(frozen=True, slots=True)
class ListsChanged:
    """Other copies of lists are in force: what waits is screened again before it is dialled, and
    leads that were refused for want of a copy may be offered."""


@dataclass(frozen=True, slots=True)
class JournalFailed:
    """The journal cannot commit (disk full, database locked). Nothing is lost yet: entries are kept
    and tried again; dialling stops until JournalRecovered."""

    why: str


@dataclass(frozen=True, slots=True)
class JournalRecovered:
    """Everything held back has been committed."""


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt with a DIAL_INTENDED but no end: the service died under it."""

    attempt: AttemptId
    lead: Lead
    number: str
    campaign: str
    dialled_at: Instant


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """One live answer in the drop account."""

    campaign: str
    at: Instant
    dropped: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What the journal remembers at start; the floor hears it right after its campaigns.

    `recent_dials`: (E.164, attempt) of every dial of the last 72 h that counts, oldest first.
    `recent_drops`: (E.164, instant) of every drop of the last 72 h.
    `answered_calls`: live answers of the last 30 days.
    """

    next_attempt: AttemptId
    open_attempts: tuple[OpenAttempt, ...] = ()
    recent_dials: tuple[tuple[str, PastAttempt], ...] = ()
    recent_drops: tuple[tuple[str, Instant], ...] = ()
    answered_calls: tuple[AnsweredCall, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    emergencies: tuple[str, ...] = ()
    campaign_states: tuple[tuple[str, CampaignState], ...] = ()


CarrierEvent = (
    CapacityChanged
    | LegProgressed
    | LegAnswered
    | ToneHeard
    | KeyPressed
    | VerdictReached
    | LegsBridged
    | MessageEnded
    | LegEnded
    | LegsLost
)
AgentEvent = (
    AgentSignedIn
    | AgentReadied
    | AgentPaused
    | AgentSignedOut
    | AgentHungUp
    | AgentLaunched
    | AgentSkipped
    | AgentSuppressed
    | AgentDisposed
)
ManagerEvent = (
    CampaignChanged
    | CampaignStateAsked
    | LeadsImported
    | ListsChanged
    | SuppressionRequested
    | SuppressionWithdrawn
    | EmergencyDeclared
    | EmergencyLifted
    | DrainAsked
    | StopAsked
)
StoreEvent = (
    LeadsOffered
    | Journaled
    | SlotTaken
    | RecordsChanged
    | NumbersSuppressed
    | JournalFailed
    | JournalRecovered
    | Restored
)
Event = DeadlineReached | ClockJudged | CarrierEvent | AgentEvent | ManagerEvent | StoreEvent
