"""Tones that mean something on a lead's line: SIT, fax, a voicemail's beep.

Steady frequency in successive frames makes a run. Runs outlast short holes, because a lost packet
tears a hole into a tone. What a run means:

- SIT: three runs on each other's heels in the bands of ITU-T E.180 (950, 1400, 1800 Hz, each +-50)
  widened to hold Bellcore's low and high variants (913.8 or 985.2, 1370.6 or 1428.5, 1776.7 Hz;
  274 or 380 ms) with one per cent and ten per cent to spare.
- FAX: 0.4 s of 2100 Hz within a second (T.30 CED; V.8 ANSam's phase reversals tear it to pieces,
  so the pieces are summed).
- BEEP: one or two steady frequencies for 0.14-1.1 s that stop by themselves. Network tones look
  like that too: a tone next to another tone is not a beep, nor is a low one while nobody has
  spoken (a ringback), nor a pair that a country's busy tone is made of.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from dialer.amd.features import FRAME_MS, Measure
from dialer.model.calls import Tone

_STEADY_HZ = 15.0
_HOLE_FRAMES = 4
"""A run outlasts 80 ms without it."""
_CERTAIN_FRAMES = 4
_CERTAIN_DRIFT_HZ = 5.0
"""Heard so often and drifting no more, a run is a tone and no vowel."""

_SIT_BANDS_HZ = ((890.0, 1_015.0), (1_335.0, 1_470.0), (1_730.0, 1_870.0))
_SIT_SHORTEST_FRAMES, _SIT_LONGEST_FRAMES = 8, 26
_SIT_GAP_FRAMES = 7
"""30 ms of gap, 64 ms until the window has left one tone, and a lost packet at either edge."""

_FAX_HZ = (2_070.0, 2_130.0)
_FAX_FRAMES = 20
_FAX_WITHIN_FRAMES = 50

_BEEP_HZ = (380.0, 2_050.0)
_BEEP_FRAMES = (140 // FRAME_MS, 1_100 // FRAME_MS + 3)
"""A tone is seen a little longer than it sounds: the window is 64 ms long."""
_BEEP_DRIFT_HZ = 1.2
"""A machine's tone holds its frequency within a few tenths of a hertz; a sung vowel does not."""
_RINGBACK_BELOW_HZ = 520.0
_APART_FRAMES = 10
_BUSY_PAIR_HZ = (480.0, 620.0)


@dataclass(slots=True)
class _Run:
    """A steady tone: frames numbered from the first one heard."""

    hertz: float
    second: float
    first: int
    last: int
    hits: int = 1
    drift: float = 0.0
    """Mean distance of the tone from its own mean so far, in hertz."""

    def continues(self, measure: Measure) -> bool:
        if abs(measure.tone_hz - self.hertz) > _STEADY_HZ:
            return False
        return abs(measure.second_hz - self.second) <= _STEADY_HZ

    def take(self, measure: Measure, frame: int) -> None:
        self.hits += 1
        self.drift += (abs(measure.tone_hz - self.hertz) - self.drift) / self.hits
        self.hertz += (measure.tone_hz - self.hertz) / self.hits
        self.second += (measure.second_hz - self.second) / self.hits
        self.last = frame

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    @property
    def certain(self) -> bool:
        return self.hits >= _CERTAIN_FRAMES and self.drift <= _CERTAIN_DRIFT_HZ


class ToneListener:
    """Told of every frame's measure, in order; says each kind of tone once."""

    def __init__(self) -> None:
        self._frame = 0
        self._run: _Run | None = None
        self._runs: deque[_Run] = deque(maxlen=2)
        """The certain runs before the current one."""
        self._fax: deque[int] = deque(maxlen=_FAX_FRAMES)
        self._said: set[Tone] = set()

    @property
    def certain_frames(self) -> int:
        """Frames since the tone that sounds now began; 0 where none is certain."""
        run = self._run
        return self._frame - run.first if run is not None and run.certain else 0

    def hear(self, measure: Measure, *, after_speech: bool, beep_expected: bool) -> Tone | None:
        """The tone that this frame makes certain, if any. No beep is told where none is expected,
        and a low one only `after_speech`."""
        frame = self._frame
        self._frame += 1
        ended = self._follow(measure, frame)
        found: Tone | None = None
        if self._is_fax(measure, frame):
            found = Tone.FAX
        elif self._is_sit():
            found = Tone.SIT
        elif ended is not None and beep_expected and self._is_beep(ended, after_speech):
            found = Tone.BEEP
        if found is None or found in self._said:
            return None
        self._said.add(found)
        return found

    def _follow(self, measure: Measure, frame: int) -> _Run | None:
        """Grow the current run or begin one. The run found to have stopped by itself, if any."""
        run = self._run
        if measure.tone_hz > 0.0:
            if run is not None and run.continues(measure):
                run.take(measure, frame)
                return None
            if run is not None:
                self._keep(run)
            self._run = _Run(measure.tone_hz, measure.second_hz, frame, frame)
            return None
        if run is None or frame - run.last <= _HOLE_FRAMES:
            return None
        self._run = None
        self._keep(run)
        return run

    def _keep(self, run: _Run) -> None:
        if run.certain:
            self._runs.append(run)

    def _is_sit(self) -> bool:
        third = self._run
        if third is None or len(self._runs) < 2 or third.frames < _SIT_SHORTEST_FRAMES:
            return False
        first, second = self._runs
        sequence = (first, second, third)
        return (
            all(
                low <= run.hertz <= high and run.frames <= _SIT_LONGEST_FRAMES
                for run, (low, high) in zip(sequence, _SIT_BANDS_HZ, strict=True)
            )
            and min(first.frames, second.frames) >= _SIT_SHORTEST_FRAMES
            and second.first - first.last <= _SIT_GAP_FRAMES
            and third.first - second.last <= _SIT_GAP_FRAMES
        )

    def _is_fax(self, measure: Measure, frame: int) -> bool:
        low, high = _FAX_HZ
        if not low <= measure.tone_hz <= high:
            return False
        self._fax.append(frame)
        return len(self._fax) == _FAX_FRAMES and frame - self._fax[0] < _FAX_WITHIN_FRAMES

    def _is_beep(self, run: _Run, after_speech: bool) -> bool:
        shortest, longest = _BEEP_FRAMES
        low, high = _BEEP_HZ
        if not shortest <= run.frames <= longest or run.hits * 3 < run.frames * 2:
            return False
        if not low <= run.hertz <= high or run.drift > _BEEP_DRIFT_HZ or Tone.SIT in self._said:
            return False
        if run.hertz < _RINGBACK_BELOW_HZ and not after_speech:
            return False
        low_busy, high_busy = _BUSY_PAIR_HZ
        if abs(run.hertz - low_busy) < _STEADY_HZ and abs(run.second - high_busy) < _STEADY_HZ:
            return False
        return all(
            run.first - before.last > _APART_FRAMES for before in self._runs if before is not run
        )
