"""Longest wait meets longest idle; a promise comes before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialer.calls.matching import IdleAgent, WaitingCall, match
from dialer.model.calls import AttemptId
from dialer.model.instant import Instant

NAMES = [f"agent{n}" for n in range(6)]

idle_agents = st.lists(
    st.builds(IdleAgent, st.sampled_from(NAMES), st.integers(0, 5).map(Instant)),
    unique_by=lambda agent: agent.name,
    max_size=6,
)
waiting_calls = st.lists(
    st.builds(
        WaitingCall,
        st.integers(1, 20).map(AttemptId),
        st.integers(0, 5).map(Instant),
        st.none() | st.sampled_from(NAMES),
    ),
    unique_by=lambda call: call.attempt,
    max_size=8,
)


def call(attempt: int, since: int, wanted: str | None = None, only: bool = False) -> WaitingCall:
    return WaitingCall(AttemptId(attempt), Instant(since), wanted, only)


def idle(name: str, since: int) -> IdleAgent:
    return IdleAgent(name, Instant(since))


def test_the_longest_wait_meets_the_longest_idle() -> None:
    pairs = match([call(1, 20), call(2, 10)], [idle("ann", 7), idle("bob", 3)])
    assert pairs == ((2, "bob"), (1, "ann"))


def test_a_promised_agent_is_kept_to_the_promise() -> None:
    pairs = match([call(1, 10, "ann")], [idle("ann", 7), idle("bob", 3)])
    assert pairs == ((1, "ann"),)


def test_a_callback_whose_agent_is_busy_goes_to_another() -> None:
    assert match([call(1, 10, "cleo")], [idle("bob", 3)]) == ((1, "bob"),)


def test_a_launched_preview_goes_to_nobody_else() -> None:
    assert match([call(1, 10, "cleo", only=True)], [idle("bob", 3)]) == ()


def test_equal_waits_and_idles_are_settled_by_attempt_and_name() -> None:
    pairs = match([call(2, 5), call(1, 5)], [idle("bob", 3), idle("ann", 3)])
    assert pairs == ((1, "ann"), (2, "bob"))


@given(waiting_calls, idle_agents)
def test_nobody_is_paired_twice_and_nobody_waits_beside_a_free_agent(
    waiting: list[WaitingCall], agents: list[IdleAgent]
) -> None:
    pairs = match(waiting, agents)
    assert len(pairs) == min(len(waiting), len(agents))
    assert len({attempt for attempt, _ in pairs}) == len(pairs)
    assert len({name for _, name in pairs}) == len(pairs)


@given(waiting_calls, idle_agents)
def test_whoever_is_left_waiting_waited_no_longer_than_those_served(
    waiting: list[WaitingCall], agents: list[IdleAgent]
) -> None:
    served = {attempt for attempt, _ in match(waiting, agents)}
    left = [c.since for c in waiting if c.attempt not in served]
    taken = [c.since for c in waiting if c.attempt in served]
    if left and taken:
        assert min(left) >= max(taken)


@given(waiting_calls, idle_agents)
def test_the_order_in_which_they_are_given_makes_no_difference(
    waiting: list[WaitingCall], agents: list[IdleAgent]
) -> None:
    assert match(waiting, agents) == match(waiting[::-1], agents[::-1])
