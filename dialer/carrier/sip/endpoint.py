"""The SIP library, tamed: the only file of the project that imports pjsua2.

Everything here runs on one thread, the one that calls `poll`, except the frame callbacks of
`_TapPort` and `_PatchPort`: those run on the library's media thread every 20 ms while it holds a
lock of its own, so they copy bytes and return.

Three rules keep the library and Python's memory at peace:

- Python holds a reference to every call and port as long as the library may use it.
- Ports of ours are never destroyed: the library's media thread may be late, and a port that goes
  while that thread is on its way to it takes the process along. They rest on a `Shelf` and serve
  again. Players and recorders, which belong to one file, are disconnected first and destroyed a
  little later, from the loop.
- A call object must be gone by the time its channel is free: the library gives its number to the
  next call, and the old object's end would hang that one up.
- A callback never raises into C++.

The library calls a leg disconnected the moment we hang up; its channel stays taken until the far
end has answered the CANCEL or BYE, or 32 s if it never does. So an end is reported when the channel
is free, or after `LAST_WORD_S`; in the second case Freed follows.

A call's port in the conference bridge is replaced when its SDP changes, so connections are not made
once: `_connect` states all that a leg is connected to, and runs again on every media change.

It is over the house's usual length because the library may be imported nowhere else.
"""

# mypy: disable-error-code="misc"
# The wheel carries no types: its classes are Any, and what the library calls back must subclass
# them, which mypy reports as "misc". Nothing else here is untyped by choice.

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pjsua2 as pj

from dialer.carrier.sip.frames import CLOCK_RATE, FRAME_MS, PatchLink, bytes_of, fill
from dialer.carrier.sip.reason_header import q850_cause
from dialer.carrier.sip.shelf import Shelf
from dialer.carrier.sip.wire import (
    Answered,
    Ended,
    Freed,
    Joined,
    Played,
    Pressed,
    Progressed,
    Report,
    Turned,
)

LAST_WORD_S = 1.0
"""How long the far end may take to answer a CANCEL or BYE before a leg is said to have ended
without it: twice the first retransmission interval (RFC 3261, T1)."""

_TOO_MANY = 70_010  # PJ_ETOOMANY
_REST_S = 0.25
"""How long the media thread may still be busy with a port that was disconnected."""
_BEEP_MS = 200
_BEEP_HZ = 1_000
_BEEP_VOLUME = 4_000  # of 32767: about -18 dB, below speech
_CODECS = {"PCMU/8000/1": 255, "PCMA/8000/1": 254}

_log = logging.getLogger("dialer.carrier.sip")

T = TypeVar("T")


class _TapPort(pj.AudioMediaPort):
    """Keeps what a leg hears until the loop takes it; nothing while it rests."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: deque[bytes] | None = None
        self.createPort("tap", _audio_format())

    def onFrameReceived(self, frame: Any) -> None:
        frames = self.frames
        if frames is not None:
            frames.append(bytes_of(frame))


class _PatchPort(pj.AudioMediaPort):
    """One end of a media path to another process: a frame out, a frame in."""

    def __init__(self) -> None:
        super().__init__()
        self.link = PatchLink()
        self.createPort("patch", _audio_format())

    def onFrameReceived(self, frame: Any) -> None:
        self.link.send(bytes_of(frame))

    def onFrameRequested(self, frame: Any) -> None:
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        fill(frame, self.link.receive())


class _PlayerPort(pj.AudioMediaPlayer):
    """Plays a file once; `ended` when the last frame was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = False

    def onEof2(self) -> None:
        self.ended = True


def _audio_format() -> Any:
    wanted = pj.MediaFormatAudio()
    wanted.type, wanted.clockRate = pj.PJMEDIA_TYPE_AUDIO, CLOCK_RATE
    wanted.channelCount, wanted.bitsPerSample = 1, 16
    wanted.frameTimeUsec = FRAME_MS * 1000
    wanted.avgBps = wanted.maxBps = CLOCK_RATE * 16
    return wanted


class _Call(pj.Call):
    """One leg. Callbacks only note what happened; `Endpoint.poll` draws the consequences."""

    def __init__(self, account: Any, leg: int, detect: bool) -> None:
        super().__init__(account)
        self.leg = leg
        self.detect = detect
        self.notes: deque[Report] = deque()
        self.media_changed = False
        self.confirmed_at: float | None = None
        self.answered = False
        self.q850: int | None = None
        self.refusal: tuple[int, str] | None = None
        self.ended: Ended | None = None
        self.reported = False
        self.hung_up = False
        self.tap: _TapPort | None = None
        self.player: _PlayerPort | None = None
        self.beeper: Any = None

    def onCallTsxState(self, prm: Any) -> None:
        at = time.monotonic()
        try:
            state = prm.e.body.tsxState
            if state.type != pj.PJSIP_EVENT_RX_MSG:
                return
            status = self._read(state)
            if state.tsx.method == "INVITE" and 100 <= status < 200 and not self.hung_up:
                early_media = "application/sdp" in state.src.rdata.wholeMsg
                self.notes.append(Progressed(self.leg, status, early_media, at))
        except Exception:
            _log.exception("leg %d: a transaction's state could not be read", self.leg)

    def onCallState(self, prm: Any) -> None:
        at = time.monotonic()
        try:
            info = self.getInfo()
            if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
                self.confirmed_at = self.confirmed_at or at
            elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
                event = prm.e.body.tsxState
                if prm.e.type == pj.PJSIP_EVENT_TSX_STATE and event.type == pj.PJSIP_EVENT_RX_MSG:
                    self._read(event)
                status, reason = info.lastStatusCode, info.lastReason
                if self.confirmed_at is not None:
                    status = 200
                elif self.refusal is not None and not self.hung_up:
                    status, reason = self.refusal
                self.ended = Ended(self.leg, status, None, reason, False, at)
        except Exception:
            _log.exception("leg %d: the call's state could not be read", self.leg)

    def onCallMediaState(self, prm: Any) -> None:
        self.media_changed = True

    def onDtmfDigit(self, prm: Any) -> None:
        """A key of the far end: an RTP telephone-event (RFC 4733) or SIP INFO."""
        at = time.monotonic()
        try:
            self.notes.append(Pressed(self.leg, str(prm.digit), at))
        except Exception:
            _log.exception("leg %d: a key could not be read", self.leg)

    def _read(self, event: Any) -> int:
        """Take note of a received message; the status of its transaction."""
        cause = q850_cause(event.src.rdata.wholeMsg)
        if cause is not None:
            self.q850 = cause
        status: int = event.tsx.statusCode
        if event.tsx.method == "INVITE" and status >= 300:
            # The library calls a redirection it does not follow 487.
            self.refusal = (status, event.tsx.statusText)
        return status

    def holds_channel(self) -> bool:
        """Whether the library still keeps this call's dialog, ended or not."""
        try:
            self.getInfo()
        except pj.Error:
            return False
        return True

    def audio(self) -> Any | None:
        """The call's port in the conference bridge, None while it has none."""
        if self.ended is not None or not self.hasMedia():
            return None
        try:
            return self.getAudioMedia(-1)
        except pj.Error:
            return None


@dataclass
class _Bridge:
    """Two calls of this process, or one call and a patch; and who writes what they are sent."""

    lead: _Call | _PatchPort
    agent: _Call | _PatchPort
    recorders: list[tuple[Any, _Call | _PatchPort, _Call | None]] = field(default_factory=list)
    """(recorder, the end it hears, whose beep it hears too)."""


class Endpoint:
    """SIP calls and their audio. `report` is called from `poll` and from the methods below, on the
    caller's thread. Raises RuntimeError where the library will not start."""

    def __init__(
        self,
        report: Callable[[Report], None],
        *,
        bind_host: str,
        public_host: str,
        media_ports: range,
        most_calls: int,
    ) -> None:
        self._report = report
        self._calls: dict[int, _Call] = {}
        self._ending: list[_Call] = []
        """Ended, the end not yet reported or the channel not yet free."""
        self._bridges: dict[int, _Bridge] = {}
        self._taps = Shelf(_TapPort, _REST_S)
        self._patches = Shelf(_PatchPort, _REST_S)
        self._beepers: Shelf[Any] = Shelf(_new_beeper, _REST_S)
        self._discarded: deque[tuple[float, Any]] = deque()
        self._library = pj.Endpoint()
        try:
            self._start(bind_host, public_host, most_calls)
            self._account = self._open_account(bind_host, public_host, media_ports)
        except pj.Error as error:
            raise RuntimeError(
                f"the SIP library did not start on {bind_host}: {error.info()}"
            ) from error
        self.version: str = self._library.libVersion().full

    def _start(self, bind_host: str, public_host: str, most_calls: int) -> None:
        config = pj.EpConfig()
        config.logConfig.level = config.logConfig.consoleLevel = 0
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = most_calls
        config.uaConfig.userAgent = "dialer"
        media = config.medConfig
        media.clockRate, media.sndClockRate, media.channelCount = CLOCK_RATE, CLOCK_RATE, 1
        media.audioFramePtime = media.ptime = FRAME_MS
        media.noVad, media.ecTailLen = True, 0
        self._library.libCreate()
        self._library.libInit(config)
        transport = pj.TransportConfig()
        transport.boundAddress, transport.publicAddress = bind_host, public_host
        self._library.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self._library.transportCreate(pj.PJSIP_TRANSPORT_TCP, transport)
        self._library.libStart()
        self._library.audDevManager().setNullDev()
        for codec in self._library.codecEnum2():
            self._library.codecSetPriority(codec.codecId, _CODECS.get(codec.codecId, 0))

    def _open_account(self, bind_host: str, public_host: str, media_ports: range) -> Any:
        config = pj.AccountConfig()
        config.idUri = f"sip:dialer@{public_host}"
        media = config.mediaConfig
        rtp = media.transportConfig
        rtp.boundAddress, rtp.publicAddress = bind_host, public_host
        rtp.port, rtp.portRange, rtp.randomizePort = media_ports[0], len(media_ports) - 2, True
        media.lockCodecEnabled = media.streamKaEnabled = False
        account = pj.Account()
        account.create(config, True)
        return account

    def measure_capacity(self) -> int:
        """How many calls the library really holds: INVITEs to a port nobody listens on, over TCP
        because there a refusal comes at once and frees the channel, until one is refused here."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            target = f"sip:capacity@127.0.0.1:{closed.getsockname()[1]};transport=tcp"
            probes: list[Any] = []
            try:
                while True:
                    probe = pj.Call(self._account)
                    probe.makeCall(target, pj.CallOpParam(True))
                    probes.append(probe)
            except pj.Error as error:
                if error.status != _TOO_MANY:
                    raise RuntimeError(f"capacity not measured: {error.info()}") from error
            give_up_at = time.monotonic() + 2.0
            while any(probe.isActive() for probe in probes):
                if time.monotonic() > give_up_at:
                    raise RuntimeError("the calls that measure the capacity do not end")
                self._library.libHandleEvents(10)
        return len(probes)

    # --- orders -------------------------------------------------------------------------------

    def place(self, leg: int, target: str, caller: str, detect: bool) -> None:
        """INVITE `target`. Reports Turned where the library has no channel."""
        call = _Call(self._account, leg, detect)
        prm = pj.CallOpParam(True)
        prm.opt.videoCount = 0
        prm.txOption.localUri = caller
        try:
            call.makeCall(target, prm)
        except pj.Error as error:
            if error.status == _TOO_MANY:
                self._report(Turned(leg))
            else:
                reason = f"not placed: {error.reason}"
                self._report(Ended(leg, 0, None, reason, False, time.monotonic()))
            return
        self._calls[leg] = call

    def hang_up(self, leg: int) -> None:
        call = self._calls.get(leg)
        if call is None or call.hung_up or call.ended is not None:
            return
        call.hung_up = True
        try:
            call.hangup(pj.CallOpParam())
        except pj.Error as error:
            _log.warning("leg %d could not be hung up: %s", leg, error.info())
            status = 200 if call.confirmed_at is not None else 487
            call.ended = Ended(leg, status, None, error.reason, False, time.monotonic())

    def join(self, bridge: int, lead: int, agent: int, lead_hears: str, agent_hears: str) -> None:
        lead_call, agent_call = self._calls.get(lead), self._calls.get(agent)
        if lead_call is None or agent_call is None:
            return  # one has just ended, and its end is on its way
        made = _Bridge(lead_call, agent_call)
        self._record(made, lead_hears, agent_call, None)
        self._record(made, agent_hears, lead_call, agent_call)
        self._bridges[bridge] = made
        self._join_up(bridge, made, agent_call)

    def patch(self, bridge: int, leg: int, beep: bool, hears: str, link: socket.socket) -> None:
        call = self._calls.get(leg)
        if call is None:
            link.close()
            return
        port = self._take(self._patches)
        if port is None:
            link.close()
            self.hang_up(leg)  # better no call than one where nobody hears the other
            return
        port.link.open(link)
        made = _Bridge(port, call) if beep else _Bridge(call, port)
        self._record(made, hears, port, call if beep else None)
        self._bridges[bridge] = made
        self._join_up(bridge, made, call if beep else None)

    def _join_up(self, bridge: int, made: _Bridge, beeps_to: _Call | None) -> None:
        if beeps_to is not None:
            self._beep(beeps_to)
        self._connect_bridge(made)
        self._report(Joined(bridge, time.monotonic()))

    def part(self, bridge: int) -> None:
        made = self._bridges.pop(bridge, None)
        if made is None:
            return
        lead, agent = _port_of(made.lead), _port_of(made.agent)
        _disconnect(lead, agent)
        _disconnect(agent, lead)
        for recorder, source, beeper in made.recorders:
            _disconnect(_port_of(source), recorder)
            if beeper is not None:
                _disconnect(beeper.beeper, recorder)
            self._discard(recorder)
        for end in (made.lead, made.agent):
            if isinstance(end, _PatchPort):
                end.link.close()
                self._patches.give_back(end, time.monotonic())

    def play(self, leg: int, file: str) -> None:
        call = self._calls.get(leg)
        if call is None or call.ended is not None:
            return
        self._stop_playing(call)
        player = _PlayerPort()
        try:
            player.createPlayer(file, pj.PJMEDIA_FILE_NO_LOOP)
        except pj.Error as error:
            _log.error("message %s cannot be played to leg %d: %s", file, leg, error.info())
            self._report(Played(leg, time.monotonic()))
            return
        call.player = player
        self._connect(call)

    def take_frames(self, leg: int) -> list[bytes]:
        """What the tapped leg has heard since last asked, in frames of FRAME_BYTES."""
        call = self._calls.get(leg)
        if call is None or call.tap is None or call.tap.frames is None:
            return []
        frames = call.tap.frames
        return [frames.popleft() for _ in range(len(frames))]

    def untap(self, leg: int) -> None:
        """Listen to the leg no more."""
        call = self._calls.get(leg)
        if call is None:
            return
        call.detect = False
        if call.tap is not None:
            _disconnect(call.audio(), call.tap)
            self._give_back_tap(call)

    # --- the loop -----------------------------------------------------------------------------

    @property
    def legs(self) -> tuple[int, ...]:
        return tuple(self._calls)

    def poll(self, wait_ms: int) -> None:
        """Let the library work, for at most `wait_ms` where nothing happens; report what did."""
        self._library.libHandleEvents(wait_ms)
        for leg in self.legs:
            self._follow(self._calls[leg])
        self._ending = [call for call in self._ending if not self._over(call)]
        now = time.monotonic()
        while self._discarded and self._discarded[0][0] <= now:
            self._discarded.popleft()

    def close(self, within_s: float) -> None:
        """Hang up every leg and let CANCEL and BYE be answered, for at most `within_s`."""
        for leg in self.legs:
            self.hang_up(leg)
        give_up_at = time.monotonic() + within_s
        while time.monotonic() < give_up_at and (self._calls or self._ending or self._discarded):
            self.poll(10)

    def _follow(self, call: _Call) -> None:
        if call.media_changed and call.ended is None:
            call.media_changed = False
            self._connect(call)
        while call.notes:
            self._report(call.notes.popleft())
        if call.confirmed_at is not None and not call.answered and call.audio() is not None:
            call.answered = True
            self._report(Answered(call.leg, call.confirmed_at))
        if call.player is not None and call.player.ended and call.ended is None:
            self._stop_playing(call)
            self._report(Played(call.leg, time.monotonic()))
        if call.ended is not None:
            self._take_down(call)

    def _take_down(self, call: _Call) -> None:
        del self._calls[call.leg]
        self._ending.append(call)
        for number, made in list(self._bridges.items()):
            if call is made.lead or call is made.agent:
                self.part(number)
        self._stop_playing(call)
        self._give_back_tap(call)
        if call.beeper is not None:
            self._beepers.give_back(call.beeper, time.monotonic())
            call.beeper = None

    def _over(self, call: _Call) -> bool:
        """Report the end of a leg when it is time; True once nothing of it is left."""
        end, free = call.ended, not call.holds_channel()
        if end is not None and (free or time.monotonic() > end.at + LAST_WORD_S):
            self._report(Ended(call.leg, end.status, call.q850, end.reason, not free, end.at))
            call.ended, call.reported = None, True
        elif call.reported and free:
            self._report(Freed(call.leg))
        return free

    def _connect(self, call: _Call) -> None:
        """Connect a leg's audio to all that it should be connected to; again does no harm."""
        audio = call.audio()
        if audio is None:
            return
        if call.detect and call.tap is None:
            call.tap = self._take(self._taps)
            if call.tap is not None:
                call.tap.frames = deque()
        if call.tap is not None:
            audio.startTransmit(call.tap)
        for source in (call.player, call.beeper):
            if source is not None:
                source.startTransmit(audio)
        for made in self._bridges.values():
            if call is made.lead or call is made.agent:
                self._connect_bridge(made)

    def _connect_bridge(self, made: _Bridge) -> None:
        lead, agent = _port_of(made.lead), _port_of(made.agent)
        if lead is None or agent is None:
            return
        lead.startTransmit(agent)
        agent.startTransmit(lead)
        for recorder, source, beeper in made.recorders:
            (lead if source is made.lead else agent).startTransmit(recorder)
            if beeper is not None and beeper.beeper is not None:
                beeper.beeper.startTransmit(recorder)

    def _beep(self, call: _Call) -> None:
        audio = call.audio()
        if audio is None:
            return
        if call.beeper is None:
            call.beeper = self._take(self._beepers)
            if call.beeper is None:
                return
            call.beeper.startTransmit(audio)
        tone = pj.ToneDesc()
        tone.freq1, tone.volume, tone.on_msec = _BEEP_HZ, _BEEP_VOLUME, _BEEP_MS
        tone.freq2 = tone.off_msec = 0
        tones = pj.ToneDescVector()
        tones.append(tone)
        call.beeper.stop()
        call.beeper.play(tones)

    def _record(
        self, made: _Bridge, file: str, source: _Call | _PatchPort, beeper: _Call | None
    ) -> None:
        if not file:
            return
        recorder = pj.AudioMediaRecorder()
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            recorder.createRecorder(file)
        except (pj.Error, OSError) as error:
            _log.error("%s cannot be written, the call goes on unrecorded: %s", file, error)
            return
        made.recorders.append((recorder, source, beeper))

    def _stop_playing(self, call: _Call) -> None:
        if call.player is not None:
            _disconnect(call.player, call.audio())
            self._discard(call.player)
            call.player = None

    def _give_back_tap(self, call: _Call) -> None:
        if call.tap is not None:
            call.tap.frames = None
            self._taps.give_back(call.tap, time.monotonic())
            call.tap = None

    def _take(self, shelf: Shelf[T]) -> T | None:
        """One from the shelf; None where the conference bridge has no place for another."""
        try:
            return shelf.take(time.monotonic())
        except pj.Error as error:
            _log.error("the conference bridge is full: %s", error.info())
            return None

    def _discard(self, done_with: Any) -> None:
        self._discarded.append((time.monotonic() + _REST_S, done_with))


def _new_beeper() -> Any:
    beeper = pj.ToneGenerator()
    beeper.createToneGenerator(CLOCK_RATE, 1)
    return beeper


def _port_of(end: _Call | _PatchPort) -> Any | None:
    return end.audio() if isinstance(end, _Call) else end


def _disconnect(source: Any | None, sink: Any | None) -> None:
    if source is None or sink is None:
        return
    try:
        source.stopTransmit(sink)
    except pj.Error:
        return  # the library has taken the connection down with a port that is gone
