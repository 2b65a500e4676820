"""The simulated carrier keeps the contract, under a clock that jumps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
import trio
from trio.testing import MockClock

from dialer.carrier.port import Emit
from dialer.carrier.simulated import SimulatedCarrier
from dialer.model.events import CapacityChanged, LegAnswered, LegEnded, LegsLost
from dialer.model.instant import Instant
from dialer.simulator.callees import (
    Behaviour,
    CallPlan,
    TimedKey,
    behaviour_of,
    number_of,
    plan_of,
)
from tests.contracts.carrier_contract import CarrierContract, CarrierUnderTest

PRESSER = "+13125550100"


def service_now() -> Instant:
    return Instant(1_795_276_800_000 + round(trio.current_time() * 1_000))


def carrier(emit: Emit) -> SimulatedCarrier:
    rng = np.random.default_rng(7)
    return SimulatedCarrier(
        emit,
        service_now,
        capacity=8,
        plan=lambda dial: (
            CallPlan(answer_ms=500, key=TimedKey("9", 1_000))
            if dial.number == PRESSER
            else plan_of(behaviour_of(dial.number), rng)
        ),
        message_ms=900,
    )


class TestSimulatedCarrier(CarrierContract):
    @pytest.fixture
    def clock(self) -> MockClock:
        return MockClock(autojump_threshold=0)

    @asynccontextmanager
    async def build(self, emit: Emit) -> AsyncIterator[CarrierUnderTest]:
        yield CarrierUnderTest(
            carrier=carrier(emit),
            number=lambda behaviour: number_of(Behaviour(behaviour)),
            agent_address="sip:agent01@127.0.0.1:5090",
            message_file="drop_message.wav",
            presser=PRESSER,
        )

    async def test_a_lost_worker_takes_its_legs_and_its_capacity_with_it(
        self, clock: MockClock
    ) -> None:
        async with self.line() as line:
            simulated = line.carrier
            assert isinstance(simulated, SimulatedCarrier)
            agent = await line.agent_up()
            before = len(line.events)
            simulated.lose_worker(0)
            capacity, lost = line.events[before:]
            assert isinstance(lost, LegsLost)
            assert lost.legs == (agent,)
            assert capacity == CapacityChanged(0)
            refused = line.dial("human_short")
            assert (await line.heard(LegEnded, refused)).ending.status == 0
            simulated.restart_worker(0)
            assert line.events[-1] == CapacityChanged(8)
            leg = line.dial("human_short")
            await line.heard(LegAnswered, leg)
