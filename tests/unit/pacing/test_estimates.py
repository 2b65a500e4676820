"""What the tables learn, against laws whose answer is known."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.pacing.estimates import HORIZON_EDGES_S, Estimates, Hazards
from tests.unit.pacing.test_simple_controllers import QUIET

ages = st.lists(st.integers(0, 1_000_000), max_size=12)


def test_from_no_data_the_prior_speaks() -> None:
    hazards = Hazards(
        bin_ms=1_000, bins=5, prior_per_s=(0.05, 0.01), prior_exposure_s=6.0, memory=4_000
    )
    rates = hazards.rates(())
    assert rates[0] == pytest.approx(np.full(5, 0.05))
    assert rates[1] == pytest.approx(np.full(5, 0.01))


def test_a_constant_rate_is_found() -> None:
    rng = np.random.default_rng(1)
    hazards = Hazards(
        bin_ms=5_000, bins=20, prior_per_s=(0.1,), prior_exposure_s=5.0, memory=20_000
    )
    for age_ms in rng.exponential(20_000, 5_000):
        hazards.observe(int(age_ms), 0)
    assert hazards.rates(())[0][:6] == pytest.approx(np.full(6, 0.05), rel=0.15)


def test_calls_still_running_are_evidence_that_calls_are_long() -> None:
    """A hundred calls of 10 minutes start together; two fell short at once. Counting only ended
    calls would make the rate of ending 1/30 s."""
    hazards = Hazards(
        bin_ms=5_000, bins=160, prior_per_s=(0.01,), prior_exposure_s=1.0, memory=2_000
    )
    for _ in range(2):
        hazards.observe(2_500, 0)
    assert hazards.rates(())[0, 0] > 0.3
    assert hazards.rates([30_000] * 98)[0, 0] < 0.01


def test_old_evidence_fades() -> None:
    hazards = Hazards(bin_ms=1_000, bins=10, prior_per_s=(0.1,), prior_exposure_s=1.0, memory=50)
    for _ in range(500):
        hazards.observe(1_500, 0)
    for _ in range(500):
        hazards.observe(8_500, 0)
    rates = hazards.rates(())[0]
    assert rates[1] < 0.02
    assert rates[8] > 1.0


def test_smoothing_spreads_evidence_to_neighbouring_ages() -> None:
    hazards = Hazards(
        bin_ms=1_000, bins=9, prior_per_s=(0.0,), prior_exposure_s=1.0, memory=2_000, smooth=1
    )
    hazards.observe(4_500, 0)
    rates = hazards.rates(())[0]
    assert np.flatnonzero(rates).tolist() == [3, 4, 5]


def test_the_forecast_of_an_exponential_world_is_its_closed_form() -> None:
    """Ringing ends answered at 1/12 s (all live, found at once); talk lasts 120 s on average and
    wrap-up 20 s, both memoryless."""
    rng = np.random.default_rng(2)
    estimates = Estimates()
    for _ in range(8_000):
        estimates.observe_ring(int(rng.exponential(12_000)), True)
        estimates.observe_detection(0, True)
        estimates.observe_talk(int(rng.exponential(120_000)))
        estimates.observe_wrapup(int(rng.exponential(20_000)))
    forecast = estimates.forecast(QUIET)
    middles = [(a + b) / 2 for a, b in pairwise(HORIZON_EDGES_S)]
    for cell, h in enumerate(middles):
        assert forecast.fresh[cell] == pytest.approx(1 - math.exp(-h / 12), abs=0.06)
        assert forecast.wrapup[3, cell] == pytest.approx(1 - math.exp(-(h + 1) / 20), abs=0.06)
        both = 1 - (120 * math.exp(-(h + 1) / 120) - 20 * math.exp(-(h + 1) / 20)) / 100
        assert forecast.talk[10, cell] == pytest.approx(both, abs=0.03)


def test_twice_the_answers_are_noticed_within_some_hundred_calls() -> None:
    rng = np.random.default_rng(3)
    estimates = Estimates()

    def dial(calls: int, live: float) -> None:
        for _ in range(calls):
            answered = bool(rng.random() < live)
            estimates.observe_ring(
                int(rng.uniform(2_000, 12_000)) if answered else 22_000, answered
            )
            if answered:
                estimates.observe_detection(1_000, True)

    dial(3_000, 0.1)
    before = estimates.forecast(QUIET).fresh[-1]
    dial(400, 0.3)
    assert before == pytest.approx(0.1, abs=0.03)
    assert estimates.forecast(QUIET).fresh[-1] > 1.5 * before


@given(
    rings=st.lists(st.tuples(st.integers(0, 200_000), st.booleans()), max_size=30),
    detections=st.lists(st.tuples(st.integers(0, 60_000), st.booleans()), max_size=30),
    talks=ages,
    wraps=ages,
    running=ages,
)
def test_forecasts_are_probabilities_that_grow_with_the_horizon(
    rings: list[tuple[int, bool]],
    detections: list[tuple[int, bool]],
    talks: list[int],
    wraps: list[int],
    running: list[int],
) -> None:
    estimates = Estimates()
    for ring_ms, answered in rings:
        estimates.observe_ring(ring_ms, answered)
    for detect_ms, live in detections:
        estimates.observe_detection(detect_ms, live)
    for talk_ms in talks:
        estimates.observe_talk(talk_ms)
    for wrap_ms in wraps:
        estimates.observe_wrapup(wrap_ms)
    held = tuple(running)
    forecast = estimates.forecast(
        replace(
            QUIET,
            ring_ages_ms=held,
            detect_ages_ms=held,
            talk_ages_ms=held,
            wrapup_ages_ms=held,
        )
    )
    for table in (
        forecast.ring,
        forecast.detect,
        forecast.talk,
        forecast.wrapup,
        forecast.fresh[None, :],
    ):
        assert np.all(np.isfinite(table))
        assert np.all((table >= 0.0) & (table <= 1.0 + 1e-9))
        assert np.all(np.diff(table, axis=1) >= -1e-9)
    assert np.all(forecast.weights >= 0.0)
    assert forecast.weights.sum() == pytest.approx(1.0)
