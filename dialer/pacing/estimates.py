"""What a campaign's calls and agents usually do, learned while it runs.

Every table is a set of **age-binned hazards**: events over exposure in each bin of age, with a
small prior, so that it answers sensibly from no data at all and forgets slowly (competing-risk life
tables; Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data, chapter 8).

Exposure is the trap. Counting it only when a call ends would make short calls over-represented
whenever many are still running (at the start, and after each change). So `rates` takes the ages of
everything still running and counts those as exposure without an event (right censoring).

What is simple here, on purpose: one talk-time table for all agents, one answer table for all leads
and hours, forgetting by number of events rather than by time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.controller import PacingView

Floats = NDArray[np.float64]

STEP_MS = 500
"""Grid of the forecasts."""
HORIZON_EDGES_S = (0.0, 1.5, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.5, 18.0, 21.0, 24.0, 29.0)
"""Cells of the horizon within which a call launched now is nearly always settled."""
PATIENCE_MS = 1_000
"""What is left of the two seconds after the greeting (16 CFR 310.4(b)(1)(iv)) once the detector has
decided, as it hears some silence first."""
SURE = 0.97
"""No forecast of a call claims more than this."""

_STEPS = int(HORIZON_EDGES_S[-1] * 1_000 + PATIENCE_MS) // STEP_MS + 2
_HORIZON_STEPS = np.array(
    [round((low + high) / 2 * 1_000 / STEP_MS) for low, high in pairwise(HORIZON_EDGES_S)]
)
"""The step at whose end the middle of each cell lies."""
_EDGE_STEPS = np.array([round(edge * 1_000 / STEP_MS) for edge in HORIZON_EDGES_S])
_PATIENCE_STEPS = PATIENCE_MS // STEP_MS


class Hazards:
    """Rates of one or more competing endings by age since the start of a phase.

    `prior_per_s` are the rates believed at first, held with `prior_exposure_s` per bin; `memory` is
    the number of endings after which an old one counts 1/e; `smooth` widens each bin's evidence
    by that many bins on each side. Ages past the last bin count as in it.
    """

    def __init__(
        self,
        *,
        bin_ms: int,
        bins: int,
        prior_per_s: Sequence[float],
        prior_exposure_s: float,
        memory: int,
        smooth: int = 0,
    ) -> None:
        self.bin_ms = bin_ms
        self.bins = bins
        self._prior = np.array(prior_per_s)[:, None] * prior_exposure_s
        self._prior_exposure_s = prior_exposure_s
        self._keep = 1.0 - 1.0 / memory
        self._smooth = smooth
        self._events = np.zeros((len(prior_per_s), bins))
        self._exposure_s = np.zeros(bins)

    def observe(self, age_ms: int, ending: int) -> None:
        """A phase ended `age_ms` after its start, by the ending of that index."""
        self._events *= self._keep
        self._exposure_s *= self._keep
        self._events[ending, self.bin_of(age_ms)] += 1.0
        self._expose(self._exposure_s, age_ms)

    def bin_of(self, age_ms: int) -> int:
        return min(max(age_ms, 0) // self.bin_ms, self.bins - 1)

    def exposure_s(self, running_ages_ms: Sequence[int]) -> Floats:
        """Seconds spent in each bin by what ended and by what is still running."""
        exposure_s = self._exposure_s.copy()
        for age_ms in running_ages_ms:
            self._expose(exposure_s, age_ms)
        return exposure_s

    def rates(self, running_ages_ms: Sequence[int]) -> Floats:
        """Endings per second, shape (endings, bins), given what is still running."""
        exposure_s = self.exposure_s(running_ages_ms)
        events = self._events
        if self._smooth:
            events = np.stack([self._widened(row) for row in events])
            exposure_s = self._widened(exposure_s)
        rates: Floats = (events + self._prior) / (exposure_s + self._prior_exposure_s)
        return rates

    def _expose(self, exposure_s: Floats, age_ms: int) -> None:
        last = self.bin_of(age_ms)
        exposure_s[:last] += self.bin_ms / 1_000
        exposure_s[last] += (max(age_ms, 0) - last * self.bin_ms) / 1_000

    def _widened(self, row: Floats) -> Floats:
        window = np.ones(2 * self._smooth + 1)
        # Edge bins have fewer neighbours: what is missing, events and exposure lack alike.
        return np.convolve(row, window, mode="same")


def ending_steps(rates: Floats, bin_ms: int, ending: int) -> Floats:
    """P(ends by `ending` in grid step t | in bin a now), shape (bins, steps). `rates` as from
    `Hazards.rates`; someone in a bin is taken to be in its middle."""
    bins = rates.shape[1]
    ages_ms = (np.arange(bins)[:, None] + 0.5) * bin_ms + np.arange(_STEPS)[None, :] * STEP_MS
    at = np.minimum((ages_ms // bin_ms).astype(np.intp), bins - 1)
    total = rates.sum(axis=0)
    cumulative = np.cumsum(total[at] * (STEP_MS / 1_000), axis=1)
    alive_after = np.exp(-cumulative)
    alive_before = np.concatenate([np.ones((bins, 1)), alive_after[:, :-1]], axis=1)
    share = rates[ending] / total
    steps: Floats = (alive_before - alive_after) * share[at]
    return steps


def then(first: Floats, second: Floats) -> Floats:
    """P(both of two phases, one after the other, are over by the end of step t), shape of `first`.

    `first` holds probabilities per step, shape (bins, steps); `second` the cumulative probability
    of the second phase from its start, shape (steps,).
    """
    # Within a step, the first phase is over in its middle: half a step is left for the second.
    halfway = (second + np.concatenate([[0.0], second[:-1]])) / 2.0
    lag = np.arange(_STEPS)[None, :] - np.arange(_STEPS)[:, None]
    delayed = np.where(lag >= 0, halfway[np.maximum(lag, 0)], 0.0)
    return first @ delayed


@dataclass(frozen=True, slots=True)
class Forecast:
    """Probabilities at the middles of the horizon cells, shape (bins of age, cells) each."""

    ring: Floats
    """Found live by then, ringing now."""
    detect: Floats
    """Found live by then, under detection now."""
    talk: Floats
    """Agent free by then or within the patience after, talking now."""
    wrapup: Floats
    """Agent free by then or within the patience after, in wrap-up now."""
    fresh: Floats
    """Found live by then, dialled now; shape (cells,)."""
    weights: Floats
    """If a call dialled now is found live, the share of that in each cell; shape (cells,)."""


class Estimates:
    """All tables of one campaign."""

    def __init__(self) -> None:
        # Endings of ringing: answered, unanswered. Of detection: live, not live.
        self._ring = Hazards(
            bin_ms=1_000, bins=60, prior_per_s=(0.05, 0.01), prior_exposure_s=6.0, memory=4_000
        )
        self._detect = Hazards(
            bin_ms=500, bins=16, prior_per_s=(0.4, 0.6), prior_exposure_s=1.0, memory=1_500
        )
        self._talk = Hazards(
            bin_ms=5_000,
            bins=160,
            prior_per_s=(0.01,),
            prior_exposure_s=30.0,
            memory=2_000,
            smooth=2,
        )
        self._wrapup = Hazards(
            bin_ms=2_000,
            bins=60,
            prior_per_s=(0.4 / 6.0,),
            prior_exposure_s=6.0,
            memory=2_000,
            smooth=1,
        )
        self._level = _Level(self._ring)

    def observe_ring(self, ring_ms: int, answered: bool) -> None:
        self._ring.observe(ring_ms, 0 if answered else 1)
        self._level.rang(ring_ms)

    def observe_detection(self, detect_ms: int, live: bool) -> None:
        self._detect.observe(detect_ms, 0 if live else 1)
        if live:
            self._level.found_live()

    def observe_talk(self, talk_ms: int) -> None:
        self._talk.observe(talk_ms, 0)

    def observe_wrapup(self, wrapup_ms: int) -> None:
        self._wrapup.observe(wrapup_ms, 0)

    def ring_bins(self, ages_ms: Sequence[int]) -> list[int]:
        return [self._ring.bin_of(age_ms) for age_ms in ages_ms]

    def detect_bins(self, ages_ms: Sequence[int]) -> list[int]:
        return [self._detect.bin_of(age_ms) for age_ms in ages_ms]

    def talk_bins(self, ages_ms: Sequence[int]) -> list[int]:
        return [self._talk.bin_of(age_ms) for age_ms in ages_ms]

    def wrapup_bins(self, ages_ms: Sequence[int]) -> list[int]:
        return [self._wrapup.bin_of(age_ms) for age_ms in ages_ms]

    def forecast(self, view: PacingView) -> Forecast:
        """Turn what is known into tables over the horizon. Milliseconds of work: do it every few
        seconds, not at every decision."""
        ring_rates = self._ring.rates(view.ring_ages_ms)
        found = np.cumsum(
            ending_steps(self._detect.rates(view.detect_ages_ms), self._detect.bin_ms, 0), axis=1
        )
        from_answer = found[0]
        level = self._level.measure(ring_rates[0], float(from_answer[-1]), view.ring_ages_ms)
        live = np.minimum(
            then(ending_steps(ring_rates, self._ring.bin_ms, 0), from_answer) * level, SURE
        )
        wrapup = np.cumsum(
            ending_steps(self._wrapup.rates(view.wrapup_ages_ms), self._wrapup.bin_ms, 0), axis=1
        )
        talk = then(
            ending_steps(self._talk.rates(view.talk_ages_ms), self._talk.bin_ms, 0), wrapup[0]
        )
        freed = _HORIZON_STEPS + _PATIENCE_STEPS
        mass = np.diff(np.concatenate([[0.0], live[0]])[_EDGE_STEPS])
        return Forecast(
            ring=live[:, _HORIZON_STEPS],
            detect=np.minimum(found[:, _HORIZON_STEPS], SURE),
            talk=talk[:, freed],
            wrapup=wrapup[:, freed],
            fresh=live[0, _HORIZON_STEPS],
            weights=mass / mass.sum(),
        )


class _Level:
    """How many more live answers come than the slow tables say: follows a change of the list or of
    the hour within some hundred calls. The level is (prior + found live) / (prior + expected), over
    about the last 600 calls, where the tables say what was to be expected of their ringing."""

    _PRIOR = 15.0
    _MEMORY = 600

    def __init__(self, ring: Hazards) -> None:
        self._rung = Hazards(
            bin_ms=ring.bin_ms,
            bins=ring.bins,
            prior_per_s=(0.0,),
            prior_exposure_s=0.0,
            memory=self._MEMORY,
        )
        self._found = 0.0

    def rang(self, ring_ms: int) -> None:
        """A call has stopped ringing."""
        self._found *= 1.0 - 1.0 / self._MEMORY
        self._rung.observe(ring_ms, 0)

    def found_live(self) -> None:
        self._found += 1.0

    def measure(
        self, answers_per_s: Floats, live_share: float, ringing_ages_ms: Sequence[int]
    ) -> float:
        """The level against the tables' present rates of answers (per bin of ringing) and share of
        live ones among them."""
        expected = float(self._rung.exposure_s(ringing_ages_ms) @ answers_per_s) * live_share
        return (self._PRIOR + self._found) / (self._PRIOR + expected)
