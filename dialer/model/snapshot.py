"""The immutable view of the floor that pages, metrics and the demo read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId, AttemptState
from dialer.model.campaigns import Campaign, CampaignState
from dialer.model.instant import Instant
from dialer.model.leads import Lead


@dataclass(frozen=True, slots=True)
class CallView:
    """The call an agent previews, is on, or wraps up. `talk_started_at` None: not bridged yet."""

    lead: Lead
    attempt: AttemptId | None
    state: AttemptState | None
    """None while previewed, before any attempt exists."""
    talk_started_at: Instant | None
    notice: str = ""
    """What the agent should know first, e.g. that nobody has spoken yet."""
    opted_out: bool = False
    """They have asked not to be called again, in this call."""


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent's screen in data. `pending` is a remembered wish (pause, sign out); `notice` says
    what stands in the way, in words."""

    name: str
    display_name: str
    campaign: str
    state: AgentState
    since: Instant
    phone_up: bool
    call: CallView | None = None
    pending: AgentState | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign's live numbers, counted since the service started.

    `stages` counts attempts by state (ENDED left out); `drop_rate` is over the rolling 30 days of
    the drop account; `not_dialling` says in words why nothing is dialled ("" while it is).
    """

    campaign: Campaign
    state: CampaignState
    stages: Mapping[AttemptState, int]
    hopper: int
    dials: int
    answered: int
    live: int
    machines: int
    connected: int
    dropped: int
    drop_rate: float
    refused: Mapping[str, int] = field(default_factory=dict)
    dispositions: Mapping[str, int] = field(default_factory=dict)
    not_dialling: str = ""
    dry: bool = False
    """No lead is eligible now; `next_lead_at` says when the earliest one will be (None: never)."""
    next_lead_at: Instant | None = None
    finished: bool = False
    """No lead is eligible now or later, and no call is in progress."""


@dataclass(frozen=True, slots=True)
class FloorSnapshot:
    """`version` grows with every change."""

    version: int
    at: Instant
    campaigns: tuple[CampaignView, ...] = ()
    agents: tuple[AgentView, ...] = ()
    capacity: int = 0
    legs_in_use: int = 0
    journal_ok: bool = True
    draining: bool = False
    alarms: tuple[str, ...] = ()
    """The newest alarms, newest first, in words."""

    def agent(self, name: str) -> AgentView | None:
        return next((agent for agent in self.agents if agent.name == name), None)

    def campaign(self, name: str) -> CampaignView | None:
        return next((view for view in self.campaigns if view.campaign.name == name), None)
