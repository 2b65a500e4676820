"""After an attempt: again or not, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.leads.ordering import callback_key, recycled_key
from dialer.leads.recycle import OUR_DOING, after_agent, after_system
from dialer.model.dispositions import AgentDisposition, Recycle, SystemDisposition
from dialer.model.instant import HOUR_MS, MINUTE_MS, Instant
from dialer.model.leads import LeadState
from tests.floor_play import NOON, campaign, lead

BUSY_IN_15 = replace(campaign(), recycle={"BUSY": Recycle(15 * MINUTE_MS, 4)}, min_gap_ms=0)
DIALLED_ONCE = replace(lead(), attempts=1)


def test_a_rule_says_when_the_lead_comes_back() -> None:
    move = after_system(BUSY_IN_15, DIALLED_ONCE, "BUSY", NOON)
    assert move.state is LeadState.OPEN
    assert move.next_eligible_at == NOON + 15 * MINUTE_MS
    assert move.order_key == recycled_key(DIALLED_ONCE.lead_id, 1)


def test_never_sooner_than_the_gap() -> None:
    gap = replace(BUSY_IN_15, min_gap_ms=HOUR_MS)
    assert after_system(gap, DIALLED_ONCE, "BUSY", NOON).next_eligible_at == NOON + HOUR_MS


def test_without_a_rule_the_lead_is_done() -> None:
    assert after_system(BUSY_IN_15, DIALLED_ONCE, "VACANT", NOON).state is LeadState.DONE


@pytest.mark.parametrize(("attempts", "state"), [(3, LeadState.OPEN), (4, LeadState.DONE)])
def test_the_rules_own_limit_counts_this_dial(attempts: int, state: LeadState) -> None:
    dialled = replace(DIALLED_ONCE, attempts=attempts)
    assert after_system(BUSY_IN_15, dialled, "BUSY", NOON).state is state


def test_the_campaigns_limit_holds_over_every_rule() -> None:
    strict = replace(BUSY_IN_15, max_attempts=2)
    dialled = replace(DIALLED_ONCE, attempts=2)
    assert after_system(strict, dialled, "BUSY", NOON).state is LeadState.DONE


@pytest.mark.parametrize("disposition", sorted(OUR_DOING))
def test_what_was_our_doing_brings_the_lead_back_without_a_rule(disposition: str) -> None:
    move = after_system(campaign(), DIALLED_ONCE, disposition, NOON)
    assert move.state is LeadState.OPEN and move.next_eligible_at is not None
    rang_no_phone = disposition == SystemDisposition.TRUNK_FAILURE
    wait = 5 * MINUTE_MS if rang_no_phone else campaign().min_gap_ms
    assert move.next_eligible_at == NOON + wait


def test_a_callback_comes_at_its_time_before_everything_else() -> None:
    at = Instant(NOON + 3 * HOUR_MS)
    move = after_agent(campaign(), DIALLED_ONCE, "CALLBACK", NOON, at)
    assert (move.state, move.next_eligible_at) == (LeadState.OPEN, at)
    assert move.order_key == callback_key(DIALLED_ONCE.lead_id)


def test_an_agents_choice_has_its_own_rule() -> None:
    nobody = AgentDisposition("NO_ONE_THERE", "Nobody spoke", recycle=Recycle(4 * HOUR_MS, 3))
    with_rule = replace(campaign(), dispositions=(nobody,))
    move = after_agent(with_rule, DIALLED_ONCE, "NO_ONE_THERE", NOON, None)
    assert (move.state, move.next_eligible_at) == (LeadState.OPEN, NOON + 4 * HOUR_MS)
    assert after_agent(campaign(), DIALLED_ONCE, "SALE", NOON, None).state is LeadState.DONE


@given(
    disposition=st.sampled_from(SystemDisposition),
    attempts=st.integers(1, 10),
    after_ms=st.integers(0, 48 * HOUR_MS),
    limit=st.integers(1, 10),
    gap_ms=st.integers(0, 4 * HOUR_MS),
    ruled=st.booleans(),
)
def test_no_lead_comes_back_too_often_or_too_soon(
    disposition: SystemDisposition,
    attempts: int,
    after_ms: int,
    limit: int,
    gap_ms: int,
    ruled: bool,
) -> None:
    rules = {str(disposition): Recycle(after_ms, limit)} if ruled else {}
    of = replace(campaign(), recycle=rules, min_gap_ms=gap_ms)
    move = after_system(of, replace(lead(), attempts=attempts), disposition, NOON)
    assert (move.state is LeadState.OPEN) == (move.next_eligible_at is not None)
    if move.next_eligible_at is not None:
        assert attempts < of.max_attempts
        if disposition is not SystemDisposition.TRUNK_FAILURE:
            assert move.next_eligible_at >= NOON + gap_ms
        if ruled:
            assert attempts < limit and move.next_eligible_at >= NOON + after_ms
