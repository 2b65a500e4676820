"""Progressive dialling: one line for each agent who is free now."""

from __future__ import annotations

from dialer.pacing.controller import PacingView, Proposal


def spare_agents(view: PacingView) -> int:
    """Ready agents whom no call in flight can claim: this many dials risk no drop (unless an agent
    leaves). Never negative."""
    in_flight = len(view.ring_ages_ms) + len(view.detect_ages_ms)
    return max(0, view.ready - in_flight - view.waiting)


class ProgressiveController:
    """Dials for spare agents only; learns nothing."""

    def propose(self, view: PacingView) -> Proposal:
        dials = spare_agents(view)
        return Proposal(dials, f"{view.ready} ready, {dials} without a call in flight")

    def observe_ring(self, ring_ms: int, answered: bool) -> None:
        pass

    def observe_detection(self, detect_ms: int, live: bool) -> None:
        pass

    def observe_talk(self, talk_ms: int) -> None:
        pass

    def observe_wrapup(self, wrapup_ms: int) -> None:
        pass
