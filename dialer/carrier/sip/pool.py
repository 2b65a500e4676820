"""The real carrier: SIP calls held by a pool of worker processes.

The pool knows which worker holds which leg; nobody else does. It places each leg where there is
room, agent legs spread out (one death then costs few agents), and joins two legs of one worker
inside it, two legs of different workers by a pair of datagram sockets, one handed to each.

A leg's life here is: placed, perhaps answered, ended. Every leg taken on leaves by exactly one of
three doors: the worker reports its end, the worker dies, or no worker has room for it.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import trio

from dialer.carrier.port import Emit
from dialer.carrier.sip.supervisor import Supervisor, WorkerSettings
from dialer.carrier.sip.wire import (
    Answered,
    EndCall,
    Ended,
    Freed,
    Heard,
    Hello,
    Join,
    Joined,
    Judged,
    News,
    Part,
    Patch,
    PlaceCall,
    Play,
    Played,
    Pressed,
    Progressed,
    Turned,
)
from dialer.model.calls import AmdVerdict, Ending, LegId, Tone, VerdictKind
from dialer.model.commands import Bridge, CallAgent, CarrierCommand, Dial, Hangup, PlayMessage
from dialer.model.errors import CarrierFault
from dialer.model.events import (
    CapacityChanged,
    KeyPressed,
    LegAnswered,
    LegEnded,
    LegProgressed,
    LegsBridged,
    LegsLost,
    MessageEnded,
    ToneHeard,
    VerdictReached,
)
from dialer.model.instant import Instant
from dialer.model.trunks import Trunk

STARTING_AT_ONCE = 4
"""Workers between start and hello at a time: each needs a third of a second of a core."""
_SHUNNED_S = 1.0
"""How long nothing is placed on a worker whose library turned a leg away."""

_log = logging.getLogger("dialer.carrier.sip")


@dataclass(eq=False)
class _Slot:
    """A worker's place in the pool, whichever process fills it."""

    supervisor: Supervisor
    capacity: int = 0
    pid: int = 0
    legs: set[LegId] = field(default_factory=set)
    agent_legs: int = 0
    lingering: set[LegId] = field(default_factory=set)
    """Ended legs that still hold a channel."""
    shunned_until: float = 0.0

    def free(self, now_s: float) -> int:
        if now_s < self.shunned_until:
            return 0
        return self.capacity - len(self.legs) - len(self.lingering)


@dataclass(eq=False)
class _Leg:
    order: PlaceCall
    agent: bool
    slot: _Slot
    turned_by: set[int] = field(default_factory=set)
    answered: bool = False
    hung_up: bool = False
    bridge: int | None = None


@dataclass(eq=False)
class _Bridging:
    """A bridge and the workers that have yet to say that their part of it is joined."""

    lead_leg: LegId
    agent_leg: LegId
    slots: tuple[_Slot, ...]
    missing: int
    joined_at: float = 0.0


class SipCarrier:
    """A `dialer.carrier.port.Carrier` that speaks SIP.

    `workers` processes hold at most `calls_per_worker` legs each; fewer where the library's build
    allows fewer, which each finds out for itself. `bind_host` is the local address for SIP and
    RTP, `public_host` the one told to the far end (the same unless there is address translation).
    `media_ports` is shared out among the workers: two for each call at least, better many more.
    `on_worker` hears of every worker that comes up or goes down. With `recordings`, every bridge
    leaves two WAV files there: what the lead and what the agent was sent.
    """

    def __init__(
        self,
        emit: Emit,
        now: Callable[[], Instant],
        *,
        trunks: Sequence[Trunk],
        workers: int,
        bind_host: str = "127.0.0.1",
        public_host: str | None = None,
        media_ports: range = range(10_000, 20_000),
        calls_per_worker: int = 100,
        recordings: Path | None = None,
        on_worker: Callable[[str, bool], None] = lambda name, up: None,
    ) -> None:
        self._emit = emit
        self._now = now
        self._trunks = {trunk.name: trunk for trunk in trunks}
        self._public_host = public_host or bind_host
        self._recordings = recordings
        self._on_worker = on_worker
        self._legs: dict[LegId, _Leg] = {}
        self._bridges: dict[int, _Bridging] = {}
        self._last_bridge = 0
        self._capacity: int | None = None
        """What was last told, None before the carrier is ready."""
        share = len(media_ports) // workers // 2 * 2
        starting = trio.Semaphore(STARTING_AT_ONCE)
        self._slots: dict[Supervisor, _Slot] = {}
        for number in range(workers):
            ports = media_ports[number * share : (number + 1) * share]
            supervisor = Supervisor(
                f"sip-{number + 1}",
                WorkerSettings(bind_host, self._public_host, ports, calls_per_worker),
                starting=starting,
                on_up=self._worker_up,
                on_report=self._worker_reported,
                on_down=self._worker_down,
            )
            self._slots[supervisor] = _Slot(supervisor)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """As the port says. Raises CarrierFault where no worker at all comes up at the start."""
        stillborn = False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_workers)
            try:
                for supervisor in self._slots:
                    await supervisor.tried.wait()
                stillborn = not any(slot.capacity for slot in self._slots.values())
                if not stillborn:
                    self._tell_capacity(self._total())
                    task_status.started()
                    await trio.sleep_forever()
            finally:
                self._capacity = None
                for supervisor in self._slots:
                    supervisor.leave()
        if stillborn:
            raise CarrierFault(
                f"none of {len(self._slots)} SIP workers came up. What they said is on standard "
                "error; often the address to bind is not this machine's, or pjsua2 is missing"
            )

    async def _keep_workers(self) -> None:
        # Cancellation must not reach the workers before their calls are hung up; each supervisor
        # bounds how long that takes.
        with trio.CancelScope(shield=True):
            async with trio.open_nursery() as nursery:
                for supervisor in self._slots:
                    nursery.start_soon(supervisor.run)

    # --- commands -----------------------------------------------------------------------------

    def carry_out(self, command: CarrierCommand) -> None:
        """As the port says."""
        match command:
            case Dial():
                self._dial(command)
            case CallAgent():
                caller = f"<sip:dialer@{self._public_host}>"
                self._place(PlaceCall(command.leg, command.address, caller, False), agent=True)
            case Bridge():
                self._bridge(command.lead_leg, command.agent_leg)
            case PlayMessage():
                leg = self._legs.get(command.leg)
                if leg is not None:
                    leg.slot.supervisor.send(Play(command.leg, command.file))
            case Hangup():
                leg = self._legs.get(command.leg)
                if leg is not None:
                    leg.hung_up = True
                    leg.slot.supervisor.send(EndCall(command.leg))

    def worker_of(self, leg: LegId) -> str | None:
        """The name of the worker that holds the leg, None where no worker does."""
        found = self._legs.get(leg)
        return None if found is None else found.slot.supervisor.name

    def processes(self) -> dict[str, int]:
        """Process id by worker name, of the workers that are up."""
        return {slot.supervisor.name: slot.pid for slot in self._slots.values() if slot.capacity}

    def _dial(self, command: Dial) -> None:
        trunk = self._trunks.get(command.trunk)
        if trunk is None:
            self._end(command.leg, Ending(0, reason=f"there is no trunk {command.trunk!r}"))
            return
        name = "".join(each for each in command.caller_name if each.isprintable())
        name = name.replace("\\", "\\\\").replace('"', '\\"')
        caller = f'"{name}" <sip:{command.caller_id}@{self._public_host}>'
        target = f"sip:{command.number}@{trunk.address}"
        self._place(PlaceCall(command.leg, target, caller, command.detect), agent=False)

    def _place(self, order: PlaceCall, *, agent: bool, turned_by: set[int] | None = None) -> None:
        """Give the leg to the worker with most room (for an agent: with fewest agents)."""
        turned_by = turned_by or set()
        now_s = time.monotonic()
        rooms = [
            (slot.agent_legs if agent else 0, -slot.free(now_s), place, slot)
            for place, slot in enumerate(self._slots.values())
            if place not in turned_by and slot.free(now_s) > 0
        ]
        leg = LegId(order.leg)
        if self._capacity is None or not rooms:
            self._end(leg, Ending(0, reason="no free channel here"))
            return
        _, _, place, slot = min(rooms, key=lambda room: room[:3])
        self._legs[leg] = _Leg(order, agent, slot, {*turned_by, place})
        slot.legs.add(leg)
        slot.agent_legs += agent
        slot.supervisor.send(order)

    def _bridge(self, lead_leg: LegId, agent_leg: LegId) -> None:
        lead, agent = self._legs.get(lead_leg), self._legs.get(agent_leg)
        if lead is None or agent is None or not (lead.answered and agent.answered):
            _log.warning("legs %d and %d cannot be bridged: not both are up", lead_leg, agent_leg)
            return
        for leg in (lead, agent):
            if leg.bridge is not None:
                self._part(leg.bridge)
        self._last_bridge += 1
        number = lead.bridge = agent.bridge = self._last_bridge
        lead_hears, agent_hears = (self._recording(lead_leg, side) for side in ("lead", "agent"))
        if lead.slot is agent.slot:
            slots: tuple[_Slot, ...] = (lead.slot,)
            lead.slot.supervisor.send(Join(number, lead_leg, agent_leg, lead_hears, agent_hears))
        else:
            slots = (lead.slot, agent.slot)
            to_lead, to_agent = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            lead.slot.supervisor.send(Patch(number, lead_leg, False, lead_hears), to_lead)
            agent.slot.supervisor.send(Patch(number, agent_leg, True, agent_hears), to_agent)
        self._bridges[number] = _Bridging(lead_leg, agent_leg, slots, missing=len(slots))

    def _recording(self, lead_leg: LegId, side: str) -> str:
        if self._recordings is None:
            return ""
        return str(self._recordings / f"leg{lead_leg}-{side}-hears.wav")

    def _part(self, number: int) -> None:
        bridging = self._bridges.pop(number)
        for slot in bridging.slots:
            slot.supervisor.send(Part(number))
        for leg_id in (bridging.lead_leg, bridging.agent_leg):
            leg = self._legs.get(leg_id)
            if leg is not None:
                leg.bridge = None

    # --- what workers say ---------------------------------------------------------------------

    def _worker_up(self, supervisor: Supervisor, hello: Hello) -> None:
        slot = self._slots[supervisor]
        slot.capacity, slot.pid = hello.capacity, hello.pid
        slot.lingering.clear()
        slot.shunned_until = 0.0
        _log.info(
            "worker %s is up: process %d, PJSIP %s, %d calls",
            supervisor.name,
            hello.pid,
            hello.version,
            hello.capacity,
        )
        self._on_worker(supervisor.name, True)
        self._capacity_changed()

    def _worker_down(self, supervisor: Supervisor) -> None:
        slot = self._slots[supervisor]
        if slot.capacity:
            self._on_worker(supervisor.name, False)
        slot.capacity = 0
        slot.lingering.clear()
        lost = tuple(sorted(slot.legs))
        for leg_id in lost:
            self._release(leg_id)
        # Capacity first: who hears of lost legs may want to place others at once.
        self._capacity_changed()
        if lost:
            self._emit(LegsLost(lost, supervisor.name, self._now()))

    def _worker_reported(self, supervisor: Supervisor, news: News) -> None:
        if isinstance(news, Joined):
            self._joined(news)
            return
        leg_id = LegId(news.leg)
        if isinstance(news, Freed):
            self._slots[supervisor].lingering.discard(leg_id)
            self._capacity_changed()
            return
        leg = self._legs.get(leg_id)
        if leg is None or leg.slot.supervisor is not supervisor:
            return
        match news:
            case Progressed(status=status, early_media=early_media, at=at):
                self._emit(LegProgressed(leg_id, status, early_media, self._instant(at)))
            case Answered(at=at):
                leg.answered = True
                self._emit(LegAnswered(leg_id, self._instant(at)))
            case Heard(tone=tone, at=at):
                self._emit(ToneHeard(leg_id, Tone(tone), self._instant(at)))
            case Pressed(digit=digit, at=at):
                self._emit(KeyPressed(leg_id, digit, self._instant(at)))
            case Judged():
                self._emit(VerdictReached(leg_id, self._verdict(news), self._instant(news.at)))
            case Played(at=at):
                self._emit(MessageEnded(leg_id, self._instant(at)))
            case Ended():
                if news.lingers:
                    leg.slot.lingering.add(leg_id)
                    self._capacity_changed()
                self._release(leg_id)
                ending = Ending(news.status, news.q850, news.reason)
                self._emit(LegEnded(leg_id, ending, self._instant(news.at)))
            case Turned():
                self._turned(leg_id, leg)

    def _turned(self, leg_id: LegId, leg: _Leg) -> None:
        """The library had no channel though the pool counted one. The INVITE never left, so trying
        elsewhere cannot call anybody twice."""
        _log.warning("%s had no channel for leg %d", leg.slot.supervisor.name, leg_id)
        leg.slot.shunned_until = time.monotonic() + _SHUNNED_S
        self._release(leg_id)
        if leg.hung_up:
            self._end(leg_id, Ending(487, reason="Request Terminated"))
        else:
            self._place(leg.order, agent=leg.agent, turned_by=leg.turned_by)

    def _joined(self, news: Joined) -> None:
        bridging = self._bridges.get(news.bridge)
        if bridging is None:
            return  # a leg of it has ended meanwhile
        bridging.missing -= 1
        bridging.joined_at = max(bridging.joined_at, news.at)
        if bridging.missing == 0:
            at = self._instant(bridging.joined_at)
            self._emit(LegsBridged(bridging.lead_leg, bridging.agent_leg, at))

    def _verdict(self, news: Judged) -> AmdVerdict:
        spoke_until = news.greeting_ended_at
        return AmdVerdict(
            kind=VerdictKind(news.kind),
            confidence=news.confidence,
            elapsed_ms=news.elapsed_ms,
            rule=news.rule,
            greeting_ended_at=None if spoke_until is None else self._instant(spoke_until),
            features=news.features,
        )

    # --- ends, capacity, time -----------------------------------------------------------------

    def _release(self, leg_id: LegId) -> None:
        """The leg holds its place no more, and its bridge comes down at the other side too."""
        leg = self._legs.pop(leg_id)
        leg.slot.legs.discard(leg_id)
        leg.slot.agent_legs -= leg.agent
        if leg.bridge is not None:
            self._part(leg.bridge)

    def _end(self, leg_id: LegId, ending: Ending) -> None:
        self._emit(LegEnded(leg_id, ending, self._now()))

    def _total(self) -> int:
        """A channel that an ended leg still holds is no capacity: an unanswered call keeps its
        channel for up to 32 s (RFC 3261, timer B)."""
        return sum(slot.capacity - len(slot.lingering) for slot in self._slots.values())

    def _capacity_changed(self) -> None:
        if self._capacity is not None and self._capacity != self._total():
            self._tell_capacity(self._total())

    def _tell_capacity(self, legs: int) -> None:
        self._capacity = legs
        self._emit(CapacityChanged(legs))

    def _instant(self, moment_s: float) -> Instant:
        """The service's instant of a worker's moment (`time.monotonic()` seconds)."""
        return Instant(self._now() - int((time.monotonic() - moment_s) * 1000))
