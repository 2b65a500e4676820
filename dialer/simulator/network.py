"""A telephone network without wires: commands in, carrier events out, `now` handed in.

It plays `CallPlan`s against what the dialer does, counts legs against a capacity, and can lose a
worker with all its legs. The level A driver steps it directly; `dialer.carrier.simulated` steps it
under trio's clock, where the carrier contract holds it to the behaviour of the real thing.

Everything is said a little after it is asked, as on a wire: an answer may cross our CANCEL, and
then `LegAnswered` comes before the `LegEnded` (RFC 3261 section 15).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from dialer.model.calls import AmdVerdict, Ending, LegId
from dialer.model.commands import Bridge, CallAgent, CarrierCommand, Dial, Hangup, PlayMessage
from dialer.model.events import (
    CapacityChanged,
    CarrierEvent,
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
from dialer.simulator.callees import CallPlan

SIGNALLING_MS = 20
"""From our BYE or CANCEL to the end of the leg, and from an impossible dial to its end."""
BRIDGING_MS = 30
"""From Bridge to both ends hearing each other."""

_REASONS = {
    200: "OK",
    404: "Not Found",
    486: "Busy Here",
    487: "Request Terminated",
    503: "Service Unavailable",
    603: "Decline",
}


@dataclass(slots=True)
class _Leg:
    plan: CallPlan
    worker: int
    detect: bool
    answered: bool = False
    bridged_to: LegId | None = None
    bridges: int = 0


@dataclass(order=True, slots=True)
class _Step:
    """Something that will happen unless what it is about is gone by then."""

    at: Instant
    seq: int
    take: Callable[[Instant], list[CarrierEvent]] = field(compare=False)


class SimulatedNetwork:
    """Legs over `workers` workers which hold `capacity` legs together.

    `plan` is asked once per dial for what the callee will do; `phone` once per `CallAgent` for what
    the agent's phone will do. A message takes `message_ms`.
    """

    def __init__(
        self,
        *,
        capacity: int,
        plan: Callable[[Dial], CallPlan],
        phone: Callable[[CallAgent], CallPlan],
        workers: int = 1,
        message_ms: int = 8_000,
    ) -> None:
        self._shares = [
            capacity // workers + (worker < capacity % workers) for worker in range(workers)
        ]
        self._up = set(range(workers))
        self._plan = plan
        self._phone = phone
        self._message_ms = message_ms
        self._legs: dict[LegId, _Leg] = {}
        self._steps: list[_Step] = []
        self._seq = count()

    @property
    def capacity(self) -> int:
        """Legs that the workers now up can hold in all."""
        return sum(self._shares[worker] for worker in self._up)

    def capacity_now(self) -> CapacityChanged:
        """What a carrier says first."""
        return CapacityChanged(self.capacity)

    @property
    def legs_in_use(self) -> int:
        return len(self._legs)

    @property
    def workers_up(self) -> frozenset[int]:
        return frozenset(self._up)

    # --- time ---

    def next_at(self) -> Instant | None:
        """When the next thing happens, if nothing is asked before. May be a thing overtaken by
        events: then `advance` says nothing."""
        return self._steps[0].at if self._steps else None

    def advance(self, now: Instant) -> list[CarrierEvent]:
        """Everything that has happened by `now`, in order."""
        events: list[CarrierEvent] = []
        while self._steps and self._steps[0].at <= now:
            step = heapq.heappop(self._steps)
            events += step.take(step.at)
        return events

    # --- commands ---

    def carry_out(self, command: CarrierCommand, now: Instant) -> None:
        """Take a command; what comes of it is said by `advance`."""
        match command:
            case Dial():
                self._place(command.leg, self._plan(command), now, detect=command.detect)
            case CallAgent():
                self._place(command.leg, self._phone(command), now, detect=False)
            case Bridge(lead_leg=lead_leg, agent_leg=agent_leg):
                self._after(now, BRIDGING_MS, lambda at: self._bridge(lead_leg, agent_leg, at))
            case PlayMessage(leg=leg):
                self._for_leg(leg, now, self._message_ms, lambda at: [MessageEnded(leg, at)])
            case Hangup(leg=leg):
                self._for_leg(leg, now, SIGNALLING_MS, lambda at: self._end(leg, at))

    def hang_up_all(self, now: Instant) -> list[CarrierEvent]:
        """End every leg at once, as a carrier does that is told to stop."""
        return [event for leg in sorted(self._legs) for event in self._end(leg, now)]

    # --- workers ---

    def lose_worker(self, worker: int, now: Instant) -> list[CarrierEvent]:
        """The worker dies, with its share of the capacity and its legs."""
        if worker not in self._up:
            return []
        self._up.remove(worker)
        lost = tuple(leg for leg, held in sorted(self._legs.items()) if held.worker == worker)
        for leg in lost:
            self._forget(leg, now)
        return [
            self.capacity_now(),
            *([LegsLost(lost, f"worker-{worker}", now)] if lost else []),
        ]

    def restart_worker(self, worker: int) -> list[CarrierEvent]:
        """The worker is back, empty."""
        if worker in self._up:
            return []
        self._up.add(worker)
        return [self.capacity_now()]

    # --- legs ---

    def _place(self, leg: LegId, plan: CallPlan, now: Instant, *, detect: bool) -> None:
        worker = self._emptiest_worker()
        if worker is None:
            self._after(now, SIGNALLING_MS, lambda at: [_ended(leg, 0, at)])
            return
        self._legs[leg] = _Leg(plan, worker, detect)
        if plan.progress_ms is not None:
            status = 183 if plan.early_media else 180
            progressed = plan.early_media
            self._for_leg(
                leg,
                now,
                plan.progress_ms,
                lambda at: [LegProgressed(leg, status, progressed, at)],
            )
        if plan.early_tone is not None and detect:
            tone = plan.early_tone.tone
            self._for_leg(leg, now, plan.early_tone.after_ms, lambda at: [ToneHeard(leg, tone, at)])
        if plan.refusal is not None:
            status_refused = plan.refusal.status
            self._for_leg(
                leg, now, plan.refusal.after_ms, lambda at: self._end(leg, at, status_refused)
            )
        elif plan.answer_ms is not None:
            self._for_leg(leg, now, plan.answer_ms, lambda at: self._answer(leg, at))

    def _emptiest_worker(self) -> int | None:
        used = dict.fromkeys(self._up, 0)
        for held in self._legs.values():
            used[held.worker] += 1
        free = {worker: self._shares[worker] - used[worker] for worker in sorted(self._up)}
        worker = max(free, key=lambda candidate: free[candidate], default=None)
        return worker if worker is not None and free[worker] > 0 else None

    def _answer(self, leg: LegId, now: Instant) -> list[CarrierEvent]:
        held = self._legs[leg]
        held.answered = True
        plan = held.plan
        if held.detect and plan.tone is not None:
            tone = plan.tone.tone
            self._for_leg(leg, now, plan.tone.after_ms, lambda at: [ToneHeard(leg, tone, at)])
        if held.detect and plan.detection is not None:
            detection = plan.detection
            ended = detection.greeting_end_ms
            verdict = AmdVerdict(
                detection.kind,
                detection.confidence,
                detection.after_ms,
                detection.rule,
                None if ended is None else Instant(now + ended),
            )
            self._for_leg(
                leg, now, detection.after_ms, lambda at: [VerdictReached(leg, verdict, at)]
            )
        if plan.key is not None:
            digit = plan.key.digit
            self._for_leg(leg, now, plan.key.after_ms, lambda at: [KeyPressed(leg, digit, at)])
        if plan.hangs_up_ms is not None:
            self._for_leg(
                leg,
                now,
                plan.hangs_up_ms,
                lambda at: [] if held.bridged_to is not None else self._end(leg, at),
            )
        return [LegAnswered(leg, now)]

    def _bridge(self, lead_leg: LegId, agent_leg: LegId, now: Instant) -> list[CarrierEvent]:
        lead, agent = self._legs.get(lead_leg), self._legs.get(agent_leg)
        if lead is None or agent is None or not (lead.answered and agent.answered):
            return []
        lead.bridged_to, agent.bridged_to = agent_leg, lead_leg
        lead.bridges += 1
        this_bridge = lead.bridges
        self._for_leg(
            lead_leg,
            now,
            lead.plan.talk_ms,
            lambda at: self._end(lead_leg, at) if lead.bridges == this_bridge else [],
        )
        return [LegsBridged(lead_leg, agent_leg, now)]

    def _end(self, leg: LegId, now: Instant, status: int | None = None) -> list[CarrierEvent]:
        answered = self._legs[leg].answered
        self._forget(leg, now)
        return [_ended(leg, status or (200 if answered else 487), now)]

    def _forget(self, leg: LegId, now: Instant) -> None:
        held = self._legs.pop(leg)
        other = None if held.bridged_to is None else self._legs.get(held.bridged_to)
        if other is None or other.bridged_to != leg:
            return
        other.bridged_to = None
        if other.plan.hangs_up_ms is not None:
            # A callee whose agent vanished waits about as long as for a first one.
            partner = held.bridged_to
            assert partner is not None
            self._for_leg(
                partner,
                now,
                other.plan.hangs_up_ms,
                lambda at: [] if other.bridged_to is not None else self._end(partner, at),
            )

    # --- steps ---

    def _after(
        self, now: Instant, delay_ms: int, take: Callable[[Instant], list[CarrierEvent]]
    ) -> None:
        heapq.heappush(self._steps, _Step(Instant(now + delay_ms), next(self._seq), take))

    def _for_leg(
        self,
        leg: LegId,
        now: Instant,
        delay_ms: int,
        take: Callable[[Instant], list[CarrierEvent]],
    ) -> None:
        """As `_after`, but nothing happens once the leg has gone."""
        self._after(now, delay_ms, lambda at: take(at) if leg in self._legs else [])


def _ended(leg: LegId, status: int, at: Instant) -> LegEnded:
    return LegEnded(leg, Ending(status, reason=_REASONS.get(status, "")), at)
