"""The two tables: whole, without dead ends, and never left by any sequence of inputs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.calls import agent, attempt
from dialer.calls.agent import AgentInput
from dialer.calls.attempt import AttemptInput
from dialer.calls.machine import step
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState
from dialer.model.errors import IllegalTransition

LIVE_ONLY = {AttemptState.WAITING, AttemptState.BRIDGED, AttemptState.MESSAGE}


State = TypeVar("State", bound=StrEnum)
Input = TypeVar("Input", bound=StrEnum)


def reachable(table: Mapping[tuple[State, Input], State], start: State) -> set[State]:
    found = {start}
    while more := {after for (state, _), after in table.items() if state in found} - found:
        found |= more
    return found


def test_every_state_of_an_attempt_can_be_reached() -> None:
    assert reachable(attempt.TABLE, attempt.START) == set(AttemptState)


def test_every_state_of_a_shift_can_be_reached_from_every_other() -> None:
    for state in AgentState:
        assert reachable(agent.TABLE, state) == set(AgentState)


def test_every_input_is_used_by_its_table() -> None:
    assert {given for _, given in attempt.TABLE} == set(AttemptInput)
    assert {given for _, given in agent.TABLE} == set(AgentInput)


def test_an_ended_attempt_stays_ended() -> None:
    assert not [edge for edge in attempt.TABLE if edge[0] is AttemptState.ENDED]


@pytest.mark.parametrize("state", sorted(set(AttemptState) - {AttemptState.ENDED}))
def test_an_attempt_can_be_lost_or_called_off_at_any_time(state: AttemptState) -> None:
    assert attempt.TABLE[state, AttemptInput.LOST] is AttemptState.ENDED
    assert attempt.TABLE[state, AttemptInput.CANCELLED] is AttemptState.ENDED


@pytest.mark.parametrize("state", sorted(set(AgentState) - {AgentState.OFFLINE}))
def test_a_phone_can_be_lost_in_every_state_of_a_shift(state: AgentState) -> None:
    after = agent.TABLE[state, AgentInput.PHONE_LOST]
    assert after in (AgentState.PAUSED, AgentState.WRAPUP)


@given(st.lists(st.sampled_from(AttemptInput), max_size=30))
def test_an_attempt_is_live_only_after_detection_and_dials_only_when_approved(
    inputs: list[AttemptInput],
) -> None:
    state, path = attempt.START, [attempt.START]
    for given_input in inputs:
        try:
            state = step(attempt.TABLE, state, given_input)
        except IllegalTransition as refusal:
            assert str(state) in str(refusal) and str(given_input) in str(refusal)
            assert (state, given_input) not in attempt.TABLE
            continue
        path.append(state)
    if LIVE_ONLY & set(path):
        assert AttemptState.DETECTING in path
    if AttemptState.MESSAGE in path or AttemptState.BRIDGED in path:
        assert AttemptState.WAITING in path
    if set(path) - {AttemptState.PLANNED, AttemptState.ENDED}:
        assert path[1] is AttemptState.DIALLING
    assert path.count(AttemptState.ENDED) <= 1


@given(st.lists(st.sampled_from(AgentInput), max_size=30))
def test_an_agent_is_on_a_call_only_after_being_reserved_and_wraps_up_after_it(
    inputs: list[AgentInput],
) -> None:
    state, path = agent.START, [agent.START]
    for given_input in inputs:
        if (state, given_input) in agent.TABLE:
            state = step(agent.TABLE, state, given_input)
            path.append(state)
        else:
            with pytest.raises(IllegalTransition):
                step(agent.TABLE, state, given_input)
    for before, after in pairwise(path):
        if after is AgentState.INCALL:
            assert before is AgentState.RESERVED
        if before is AgentState.INCALL:
            assert after in (AgentState.WRAPUP, AgentState.PAUSED)
        if before is AgentState.WRAPUP:
            assert after is not AgentState.RESERVED
