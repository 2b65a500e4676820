"""What a called party does when left alone: plans for single calls, and the named behaviours.

A plan says everything about one call in advance, so that a run is decided by its seed and by what
the dialer does, never by the order in which things are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dialer.model.calls import Tone, VerdictKind
from dialer.model.instant import SECOND_MS


@dataclass(frozen=True, slots=True)
class Detection:
    """What the detector will say, `after_ms` after the answer. `greeting_end_ms` is counted from
    the answer too; None where nobody spoke."""

    kind: VerdictKind
    after_ms: int
    rule: str
    greeting_end_ms: int | None = None
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Refusal:
    """A final response other than 200, `after_ms` after the dial (RFC 3261 section 21)."""

    status: int
    after_ms: int


@dataclass(frozen=True, slots=True)
class TimedTone:
    """A tone, `after_ms` after the dial (early) or after the answer."""

    tone: Tone
    after_ms: int


@dataclass(frozen=True, slots=True)
class TimedKey:
    """A key the callee presses, `after_ms` after the answer."""

    digit: str
    after_ms: int


@dataclass(frozen=True, slots=True)
class CallPlan:
    """What one call will do if we do nothing but bridge it. Neither `answer_ms` nor `refusal`:
    it rings until we give up.

    `progress_ms`, `answer_ms` count from the dial; `hangs_up_ms` from the answer and holds only
    while nobody talks to the callee; `talk_ms` from the bridge to the callee's goodbye.
    """

    progress_ms: int | None = 100
    early_media: bool = False
    early_tone: TimedTone | None = None
    refusal: Refusal | None = None
    answer_ms: int | None = None
    detection: Detection | None = None
    tone: TimedTone | None = None
    key: TimedKey | None = None
    hangs_up_ms: int | None = None
    talk_ms: int = 120 * SECOND_MS


class Behaviour(StrEnum):
    """The named callees of demos and tests. The value is the name used in the suffix table."""

    HUMAN_SHORT = "human_short"
    HUMAN_LONG = "human_long"
    HUMAN_2S = "human_2s"
    HUMAN_8S = "human_8s"
    HUMAN_18S = "human_18s"
    MACHINE_BEEP = "machine_beep"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    VACANT = "vacant"
    SIT_EARLY = "sit_early"
    SIT_ANSWERED = "sit_answered"
    FAX = "fax"
    CONGESTION = "congestion"
    HANGUP_GREETING = "hangup_greeting"
    SILENT = "silent"


_SUFFIXES: tuple[tuple[int, Behaviour], ...] = (
    (29, Behaviour.HUMAN_SHORT),
    (36, Behaviour.HUMAN_LONG),
    (40, Behaviour.HUMAN_2S),
    (43, Behaviour.HUMAN_8S),
    (45, Behaviour.HUMAN_18S),
    (60, Behaviour.MACHINE_BEEP),
    (63, Behaviour.NO_ANSWER),
    (68, Behaviour.BUSY),
    (71, Behaviour.DECLINED),
    (75, Behaviour.VACANT),
    (77, Behaviour.SIT_EARLY),
    (79, Behaviour.SIT_ANSWERED),
    (81, Behaviour.FAX),
    (84, Behaviour.CONGESTION),
    (87, Behaviour.HANGUP_GREETING),
    (89, Behaviour.SILENT),
    (99, Behaviour.HUMAN_SHORT),
)
"""Highest last-two-digits of each run of numbers, and who answers there."""


def behaviour_of(number: str) -> Behaviour:
    """Who answers at a test number: decided by its last two digits (`+1 NPA 555 01XX`)."""
    suffix = int(number[-2:])
    return next(behaviour for highest, behaviour in _SUFFIXES if suffix <= highest)


def number_of(behaviour: Behaviour, npa: str = "202") -> str:
    """The first test number (E.164) at which the behaviour answers."""
    suffix = next(xx for xx in range(100) if behaviour_of(f"{xx:02d}") is behaviour)
    return f"+1{npa}55501{suffix:02d}"


Draw = Callable[[int, int], int]
"""A whole number of ms between two bounds, both included."""


def _human(draw: Draw, *, ring: tuple[int, int], greeting: tuple[int, int]) -> CallPlan:
    greeting_end_ms = draw(*greeting)
    # A detector hears about half a second of silence before it believes the greeting is over.
    detection = Detection(
        VerdictKind.HUMAN,
        greeting_end_ms + draw(450, 750),
        "greeting_then_silence",
        greeting_end_ms,
    )
    return CallPlan(
        answer_ms=draw(*ring),
        detection=detection,
        hangs_up_ms=greeting_end_ms + draw(8_000, 14_000),
        talk_ms=draw(15_000, 90_000),
    )


def _machine(draw: Draw) -> CallPlan:
    beep_ms = draw(6_000, 9_000)
    detection = Detection(VerdictKind.MACHINE, draw(2_500, 4_000), "long_greeting", None)
    return CallPlan(
        answer_ms=draw(1_000, 4_000),
        detection=detection,
        tone=TimedTone(Tone.BEEP, beep_ms),
        hangs_up_ms=beep_ms + 60_000,
    )


def plan_of(behaviour: Behaviour, rng: np.random.Generator) -> CallPlan:
    """A plan for one call to a callee of this behaviour; times vary a little from call to call."""

    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high, endpoint=True))

    match behaviour:
        case Behaviour.HUMAN_SHORT:
            return _human(draw, ring=(500, 2_000), greeting=(400, 900))
        case Behaviour.HUMAN_LONG:
            return _human(draw, ring=(500, 2_000), greeting=(2_500, 3_500))
        case Behaviour.HUMAN_2S:
            return _human(draw, ring=(2_000, 2_000), greeting=(400, 900))
        case Behaviour.HUMAN_8S:
            return _human(draw, ring=(8_000, 8_000), greeting=(400, 900))
        case Behaviour.HUMAN_18S:
            return _human(draw, ring=(18_000, 18_000), greeting=(400, 900))
        case Behaviour.MACHINE_BEEP:
            return _machine(draw)
        case Behaviour.NO_ANSWER:
            return CallPlan()
        case Behaviour.BUSY:
            return CallPlan(refusal=Refusal(486, draw(200, 600)))
        case Behaviour.DECLINED:
            return CallPlan(refusal=Refusal(603, draw(500, 2_500)))
        case Behaviour.VACANT:
            return CallPlan(refusal=Refusal(404, draw(200, 600)))
        case Behaviour.SIT_EARLY:
            return CallPlan(
                early_media=True,
                early_tone=TimedTone(Tone.SIT, draw(1_000, 1_400)),
                refusal=Refusal(404, draw(2_500, 4_000)),
            )
        case Behaviour.SIT_ANSWERED:
            return CallPlan(
                answer_ms=draw(500, 1_500),
                tone=TimedTone(Tone.SIT, draw(1_000, 1_400)),
                hangs_up_ms=draw(8_000, 10_000),
            )
        case Behaviour.FAX:
            return CallPlan(
                answer_ms=draw(500, 2_000),
                detection=Detection(VerdictKind.FAX, draw(600, 1_200), "fax_tone"),
                hangs_up_ms=35_000,
            )
        case Behaviour.CONGESTION:
            return CallPlan(refusal=Refusal(503, draw(100, 400)))
        case Behaviour.HANGUP_GREETING:
            return CallPlan(answer_ms=draw(500, 2_000), hangs_up_ms=draw(300, 900))
        case Behaviour.SILENT:
            return CallPlan(
                answer_ms=draw(500, 2_000),
                detection=Detection(VerdictKind.UNSURE, 3_500, "dead_air", None, confidence=0.5),
                hangs_up_ms=20_000,
                talk_ms=draw(3_000, 8_000),
            )
