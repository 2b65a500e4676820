"""SIT, fax and beep: what is one, at which tolerances, and what only looks like one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.model.calls import Tone, VerdictKind
from tests.unit.amd import sound
from tests.unit.amd.sound import Samples, babble, frames, noise, silence, tone

LOW, HIGH = (913.8, 1370.6), (985.2, 1428.5)
SHORT_MS, LONG_MS = 274.0, 380.0
# Bellcore's categories (tone 1, tone 2), and the ITU's plain one.
CATEGORIES: dict[str, tuple[tuple[float, float], ...]] = {
    "IC": ((LOW[0], SHORT_MS), (LOW[1], SHORT_MS), (1776.7, LONG_MS)),
    "VC": ((HIGH[0], LONG_MS), (LOW[1], SHORT_MS), (1776.7, LONG_MS)),
    "RO": ((LOW[0], SHORT_MS), (HIGH[1], LONG_MS), (1776.7, LONG_MS)),
    "RO2": ((HIGH[0], SHORT_MS), (LOW[1], LONG_MS), (1776.7, LONG_MS)),
    "NC": ((HIGH[0], LONG_MS), (HIGH[1], LONG_MS), (1776.7, LONG_MS)),
    "NC2": ((LOW[0], LONG_MS), (LOW[1], LONG_MS), (1776.7, LONG_MS)),
    "IO": ((LOW[0], LONG_MS), (HIGH[1], SHORT_MS), (1776.7, LONG_MS)),
    "ITU": ((950.0, 330.0), (1400.0, 330.0), (1800.0, 330.0)),
}


def sit(
    category: str, dbov: float, pitch: float = 1.0, pace: float = 1.0, gap_ms: int = 0
) -> Samples:
    parts = [
        part
        for hertz, ms in CATEGORIES[category]
        for part in (tone(ms * pace, dbov, hertz * pitch), silence(gap_ms))
    ]
    return np.concatenate([noise(300, -66), *parts, noise(300, -66)])


@settings(max_examples=100, deadline=None)
@given(
    category=st.sampled_from(sorted(CATEGORIES)),
    dbov=st.floats(-40, -10),
    pitch=st.floats(0.99, 1.01),
    pace=st.floats(0.9, 1.1),
    gap_ms=st.integers(0, 30),
    seed=st.integers(0, 9_999),
)
def test_sit_at_its_tolerances(
    category: str, dbov: float, pitch: float, pace: float, gap_ms: int, seed: int
) -> None:
    lossy = sound.with_loss(frames(sit(category, dbov, pitch, pace, gap_ms)), 0.03, seed)
    assert sound.tones([], early=lossy) == [Tone.SIT]


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_is_heard_after_the_answer_too(category: str) -> None:
    assert sound.tones(frames(sit(category, -24, gap_ms=20))) == [Tone.SIT]


def test_sit_straddling_the_answer() -> None:
    given_frames = frames(sit("IC", -24))
    assert sound.tones(given_frames[30:], early=given_frames[:30]) == [Tone.SIT]


@pytest.mark.parametrize(
    "hertz",
    [
        (950.0, 1400.0, 950.0),
        (1800.0, 1400.0, 950.0),
        (950.0, 1400.0, 1600.0),
        (850.0, 1400.0, 1800.0),
    ],
)
def test_three_other_tones_are_no_sit(hertz: tuple[float, float, float]) -> None:
    melody = np.concatenate([tone(330, -20, f) for f in hertz])
    assert sound.tones([], early=frames(np.concatenate([melody, silence(300)]))) == []


def test_three_tones_far_apart_are_no_sit() -> None:
    apart = [part for f in (950, 1400, 1800) for part in (tone(330, -20, f), silence(400))]
    assert sound.tones([], early=frames(np.concatenate(apart))) == []


@settings(max_examples=30, deadline=None)
@given(hertz=st.floats(2_085, 2_115), dbov=st.floats(-40, -10), seed=st.integers(0, 999))
def test_a_fax_is_known_within_half_a_second(hertz: float, dbov: float, seed: int) -> None:
    call = np.concatenate([noise(1_800, -66), tone(2_600, dbov, hertz)])
    lossy = sound.with_loss(frames(call), 0.03, seed)
    found = sound.verdict(lossy)
    assert (found.kind, found.rule) == (VerdictKind.FAX, "fax")
    assert found.elapsed_ms <= 1_800 + 600


def test_phase_reversals_do_not_hide_a_fax() -> None:
    """ANSam turns its phase every 450 ms (ITU-T V.8)."""
    pieces = [tone(450, -20, 2_100) * (-1) ** i for i in range(6)]
    assert sound.verdict(frames(np.concatenate([noise(1_000, -66), *pieces]))).kind is (
        VerdictKind.FAX
    )


def test_a_short_2100_hz_is_no_fax() -> None:
    blip = np.concatenate([noise(1_000, -66), tone(250, -20, 2_100), noise(6_000, -66)])
    assert Tone.FAX not in sound.tones(frames(blip))


@settings(max_examples=30, deadline=None)
@given(
    hertz=st.floats(440, 1_950),
    ms=st.integers(160, 1_080),
    dbov=st.floats(-30, -10),
    pause_ms=st.integers(100, 450),
)
def test_a_beep_after_speech(hertz: float, ms: int, dbov: float, pause_ms: int) -> None:
    call = np.concatenate(
        [babble(1_500), noise(pause_ms, -66), tone(ms, dbov, hertz), noise(800, -66)]
    )
    said = sound.findings(frames(call))
    assert [f for _, f in said if isinstance(f, Tone)] == [Tone.BEEP]
    found = sound.verdict(frames(call))
    assert (found.kind, found.rule) == (VerdictKind.MACHINE, "beep")
    assert found.elapsed_ms <= 1_500 + pause_ms + ms + 200


def test_a_beep_of_two_tones() -> None:
    call = [babble(1_500), noise(300, -66), tone(400, -16, 440, 1_000), noise(600, -66)]
    assert sound.tones(frames(np.concatenate(call))) == [Tone.BEEP]


def test_a_beep_after_the_verdict_is_still_told() -> None:
    call = [babble(700), noise(1_500, -66), tone(400, -16, 1_000), noise(600, -66)]
    said = [f for _, f in sound.findings(frames(np.concatenate(call)))]
    assert len(said) == 2 and said[1] is Tone.BEEP
    assert sound.verdict(frames(np.concatenate(call))).kind is VerdictKind.HUMAN


NETWORK_TONES = {
    "US ringback": ((440.0, 480.0), 2_000, 4_000),
    "UK ringback": ((400.0, 450.0), 400, 200),
    "European ringback": ((425.0,), 1_000, 4_000),
    "US busy": ((480.0, 620.0), 500, 500),
    "US reorder": ((480.0, 620.0), 250, 250),
    "European busy": ((425.0,), 500, 500),
}


@pytest.mark.parametrize("name", NETWORK_TONES)
def test_network_tones_are_no_beep_and_no_greeting(name: str) -> None:
    """Some routes answer first and then play ringback or busy (amd.md, early media)."""
    hertz, on_ms, off_ms = NETWORK_TONES[name]
    cadence = np.concatenate([np.concatenate([tone(on_ms, -18, *hertz), silence(off_ms)])] * 14)
    given_frames = frames(cadence)[:320]
    assert sound.tones(given_frames) == []
    assert sound.verdict(given_frames).kind is VerdictKind.UNSURE


def test_ringback_that_ends_in_the_answer_is_not_the_greeting() -> None:
    ring = frames(tone(2_000, -18, 440, 480))
    hello = frames(np.concatenate([noise(900, -64), sound.clip("hello_a")]))
    found = sound.verdict([*ring[80:], *hello], early=ring[:80])
    assert found.kind is VerdictKind.HUMAN
    assert found.greeting_end_ms is not None and found.greeting_end_ms > 1_400


@pytest.mark.parametrize("hertz", [400.0, 620.0, 950.0])
def test_a_hummed_note_is_no_beep(hertz: float) -> None:
    """A voice wavers by some hertz; a machine's tone does not."""
    t = np.arange(8 * 500) / 8_000
    wavering = 2 * np.pi * hertz * t + 1.2 * np.sin(2 * np.pi * 5.0 * t)
    note = np.sin(wavering) * sound.decibels(-17)
    call = np.concatenate([babble(700), noise(300, -66), note, noise(6_000, -66)])
    assert sound.tones(frames(call)) == []


def test_a_tone_that_never_ends_is_no_beep() -> None:
    assert Tone.BEEP not in sound.tones(
        frames(np.concatenate([babble(800), tone(5_000, -20, 850)]))
    )
