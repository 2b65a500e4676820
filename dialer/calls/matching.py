"""Which waiting call meets which agent: the longest-waiting call, the longest-idle agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dialer.model.calls import AttemptId
from dialer.model.instant import Instant


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A live call without an agent; `wanted` names the agent it was promised to, if any: the one
    who launched a preview (`only` then) or to whom a callback was promised."""

    attempt: AttemptId
    since: Instant
    wanted: str | None = None
    only: bool = False


@dataclass(frozen=True, slots=True)
class IdleAgent:
    """A READY agent and since when."""

    name: str
    since: Instant


def match(
    waiting: Sequence[WaitingCall], idle: Sequence[IdleAgent]
) -> tuple[tuple[AttemptId, str], ...]:
    """Pairs of one campaign's calls and agents, longest wait first."""
    free = sorted(idle, key=lambda agent: (agent.since, agent.name))
    pairs: list[tuple[AttemptId, str]] = []
    for call in sorted(waiting, key=lambda call: (call.since, call.attempt)):
        chosen = next((agent for agent in free if agent.name == call.wanted), None)
        if chosen is None and not call.only and free:
            chosen = free[0]
        if chosen is not None:
            free.remove(chosen)
            pairs.append((call.attempt, chosen.name))
    return tuple(pairs)
