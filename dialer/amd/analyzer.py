"""One leg's ears: frames in, findings out. One analyzer a lead leg, from its first early media."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dialer.amd.features import FrontEnd
from dialer.amd.party import PartyListener, PartyVerdict
from dialer.amd.tones import ToneListener
from dialer.model.calls import Tone, VerdictKind

Finding = Tone | PartyVerdict

_BEEP_AFTER_MS = 1_000
"""Earlier than this after the answer, and before any speech, a tone is no voicemail's beep."""


class CallAnalyzer:
    """Listens for tones all the time, and from the answer on for who it is that answered.

    Each kind of tone is said once. The verdict is given once, at the latest 6 s of audio after the
    answer; after it the tones are still listened for, so that a late beep can be told.
    """

    def __init__(self) -> None:
        self._front_end = FrontEnd()
        self._tones = ToneListener()
        self._party: PartyListener | None = None
        self._judged = False
        self._sit_after_answer = False

    def answered(self) -> None:
        """From now on audio is the answered party's; until now it was early media. Said again, it
        changes nothing."""
        if self._party is None:
            self._party = PartyListener()

    def feed(self, frame: NDArray[np.int16]) -> tuple[Finding, ...]:
        """Take the next 20 ms: 160 samples at 8 kHz, zeros where nothing arrived. What they make
        certain, in the order to act on. Raises ValueError for another number of samples."""
        measure = self._front_end.measure(frame)
        party = self._party
        spoke = party is not None and party.spoke
        expected = spoke or (party is not None and party.elapsed_ms >= _BEEP_AFTER_MS)
        tone = self._tones.hear(measure, after_speech=spoke, beep_expected=expected)
        verdict: PartyVerdict | None = None
        if party is not None and not self._judged:
            verdict = party.hear(measure.level_dbov, self._tones.certain_frames)
            self._sit_after_answer |= tone is Tone.SIT
            if verdict is not None and self._sit_after_answer:
                verdict = party.judge_tone(VerdictKind.MACHINE, "sit")
            if tone is Tone.BEEP:
                verdict = party.judge_tone(VerdictKind.MACHINE, "beep")
            elif tone is Tone.FAX:
                verdict = party.judge_tone(VerdictKind.FAX, "fax")
            self._judged = verdict is not None
        return tuple(finding for finding in (tone, verdict) if finding is not None)
