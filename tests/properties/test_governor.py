"""Whatever a controller asks for and however calls end, drops stay within the ceiling."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.governor import Grant, lawful_dials

UNLIMITED = 1_000_000


def grant(
    asked: int,
    *,
    covered: int = 0,
    in_flight: int = 0,
    live: int = 0,
    dropped: int = 0,
    ceiling: float = 0.03,
    free_channels: int = UNLIMITED,
    cps_tokens: int = UNLIMITED,
) -> Grant:
    return lawful_dials(
        asked=asked,
        covered=covered,
        in_flight=in_flight,
        live=live,
        dropped=dropped,
        ceiling=ceiling,
        free_channels=free_channels,
        cps_tokens=cps_tokens,
    )


class Adversary:
    """A floor in miniature: calls in flight, of which some wait for an agent; agents free or busy.
    The controller asks for a thousand dials at every step."""

    def __init__(self, agents: int, live: int, dropped: int, ceiling: float) -> None:
        self.free = agents
        self.busy = 0
        self.unanswered = 0
        self.waiting = 0
        self.live = live
        self.dropped = dropped
        self.ceiling = ceiling

    def dial(self, asked: int) -> None:
        self.unanswered += grant(
            asked,
            covered=self.free,
            in_flight=self.unanswered + self.waiting,
            live=self.live,
            dropped=self.dropped,
            ceiling=self.ceiling,
        ).dials

    def ends_not_live(self) -> None:
        self.unanswered -= min(1, self.unanswered)

    def answered_live(self) -> None:
        if self.unanswered:
            self.unanswered -= 1
            self.waiting += 1
            self.match()

    def agent_comes_free(self) -> None:
        if self.busy:
            self.busy -= 1
            self.free += 1
            self.match()

    def agent_signs_in(self) -> None:
        self.free += 1
        self.match()

    def match(self) -> None:
        if self.waiting and self.free:
            self.waiting -= 1
            self.free -= 1
            self.busy += 1
            self.live += 1

    def deadline_passes(self) -> None:
        if self.waiting:
            self.waiting -= 1
            self.live += 1
            self.dropped += 1
            assert self.dropped <= Fraction(str(self.ceiling)) * self.live


STEPS = (
    Adversary.ends_not_live,
    Adversary.answered_live,
    Adversary.agent_comes_free,
    Adversary.agent_signs_in,
    Adversary.deadline_passes,
)


@given(
    agents=st.integers(0, 60),
    live=st.integers(0, 400),
    share=st.floats(0, 0.06),
    ceiling=st.sampled_from([0.01, 0.03, 0.05, 0.5]),
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS), st.integers(1, 60), st.integers(0, 1000)), max_size=60
    ),
)
def test_no_order_of_events_brings_drops_above_the_ceiling(
    agents: int,
    live: int,
    share: float,
    ceiling: float,
    steps: list[tuple[object, int, int]],
) -> None:
    floor = Adversary(agents, live, int(share * live), ceiling)
    for step, times, asked in steps:
        floor.dial(asked)
        for _ in range(times):
            assert callable(step)
            step(floor)
    while floor.unanswered or floor.waiting:
        floor.answered_live()
        floor.deadline_passes()


@given(
    covered=st.integers(0, 80),
    in_flight=st.integers(0, 80),
    live=st.integers(0, 3_000),
    dropped=st.integers(0, 60),
    ceiling=st.sampled_from([0.01, 0.03, 0.07]),
)
def test_the_bound_is_exact(
    covered: int, in_flight: int, live: int, dropped: int, ceiling: float
) -> None:
    """If everybody answers at once and no agent comes free: within the ceiling with what was
    granted, above it with one more."""
    granted = grant(
        UNLIMITED,
        covered=covered,
        in_flight=in_flight,
        live=live,
        dropped=min(dropped, live),
        ceiling=ceiling,
    ).dials
    share = Fraction(str(ceiling))

    def worst(calls: int) -> tuple[int, int]:
        drops = max(0, calls - covered)
        return min(dropped, live) + drops, live + min(calls, covered) + drops

    drops, answers = worst(in_flight + granted + 1)
    assert drops > share * answers
    if granted and in_flight + granted > covered:
        drops, answers = worst(in_flight + granted)
        assert drops <= share * answers


@given(
    covered=st.integers(0, 80),
    in_flight=st.integers(0, 80),
    live=st.integers(0, 100),
    dropped=st.integers(0, 100),
)
def test_one_line_per_free_agent_is_always_lawful(
    covered: int, in_flight: int, live: int, dropped: int
) -> None:
    spare = max(0, covered - in_flight)
    granted = grant(
        spare, covered=covered, in_flight=in_flight, live=max(live, dropped), dropped=dropped
    )
    assert granted.dials == spare


@given(asked=st.integers(-5, 100), channels=st.integers(-2, 50), tokens=st.integers(-2, 50))
def test_channels_and_call_rate_bound_the_dials(asked: int, channels: int, tokens: int) -> None:
    granted = grant(asked, covered=200, free_channels=channels, cps_tokens=tokens)
    assert granted.dials == max(0, min(asked, channels, tokens))
    assert granted.why


@pytest.mark.parametrize(
    ("granted", "dials", "why"),
    [
        (grant(0), 0, "no calls asked for"),
        (grant(4, covered=5), 4, "all 4 asked for"),
        (grant(4, covered=5, free_channels=1), 1, "1 of 4 asked for: 1 channel free"),
        (
            grant(4, covered=5, cps_tokens=2),
            2,
            "2 of 4 asked for: the trunk takes 2 calls at this moment",
        ),
        (
            grant(10, covered=1, in_flight=1, live=100, dropped=1),
            2,
            "2 of 10 asked for: with 1 in flight for 1 free agent, one more call could bring drops "
            "(1 of 100 live answers) above 3.0%",
        ),
    ],
)
def test_why_names_what_held_it(granted: Grant, dials: int, why: str) -> None:
    assert granted == Grant(dials, why)


def test_a_fresh_account_over_dials_only_behind_enough_agents() -> None:
    assert grant(100, covered=0).dials == 0
    assert grant(100, covered=32).dials == 32
    assert grant(100, covered=33).dials == 34, "1 drop of 34 live answers is 2.9 %"


def test_a_ceiling_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="no ceiling"):
        grant(1, covered=0, ceiling=1.0)
