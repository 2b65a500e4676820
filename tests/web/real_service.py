"""The service as it is run, over the demo's world, in a thread; calls go to a simulated carrier."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import trio

from dialer.carrier.port import Carrier, Emit
from dialer.carrier.simulated import SimulatedCarrier
from dialer.demo.world import CAMPAIGN, Ports, agent_names, build_world
from dialer.model.campaigns import CampaignState
from dialer.model.events import AgentReadied, AgentSignedIn, CampaignStateAsked
from dialer.model.instant import Instant
from dialer.model.reports import Role, User
from dialer.service.loading import Shelf, load
from dialer.service.office import ServiceOffice
from dialer.service.run import Running, Service
from dialer.settings import read_settings
from dialer.simulator.callees import CallPlan, Refusal
from dialer.telemetry.metrics import Metrics

PASSWORD = "a password for tests"
BUSY = CallPlan(refusal=Refusal(486, 50))
"""Whoever is called is on the phone."""

T = TypeVar("T")


class SimulatedService(Service):
    """Everybody who is called is busy."""

    def _carrier(self, emit: Emit, now: Callable[[], Instant], metrics: Metrics) -> Carrier:
        return SimulatedCarrier(emit, now, capacity=20, plan=lambda dial: BUSY)


@dataclass
class RealService:
    """A running service, and a way to use its office from the test's thread."""

    folder: Path
    config: Path
    address: str
    office: ServiceOffice
    token: trio.lowlevel.TrioToken

    def ask(self, question: Callable[[ServiceOffice], Awaitable[T]]) -> T:
        """Ask the office where it lives."""
        return trio.from_thread.run(question, self.office, trio_token=self.token)


@contextmanager
def real_service(folder: Path) -> Iterator[RealService]:
    """With one officer (`olga`), one manager (`mara`), and a campaign that runs; an agent waits."""
    config = build_world(folder, None, 1, Ports(9, 9))
    settings = read_settings(config)
    service = SimulatedService(settings, load(settings, Shelf.KEPT))
    ready: Future[RealService] = Future()

    async def begin(running: Running) -> None:
        office = running.office
        for user in (
            User("olga", "Olga Officer", Role.COMPLIANCE),
            User("mara", "Mara Manager", Role.MANAGER),
        ):
            await office.add_user(user, PASSWORD, "test")
        for name in agent_names(1):
            await office.send(AgentSignedIn(name))
            await office.send(AgentReadied(name))
        await office.send(CampaignStateAsked(CAMPAIGN, CampaignState.RUNNING, "test"))
        token = trio.lowlevel.current_trio_token()
        ready.set_result(RealService(folder, config, running.address, office, token))

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            await begin(await nursery.start(service.run))

    def run_in_thread() -> None:
        try:
            trio.run(run)
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run_in_thread, name="service")
    thread.start()
    live = ready.result(timeout=60)
    try:
        yield live
    finally:
        trio.from_thread.run_sync(service.leave, trio_token=live.token)
        thread.join(timeout=30)
        assert not thread.is_alive(), "the service did not stop"
