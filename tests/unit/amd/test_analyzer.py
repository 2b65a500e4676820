"""Cadence to verdict, and what holds for any audio whatever."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.amd.analyzer import CallAnalyzer
from dialer.amd.party import DEADLINE_MS, PartyVerdict
from dialer.model.calls import Tone, VerdictKind
from tests.unit.amd import sound
from tests.unit.amd.sound import Samples, babble, frames, noise, silence, tone


def greeting(*ms: int, room_dbov: float = -64.0, dbov: float = -20.0) -> Samples:
    """Speech and pauses in turns, beginning with a pause, then 7 s of room."""
    parts = [
        babble(length, dbov, seed=i) if i % 2 else silence(length) for i, length in enumerate(ms)
    ]
    whole = np.concatenate([*parts, silence(7_000)])
    return whole + noise(len(whole) // 8, room_dbov, seed=99)


@settings(max_examples=25, deadline=None)
@given(
    delay=st.integers(0, 2_000),
    length=st.integers(300, 3_300),
    dbov=st.floats(-36, -10),
    room_dbov=st.floats(-75, -58),
)
def test_short_then_silent_is_a_person(
    delay: int, length: int, dbov: float, room_dbov: float
) -> None:
    found = sound.verdict(frames(greeting(delay, length, room_dbov=room_dbov, dbov=dbov)))
    assert (found.kind, found.rule) == (VerdictKind.HUMAN, "short_greeting")
    assert found.greeting_end_ms is not None
    assert abs(found.greeting_end_ms - delay - length) <= 160
    few_words = dict(found.features)["greeting_ms"] <= 1_200
    waited = found.elapsed_ms - found.greeting_end_ms
    assert (600 if few_words else 800) <= waited <= (640 if few_words else 840)


@settings(max_examples=25, deadline=None)
@given(
    delay=st.integers(0, 500),
    phrases=st.lists(st.integers(900, 2_500), min_size=7, max_size=8),
    pauses=st.lists(st.integers(100, 460), min_size=8, max_size=8),
    dbov=st.floats(-36, -10),
)
def test_speech_that_goes_on_is_a_machine(
    delay: int, phrases: list[int], pauses: list[int], dbov: float
) -> None:
    turns = [ms for pair in zip(phrases, pauses, strict=False) for ms in pair]
    found = sound.verdict(frames(greeting(delay, *turns[:-1], dbov=dbov)))
    assert (found.kind, found.rule) == (VerdictKind.MACHINE, "long_speech")


def test_a_greeting_between_the_two_goes_to_an_agent() -> None:
    found = sound.verdict(frames(greeting(300, 4_350)))
    assert (found.kind, found.rule) == (VerdictKind.UNSURE, "long_greeting")


def test_a_pause_for_breath_is_not_the_end() -> None:
    assert sound.verdict(frames(greeting(300, 1_400, 700, 3_500))).kind is VerdictKind.MACHINE
    assert sound.verdict(frames(greeting(300, 900, 700, 3_500))).kind is VerdictKind.HUMAN


def test_speech_not_ended_at_the_deadline_is_a_machine_if_long() -> None:
    long = sound.verdict(frames(greeting(1_700, 6_000)))
    assert (long.kind, long.rule, long.elapsed_ms) == (VerdictKind.MACHINE, "long_speech", 6_000)
    short = sound.verdict(frames(greeting(2_300, 6_000)))
    assert (short.kind, short.rule) == (VerdictKind.UNSURE, "deadline")


def test_a_person_in_front_of_a_television_goes_to_an_agent() -> None:
    """Voices 14 dB below the greeting do not stop with it."""
    call = babble(8_000, -34.0, seed=7)
    call[8 * 500 : 8 * 1_300] += babble(800, -20.0, seed=8)
    found = sound.verdict(frames(call))
    assert (found.kind, found.rule) == (VerdictKind.UNSURE, "background")


@pytest.mark.parametrize("room_dbov", [-80.0, -64.0, -50.0, -44.0])
def test_nobody_speaks(room_dbov: float) -> None:
    found = sound.verdict(frames(noise(7_000, room_dbov)))
    assert (found.kind, found.rule, found.elapsed_ms) == (VerdictKind.UNSURE, "dead_air", 3_500)
    assert found.greeting_end_ms is None


def test_digital_silence_is_dead_air_too() -> None:
    assert sound.verdict(frames(silence(7_000))).rule == "dead_air"


def test_late_speech_meets_the_deadline() -> None:
    found = sound.verdict(frames(greeting(3_300, 6_000)))
    assert (found.kind, found.rule, found.elapsed_ms) == (VerdictKind.UNSURE, "deadline", 6_000)


def test_a_click_is_no_greeting() -> None:
    assert sound.verdict(frames(greeting(500, 40))).rule == "dead_air"


def test_comfort_noise_that_sets_in_is_no_greeting() -> None:
    call = np.concatenate([silence(400), noise(6_000, -55.0)])
    assert sound.verdict(frames(call)).rule == "dead_air"


def test_gated_silence_between_words_is_no_loss() -> None:
    """A voicemail's own silence is often all zeros: it ends a greeting as any silence does."""
    call = np.concatenate([silence(200), babble(800), silence(3_000)])
    assert sound.verdict(frames(call)).kind is VerdictKind.HUMAN


def test_early_media_is_not_the_party() -> None:
    early = frames(greeting(0, 5_500))
    found = sound.verdict(frames(greeting(300, 500)), early=early)
    assert found.kind is VerdictKind.HUMAN
    assert found.elapsed_ms < 1_600


def test_no_verdict_before_the_answer() -> None:
    assert sound.findings([], early=frames(greeting(300, 500))) == []


def test_answered_twice_changes_nothing() -> None:
    given_frames = frames(greeting(300, 500))
    analyzer = CallAnalyzer()
    analyzer.answered()
    said = [finding for frame in given_frames[:30] for finding in analyzer.feed(frame)]
    analyzer.answered()
    said += [finding for frame in given_frames[30:] for finding in analyzer.feed(frame)]
    assert said == [sound.verdict(given_frames)]


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="160 samples"):
        CallAnalyzer().feed(np.zeros(80, dtype=np.int16))


def test_the_features_say_what_was_decided_on() -> None:
    found = sound.verdict(frames(greeting(300, 1_000)))
    features = dict(found.features)
    assert abs(features["greeting_ms"] - 1_000) <= 120
    assert features["silence_ms"] >= 600
    assert features["voiced_ms"] <= features["greeting_ms"]


_pieces = st.one_of(
    st.builds(noise, st.integers(20, 2_500), st.floats(-90, 0), st.integers(0, 9)),
    st.builds(babble, st.integers(20, 2_500), st.floats(-60, 0), st.integers(0, 9)),
    st.builds(silence, st.integers(20, 2_500)),
    st.builds(tone, st.integers(20, 2_500), st.floats(-60, 6), st.floats(20, 3_990)),
    st.builds(
        tone,
        st.integers(20, 2_500),
        st.floats(-60, 6),
        st.floats(300, 3_400),
        st.floats(300, 3_400),
    ),
    st.builds(lambda ms, dc: silence(ms) + dc, st.integers(20, 2_500), st.floats(-1, 1)),
)


@settings(max_examples=70, deadline=None)
@given(
    pieces=st.lists(_pieces, min_size=1, max_size=8),
    answered_at=st.integers(0, 200),
    loss=st.floats(0, 0.4),
    seed=st.integers(0, 99),
)
def test_any_audio_gives_one_verdict_in_time(
    pieces: list[Samples], answered_at: int, loss: float, seed: int
) -> None:
    given_frames = sound.with_loss(frames(np.concatenate([*pieces, silence(6_400)])), loss, seed)
    cut = min(answered_at, len(given_frames) - DEADLINE_MS // 20 - 1)
    said = sound.findings(given_frames[cut:], early=given_frames[:cut])
    verdicts = [(at, f) for at, f in said if isinstance(f, PartyVerdict)]
    assert len(verdicts) == 1
    at, found = verdicts[0]
    assert at - 20 * cut == found.elapsed_ms <= DEADLINE_MS
    assert 0.0 <= found.confidence <= 1.0
    assert found.greeting_end_ms is None or 0 < found.greeting_end_ms <= found.elapsed_ms
    told = [f for _, f in said if isinstance(f, Tone)]
    assert len(told) == len(set(told))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1, 30, 3_000, 32_767]))
def test_raw_noise_of_any_bits_never_raises(seed: int, scale: int) -> None:
    bits = np.random.default_rng(seed).integers(-scale - 1, scale + 1, 310 * 160)
    raw = bits.clip(-32_768, 32_767).astype(np.int16).reshape(-1, 160)
    assert sound.verdict(list(raw)).elapsed_ms <= DEADLINE_MS
