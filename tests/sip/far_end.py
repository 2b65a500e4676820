"""A small SIP far end with real audio, for looking at what our carrier sends and hears.

SIPp plays the scripted carrier; this one stands where a test must put a known tone on the line and
examine the samples that come back. One thread, one SIP socket, one RTP socket per call. The user
part of the request URI picks the `Script`.
"""

from __future__ import annotations

import re
import selectors
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
FRAME = 160
FRAME_S = FRAME / RATE
KEYS = "0123456789*#ABCD"
"""In the order of their event codes (RFC 4733, table 3)."""
KEY_FRAMES = 5
"""A key is held for 100 ms."""


@dataclass(frozen=True)
class Say:
    """One response `after_s` seconds after the one before; `headers` are whole lines. `moved`: its
    SDP names another RTP port than the one before it did."""

    status: int
    reason: str
    after_s: float = 0.0
    sdp: bool = False
    headers: tuple[str, ...] = ()
    moved: bool = False


@dataclass(frozen=True)
class Script:
    """How a number behaves: its responses in order, the audio it sends once an SDP went out
    (`tone_hz` 0: silence; or `audio`, played once), the `keys` it presses, each so many seconds
    after the answer, and BYE after `bye_after_s` of answer."""

    says: tuple[Say, ...]
    tone_hz: float = 0.0
    audio: NDArray[np.int16] | None = None
    keys: tuple[tuple[float, str], ...] = ()
    bye_after_s: float | None = None
    bye_headers: tuple[str, ...] = ()


RINGING = Say(180, "Ringing")
ANSWER = Say(200, "OK", 0.05, sdp=True)


def answering(tone_hz: float = 0.0) -> Script:
    return Script((Say(100, "Trying"), RINGING, ANSWER), tone_hz=tone_hz)


def _mu_law_tables() -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """ITU-T G.711: code to sample, and the nearest code of every sample."""
    code = np.arange(256, dtype=np.int32) ^ 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    decoded = np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)
    order = np.argsort(decoded, kind="stable")
    edges = decoded[order].astype(np.int32)
    middles = (edges[1:] + edges[:-1]) // 2
    encoded = order[np.searchsorted(middles, np.arange(-32768, 32768))].astype(np.uint8)
    return encoded, decoded


_ENCODE, _DECODE = _mu_law_tables()


def spoken(recording: bytes) -> NDArray[np.int16]:
    """The samples of a raw µ-law recording (deploy/demo/audio)."""
    return _DECODE[np.frombuffer(recording, np.uint8)]


def strength(samples: NDArray[np.int16], hz: float) -> float:
    """Amplitude of the sine of `hz` in the samples (Goertzel's single Fourier bin)."""
    if len(samples) == 0:
        return 0.0
    turns = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE)
    return float(2 * abs(np.dot(samples.astype(np.float64), turns)) / len(samples))


@dataclass
class FarCall:
    """One call as the far end sees it; `heard` is every frame received, with its arrival."""

    user: str
    invite: str
    script: Script
    source: tuple[str, int]
    media: socket.socket
    remote_media: tuple[str, int]
    tag: str
    answered_at: float | None = None
    sending: bool = False
    acked: bool = False
    ended: str = ""
    heard: list[tuple[float, NDArray[np.int16]]] = field(default_factory=list)
    sent: int = 0
    next_frame_at: float = 0.0
    next_say: int = 0
    say_at: float = 0.0
    moves: int = 0
    keys: list[str] = field(default_factory=list)
    """Pressed and not yet sent."""
    pressed: int = 0
    """How many of the script's keys were pressed."""
    event_frames: int = 0

    def audio(self, since: float = 0.0, until: float = float("inf")) -> NDArray[np.int16]:
        frames = [frame for at, frame in self.heard if since <= at < until]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)


def _header(message: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.*?)\r?$", message, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


def event_type(sdp: str) -> int:
    """The payload type of telephone-events as the offer numbers it."""
    found = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", sdp, re.MULTILINE)
    assert found is not None, "our side offers no telephone-event"
    return int(found.group(1))


class FarEnd:
    """Use as a context manager; `address` is `host:port` (any free port unless one is given).
    `calls` grows as INVITEs arrive."""

    def __init__(
        self, scripts: Mapping[str, Script], otherwise: Script | None = None, port: int = 0
    ) -> None:
        self._scripts = scripts
        self._otherwise = otherwise
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.setblocking(False)
        host, port = self._socket.getsockname()
        self.address = f"{host}:{port}"
        self.calls: list[FarCall] = []
        self._all_media: list[socket.socket] = []
        self._by_call_id: dict[str, FarCall] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ, None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="far end", daemon=True)

    def __enter__(self) -> FarEnd:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for media in self._all_media:
            media.close()
        self._selector.close()
        self._socket.close()

    def call(self, user: str, which: int = -1) -> FarCall:
        return [call for call in self.calls if call.user == user][which]

    def hang_up(self, call: FarCall) -> None:
        self._bye(call)

    def press(self, call: FarCall, digit: str) -> None:
        """Press a key on the phone: one of 0-9, *, #."""
        call.keys.append(digit)

    def move(self, call: FarCall) -> None:
        """Take the call to another RTP port by a re-INVITE, as phones do (hold, codec, device)."""
        self._move_media(call)
        body = self._sdp(call)
        lines = self._request_lines(call, "INVITE", 1)
        lines += [f"Contact: <sip:far@{self.address}>", "Content-Type: application/sdp"]
        self._send(call, lines, body)

    # --- the thread ---------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(timeout=0.005):
                if key.data is None:
                    self._receive()
                else:
                    self._listen(key.data)
            now = time.monotonic()
            for call in self.calls:
                if not call.ended:
                    self._act(call, now)

    def _receive(self) -> None:
        try:
            data, source = self._socket.recvfrom(65_535)
        except BlockingIOError:
            return
        message = data.decode("utf-8", "replace")
        call_id = _header(message, "Call-ID")
        call = self._by_call_id.get(call_id)
        method = message.split(" ", 1)[0]
        if method == "INVITE" and call is None:
            self._invite(message, source, call_id)
        elif call is None:
            return
        elif method == "SIP/2.0":
            if message.startswith("SIP/2.0 200") and "INVITE" in _header(message, "CSeq"):
                self._send(call, self._request_lines(call, "ACK", 1))
                call.moves += 1
        elif method == "ACK":
            call.acked = True
        elif method == "CANCEL":
            self._respond(call, message, Say(200, "OK"))
            self._respond(call, call.invite, Say(487, "Request Terminated"))
            self._end(call, "CANCEL")
        elif method == "BYE":
            self._respond(call, message, Say(200, "OK"))
            self._end(call, "BYE")

    def _invite(self, message: str, source: tuple[str, int], call_id: str) -> None:
        user_found = re.match(r"INVITE sip:([^@;> ]*)", message)
        user = user_found.group(1) if user_found else ""
        script = self._scripts.get(user, self._otherwise)
        if script is None:
            return
        host = re.search(r"^c=IN IP4 (\S+)", message, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", message, re.MULTILINE)
        assert host is not None and port is not None, message
        call = FarCall(
            user,
            message,
            script,
            source,
            self._open_media(),
            (host.group(1), int(port.group(1))),
            f"t{call_id}",
        )
        call.say_at = time.monotonic() + script.says[0].after_s if script.says else float("inf")
        self._by_call_id[call_id] = call
        self._selector.register(call.media, selectors.EVENT_READ, call)
        self.calls.append(call)

    def _open_media(self) -> socket.socket:
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind(("127.0.0.1", 0))
        media.setblocking(False)
        self._all_media.append(media)
        return media

    def _move_media(self, call: FarCall) -> None:
        self._selector.unregister(call.media)
        call.media = self._open_media()
        self._selector.register(call.media, selectors.EVENT_READ, call)

    def _act(self, call: FarCall, now: float) -> None:
        while call.next_say < len(call.script.says) and now >= call.say_at:
            say = call.script.says[call.next_say]
            call.next_say += 1
            if call.next_say < len(call.script.says):
                call.say_at = now + call.script.says[call.next_say].after_s
            if say.moved:
                self._move_media(call)
            self._respond(call, call.invite, say)
            if say.sdp and not call.sending:
                call.sending, call.next_frame_at = True, now
            if say.status == 200:
                call.answered_at = now
            elif say.status > 200:
                self._end(call, "refused")
                return
        keys = call.script.keys[call.pressed :]
        if keys and call.answered_at is not None and now >= call.answered_at + keys[0][0]:
            call.pressed += 1
            self.press(call, keys[0][1])
        while call.sending and now >= call.next_frame_at:
            if call.keys:
                self._press(call)
            else:
                self._speak(call)
        bye = call.script.bye_after_s
        if bye is not None and call.answered_at is not None and now >= call.answered_at + bye:
            self._bye(call)

    def _speak(self, call: FarCall) -> None:
        first = call.sent * FRAME
        samples = np.zeros(FRAME, np.int16)
        if call.script.audio is not None:
            piece = call.script.audio[first : first + FRAME]
            samples[: len(piece)] = piece
        elif call.script.tone_hz:
            turn = 2 * np.pi * call.script.tone_hz * (np.arange(FRAME) + first) / RATE
            samples = (6_000 * np.sin(turn)).astype(np.int16)
        packet = bytearray(b"\x80\x00")
        packet += (call.sent & 0xFFFF).to_bytes(2, "big") + first.to_bytes(4, "big") + b"far "
        packet += _ENCODE[samples.astype(np.int32) + 32_768].tobytes()
        call.media.sendto(packet, call.remote_media)
        call.sent += 1
        call.next_frame_at += FRAME_S

    def _press(self, call: FarCall) -> None:
        """One packet of a key's telephone-event: the timestamp is that of the event's start, the
        duration grows, and the end is said three times (RFC 4733, 2.5.1)."""
        frame = call.event_frames
        ended = frame >= KEY_FRAMES
        start = (call.sent - frame) * FRAME
        payload_type = event_type(call.invite) | (0x80 if frame == 0 else 0)
        duration = FRAME * min(frame + 1, KEY_FRAMES)
        packet = bytearray((0x80, payload_type))
        packet += (call.sent & 0xFFFF).to_bytes(2, "big") + start.to_bytes(4, "big") + b"far "
        packet += bytes((KEYS.index(call.keys[0]), 0x8A if ended else 0x0A))
        call.media.sendto(packet + duration.to_bytes(2, "big"), call.remote_media)
        call.sent += 1
        call.next_frame_at += FRAME_S
        call.event_frames = frame + 1
        if call.event_frames == KEY_FRAMES + 3:
            call.event_frames = 0
            call.keys.pop(0)

    def _listen(self, call: FarCall) -> None:
        try:
            data, _ = call.media.recvfrom(2_048)
        except BlockingIOError:
            return
        if len(data) >= 12 + FRAME and data[1] & 0x7F == 0:
            samples = _DECODE[np.frombuffer(data, np.uint8)[12 : 12 + FRAME]]
            call.heard.append((time.monotonic(), samples))

    def _respond(self, call: FarCall, request: str, say: Say) -> None:
        to = _header(request, "To")
        if ";tag=" not in to and say.status > 100:
            to += f";tag={call.tag}"
        vias = re.findall(r"^(Via\s*:.*?)\r?$", request, re.MULTILINE | re.IGNORECASE)
        lines = [f"SIP/2.0 {say.status} {say.reason}", *vias, f"To: {to}"]
        lines += [f"{name}: {_header(request, name)}" for name in ("From", "Call-ID", "CSeq")]
        lines += [f"Contact: <sip:far@{self.address}>", *say.headers]
        if say.sdp:
            self._send(call, [*lines, "Content-Type: application/sdp"], self._sdp(call))
        else:
            self._send(call, lines)

    def _sdp(self, call: FarCall) -> str:
        host, port = call.media.getsockname()
        event = event_type(call.invite)
        return (
            f"v=0\r\no=far 1 {port} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0 {event}\r\na=rtpmap:0 PCMU/8000\r\n"
            f"a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\na=ptime:20\r\n"
        )

    def _request_lines(self, call: FarCall, method: str, number: int) -> list[str]:
        """A request of ours inside the call's dialog."""
        contact = re.search(r"<(sip:[^>]*)>", _header(call.invite, "Contact"))
        assert contact is not None
        return [
            f"{method} {contact.group(1)} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address};branch=z9hG4bK{method}{number}{call.tag}",
            f"From: {_header(call.invite, 'To')};tag={call.tag}",
            f"To: {_header(call.invite, 'From')}",
            f"Call-ID: {_header(call.invite, 'Call-ID')}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
        ]

    def _send(self, call: FarCall, lines: list[str], body: str = "") -> None:
        head = "\r\n".join((*lines, f"Content-Length: {len(body)}"))
        self._socket.sendto(f"{head}\r\n\r\n{body}".encode(), call.source)

    def _bye(self, call: FarCall) -> None:
        self._send(call, [*self._request_lines(call, "BYE", 2), *call.script.bye_headers])
        self._end(call, "our BYE")

    def _end(self, call: FarCall, how: str) -> None:
        call.ended = how
        call.sending = False
