"""The drop account, and when a live answer without an agent becomes a drop.

What regulators call an abandoned call is a drop here: a person answered, and no agent was there
within two seconds of the end of their greeting (16 CFR 310.4(b)(1)(iv); 47 CFR 64.1200(a)(7)).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort

from dialer.model.instant import DAY_MS, SECOND_MS, Instant

DROP_WINDOW_MS = 30 * DAY_MS
"""Over which the share of drops is measured (16 CFR 310.4(b)(4)(i); 47 CFR 64.1200(a)(7))."""

CONNECT_WITHIN_MS = 2 * SECOND_MS
"""From the end of the greeting to an agent (same sections)."""

BRIDGE_GRACE_MS = 250
"""Shortest time given to join an agent after a verdict, however late the verdict came: the person
is better served by an agent than by a message. It moves only when we stop trying; whether the call
counts as a drop is `connected_in_time`, which knows no grace."""


def connect_deadline(
    answered_at: Instant, greeting_ended_at: Instant | None, verdict_at: Instant
) -> Instant:
    """When to stop waiting for an agent and play the message: two seconds after the end of the
    greeting, or after the verdict where nobody spoke; never sooner than BRIDGE_GRACE_MS after the
    verdict. Speech before the answer is not the person's: such a greeting ends at the answer."""
    lawful = lawful_until(answered_at, greeting_ended_at, verdict_at)
    return max(lawful, Instant(verdict_at + BRIDGE_GRACE_MS))


def connected_in_time(
    answered_at: Instant,
    greeting_ended_at: Instant | None,
    verdict_at: Instant,
    connected_at: Instant,
) -> bool:
    """Did the agent come within the two seconds? If not, the call counts as a drop, though the two
    may have talked."""
    return connected_at <= lawful_until(answered_at, greeting_ended_at, verdict_at)


def lawful_until(
    answered_at: Instant, greeting_ended_at: Instant | None, verdict_at: Instant
) -> Instant:
    """Until when an agent has to be there, or the message."""
    since = verdict_at if greeting_ended_at is None else max(greeting_ended_at, answered_at)
    return Instant(since + CONNECT_WITHIN_MS)


class DropAccount:
    """One campaign's live answers and drops of the last 30 days, exact to the millisecond.

    An answer at `at` counts in (now - window, now]. Answers may be told in any order; `now` may lie
    before the newest answer told by no more than a day.
    """

    def __init__(self, window_ms: int = DROP_WINDOW_MS) -> None:
        self._window_ms = window_ms
        self._live_at = array("q")
        self._dropped_at = array("q")

    def answered(self, at: Instant, dropped: bool) -> None:
        """A person answered at `at`; `dropped` says how it came out. To be told once per call, when
        that is known and not before (see `governor`)."""
        for instants in (self._live_at, self._dropped_at) if dropped else (self._live_at,):
            insort(instants, at)
            self._forget(instants)

    def live(self, now: Instant) -> int:
        """Live answers in the window, drops included."""
        return self._count(self._live_at, now)

    def dropped(self, now: Instant) -> int:
        """Drops in the window."""
        return self._count(self._dropped_at, now)

    def rate(self, now: Instant) -> float:
        """Drops over live answers in the window; 0 where there were none."""
        live = self.live(now)
        return self.dropped(now) / live if live else 0.0

    def _count(self, instants: array[int], now: Instant) -> int:
        return bisect_right(instants, now) - bisect_right(instants, now - self._window_ms)

    def _forget(self, instants: array[int]) -> None:
        """Cut off the front once half of it is past counting, so that the cost stays constant."""
        past = bisect_right(instants, instants[-1] - self._window_ms - DAY_MS)
        if past > len(instants) // 2:
            del instants[:past]
