"""The service at level B: clock, floor, dispatcher, store and carrier composed as in `service.run`,
with the store in memory, a simulated carrier, and no pages.

Nothing here uses a thread, so under an autojumping clock hours pass in seconds.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import trio

from dialer.carrier.simulated import SimulatedCarrier
from dialer.compliance.law_archive import archived
from dialer.compliance.law_files import load_law
from dialer.compliance.suppression import Suppressions
from dialer.floor.floor import Floor
from dialer.leads.ordering import fresh_key
from dialer.model.agents import AgentState
from dialer.model.calls import Cause
from dialer.model.campaigns import (
    AgentProfile,
    CallingHours,
    Campaign,
    CampaignState,
    DialMode,
)
from dialer.model.commands import Command, Dial, RaiseAlarm, Record, RefillHopper
from dialer.model.dispositions import AgentDisposition, Recycle
from dialer.model.events import (
    AgentDisposed,
    AgentHungUp,
    AgentReadied,
    AgentSignedIn,
    CampaignChanged,
    CampaignStateAsked,
    LeadsImported,
)
from dialer.model.instant import MINUTE_MS, SECOND_MS, Instant, instant_of
from dialer.model.journal import EntryKind, JournalEntry, StoredEntry
from dialer.model.leads import LeadFile, NewLead
from dialer.model.numbers import CallerId, PhoneNumber
from dialer.model.snapshot import AgentView
from dialer.model.trunks import Trunk
from dialer.service.clock import ServiceClock
from dialer.service.dispatcher import Dispatcher
from dialer.simulator.callees import CallPlan, behaviour_of, plan_of
from dialer.simulator.lists import empty_lists
from dialer.store.memory import MemoryStore

NOON = instant_of(datetime(2026, 12, 2, 17, 0, tzinfo=UTC))
"""A Wednesday, noon in New York."""
CAMPAIGN = "spring"

Plan = Callable[[Dial], CallPlan]
Choose = Callable[["Rig", AgentView], AgentDisposed]
"""What an agent decides at wrap-up."""


def campaign(agents: int, mode: DialMode = DialMode.PREDICTIVE) -> Campaign:
    """Busy numbers come back after a quarter of an hour, callbacks when promised."""
    return Campaign(
        name=CAMPAIGN,
        title="Spring",
        seller="Sample Seller",
        seller_phone="+12025550198",
        mode=mode,
        trunk="simulated",
        caller_ids=(CallerId("+12025550199", "Sample"),),
        agents=tuple(
            AgentProfile(f"agent{n:02d}", f"Agent {n} Sample", f"sip:agent{n:02d}@127.0.0.1:5090")
            for n in range(1, agents + 1)
        ),
        dispositions=(
            AgentDisposition("NOT_INTERESTED", "Not interested"),
            AgentDisposition("CALLBACK", "Call back", callback=True),
        ),
        recycle={"BUSY": Recycle(15 * MINUTE_MS, 4)},
        hours=CallingHours(((9 * 60, 20 * 60),) * 7),
        lists=(),
        script="",
        drop_message="drop_message.wav",
        min_gap_ms=10 * MINUTE_MS,
    )


def numbers(count: int) -> list[str]:
    """Fictitious numbers in New York's zone; the last two digits run through all behaviours."""
    return [f"+1{npa}55501{suffix:02d}" for npa in (212, 917) for suffix in range(100)][:count]


@dataclass
class Rig:
    """A running floor with its shells. `alarms` are the names raised, `clock` the service's."""

    clock: ServiceClock
    dispatcher: Dispatcher
    store: MemoryStore
    carrier: SimulatedCarrier
    floor: Floor
    alarms: list[str] = field(default_factory=list)
    dials: list[tuple[Instant, str]] = field(default_factory=list)
    """When the carrier was told to dial which number."""

    async def load(self, e164: Sequence[str]) -> None:
        """Import a list of these numbers and have the campaign look at it."""
        leads = tuple(
            NewLead(line, PhoneNumber(each, "US", ("America/New_York",)), each)
            for line, each in enumerate(e164, start=2)
        )
        file = LeadFile("leads.csv", "aa" * 32, len(leads), leads, ())
        keys = [fresh_key(lead.line) for lead in leads]
        await self.store.import_leads(CAMPAIGN, file, keys, self.clock.now(), "test")
        await self.dispatcher.ask(LeadsImported(CAMPAIGN))

    async def journal(self, kind: EntryKind | None = None) -> list[JournalEntry]:
        """Oldest first."""
        found = await self.stored()
        return [each.entry for each in found if kind is None or each.entry.kind is kind]

    async def stored(self) -> list[StoredEntry]:
        return list(reversed(await self.store.journal(limit=1_000_000)))

    @asynccontextmanager
    async def staffed(self, choose: Choose, *, talk_ms: int, wrapup_ms: int) -> AsyncIterator[None]:
        """All agents at work meanwhile, and the campaign started."""
        async with trio.open_nursery() as people:
            for agent in self.dispatcher.snapshot().agents:
                people.start_soon(self._work, agent.name, choose, talk_ms, wrapup_ms)
            await self.dispatcher.ask(CampaignStateAsked(CAMPAIGN, CampaignState.RUNNING, "test"))
            yield
            people.cancel_scope.cancel()

    async def _work(self, name: str, choose: Choose, talk_ms: int, wrapup_ms: int) -> None:
        """An agent's shift: ready at once, hangs up after `talk_ms` if the callee has not."""
        await self.dispatcher.ask(AgentSignedIn(name))
        await self.dispatcher.ask(AgentReadied(name))
        while True:
            seen = self.dispatcher.snapshot()
            agent = seen.agent(name)
            assert agent is not None
            if agent.state is AgentState.INCALL:
                await self._talk(agent, talk_ms)
            elif agent.state is AgentState.WRAPUP:
                await trio.sleep(wrapup_ms / SECOND_MS)
                await self.dispatcher.ask(choose(self, agent))
            else:
                await self.dispatcher.changed(seen.version)

    async def _talk(self, agent: AgentView, talk_ms: int) -> None:
        assert agent.call is not None
        call = agent.call.attempt
        with trio.move_on_after(talk_ms / SECOND_MS):
            while True:
                seen = self.dispatcher.snapshot()
                now = seen.agent(agent.name)
                if now is None or now.call is None or now.call.attempt != call:
                    return
                if now.state is not AgentState.INCALL:
                    return
                await self.dispatcher.changed(seen.version)
        await self.dispatcher.ask(AgentHungUp(agent.name))


def not_interested(_: Rig, agent: AgentView) -> AgentDisposed:
    assert agent.call is not None
    assert agent.call.attempt is not None
    return AgentDisposed(agent.name, agent.call.attempt, "NOT_INTERESTED")


def by_number(seed: int) -> Plan:
    """Callees behave as their number's last digits say."""
    chance = np.random.default_rng(seed)
    return lambda dial: plan_of(behaviour_of(dial.number), chance)


@asynccontextmanager
async def rig(
    given: Campaign, plan: Plan, *, channels: int = 40, workers: int = 1
) -> AsyncIterator[Rig]:
    """A floor at `NOON` with the campaign loaded, not started."""
    clock = ServiceClock(NOON - int(time.time() * 1000))
    floor = Floor(
        load_law(),
        Suppressions(empty_lists(load_law(), NOON)),
        [Trunk("simulated", "127.0.0.1:5060", channels, 10.0)],
    )

    def route(command: Command) -> None:
        match command:
            case Record() | RefillHopper():
                store.carry_out(command)
            case RaiseAlarm(name=name):
                running.alarms.append(name)
            case _:
                if isinstance(command, Dial):
                    running.dials.append((clock.now(), command.number))
                carrier.carry_out(command)

    dispatcher = Dispatcher(floor, clock.now, route)
    store = MemoryStore(dispatcher.emit, clock.shift_ms)
    carrier = SimulatedCarrier(
        dispatcher.emit,
        clock.now,
        capacity=channels + len(given.agents),
        plan=plan,
        workers=workers,
    )
    running = Rig(clock, dispatcher, store, carrier, floor)
    async with trio.open_nursery() as keeping:
        await keeping.start(store.run)
        await store.keep_ruleset(archived(load_law(), ()), clock.now(), "test")
        dispatcher.handle(CampaignChanged(given))
        dispatcher.handle(await store.restore(clock.now()))
        async with trio.open_nursery() as calling:
            calling.start_soon(dispatcher.run)
            await calling.start(carrier.run)
            yield running
            calling.cancel_scope.cancel()
        keeping.cancel_scope.cancel()


def ended_with(entries: Sequence[JournalEntry], cause: Cause) -> list[JournalEntry]:
    """The ends of attempts with this cause, oldest first."""
    return [
        entry
        for entry in entries
        if entry.kind is EntryKind.ATTEMPT_ENDED and entry.data["cause"] == cause
    ]
