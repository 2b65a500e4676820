"""The worker's listening: what is fed to the analyzer when, and what becomes of its findings."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from dialer.amd.party import PartyVerdict
from dialer.carrier.sip import worker as worker_module
from dialer.carrier.sip.wire import (
    Answered,
    Decoder,
    Ended,
    Heard,
    Judged,
    Message,
    PlaceCall,
    Report,
    encode,
)
from dialer.carrier.sip.worker import Worker
from dialer.model.calls import Tone, VerdictKind

FRAME = bytes(320)


class PaperEndpoint:
    """Frames as the test lays them out; nothing of SIP."""

    def __init__(
        self,
        report: Callable[[Report], None],
        *,
        bind_host: str,
        public_host: str,
        media_ports: range,
        most_calls: int,
    ) -> None:
        self.report = report
        self.frames: dict[int, list[bytes]] = {}
        self.untapped: list[int] = []

    def place(self, leg: int, target: str, caller: str, detect: bool) -> None:
        self.frames[leg] = []

    def take_frames(self, leg: int) -> list[bytes]:
        taken, self.frames[leg] = self.frames[leg], []
        return taken

    def untap(self, leg: int) -> None:
        self.untapped.append(leg)


class ScriptedAnalyzer:
    """Notes what it is told; SIT at its second frame of early media, a verdict at its third after
    the answer; fails at the frame `fails_at`."""

    fails_at = 0
    told: list[str]

    def __init__(self) -> None:
        ScriptedAnalyzer.told = []
        self._live = False
        self._after = 0

    def answered(self) -> None:
        self.told.append("answered")
        self._live = True

    def feed(self, frame: NDArray[np.int16]) -> tuple[Tone | PartyVerdict, ...]:
        assert frame.shape == (160,)
        self.told.append("frame")
        if len(self.told) == self.fails_at:
            raise ZeroDivisionError
        self._after += self._live
        if self._after == 3:
            return (PartyVerdict(VerdictKind.HUMAN, 0.9, 60, "short", 40, (("onset", 1.0),)),)
        return (Tone.SIT,) if not self._live and len(self.told) == 2 else ()


class Rig:
    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._decoder = Decoder()
        self.worker = Worker(theirs, bind_host="", public_host="", media_ports=range(2), calls=1)
        endpoint = self.worker._endpoint
        assert isinstance(endpoint, PaperEndpoint)
        self.endpoint: PaperEndpoint = endpoint
        self._theirs = theirs

    def place(self) -> None:
        self._ours.send(encode(PlaceCall(1, "sip:a@b", "sip:c@d", True)))
        self.worker._read()

    def hear(self, frames: int) -> None:
        self.endpoint.frames[1] += [FRAME] * frames
        self.worker._listen()

    def said(self) -> list[Message]:
        try:
            return self._decoder.feed(self._ours.recv(65_536))
        except BlockingIOError:
            return []

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(worker_module, "Endpoint", PaperEndpoint)
    monkeypatch.setattr(worker_module, "CallAnalyzer", ScriptedAnalyzer)
    rig = Rig()
    rig.place()
    yield rig
    rig.close()


def test_early_media_is_heard_before_the_answer_is_told(rig: Rig) -> None:
    rig.hear(2)
    (heard,) = rig.said()
    assert isinstance(heard, Heard)
    assert heard.tone == "SIT"
    rig.endpoint.frames[1].append(FRAME)
    rig.endpoint.report(Answered(1, 5.0))
    assert ScriptedAnalyzer.told == ["frame"] * 3 + ["answered"]


def test_after_the_verdict_nothing_more_is_listened_for(rig: Rig) -> None:
    answered_at = time.monotonic()
    rig.endpoint.report(Answered(1, answered_at))
    rig.hear(9)
    answered, judged = rig.said()
    assert answered == Answered(1, answered_at)
    assert isinstance(judged, Judged)
    assert (judged.kind, judged.rule, judged.elapsed_ms) == ("HUMAN", "short", 60)
    assert judged.features == (("onset", 1.0),)
    assert judged.greeting_ended_at is not None
    assert answered_at <= judged.greeting_ended_at <= judged.at
    assert rig.endpoint.untapped == [1]
    assert ScriptedAnalyzer.told.count("frame") == 3


@pytest.mark.parametrize("early", [True, False])
def test_where_the_analyzer_fails_an_agent_listens(
    rig: Rig, early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedAnalyzer, "fails_at", 1 if early else 2)
    if early:
        rig.hear(1)
        assert rig.said() == []
    rig.endpoint.report(Answered(1, time.monotonic()))
    if not early:
        rig.hear(1)
    answered, judged = rig.said()
    assert isinstance(answered, Answered)
    assert isinstance(judged, Judged)
    assert (judged.kind, judged.rule) == ("UNSURE", "analyzer_failed")
    rig.worker._listen()
    assert rig.said() == []


def test_a_leg_that_ends_is_listened_to_no_more(rig: Rig) -> None:
    rig.endpoint.report(Ended(1, 486, 17, "Busy Here", False, 1.0))
    assert rig.said() == [Ended(1, 486, 17, "Busy Here", False, 1.0)]
    rig.hear(5)
    assert ScriptedAnalyzer.told == []
