"""What the SIP tests share: a carrier that runs, and its far end."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio

from dialer.carrier.sip.pool import SipCarrier
from dialer.model.calls import LegId
from dialer.model.commands import CallAgent, Dial
from dialer.model.events import LegAnswered
from dialer.model.instant import Instant
from dialer.model.trunks import Trunk
from tests.contracts.carrier_contract import Line
from tests.sip.far_end import FarEnd, Script

CALLER_ID = "+12025550199"
MEDIA_PORTS = range(10_000 + os.getpid() % 10 * 1_000, 11_000 + os.getpid() % 10 * 1_000)
"""Another block for another run of the tests beside this one."""


def service_now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


def descendants() -> dict[int, str]:
    """Our own child processes: id and state letter (`Z` for one nobody has buried)."""
    found: dict[int, str] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text().split(" (", 1)
        except OSError:
            continue  # it has just gone
        state, parent = rest.rsplit(") ", 1)[1].split()[:2]
        if int(parent) == trio_process():
            found[int(pid)] = state
    return found


def trio_process() -> int:
    return int(Path("/proc/self").resolve().name)


async def eventually(true: Callable[[], bool], within_s: float = 3.0) -> None:
    """Wait for something outside trio's world: another thread's, another process's."""
    deadline = trio.current_time() + within_s
    while not true():
        assert trio.current_time() < deadline, f"not true within {within_s} s"
        await trio.sleep(0.01)


@dataclass
class Bench:
    """A running carrier, what it says, and the far end it calls."""

    carrier: SipCarrier
    line: Line
    far: FarEnd
    cancel: trio.CancelScope
    asked: list[LegId] = field(default_factory=list)

    def dial(self, user: str, *, detect: bool = False, name: str = "Sample") -> LegId:
        leg = self._leg()
        self.carrier.carry_out(Dial(leg, "far", user, CALLER_ID, name, detect))
        return leg

    def call_agent(self, user: str) -> LegId:
        leg = self._leg()
        self.carrier.carry_out(CallAgent(leg, user, f"sip:{user}@{self.far.address}"))
        return leg

    async def up(self, leg: LegId) -> LegId:
        await self.line.heard(LegAnswered, leg)
        return leg

    def _leg(self) -> LegId:
        self.asked.append(LegId(len(self.asked) + 1))
        return self.asked[-1]


@asynccontextmanager
async def bench(
    scripts: Mapping[str, Script], workers: int = 1, recordings: Path | None = None
) -> AsyncIterator[Bench]:
    """A running carrier; cancelled on the way out, and it must leave no process behind."""
    before = set(descendants())
    line: Line = Line()
    with FarEnd(scripts) as far:
        carrier = SipCarrier(
            line.emit,
            service_now,
            trunks=[Trunk("far", far.address, 100, 10.0)],
            workers=workers,
            media_ports=MEDIA_PORTS,
            recordings=recordings,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(carrier.run)
            yield Bench(carrier, line, far, nursery.cancel_scope)
            nursery.cancel_scope.cancel()
    assert set(descendants()) <= before, "a worker was left behind"
