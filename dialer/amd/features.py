"""What one 20 ms frame sounds like: how loud, and whether a steady tone stands in it.

Loudness is the frame's own; the tone is looked for in the last 64 ms, because telling tones 30 Hz
apart needs that long. A tone's frequency is the centre of gravity of its lump in the spectrum, so
two sines too close to be told apart (a ringback's 440 and 480 Hz) are one tone between them.
"""

from __future__ import annotations

from math import log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FRAME = 160
"""Samples in a frame: 20 ms at 8 kHz."""
FRAME_MS = 20

_WINDOW = 512
_FULL_SCALE_SQUARED = 32_768.0**2
_HERTZ_PER_BIN = 8_000 / _WINDOW
_LOWEST, _HIGHEST = 13, 237
"""Bins of 200-3700 Hz, the telephone band."""
_HALF_LUMP = 4
"""A windowed sine is two bins wide to either side; two more leave room for amplitude modulation."""

_FAINTEST_TONE_DBOV = -58.0
_ONE_TONE = 0.80
_TWO_TONES = 0.88
"""Share of the band's power that must lie in one lump, or in two, for the sound to be a tone."""


class Measure(NamedTuple):
    """One frame. `level_dbov` is None where the frame holds nothing but zeros: lost, or digital
    silence. `tone_hz` is the tone's frequency, the lower one of two; `second_hz` the other, or 0.0;
    both are 0.0 where there is no tone."""

    level_dbov: float | None
    tone_hz: float
    second_hz: float


class FrontEnd:
    """Measures frames given in order; remembers the last 64 ms."""

    def __init__(self) -> None:
        self._samples: NDArray[np.float64] = np.zeros(_WINDOW)
        self._taper: NDArray[np.float64] = np.hanning(_WINDOW + 1)[:-1]
        self._bins: NDArray[np.float64] = np.arange(_LOWEST, _HIGHEST + 1, dtype=np.float64)
        self._power_scale = _FULL_SCALE_SQUARED * float(np.sum(self._taper**2)) * _WINDOW / 2

    def measure(self, frame: NDArray[np.int16]) -> Measure:
        """The measure of the next 160 samples. Raises ValueError for any other number of them."""
        if frame.shape != (FRAME,):
            raise ValueError(f"a frame is {FRAME} samples (20 ms at 8 kHz), got {frame.shape}")
        samples = self._samples
        samples[:-FRAME] = samples[FRAME:]
        newest = samples[-FRAME:]
        newest[:] = frame
        power = float(newest.dot(newest)) / FRAME
        level = 10.0 * log10(power / _FULL_SCALE_SQUARED) if power > 0.0 else None
        return Measure(level, *self._tone())

    def _tone(self) -> tuple[float, float]:
        spectrum = np.fft.rfft(self._samples * self._taper)[_LOWEST : _HIGHEST + 1]
        power = spectrum.real**2 + spectrum.imag**2
        total = float(power.sum())
        if total <= self._power_scale * 10.0 ** (_FAINTEST_TONE_DBOV / 10.0):
            return 0.0, 0.0
        share, hertz = self._lump(power, total)
        if share >= _ONE_TONE:
            return hertz, 0.0
        if share < _TWO_TONES / 4:
            return 0.0, 0.0
        other_share, other = self._lump(power, total)
        if share + other_share < _TWO_TONES or other_share < share / 4:
            return 0.0, 0.0
        return (hertz, other) if hertz < other else (other, hertz)

    def _lump(self, power: NDArray[np.float64], total: float) -> tuple[float, float]:
        """Share and frequency of the strongest lump, which is taken out of `power`."""
        peak = int(power.argmax())
        start = peak - _HALF_LUMP if peak > _HALF_LUMP else 0
        lump = power[start : peak + _HALF_LUMP + 1]
        weight = float(lump.sum())
        bins = self._bins[start : peak + _HALF_LUMP + 1]
        hertz = float(lump.dot(bins)) / weight * _HERTZ_PER_BIN
        lump[:] = 0.0
        return weight / total, hertz
