"""A run described in one value, and what came of it.

`rehearse(scenario)` builds the floor, the callees, the agents and the store, lets a shift pass and
measures it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from dialer.compliance.law_files import load_law
from dialer.compliance.suppression import Suppressions
from dialer.floor.floor import Floor
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId
from dialer.model.campaigns import (
    AgentProfile,
    CallingHours,
    Campaign,
    CampaignState,
    DialMode,
)
from dialer.model.commands import Command, Dial
from dialer.model.dispositions import AgentDisposition, Recycle, SystemDisposition
from dialer.model.events import (
    AnsweredCall,
    CampaignChanged,
    CampaignStateAsked,
    Restored,
)
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId, PhoneNumber
from dialer.model.trunks import Trunk
from dialer.simulator.callees import CallPlan
from dialer.simulator.driver import Driver, Echo
from dialer.simulator.lists import empty_lists
from dialer.simulator.network import SimulatedNetwork
from dialer.simulator.population import Habits, Outlook, Population, Team
from dialer.simulator.store import SimulatedStore

MORNING = Instant(1_795_530_000_000)
"""2026-11-24 14:20 UTC, a Tuesday: 9:20 in New York, where all the simulated leads are."""
CAMPAIGN = "rehearsal"
# fmt: off
_AREA_CODES = (
    212, 315, 332, 347, 363, 516, 518, 585, 607, 631, 646, 680, 716, 718, 838, 845, 914, 917, 929,
    201, 551, 609, 640, 732, 848, 856, 862, 908, 973,
    216, 220, 234, 283, 326, 330, 380, 419, 440, 513, 567, 614, 740, 937,
    229, 404, 470, 478, 678, 706, 762, 770, 912, 943,
    252, 336, 704, 743, 828, 910, 919, 980, 984,
)
# fmt: on
"""New York, New Jersey, Ohio, Georgia and North Carolina: one zone, and no law beyond the federal
that would refuse a lead of itself."""
MOST_LEADS = len(_AREA_CODES) * 100
"""There are no more fictitious numbers (555-0100 to 555-0199 of each area code)."""
_AGAIN = (
    SystemDisposition.NO_ANSWER,
    SystemDisposition.BUSY,
    SystemDisposition.MACHINE,
    SystemDisposition.HUNG_UP,
    SystemDisposition.LOST,
    SystemDisposition.DROP,
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A shift of one campaign. `history` is (live answers, drops) spread over the month before;
    `seed` draws callees and agents' habits; `channels` and `cps` are the trunk's."""

    mode: DialMode
    agents: int
    hours: float
    seed: int
    outlook: Outlook = field(default_factory=Outlook)
    habits: Habits = field(default_factory=Habits)
    leads: int = 1_000
    history: tuple[int, int] = (0, 0)
    channels: int = 1_000
    cps: float = 100.0
    workers: int = 1
    drop_ceiling: float = 0.03
    ring_timeout_ms: int = 26 * SECOND_MS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a shift came to. `busy_ms` is agents' time in calls and wrap-up; `utilisation` its share
    of all agents' time; `live` counts answers by a person that were bridged or dropped."""

    talk_ms: int
    busy_ms: int
    utilisation: float
    dials: int
    live: int
    drops: int

    @property
    def drop_rate(self) -> float:
        return self.drops / self.live if self.live else 0.0


def leads_of(count: int) -> list[Lead]:
    """That many leads, each with a fictitious number of its own, all in New York's time zone.
    Raises ValueError for more than `MOST_LEADS`."""
    if count > MOST_LEADS:
        raise ValueError(f"{count} leads: there are only {MOST_LEADS} fictitious numbers")
    return [
        Lead(
            lead_id=k + 1,
            campaign=CAMPAIGN,
            list_name="simulated.csv",
            line=k + 2,
            number=PhoneNumber(
                f"+1{_AREA_CODES[k // 100]}55501{k % 100:02d}", "US", ("America/New_York",)
            ),
            fields={},
            order_key=k + 1,
            next_eligible_at=Instant(0),
        )
        for k in range(count)
    ]


def campaign_of(scenario: Scenario) -> Campaign:
    """The scenario's campaign: open all day, leads come back after four hours."""
    again = Recycle(after_ms=4 * HOUR_MS, max_attempts=4)
    return Campaign(
        name=CAMPAIGN,
        title="Rehearsal",
        seller="Rehearsal Sample Seller",
        seller_phone="+12025550198",
        mode=scenario.mode,
        trunk="simulated",
        caller_ids=(CallerId("+12025550199", "Rehearsal"),),
        agents=tuple(
            AgentProfile(f"agent{n:03d}", f"Agent {n} Sample", f"sip:agent{n:03d}@127.0.0.1:5090")
            for n in range(1, scenario.agents + 1)
        ),
        dispositions=(
            AgentDisposition("NOT_INTERESTED", "Not interested"),
            AgentDisposition("DO_NOT_CALL", "Do not call again", suppress=True),
            AgentDisposition("NO_ONE_THERE", "Nobody spoke", recycle=again),
        ),
        recycle=dict.fromkeys(_AGAIN, again),
        hours=CallingHours(((8 * 60, 21 * 60),) * 7),
        lists=(),
        script="",
        drop_message="drop_message.wav",
        drop_ceiling=scenario.drop_ceiling,
        ring_timeout_ms=scenario.ring_timeout_ms,
        min_gap_ms=60 * MINUTE_MS,
    )


def driver_for(scenario: Scenario, *, echo: Echo = lambda _: (0,)) -> Driver:
    """A driver at `MORNING` with a real floor: the campaign is loaded and about to be started, the
    agents are about to sign in."""
    campaign = campaign_of(scenario)
    callees, habits = np.random.default_rng(scenario.seed).spawn(2)
    floor = Floor(
        load_law(),
        Suppressions(empty_lists(load_law(), MORNING)),
        [Trunk("simulated", "127.0.0.1:5060", scenario.channels, scenario.cps)],
    )
    driver = Driver(
        floor,
        network=SimulatedNetwork(
            capacity=scenario.channels + scenario.agents,
            plan=Population(scenario.outlook, callees).plan,
            phone=lambda _: CallPlan(answer_ms=500),
            workers=scenario.workers,
        ),
        store=SimulatedStore(leads_of(scenario.leads)),
        team=Team(scenario.habits, habits),
        agents=[agent.name for agent in campaign.agents],
        start=MORNING,
        echo=echo,
    )
    driver.inject(MORNING, CampaignChanged(campaign))
    driver.inject(MORNING, Restored(AttemptId(1), answered_calls=_history(*scenario.history)))
    driver.inject(MORNING, CampaignStateAsked(CAMPAIGN, CampaignState.RUNNING, "rehearsal"))
    return driver


def rehearse(scenario: Scenario) -> Outcome:
    """Let the scenario's shift pass."""
    driver = driver_for(scenario)
    end = Instant(MORNING + round(scenario.hours * HOUR_MS))
    driver.run(end)
    return measure(driver.commands, driver.store.entries, scenario.agents, MORNING, end)


def measure(
    commands: list[tuple[Instant, Command]],
    entries: list[JournalEntry],
    agents: int,
    start: Instant,
    end: Instant,
) -> Outcome:
    """The figures of a run from what was commanded and journaled between two instants. Talk counts
    when the call has ended, busy time up to `end`."""
    ended = [entry.data for entry in entries if entry.kind is EntryKind.ATTEMPT_ENDED]
    talk_ms = 0
    for data in ended:
        talked = data["talk_ms"]
        talk_ms += talked if isinstance(talked, int) else 0
    busy_ms = _busy_ms(entries, start, end)
    whole_ms = agents * (end - start)
    bridged = sum(entry.kind is EntryKind.BRIDGED for entry in entries)
    drops = sum(data["dropped"] is True for data in ended)
    return Outcome(
        talk_ms=talk_ms,
        busy_ms=busy_ms,
        utilisation=busy_ms / whole_ms if whole_ms else math.nan,
        dials=sum(isinstance(command, Dial) for _, command in commands),
        live=bridged + drops,
        drops=drops,
    )


def _busy_ms(entries: list[JournalEntry], start: Instant, end: Instant) -> int:
    busy_since: dict[str, Instant] = {}
    busy_ms = 0
    for entry in entries:
        if entry.kind is not EntryKind.AGENT_CHANGED:
            continue
        busy = entry.data["state"] in (AgentState.INCALL, AgentState.WRAPUP)
        if busy:
            busy_since.setdefault(entry.agent, entry.at)
        elif entry.agent in busy_since:
            busy_ms += entry.at - busy_since.pop(entry.agent)
    return busy_ms + sum(end - since for since in busy_since.values())


def _history(live: int, drops: int) -> tuple[AnsweredCall, ...]:
    """Live answers spread evenly over the 29 days before, the drops evenly among them."""
    return tuple(
        AnsweredCall(
            CAMPAIGN,
            Instant(MORNING - 29 * DAY_MS + (29 * DAY_MS * k) // live),
            dropped=(k + 1) * drops // live > k * drops // live,
        )
        for k in range(live)
    )
