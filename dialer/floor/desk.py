"""A campaign on the floor: its hopper, its drop account, its controller and its live numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from dialer.compliance.drop_rate import DropAccount
from dialer.leads.hopper import Hopper
from dialer.model.campaigns import Campaign, CampaignState
from dialer.model.instant import Instant
from dialer.pacing.controller import PacingController


@dataclass(slots=True, eq=False)
class Desk:
    """`refilling` while a RefillHopper is unanswered; `refill_at` when to ask next after the store
    had no more (None: only when something changes); `caller_turn` rotates the caller ids."""

    campaign: Campaign
    controller: PacingController
    account: DropAccount
    state: CampaignState = CampaignState.STOPPED
    hopper: Hopper = field(default_factory=Hopper)
    refilling: bool = False
    dry: bool = False
    refill_at: Instant | None = None
    caller_turn: int = 0
    not_dialling: str = ""
    dials: int = 0
    answered: int = 0
    live: int = 0
    machines: int = 0
    connected: int = 0
    dropped: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)

    def lead_returns(self, at: Instant | None) -> None:
        """A lead of this campaign becomes eligible at `at`: look again then."""
        if at is not None and self.dry and (self.refill_at is None or at < self.refill_at):
            self.refill_at = at

    def look_again(self) -> None:
        """Something changed in the store: ask at once."""
        self.dry = False
        self.refill_at = None
