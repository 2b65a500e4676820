"""Sounds for the tests: the demo's clips, G.711 as on the wire, tones, and speech-like noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialer.amd.analyzer import CallAnalyzer, Finding
from dialer.amd.features import FRAME
from dialer.amd.party import PartyVerdict
from dialer.model.calls import Tone

Samples = NDArray[np.float64]
"""8 kHz, full scale = 1.0."""

CLIPS = Path(__file__).resolve().parents[3] / "deploy" / "demo" / "audio"


def _decoding_table() -> NDArray[np.float64]:
    """The sample value of every mu-law octet (ITU-T G.711 table 2)."""
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 132 << ((code >> 4) & 7)) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.float64)


_DECODED = _decoding_table()
_LEVELS = np.unique(_DECODED)


def decoded(octets: bytes) -> NDArray[np.int16]:
    """The samples of G.711 mu-law octets."""
    return _DECODED[np.frombuffer(octets, dtype=np.uint8)].astype(np.int16)


def clip(name: str) -> Samples:
    """A committed clip of the demo."""
    return decoded((CLIPS / f"{name}.ul").read_bytes()) / 32_768.0


def decibels(db: float) -> float:
    return float(10.0 ** (db / 20.0))


def silence(ms: int) -> Samples:
    return np.zeros(ms * 8)


def noise(ms: int, dbov: float, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0.0, decibels(dbov), ms * 8)


def tone(ms: float, dbov: float, *hertz: float) -> Samples:
    """Equally strong sines, `dbov` in all."""
    t = np.arange(round(ms * 8)) / 8_000
    total = np.sum([np.sin(2 * np.pi * f * t) for f in hertz], axis=0)
    return np.asarray(total * decibels(dbov) * np.sqrt(2 / len(hertz)))


def babble(ms: int, dbov: float = -20.0, seed: int = 1) -> Samples:
    """Noise with the rhythm of syllables: what an ear for cadence takes for speech."""
    t = np.arange(ms * 8) / 8_000
    return noise(ms, dbov, seed) * (0.55 + 0.45 * np.sin(2 * np.pi * 4.0 * t + 1.0))


def on_the_wire(samples: Samples) -> NDArray[np.int16]:
    """Through G.711 mu-law and back, clipped at full scale."""
    wanted = np.clip(samples * 32_768.0, _LEVELS[0], _LEVELS[-1])
    above = np.clip(np.searchsorted(_LEVELS, wanted), 1, len(_LEVELS) - 1)
    below = _LEVELS[above - 1]
    nearest = np.where(wanted - below < _LEVELS[above] - wanted, below, _LEVELS[above])
    return nearest.astype(np.int16)


def frames(samples: Samples) -> list[NDArray[np.int16]]:
    """20 ms frames off the wire; what is left over at the end is dropped."""
    wire = on_the_wire(samples)
    return [wire[i : i + FRAME] for i in range(0, len(wire) - FRAME + 1, FRAME)]


def with_loss(
    given: Sequence[NDArray[np.int16]], share: float, seed: int
) -> list[NDArray[np.int16]]:
    """The frames, some of them lost: zeros."""
    lost = np.random.default_rng(seed).random(len(given)) < share
    return [np.zeros_like(f) if gone else f for f, gone in zip(given, lost, strict=True)]


def findings(
    given: Sequence[NDArray[np.int16]], early: Sequence[NDArray[np.int16]] = ()
) -> list[tuple[int, Finding]]:
    """What an analyzer says to `early` media and then, answered, to the frames: (ms since the
    first frame of either, finding)."""
    analyzer = CallAnalyzer()
    said = [(20 * i + 20, f) for i, frame in enumerate(early) for f in analyzer.feed(frame)]
    analyzer.answered()
    start = 20 * len(early)
    for i, frame in enumerate(given):
        said += [(start + 20 * i + 20, finding) for finding in analyzer.feed(frame)]
    return said


def verdict(
    given: Sequence[NDArray[np.int16]], early: Sequence[NDArray[np.int16]] = ()
) -> PartyVerdict:
    (only,) = [f for _, f in findings(given, early) if isinstance(f, PartyVerdict)]
    return only


def tones(
    given: Sequence[NDArray[np.int16]], early: Sequence[NDArray[np.int16]] = ()
) -> list[Tone]:
    return [f for _, f in findings(given, early) if isinstance(f, Tone)]
