"""A carrier without telephones: the simulator's network under trio's clock.

For rehearsals and for tests of the service. It uses no threads, so it is at home under an
autojumping clock; everything it does is decided by its plans.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import trio

from dialer.carrier.port import Emit
from dialer.model.commands import CallAgent, CarrierCommand, Dial
from dialer.model.instant import Instant
from dialer.simulator.callees import CallPlan
from dialer.simulator.network import SimulatedNetwork


class SimulatedCarrier:
    """Implements `dialer.carrier.port.Carrier`.

    `now` gives the service clock, which must advance with trio's. `plan` says what each callee will
    do, `phone` what each agent's phone will do (by default it answers after half a second and stays
    up). `workers` share `capacity`; `lose_worker` shows what the death of one does.
    """

    def __init__(
        self,
        emit: Emit,
        now: Callable[[], Instant],
        *,
        capacity: int,
        plan: Callable[[Dial], CallPlan],
        phone: Callable[[CallAgent], CallPlan] = lambda _: CallPlan(answer_ms=500),
        workers: int = 1,
        message_ms: int = 8_000,
    ) -> None:
        self._emit = emit
        self._now = now
        self._network = SimulatedNetwork(
            capacity=capacity, plan=plan, phone=phone, workers=workers, message_ms=message_ms
        )
        self._changed = trio.Event()

    def carry_out(self, command: CarrierCommand) -> None:
        self._network.carry_out(command, self._now())
        self._changed.set()

    def lose_worker(self, worker: int) -> None:
        """Kill a worker with its legs (0 is the first)."""
        for event in self._network.lose_worker(worker, self._now()):
            self._emit(event)

    def restart_worker(self, worker: int) -> None:
        """Bring a lost worker back."""
        for event in self._network.restart_worker(worker):
            self._emit(event)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self._emit(self._network.capacity_now())
        task_status.started()
        try:
            while True:
                self._changed = trio.Event()
                next_at = self._network.next_at()
                delay_s = math.inf if next_at is None else max(0, next_at - self._now()) / 1_000
                with trio.move_on_after(delay_s):
                    await self._changed.wait()
                for event in self._network.advance(self._now()):
                    self._emit(event)
        finally:
            for event in self._network.hang_up_all(self._now()):
                self._emit(event)
