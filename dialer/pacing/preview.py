"""Preview dialling: the agent looks at the lead and launches the call."""

from __future__ import annotations

from dialer.pacing.controller import PacingView, Proposal


class PreviewController:
    """Never proposes a dial: every one is an agent's wish."""

    def propose(self, view: PacingView) -> Proposal:
        return Proposal(0, "agents launch their own calls")

    def observe_ring(self, ring_ms: int, answered: bool) -> None:
        pass

    def observe_detection(self, detect_ms: int, live: bool) -> None:
        pass

    def observe_talk(self, talk_ms: int) -> None:
        pass

    def observe_wrapup(self, wrapup_ms: int) -> None:
        pass
