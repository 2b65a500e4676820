"""A whole list of callees and a whole team of agents, drawn from seeded generators.

The k-th call of a run gets the k-th plan, whichever lead it is for and whenever it is placed: runs
with one seed and different pacing meet the same callees. Nothing here asks for randomness of its
own; a `numpy.random.Generator` is handed in.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.model.calls import VerdictKind
from dialer.model.instant import SECOND_MS
from dialer.simulator.callees import CallPlan, Detection, Refusal

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A log-normal length: its mean, its coefficient of variation, and where it is cut off."""

    mean_ms: int
    cv: float
    most_ms: int | None = None

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        variance = math.log(1.0 + self.cv**2)
        lengths = rng.lognormal(math.log(self.mean_ms) - variance / 2.0, math.sqrt(variance), count)
        most = math.inf if self.most_ms is None else self.most_ms
        return np.minimum(lengths, most).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How calls to a list go: shares of live answers, machines and refusals (the rest is never
    answered), and the lengths that belong to them. The defaults are the reference world of the
    pacing study: a detector that decides in the moment the greeting ends."""

    live: float = 0.2
    machine: float = 0.35
    refused: float = 0.1
    live_ring: LogNormal = LogNormal(12 * SECOND_MS, 0.5, 26 * SECOND_MS)
    machine_ring: LogNormal = LogNormal(16 * SECOND_MS, 0.4, 26 * SECOND_MS)
    refusal: LogNormal = LogNormal(3 * SECOND_MS, 0.4)
    live_found_ms: tuple[int, int] = (600, 1_400)
    machine_found_ms: tuple[int, int] = (2_000, 3_000)
    talk: LogNormal = LogNormal(120 * SECOND_MS, 1.0)
    patience: LogNormal = LogNormal(15 * SECOND_MS, 0.5)
    """After the greeting, until a callee nobody talks to hangs up."""


class Population:
    """Callees without end. Give `plan` to a `SimulatedNetwork` (it ignores who is dialled)."""

    def __init__(self, outlook: Outlook, rng: np.random.Generator) -> None:
        self._outlook = outlook
        self._rng = rng
        self._plans: deque[CallPlan] = deque()

    def plan(self, _: object) -> CallPlan:
        if not self._plans:
            self._plans.extend(self._drawn())
        return self._plans.popleft()

    def _drawn(self) -> list[CallPlan]:
        outlook, rng = self._outlook, self._rng
        share = rng.random(_BLOCK)
        live_ring = outlook.live_ring.draw(rng, _BLOCK)
        machine_ring = outlook.machine_ring.draw(rng, _BLOCK)
        refusal = outlook.refusal.draw(rng, _BLOCK)
        live_found = rng.integers(*outlook.live_found_ms, _BLOCK, endpoint=True)
        machine_found = rng.integers(*outlook.machine_found_ms, _BLOCK, endpoint=True)
        talk = outlook.talk.draw(rng, _BLOCK)
        patience = outlook.patience.draw(rng, _BLOCK)
        plans = []
        for k in range(_BLOCK):
            if share[k] < outlook.live:
                found_ms = int(live_found[k])
                plans.append(
                    CallPlan(
                        answer_ms=int(live_ring[k]),
                        detection=Detection(
                            VerdictKind.HUMAN, found_ms, "greeting_then_silence", found_ms
                        ),
                        hangs_up_ms=found_ms + int(patience[k]),
                        talk_ms=int(talk[k]),
                    )
                )
            elif share[k] < outlook.live + outlook.machine:
                plans.append(
                    CallPlan(
                        answer_ms=int(machine_ring[k]),
                        detection=Detection(
                            VerdictKind.MACHINE, int(machine_found[k]), "long_greeting"
                        ),
                        hangs_up_ms=60 * SECOND_MS,
                    )
                )
            elif share[k] < outlook.live + outlook.machine + outlook.refused:
                plans.append(CallPlan(refusal=Refusal(486, int(refusal[k]))))
            else:
                plans.append(CallPlan())
        return plans


@dataclass(frozen=True, slots=True)
class Habits:
    """How agents work: the length of wrap-up, of a look at a preview, of a break, and how often
    they look at their page."""

    wrapup: LogNormal = LogNormal(20 * SECOND_MS, 0.6)
    preview: LogNormal = LogNormal(8 * SECOND_MS, 0.5)
    break_ms: int = 60 * SECOND_MS
    look_ms: int = SECOND_MS
    dispositions: tuple[str, ...] = ("NOT_INTERESTED",)
    """Chosen in turn."""


class Team:
    """Draws what agents do next, in the order in which they come to it."""

    def __init__(self, habits: Habits, rng: np.random.Generator) -> None:
        self.habits = habits
        self._rng = rng
        self._chosen = 0

    def wrapup_ms(self) -> int:
        return int(self.habits.wrapup.draw(self._rng, 1)[0])

    def preview_ms(self) -> int:
        return int(self.habits.preview.draw(self._rng, 1)[0])

    def disposition(self) -> str:
        names = self.habits.dispositions
        self._chosen += 1
        return names[self._chosen % len(names)]
