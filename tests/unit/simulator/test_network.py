"""What the carrier contract does not reach: crossings, workers and partners."""

from __future__ import annotations

from dialer.model.calls import LegId
from dialer.model.commands import Bridge, CallAgent, Dial, Hangup
from dialer.model.events import (
    CapacityChanged,
    CarrierEvent,
    LegAnswered,
    LegEnded,
    LegsBridged,
    LegsLost,
)
from dialer.model.instant import Instant
from dialer.simulator.callees import CallPlan
from dialer.simulator.network import SIGNALLING_MS, SimulatedNetwork

START = Instant(1_000)
AGENT = LegId(100)


def network(plan: CallPlan, *, workers: int = 1, capacity: int = 4) -> SimulatedNetwork:
    return SimulatedNetwork(
        capacity=capacity,
        plan=lambda _: plan,
        phone=lambda _: CallPlan(progress_ms=None, answer_ms=0),
        workers=workers,
    )


def dial(leg: int) -> Dial:
    return Dial(LegId(leg), "test", "+12025550100", "+12025550199", "", detect=True)


def until(net: SimulatedNetwork, now: int) -> list[CarrierEvent]:
    return net.advance(Instant(now))


def test_an_answer_may_cross_our_cancel() -> None:
    net = network(CallPlan(progress_ms=None, answer_ms=500))
    net.carry_out(dial(1), START)
    net.carry_out(Hangup(LegId(1)), Instant(START + 490))
    answered, ended = until(net, START + 1_000)
    assert isinstance(answered, LegAnswered)
    assert isinstance(ended, LegEnded)
    assert ended.ending.status == 200
    assert ended.at == START + 490 + SIGNALLING_MS


def test_the_callee_says_goodbye_after_the_talk_and_the_agent_stays() -> None:
    net = network(CallPlan(progress_ms=None, answer_ms=0, hangs_up_ms=5_000, talk_ms=60_000))
    net.carry_out(CallAgent(AGENT, "agent01", "sip:agent01@127.0.0.1"), START)
    net.carry_out(dial(1), START)
    net.carry_out(Bridge(LegId(1), AGENT), Instant(START + 1_000))
    events = until(net, START + 100_000)
    bridged = next(event for event in events if isinstance(event, LegsBridged))
    assert isinstance(events[-1], LegEnded)
    assert events[-1].leg == 1
    assert events[-1].at == bridged.at + 60_000
    assert net.legs_in_use == 1


def test_a_callee_whose_agent_vanishes_waits_and_then_leaves() -> None:
    net = network(CallPlan(progress_ms=None, answer_ms=0, hangs_up_ms=5_000, talk_ms=60_000))
    net.carry_out(CallAgent(AGENT, "agent01", "sip:agent01@127.0.0.1"), START)
    net.carry_out(dial(1), START)
    net.carry_out(Bridge(LegId(1), AGENT), Instant(START + 1_000))
    until(net, START + 20_000)
    net.carry_out(Hangup(AGENT), Instant(START + 20_000))
    ends = [event for event in until(net, START + 90_000) if isinstance(event, LegEnded)]
    assert [(event.leg, event.at - START) for event in ends] == [
        (AGENT, 20_000 + SIGNALLING_MS),
        (1, 25_000 + SIGNALLING_MS),
    ]


def test_a_lost_worker_takes_only_its_own_legs() -> None:
    net = network(CallPlan(), workers=2)
    for leg in (1, 2, 3, 4):
        net.carry_out(dial(leg), START)
    events = net.lose_worker(0, START)
    capacity, lost = events
    assert isinstance(lost, LegsLost)
    assert len(lost.legs) == 2
    assert capacity == CapacityChanged(2)
    assert net.legs_in_use == 2
    assert net.lose_worker(0, START) == []
    assert net.restart_worker(0) == [CapacityChanged(4)]
    assert net.restart_worker(0) == []
