"""Who answered: a person or a machine, from the cadence of what is said.

A person says something short and waits; a machine goes on. Nothing here knows words or voices.

Speech is what stands out of the line's own noise and does not fall far behind the loudest speech
so far. The noise floor is the quietest moment of the last second, so that it needs no absolute
threshold; a sound that keeps its level for 0.3 s is not speech but the line's new noise. A frame
of zeros is a lost packet and stops the clock of the cadence; five in a row are digital silence.

Verdicts, by rule:

- `short_greeting`: a greeting not longer than 4 s, then silence: HUMAN. 0.6 s of it will do after a
  word or two; after more than 1.2 s of speech 0.8 s, because machines draw breath between sentences
  for up to 0.75 s.
- `long_greeting`: a greeting of more than 4 s that ended so: UNSURE.
- `long_speech`: speech for 4.5 s without such a silence, or for more than 4 s and not ended at the
  deadline: MACHINE.
- `background`: such long speech whose last 2 s were hardly ever near its loudest: UNSURE.
- `beep`: a voicemail's record tone: MACHINE. `fax`: a fax's answer tone: FAX.
- `sit`: any of the other rules on a call that had special information tones after its answer: what
  speaks there is the network's announcement: MACHINE.
- `dead_air`: nothing said for 3.5 s: UNSURE.
- `deadline`: nothing of all this within 6 s: UNSURE.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from dialer.amd.features import FRAME_MS
from dialer.model.calls import VerdictKind

DEADLINE_MS = 6_000
DEAD_AIR_MS = 3_500
END_SILENCE_MS = 600
LONG_END_SILENCE_MS = 800
FEW_WORDS_MS = 1_200
LONGEST_HUMAN_MS = 4_000
MACHINE_SPEECH_MS = 4_500

_ABOVE_FLOOR_DB = 9.0
_BELOW_LOUDEST_DB = 18.0
_LOUDEST_AT_FIRST_DBOV = -33.0
_LOUDEST_FADES_DB = 0.02
_QUIETEST_FLOOR_DBOV = -72.0
_HIGHEST_FLOOR_AT_FIRST_DBOV = -48.0
_FLOOR_BELOW_LOUDEST_DB = 14.0
_FLOOR_FRAMES = 50
_GAP_FRAMES = 5
_ONSET_FRAMES = 3
_ONSET_WITHIN = 5
_STEADY_FRAMES = 16
_STEADY_DB = 2.0
_STRONG_BELOW_LOUDEST_DB = 10.0
_STRONG_WITHIN = 100
_STRONG_FRAMES = 15
_EDGE_FRAMES = 3
"""A tone is seen so much later than it is heard, since the window of 64 ms has to fill; and noise
takes as long to be steady."""


@dataclass(frozen=True, slots=True)
class PartyVerdict:
    """What answered. Times are ms of audio since the answer: `elapsed_ms` when this was decided,
    `greeting_end_ms` when the last speech before it ended (None where nobody spoke). `confidence`
    in 0..1, `rule` as listed at the top of this module, `features` the numbers decided on."""

    kind: VerdictKind
    confidence: float
    elapsed_ms: int
    rule: str
    greeting_end_ms: int | None
    features: tuple[tuple[str, float], ...]


class PartyListener:
    """Told of every frame after the answer, in order, until it has given its one verdict."""

    def __init__(self) -> None:
        self._voiced: list[bool] = []
        """Speech or not, by frame since the answer."""
        self._strong: deque[bool] = deque(maxlen=_STRONG_WITHIN)
        """Speech nearly as loud as the loudest or not, by frame, newest last."""
        self._onset: int | None = None
        self._last_voiced = -1
        self._frozen = 0
        """Frames lost since the last speech: they are no silence."""
        self._zeros = 0
        self._floor = _HIGHEST_FLOOR_AT_FIRST_DBOV
        self._quiet: deque[float] = deque([_HIGHEST_FLOOR_AT_FIRST_DBOV], maxlen=_FLOOR_FRAMES)
        self._level = _HIGHEST_FLOOR_AT_FIRST_DBOV
        """Smoothed over three frames."""
        self._steady: deque[float] = deque(maxlen=_STEADY_FRAMES)
        """Smoothed levels since the sound rose above the floor."""
        self._loudest = _LOUDEST_AT_FIRST_DBOV

    @property
    def spoke(self) -> bool:
        """Whether any speech has been heard since the answer."""
        return self._onset is not None

    @property
    def elapsed_ms(self) -> int:
        return len(self._voiced) * FRAME_MS

    def hear(self, level_dbov: float | None, tone_frames: int) -> PartyVerdict | None:
        """Take the next frame: its level, and for how many frames a certain tone has sounded (0:
        none). A tone is not speech, not even in the frames before it was certain; and while it
        sounds nobody is taken for a person."""
        voiced = False
        if level_dbov is None:
            self._zeros += 1
            if self._zeros >= _GAP_FRAMES:
                self._follow_floor(_QUIETEST_FLOOR_DBOV)
            else:
                self._frozen += 1
        else:
            self._zeros = 0
            if tone_frames:
                self._take_back(tone_frames - 1 + _EDGE_FRAMES)
            else:
                voiced = self._is_speech(level_dbov)
        self._voiced.append(voiced)
        strong = self._loudest - _STRONG_BELOW_LOUDEST_DB
        self._strong.append(voiced and level_dbov is not None and level_dbov > strong)
        if voiced:
            self._note_speech()
        return self._judge(tone_sounds=tone_frames > 0)

    def judge_tone(self, kind: VerdictKind, rule: str) -> PartyVerdict:
        """The verdict that a tone makes certain."""
        return self._verdict(kind, 0.97, rule)

    def _is_speech(self, level: float) -> bool:
        self._level += (level - self._level) / (3.0 if self._steady else 1.5)
        stands_out = level > self._floor + _ABOVE_FLOOR_DB
        speech = stands_out and level > self._loudest - _BELOW_LOUDEST_DB
        if not stands_out:
            self._steady.clear()
        elif self._is_steady():
            self._take_back(_STEADY_FRAMES + _EDGE_FRAMES)
            self._quiet.clear()
            speech = False
        if speech:
            self._loudest = max(self._loudest - _LOUDEST_FADES_DB, min(level, self._level + 6.0))
        self._follow_floor(self._level)
        return speech

    def _is_steady(self) -> bool:
        self._steady.append(self._level)
        full = len(self._steady) == _STEADY_FRAMES
        return full and max(self._steady) - min(self._steady) <= _STEADY_DB

    def _follow_floor(self, level: float) -> None:
        self._quiet.append(max(level, _QUIETEST_FLOOR_DBOV))
        self._floor = min(min(self._quiet), self._loudest - _FLOOR_BELOW_LOUDEST_DB)

    def _note_speech(self) -> None:
        """Speech begins with three voiced frames in 100 ms: a click is no greeting."""
        now = len(self._voiced) - 1
        if self._onset is None:
            recent = self._voiced[-_ONSET_WITHIN:]
            if sum(recent) < _ONSET_FRAMES:
                return
            self._onset = now - len(recent) + 1 + recent.index(True)
        self._last_voiced = now
        self._frozen = 0

    def _take_back(self, frames: int) -> None:
        """The last frames were a tone or steady noise, not speech."""
        start = max(0, len(self._voiced) - frames)
        if self._last_voiced < start:
            return
        for index in range(start, len(self._voiced)):
            self._voiced[index] = False
        if self._onset is not None and self._onset >= start:
            self._onset, self._last_voiced = None, -1
        while self._last_voiced >= 0 and not self._voiced[self._last_voiced]:
            self._last_voiced -= 1

    @property
    def _greeting_ms(self) -> int:
        return 0 if self._onset is None else (self._last_voiced - self._onset + 1) * FRAME_MS

    @property
    def _silence_ms(self) -> int:
        """Silence since the last speech, or since the answer."""
        return (len(self._voiced) - 1 - self._last_voiced - self._frozen) * FRAME_MS

    @property
    def _end_silence_ms(self) -> int:
        """How much silence ends the greeting heard so far."""
        return END_SILENCE_MS if self._greeting_ms <= FEW_WORDS_MS else LONG_END_SILENCE_MS

    def _judge(self, *, tone_sounds: bool) -> PartyVerdict | None:
        if self._onset is None:
            if self.elapsed_ms >= DEAD_AIR_MS and not tone_sounds:
                return self._verdict(VerdictKind.UNSURE, 0.5, "dead_air")
        elif self._silence_ms >= self._end_silence_ms:
            if not tone_sounds:
                return self._judge_greeting()
        elif self._greeting_ms >= MACHINE_SPEECH_MS:
            return self._judge_long_speech(0.9)
        if self.elapsed_ms >= DEADLINE_MS:
            if self._greeting_ms > LONGEST_HUMAN_MS:
                return self._judge_long_speech(0.8)
            return self._verdict(VerdictKind.UNSURE, 0.5, "deadline")
        return None

    def _judge_greeting(self) -> PartyVerdict:
        """The shorter the greeting, the surer a person gave it."""
        length = self._greeting_ms
        if length > LONGEST_HUMAN_MS:
            return self._verdict(VerdictKind.UNSURE, 0.5, "long_greeting")
        confidence = 0.97 - 0.37 * length / LONGEST_HUMAN_MS
        return self._verdict(VerdictKind.HUMAN, round(confidence, 3), "short_greeting")

    def _judge_long_speech(self, confidence: float) -> PartyVerdict:
        """A machine speaks up to the end; what only murmurs on after a loud word is a street, a
        television, other people."""
        if sum(self._strong) < _STRONG_FRAMES:
            return self._verdict(VerdictKind.UNSURE, 0.5, "background")
        return self._verdict(VerdictKind.MACHINE, confidence, "long_speech")

    def _verdict(self, kind: VerdictKind, confidence: float, rule: str) -> PartyVerdict:
        spoke = self._onset is not None
        return PartyVerdict(
            kind=kind,
            confidence=confidence,
            elapsed_ms=self.elapsed_ms,
            rule=rule,
            greeting_end_ms=(self._last_voiced + 1) * FRAME_MS if spoke else None,
            features=(
                ("greeting_ms", float(self._greeting_ms)),
                ("voiced_ms", float(sum(self._voiced) * FRAME_MS)),
                ("silence_ms", float(self._silence_ms)),
                ("floor_dbov", round(self._floor, 1)),
                ("loudest_dbov", round(self._loudest, 1)),
            ),
        )
