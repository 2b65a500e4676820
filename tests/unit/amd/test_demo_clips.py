"""The detector on every clip the demo's carrier plays, and on what it must not hear in them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dialer.model.calls import Tone, VerdictKind
from tests.unit.amd import sound

ROOM = sound.clip("room")
GREETINGS: dict[str, tuple[VerdictKind, str, list[Tone]]] = {
    "hello_a": (VerdictKind.HUMAN, "short_greeting", []),
    "hello_b": (VerdictKind.HUMAN, "short_greeting", []),
    "hello_c": (VerdictKind.HUMAN, "short_greeting", []),
    "turns_a": (VerdictKind.HUMAN, "short_greeting", []),
    "turns_b": (VerdictKind.HUMAN, "short_greeting", []),
    "turns_c": (VerdictKind.HUMAN, "short_greeting", []),
    "reception": (VerdictKind.HUMAN, "short_greeting", []),
    "cut_off": (VerdictKind.HUMAN, "short_greeting", []),
    "agent": (VerdictKind.HUMAN, "short_greeting", []),
    "machine_a": (VerdictKind.MACHINE, "long_speech", [Tone.BEEP]),
    "machine_b": (VerdictKind.MACHINE, "long_speech", [Tone.BEEP]),
    "fax": (VerdictKind.FAX, "fax", [Tone.FAX]),
    "room": (VerdictKind.UNSURE, "dead_air", []),
    "faint": (VerdictKind.UNSURE, "dead_air", []),
    "intercept": (VerdictKind.MACHINE, "sit", [Tone.SIT]),
    "tone_700": (VerdictKind.MACHINE, "beep", [Tone.BEEP]),
    "tone_1100": (VerdictKind.MACHINE, "beep", [Tone.BEEP]),
}
SPEECH = [name for name in GREETINGS if name.startswith(("hello", "turns", "recep", "cut", "age"))]


def heard(name: str, gain_db: float = 0.0) -> list[NDArray[np.int16]]:
    whole = np.concatenate([sound.clip(name), ROOM, ROOM])
    return sound.frames(whole * sound.decibels(gain_db))


def test_every_clip_has_its_line() -> None:
    assert set(GREETINGS) == {path.stem for path in sound.CLIPS.glob("*.ul")}


@pytest.mark.parametrize("name", GREETINGS)
@pytest.mark.parametrize("gain_db", [-10.0, 0.0, 10.0])
def test_the_verdict_does_not_hang_on_loudness(name: str, gain_db: float) -> None:
    kind, rule, tones = GREETINGS[name]
    given_frames = heard(name, gain_db)
    found = sound.verdict(given_frames)
    assert (found.kind, found.rule) == (kind, rule)
    assert sound.tones(given_frames) == tones


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(sorted(GREETINGS)), gain_db=st.floats(-10, 10))
def test_any_gain_gives_the_same_kind(name: str, gain_db: float) -> None:
    assert sound.verdict(heard(name, gain_db)).kind is GREETINGS[name][0]


@pytest.mark.parametrize("name", SPEECH)
def test_a_person_is_known_soon_after_the_greeting(name: str) -> None:
    found = sound.verdict(heard(name))
    assert found.greeting_end_ms is not None
    few_words = dict(found.features)["greeting_ms"] <= 1_200
    waited = found.elapsed_ms - found.greeting_end_ms
    assert (600 if few_words else 800) <= waited <= (640 if few_words else 840)


@pytest.mark.parametrize("name", ["hello_a", "hello_c", "reception", "machine_a", "machine_b"])
@pytest.mark.parametrize("seed", range(4))
def test_lost_packets_do_not_change_the_verdict(name: str, seed: int) -> None:
    lossy = sound.with_loss(heard(name), 0.03, seed)
    assert sound.verdict(lossy).kind is GREETINGS[name][0]


@pytest.mark.parametrize("name", SPEECH)
@settings(max_examples=5, deadline=None)
@given(gain_db=st.floats(-14, 10), loss=st.floats(0, 0.05), seed=st.integers(0, 99))
def test_speech_holds_no_tone(name: str, gain_db: float, loss: float, seed: int) -> None:
    assert sound.tones(sound.with_loss(heard(name, gain_db), loss, seed)) == []


def test_the_intercept_is_known_in_early_media_before_it_speaks() -> None:
    said = sound.findings([], early=sound.frames(sound.clip("intercept")))
    assert [finding for _, finding in said] == [Tone.SIT]
    assert said[0][0] <= 1_200
