"""What every pacing controller answers: how many dials now? It proposes; the governor disposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dialer.model.instant import Instant


@dataclass(frozen=True, slots=True)
class PacingView:
    """One campaign as its controller sees it. Ages are ms since the state was entered.

    `ready` agents are free now (reserved ones are not). An agent who will leave after this call
    is in neither age tuple: no supply comes from them.
    """

    now: Instant
    ready: int
    talk_ages_ms: tuple[int, ...]
    wrapup_ages_ms: tuple[int, ...]
    ring_ages_ms: tuple[int, ...]
    """Calls placed and not yet answered, age since the dial."""
    detect_ages_ms: tuple[int, ...]
    """Calls answered and under detection, age since the answer."""
    waiting: int
    """Live calls with no agent yet."""
    live: int
    """Live answers in the drop account's window."""
    dropped: int
    drop_ceiling: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """How many new dials the controller wants now, and why in a few words for the campaign page."""

    dials: int
    why: str


class PacingController(Protocol):
    """Chosen by DialMode; told of every outcome, asked on every change."""

    def propose(self, view: PacingView) -> Proposal: ...

    def observe_ring(self, ring_ms: int, answered: bool) -> None:
        """A placed call was answered, or ended unanswered, `ring_ms` after the dial."""

    def observe_detection(self, detect_ms: int, live: bool) -> None:
        """An answered call was found live (human or unsure) or not, `detect_ms` after answer."""

    def observe_talk(self, talk_ms: int) -> None: ...

    def observe_wrapup(self, wrapup_ms: int) -> None: ...
