"""Predictive dialling: launch while the risk that the next live answer finds nobody is worth it.

Theory of operation
-------------------
At each decision every call in flight is a coin that may claim an agent (it is found live by h), and
every busy agent a coin that may still be busy at h. With S agents in all, less the live calls
already waiting, a call answered at h finds nobody exactly when the number K of claims by h reaches
S. So

    q = sum over horizon cells j of  w_j · P(K_j >= S)

is the probability that the *next* call, if it is answered live, is dropped. Dial while q <= theta,
each dial adding its own coin; always dial up to the agents no call in flight can claim.

This is the newsvendor's critical ratio (Arrow, Harris & Marschak, "Optimal inventory policy",
Econometrica 1951): the gain of a call is 1 - q, its price lambda · q, so dial up to
q = 1 / (1 + lambda). The price is not guessed but found by the budget of drops: with a live
answers and d drops, B = alpha · a - d is what is left to spend, and log theta follows B - R (a
reserve). B is already the integral of the error of the drop rate, hence a proportional law on it
leaves no lasting error; a slow second integrator moves theta's base so that B stays near R. There
is no cliff at B = 0: by the time it is reached dozens of calls are committed, and stopping would
only make the dialler alternate between starving and overshooting.

P(K >= S) is exact (Poisson-binomial, by convolution) while few coins are involved, and a normal
approximation with continuity correction above.

Two accounts are kept. The drop account's window (30 days) is the law; the other begins with the
controller, so that savings of earlier days are not spent on the people called today. The poorer one
sets the price.

The drop ceiling itself is not kept here: the governor caps every proposal.
"""

from __future__ import annotations

import math

import numpy as np

from dialer.model.instant import SECOND_MS, Instant
from dialer.pacing.controller import PacingView, Proposal
from dialer.pacing.estimates import Estimates, Floats, Forecast
from dialer.pacing.progressive import spare_agents

REFRESH_MS = 10 * SECOND_MS
"""How often the tables are turned into a forecast, and theta's base drifts."""
EXACT_COINS = 70
"""Up to this many coins the distribution is computed exactly."""
MOST_DIALS = 60
"""Of one decision."""
MARGIN = 0.0295 / 0.03
"""Aim this share of the ceiling, so that the end of a window rarely lies above it."""


class PredictiveController:
    """Paces one campaign; see the module's text. Deterministic: the same views and observations in
    the same order give the same proposals."""

    def __init__(self) -> None:
        self._estimates = Estimates()
        self._price = _Price()
        self._forecast: Forecast | None = None
        self._refreshed_at = Instant(0)

    def observe_ring(self, ring_ms: int, answered: bool) -> None:
        self._estimates.observe_ring(ring_ms, answered)

    def observe_detection(self, detect_ms: int, live: bool) -> None:
        self._estimates.observe_detection(detect_ms, live)

    def observe_talk(self, talk_ms: int) -> None:
        self._estimates.observe_talk(talk_ms)

    def observe_wrapup(self, wrapup_ms: int) -> None:
        self._estimates.observe_wrapup(wrapup_ms)

    def propose(self, view: PacingView) -> Proposal:
        theta = self._price.theta(view)
        supply = view.ready + len(view.talk_ages_ms) + len(view.wrapup_ages_ms) - view.waiting
        if supply <= 0:
            return Proposal(0, "no agent will be free for another call")
        forecast = self._current(view)
        claims = self._claims(view, forecast)
        spare = spare_agents(view)
        dials, risk = _launch(claims, supply, theta, spare, forecast)
        return Proposal(
            dials,
            f"the next live answer would find nobody with {risk:.1%}, allowed {theta:.1%}",
        )

    def _current(self, view: PacingView) -> Forecast:
        elapsed_ms = view.now - self._refreshed_at
        if self._forecast is None or elapsed_ms >= REFRESH_MS or elapsed_ms < 0:
            self._forecast = self._estimates.forecast(view)
            self._refreshed_at = view.now
        return self._forecast

    def _claims(self, view: PacingView, forecast: Forecast) -> Floats:
        """P(claims an agent by h_j) of each coin, shape (coins, cells)."""
        known = self._estimates
        claims: Floats = np.concatenate(
            [
                forecast.ring[known.ring_bins(view.ring_ages_ms)],
                forecast.detect[known.detect_bins(view.detect_ages_ms)],
                1.0 - forecast.talk[known.talk_bins(view.talk_ages_ms)],
                1.0 - forecast.wrapup[known.wrapup_bins(view.wrapup_ages_ms)],
            ]
        )
        return claims


def _launch(
    claims: Floats, supply: int, theta: float, spare: int, forecast: Forecast
) -> tuple[int, float]:
    """How many to dial, and the risk of the first one not dialled."""
    count = ExactCount if len(claims) <= EXACT_COINS else NormalCount
    counted = count(claims, supply)
    dials = 0
    while True:
        risk = float(forecast.weights @ counted.shortage())
        if (risk > theta and dials >= spare) or dials >= MOST_DIALS:
            return dials, risk
        counted.add(forecast.fresh)
        dials += 1


class ExactCount:
    """The distribution of the number of claims, per horizon cell: each number below `supply`, and
    all from there on together."""

    def __init__(self, claims: Floats, supply: int) -> None:
        self._below: Floats = np.zeros((claims.shape[1], supply))
        self._below[:, 0] = 1.0
        self._short: Floats = np.zeros(claims.shape[1])
        for claim in claims:
            self.add(claim)

    def add(self, claim: Floats) -> None:
        moved = self._below * claim[:, None]
        self._below -= moved
        self._below[:, 1:] += moved[:, :-1]
        self._short += moved[:, -1]

    def shortage(self) -> Floats:
        """P(claims >= supply) per cell. Summed up rather than taken from 1, so that a risk is never
        rounded to none."""
        return self._short


class NormalCount:
    """As `ExactCount`, by mean and variance alone."""

    def __init__(self, claims: Floats, supply: int) -> None:
        self._mean: Floats = claims.sum(axis=0)
        self._variance: Floats = (claims * (1.0 - claims)).sum(axis=0)
        self._edge = supply - 0.5

    def add(self, claim: Floats) -> None:
        self._mean = self._mean + claim
        self._variance = self._variance + claim * (1.0 - claim)

    def shortage(self) -> Floats:
        deviations = (self._edge - self._mean) / np.sqrt(2.0 * np.maximum(self._variance, 1e-9))
        tails = [0.5 * math.erfc(deviation) for deviation in deviations.tolist()]
        return np.array(tails, dtype=np.float64)


class _Price:
    """Finds theta from the budget of drops (see the module's text)."""

    _GAIN = 0.25
    _SLOWEST_LOOP_S = 90.0
    """The loop may not be faster: launched calls take some 15 s to settle."""
    _REACH = 3.0
    """Log theta stays this close to its base."""
    _RATE_WINDOW_MS = 600 * SECOND_MS
    _SAVINGS = 25.0
    """No more drops than these can be saved up for later."""

    def __init__(self) -> None:
        self._log_base: float | None = None
        self._budget = 0.0
        self._seen: PacingView | None = None
        self._live = 0.0
        self._time_s = 0.0
        self._since_drift_ms = 0

    def theta(self, view: PacingView) -> float:
        """The greatest risk worth taking now; 0 where no drops are allowed at all."""
        alpha = view.drop_ceiling * MARGIN
        if alpha <= 0.0:
            return 0.0
        if self._log_base is None:
            self._log_base = math.log(min(0.9, view.drop_ceiling))
        elapsed_ms = self._account(view, alpha)
        live_per_s = self._live / self._time_s if self._time_s > 0.0 else 0.0
        gain = self._GAIN
        if live_per_s > 0.0:
            gain = min(gain, 1.0 / (live_per_s * alpha * self._SLOWEST_LOOP_S))
        team = view.ready + len(view.talk_ages_ms) + len(view.wrapup_ages_ms)
        reserve = 3.0 if team <= 10 else 2.0
        # This shift pays its own way, whatever earlier days saved. The window's account must
        # moreover leave room for the calls in flight above the free agents: the governor counts
        # each of them as a drop to come, and would stop us.
        committed = len(view.ring_ages_ms) + len(view.detect_ages_ms) + view.waiting - view.ready
        room = alpha * view.live - view.dropped - max(0, committed)
        error = gain * (min(self._budget, room) - reserve)
        self._drift(elapsed_ms, 0.15 * gain * _clip(error, 3.0) * live_per_s * alpha)
        return min(0.98, math.exp(self._log_base + _clip(error, self._REACH)))

    def _account(self, view: PacingView, alpha: float) -> int:
        """Book what came since the last view; returns the ms since then."""
        elapsed_ms = 0
        if self._seen is not None:
            elapsed_ms = max(0, view.now - self._seen.now)
            # What leaves the window again is no news.
            live = max(0, view.live - self._seen.live)
            dropped = max(0, view.dropped - self._seen.dropped)
            self._budget = min(self._SAVINGS, self._budget + alpha * live - dropped)
            keep = math.exp(-elapsed_ms / self._RATE_WINDOW_MS)
            self._live = self._live * keep + live
            self._time_s = self._time_s * keep + elapsed_ms / 1_000
        self._seen = view
        return elapsed_ms

    def _drift(self, elapsed_ms: int, per_s: float) -> None:
        assert self._log_base is not None
        self._since_drift_ms += elapsed_ms
        if self._since_drift_ms >= REFRESH_MS:
            moved = self._log_base + per_s * self._since_drift_ms / 1_000
            self._log_base = min(math.log(0.9), max(math.log(0.0003), moved))
            self._since_drift_ms = 0


def _clip(value: float, reach: float) -> float:
    return min(reach, max(-reach, value))
