"""The predictive controller: what must hold for any view, and how it spends its budget."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.model.instant import Instant
from dialer.pacing.controller import PacingView
from dialer.pacing.predictive import (
    EXACT_COINS,
    MOST_DIALS,
    ExactCount,
    NormalCount,
    PredictiveController,
)
from dialer.pacing.progressive import spare_agents
from tests.unit.pacing.test_simple_controllers import QUIET


def trained(seed: int = 1, live: float = 0.2, calls: int = 400) -> PredictiveController:
    """A controller that has seen some hundred calls of a list with this share of live answers."""
    rng = np.random.default_rng(seed)
    controller = PredictiveController()
    for _ in range(calls):
        answered = bool(rng.random() < live)
        ring_ms = int(rng.uniform(3_000, 20_000)) if answered else 22_000
        controller.observe_ring(ring_ms, answered)
        if answered:
            controller.observe_detection(1_000, True)
            controller.observe_talk(int(rng.lognormal(11.3, 0.8)))
            controller.observe_wrapup(int(rng.lognormal(9.7, 0.5)))
    return controller


def ages(most: int, longest_ms: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(0, longest_ms), max_size=most).map(tuple)


views = st.builds(
    PacingView,
    now=st.just(QUIET.now),
    ready=st.integers(0, 40),
    talk_ages_ms=ages(30, 2_000_000),
    wrapup_ages_ms=ages(15, 200_000),
    ring_ages_ms=ages(40, 60_000),
    detect_ages_ms=ages(8, 8_000),
    waiting=st.integers(0, 8),
    live=st.integers(0, 5_000),
    dropped=st.integers(0, 300),
    drop_ceiling=st.sampled_from([0.0, 0.01, 0.03, 0.05]),
)
EXPERIENCE = st.sampled_from([0, 1, 400])


@settings(max_examples=150, deadline=None)
@given(view=views, calls=EXPERIENCE)
def test_proposals_are_sane_for_any_view(view: PacingView, calls: int) -> None:
    proposal = trained(calls=calls).propose(view)
    assert spare_agents(view) <= proposal.dials <= max(MOST_DIALS, spare_agents(view))
    assert "nan" not in proposal.why
    assert proposal == trained(calls=calls).propose(view)


@settings(max_examples=100, deadline=None)
@given(view=views, calls=EXPERIENCE, more=st.integers(1, 5))
def test_more_ready_agents_never_mean_fewer_dials(view: PacingView, calls: int, more: int) -> None:
    some = trained(calls=calls).propose(view).dials
    assert trained(calls=calls).propose(replace(view, ready=view.ready + more)).dials >= some


@settings(max_examples=100, deadline=None)
@given(view=views, calls=EXPERIENCE)
def test_one_more_call_waiting_never_means_more_dials(view: PacingView, calls: int) -> None:
    some = trained(calls=calls).propose(view).dials
    assert trained(calls=calls).propose(replace(view, waiting=view.waiting + 1)).dials <= some


@settings(max_examples=100, deadline=None)
@given(view=views, calls=EXPERIENCE)
def test_one_more_drop_never_means_more_dials(view: PacingView, calls: int) -> None:
    some = trained(calls=calls).propose(view).dials
    assert trained(calls=calls).propose(replace(view, dropped=view.dropped + 1)).dials <= some


@settings(max_examples=100, deadline=None)
@given(view=views, age_ms=st.integers(0, 60_000))
def test_one_more_call_ringing_never_means_more_dials(view: PacingView, age_ms: int) -> None:
    coins = sum(
        map(len, (view.talk_ages_ms, view.wrapup_ages_ms, view.ring_ages_ms, view.detect_ages_ms))
    )
    if coins == EXACT_COINS:  # the next coin changes the arithmetic
        view = replace(view, ring_ages_ms=view.ring_ages_ms[1:])
    some = trained().propose(view).dials
    more = replace(view, ring_ages_ms=(*view.ring_ages_ms, age_ms))
    assert trained().propose(more).dials <= some


def test_nobody_there_means_no_dial() -> None:
    assert trained().propose(QUIET).dials == 0
    assert trained().propose(replace(QUIET, waiting=3, talk_ages_ms=(5_000, 6_000))).dials == 0


def test_with_a_ceiling_of_zero_it_is_progressive() -> None:
    view = replace(QUIET, drop_ceiling=0.0, ready=4, talk_ages_ms=(60_000,) * 20)
    assert trained().propose(view).dials == 4
    assert trained().propose(replace(view, ready=0)).dials == 0


def test_it_dials_more_lines_than_ready_agents_when_few_answer() -> None:
    view = replace(QUIET, ready=10, talk_ages_ms=tuple(range(0, 200_000, 5_000)))
    assert trained(live=0.2).propose(view).dials > 15
    assert trained(live=0.8).propose(view).dials < trained(live=0.1).propose(view).dials


def test_the_price_falls_with_each_drop_and_recovers_with_live_answers() -> None:
    controller = trained()
    view = replace(QUIET, ready=10, talk_ages_ms=tuple(range(0, 200_000, 5_000)), live=1_000)

    def dials(seconds: int, live: int, dropped: int) -> int:
        now = Instant(QUIET.now + seconds * 1_000)
        return controller.propose(replace(view, now=now, live=live, dropped=dropped)).dials

    at_par = dials(0, 1_000, 27)
    after_drops = dials(60, 1_000, 39)
    after_answers = dials(120, 1_600, 39)
    assert after_drops < at_par
    assert after_answers > after_drops


def test_savings_of_earlier_days_are_not_spent_in_one_shift() -> None:
    """A month of 100 000 live answers without a drop would allow 2 950 drops; today only what may
    be saved counts, and each of today's drops tells."""
    view = replace(QUIET, ready=5, talk_ages_ms=tuple(range(0, 200_000, 5_000)), live=100_000)
    controller = trained()
    first = controller.propose(view).dials
    later = replace(view, now=Instant(view.now + 1_000), dropped=60)
    assert controller.propose(later).dials < first


def test_exact_count_agrees_with_enumeration() -> None:
    chances = [0.1, 0.5, 0.8, 0.33]
    counted = ExactCount(np.array(chances)[:, None], 3)
    expected = 0.0
    for outcome in product((0, 1), repeat=4):
        if sum(outcome) >= 3:
            expected += float(
                np.prod([p if hit else 1 - p for p, hit in zip(chances, outcome, strict=True)])
            )
    assert counted.shortage()[0] == pytest.approx(expected)


def test_both_counts_agree_where_one_takes_over_from_the_other() -> None:
    rng = np.random.default_rng(5)
    claims = rng.uniform(0.05, 0.95, (EXACT_COINS, 12))
    for supply in (30, 35, 40, 45):
        exact = ExactCount(claims, supply).shortage()
        normal = NormalCount(claims, supply).shortage()
        assert normal == pytest.approx(exact, abs=0.01)
