"""The demo's carrier and agents' phones do what `deploy/demo/behaviours.toml` says.

SIPp plays them as in the demo; a small caller rings them over loopback, listens to the audio with
the dialer's own ears, and compares the truth SIPp wrote with what it saw.
"""

from __future__ import annotations

import re
import socket
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from dialer.amd.analyzer import CallAnalyzer
from dialer.amd.party import PartyVerdict
from dialer.model.calls import Tone, VerdictKind
from dialer.model.dispositions import SystemDisposition
from tests.sip.sipp import DEMO, sipp
from tests.unit.amd.sound import decoded

TABLE = tomllib.loads((DEMO / "behaviours.toml").read_text("utf-8"))
PATIENCE_S = 24.0


@dataclass
class Seen:
    """What the caller saw of one call. Times in seconds since the INVITE."""

    number: str
    call_id: str
    statuses: list[int] = field(default_factory=list)
    answered_s: float | None = None
    ended_s: float | None = None
    callee_hung_up: bool = False
    packets: int = 0
    tones: list[Tone] = field(default_factory=list)
    verdict: PartyVerdict | None = None


class Caller:
    """One call: INVITE, ACK, CANCEL or BYE, and the audio fed to a CallAnalyzer."""

    def __init__(self, number: str, to_port: int) -> None:
        self.seen = Seen(number, f"{number}-{id(self):x}")
        self._peer = ("127.0.0.1", to_port)
        self._sip = trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp = trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._to = f"<sip:{number}@127.0.0.1>"
        self._ears = CallAnalyzer()
        self._began = 0.0
        self.heard_of = trio.Event()
        """Any response has come: before that nothing may be cancelled (RFC 3261, 9.1)."""
        self.answered = trio.Event()
        self.judged = trio.Event()
        self.ended = trio.Event()

    async def run(self, *, cancel_after_s: float | None = None, change: bool = False) -> Seen:
        """Call; cancel, or hang up once judged (after asking for a `change` of the session)."""
        for endpoint in (self._sip, self._rtp):
            await endpoint.bind(("127.0.0.1", 0))
        self._began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            nursery.start_soon(self._signal)
            nursery.start_soon(self._insist, "INVITE", 1)
            with trio.move_on_after(PATIENCE_S):
                if cancel_after_s is not None:
                    await self.heard_of.wait()
                    await trio.sleep(cancel_after_s)
                    await self._insist("CANCEL", 1)
                    await self.ended.wait()
                else:
                    await self._talk(change)
            nursery.cancel_scope.cancel()
        self._sip.close()
        self._rtp.close()
        return self.seen

    async def _talk(self, change: bool) -> None:
        async with trio.open_nursery() as nursery:

            async def hang_up() -> None:
                await self.judged.wait()
                if change:
                    await self._send("INVITE", 2)
                    await trio.sleep(0.3)
                    await self._send("UPDATE", 3)
                    await trio.sleep(0.3)
                await self._insist("BYE", 4)

            nursery.start_soon(hang_up)
            await self.ended.wait()
            nursery.cancel_scope.cancel()

    async def _insist(self, method: str, cseq: int) -> None:
        """Send, and again every 0.5 s until something comes of it (RFC 3261, 17.1)."""
        answers = len(self.seen.statuses)
        while len(self.seen.statuses) == answers and not self.ended.is_set():
            await self._send(method, cseq)
            await trio.sleep(0.5)

    async def _send(self, method: str, cseq: int) -> None:
        port, body = self._sip.getsockname()[1], ""
        if method in ("INVITE", "UPDATE"):
            body = (
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=audio {self._rtp.getsockname()[1]} RTP/AVP 0\r\n"
            )
        branch = cseq if method in ("INVITE", "CANCEL") else f"{method}{cseq}"
        lines = [
            f"{method} sip:{self.seen.number}@127.0.0.1:{self._peer[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{self.seen.call_id}{branch}",
            "Max-Forwards: 70",
            "From: <sip:+12025550199@127.0.0.1>;tag=caller",
            f"To: {self._to}",
            f"Call-ID: {self.seen.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:127.0.0.1:{port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        await self._sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self._peer)

    async def _signal(self) -> None:
        while True:
            message = (await self._sip.recv(8_192)).decode()
            cseq, method = _header(message, "CSeq").split()
            if message.startswith("BYE"):
                self.seen.callee_hung_up = True
                copied = "".join(
                    f"{name}: {_header(message, name)}\r\n"
                    for name in ("Via", "From", "To", "Call-ID", "CSeq")
                )
                answer = f"SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n"
                await self._sip.sendto(answer.encode(), self._peer)
                self._end()
                continue
            status = int(message.split()[1])
            self.seen.statuses.append(status)
            self.heard_of.set()
            if method == "BYE":
                self._end()
            elif method == "INVITE" and status >= 200:
                self._to = _header(message, "To")
                await self._send("ACK", int(cseq))
                if status >= 300:
                    self._end()
                elif self.seen.answered_s is None:
                    self.seen.answered_s = trio.current_time() - self._began
                    self._ears.answered()
                    self.answered.set()

    async def _listen(self) -> None:
        while True:
            packet = await self._rtp.recv(2_048)
            assert packet[1] & 0x7F == 0 and len(packet) == 172, "20 ms of PCMU"
            self.seen.packets += 1
            for finding in self._ears.feed(decoded(packet[12:])):
                if isinstance(finding, PartyVerdict):
                    self.seen.verdict = finding
                    self.judged.set()
                else:
                    self.seen.tones.append(finding)

    def _end(self) -> None:
        if not self.ended.is_set():
            self.seen.ended_s = trio.current_time() - self._began
            self.ended.set()


def _header(message: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\r$", message, re.MULTILINE)
    assert found is not None, f"no {name} in {message!r}"
    return found[1]


@dataclass
class Peer:
    """A SIPp playing one of the demo's scenarios."""

    port: int
    log: Path

    def truth(self) -> dict[str, tuple[str, str, str]]:
        """Called number, behaviour and ending, by Call-ID."""
        words = [line.split() for line in self.log.read_text("utf-8").splitlines()]
        return {call_id: (number, did, ending) for _, _, _, number, did, ending, call_id in words}


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Peer]:
    async with sipp(DEMO / "carrier.xml", 26_000, tmp_path) as address:
        yield Peer(int(address.rpartition(":")[2]), tmp_path / "carrier.log")


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[Peer]:
    async with sipp(DEMO / "agents.xml", 27_000, tmp_path) as address:
        yield Peer(int(address.rpartition(":")[2]), tmp_path / "agents.log")


@dataclass(frozen=True)
class Expected:
    """What a call to a number of this behaviour looks like from here."""

    final: int
    ending: str
    answered_s: float | None = None
    verdict: VerdictKind | None = None
    tones: tuple[Tone, ...] = ()
    cancel_after_s: float | None = None


HEARD = "caller_hung_up"
BEHAVIOURS: dict[str, Expected] = {
    "human_short": Expected(200, HEARD, 0.7, VerdictKind.HUMAN),
    "human_long": Expected(200, HEARD, 0.7, VerdictKind.HUMAN),
    "human_2s": Expected(200, HEARD, 2.0, VerdictKind.HUMAN),
    "human_8s": Expected(200, HEARD, 8.0, VerdictKind.HUMAN),
    "human_18s": Expected(200, HEARD, 18.0, VerdictKind.HUMAN),
    "machine_beep": Expected(200, HEARD, 1.5, VerdictKind.MACHINE),
    "no_answer": Expected(487, "cancelled", cancel_after_s=4.0),
    "busy": Expected(486, "refused"),
    "declined": Expected(603, "refused"),
    "vacant": Expected(404, "refused"),
    "sit_early": Expected(404, "refused", tones=(Tone.SIT,)),
    "sit_answered": Expected(200, HEARD, 0.3, VerdictKind.MACHINE, (Tone.SIT,)),
    "fax": Expected(200, HEARD, 1.5, VerdictKind.FAX, (Tone.FAX,)),
    "congestion": Expected(503, "refused"),
    "hangup_greeting": Expected(200, "callee_hung_up", 0.7),
    "silent": Expected(200, HEARD, 0.7, VerdictKind.UNSURE),
}


def test_the_table_names_every_suffix_once_and_only_known_dispositions() -> None:
    entries = TABLE["behaviours"]
    assert set(entries) == set(BEHAVIOURS)
    suffixes = [
        xx
        for entry in entries.values()
        for first, last in entry["suffixes"]
        for xx in range(first, last + 1)
    ]
    assert sorted(suffixes) == list(range(100))
    right = {name for entry in entries.values() for name in entry["right"]}
    assert right <= {*SystemDisposition, "AGENT"}


async def test_each_behaviour_sounds_as_the_table_says(carrier: Peer) -> None:
    seen: dict[str, Seen] = {}

    async def call(behaviour: str, number: str) -> None:
        caller = Caller(number, carrier.port)
        seen[behaviour] = await caller.run(cancel_after_s=BEHAVIOURS[behaviour].cancel_after_s)

    async with trio.open_nursery() as nursery:
        for behaviour, entry in TABLE["behaviours"].items():
            nursery.start_soon(call, behaviour, f"+121255501{entry['suffixes'][0][0]:02d}")
    await trio.sleep(0.1)
    truth = carrier.truth()
    for behaviour, expected in BEHAVIOURS.items():
        call_seen = seen[behaviour]
        story = (behaviour, call_seen)
        assert truth[call_seen.call_id] == (call_seen.number, behaviour, expected.ending), story
        assert expected.final in call_seen.statuses, story
        assert call_seen.ended_s is not None, story
        assert call_seen.callee_hung_up == (expected.ending == "callee_hung_up"), story
        assert tuple(call_seen.tones) == expected.tones, story
        verdict = call_seen.verdict
        assert (verdict.kind if verdict else None) is expected.verdict, story
        if expected.answered_s is None:
            assert call_seen.answered_s is None, story
        else:
            assert call_seen.answered_s is not None, story
            assert expected.answered_s <= call_seen.answered_s < expected.answered_s + 1.0, story
    assert 183 in seen["sit_early"].statuses
    assert len(truth) == len(BEHAVIOURS)


async def test_every_suffix_is_the_behaviour_the_table_says(carrier: Peer) -> None:
    calls: dict[str, str] = {}

    async def call(number: str, behaviour: str) -> None:
        seen = await Caller(number, carrier.port).run(cancel_after_s=0.1)
        calls[seen.call_id] = behaviour

    async with trio.open_nursery() as nursery:
        for behaviour, entry in TABLE["behaviours"].items():
            for first, last in entry["suffixes"]:
                for xx in range(first, last + 1):
                    nursery.start_soon(call, f"+167155501{xx:02d}", behaviour)
                    await trio.sleep(0.005)
        for stranger in ("+12125550200", "+12125551101", "agent01"):
            nursery.start_soon(call, stranger, "unknown")
    await trio.sleep(0.1)
    truth = carrier.truth()
    assert {call_id: behaviour for call_id, (_, behaviour, _) in truth.items()} == calls
    assert {ending for _, _, ending in truth.values()} == {"refused", "cancelled"}


async def _hang_up_after(caller: Caller, delay_s: float) -> None:
    """Take the call as judged so long after its answer."""
    await caller.answered.wait()
    await trio.sleep(delay_s)
    caller.judged.set()


async def test_a_changed_session_is_agreed_to(carrier: Peer) -> None:
    caller = Caller("+12125550105", carrier.port)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_hang_up_after, caller, 0.1)
        seen = await caller.run(change=True)
    assert seen.statuses.count(200) == 4, "INVITE, INVITE again, UPDATE, BYE"
    await trio.sleep(0.1)
    assert carrier.truth()[seen.call_id] == ("+12125550105", "human_short", "caller_hung_up")


async def test_a_hangup_on_the_heels_of_the_answer_loses_no_line(carrier: Peer) -> None:
    callers = [Caller(f"+131255501{xx:02d}", carrier.port) for xx in range(20)]
    async with trio.open_nursery() as nursery:
        for place, caller in enumerate(callers):
            nursery.start_soon(caller.run)
            nursery.start_soon(_hang_up_after, caller, place * 0.001)
    await trio.sleep(0.1)
    truth = carrier.truth()
    for caller in callers:
        assert truth[caller.seen.call_id][1:] == ("human_short", "caller_hung_up")


async def test_agents_phones_answer_at_once_and_speak(phones: Peer) -> None:
    callers = [Caller(f"agent{n:02d}", phones.port) for n in range(1, 11)]
    async with trio.open_nursery() as nursery:
        for caller in callers:
            nursery.start_soon(caller.run)
            nursery.start_soon(_hang_up_after, caller, 1.0)
    await trio.sleep(0.1)
    truth = phones.truth()
    for caller in callers:
        seen = caller.seen
        assert seen.answered_s is not None and seen.answered_s < 0.5
        assert seen.packets >= 40
        assert truth[seen.call_id] == (seen.number, "agent", "caller_hung_up")
