"""The driver with a floor that only listens, and then with the real one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId, LegId
from dialer.model.campaigns import DialMode
from dialer.model.commands import CallAgent, Command, Dial, Record, RefillHopper
from dialer.model.events import (
    AgentDisposed,
    AgentPaused,
    AgentSignedIn,
    CapacityChanged,
    CarrierEvent,
    DeadlineReached,
    Event,
    Journaled,
    JournalFailed,
    JournalRecovered,
    LeadsOffered,
    LegAnswered,
    LegsLost,
)
from dialer.model.instant import HOUR_MS, MINUTE_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.snapshot import AgentView, FloorSnapshot
from dialer.simulator.callees import CallPlan
from dialer.simulator.driver import STORE_MS, Driver, Echo
from dialer.simulator.network import SimulatedNetwork
from dialer.simulator.population import Habits, Outlook, Team
from dialer.simulator.scenario import (
    CAMPAIGN,
    MORNING,
    MOST_LEADS,
    Scenario,
    driver_for,
    leads_of,
    rehearse,
)
from dialer.simulator.store import SimulatedStore

START = Instant(1_000_000)


class ListeningFloor:
    """Answers each event with prepared commands, and wants to be woken once."""

    def __init__(self, wake_at: Instant | None = None) -> None:
        self.heard: list[tuple[Instant, Event]] = []
        self.answers: dict[type, list[Command]] = {}
        self.wake_at = wake_at
        self.agents: tuple[AgentView, ...] = ()

    def handle(self, event: Event, now: Instant) -> list[Command]:
        self.heard.append((now, event))
        if isinstance(event, DeadlineReached):
            self.wake_at = None
        return self.answers.pop(type(event), [])

    def next_deadline(self) -> Instant | None:
        return self.wake_at

    def snapshot(self, now: Instant) -> FloorSnapshot:
        return FloorSnapshot(0, now, agents=self.agents)


def driver(
    floor: ListeningFloor, *, agents: tuple[str, ...] = (), echo: Echo = lambda _: (0,)
) -> Driver:
    return Driver(
        floor,
        network=SimulatedNetwork(
            capacity=10,
            plan=lambda _: CallPlan(progress_ms=None, answer_ms=2_000),
            phone=lambda _: CallPlan(progress_ms=None, answer_ms=500),
        ),
        store=SimulatedStore(leads_of(3)),
        team=Team(Habits(), np.random.default_rng(1)),
        agents=agents,
        start=START,
        echo=echo,
    )


DIAL = Dial(LegId(1), "test", "+12025550100", "+12025550199", "", detect=True)


def test_events_come_in_order_at_their_instants() -> None:
    floor = ListeningFloor(wake_at=Instant(START + 700))
    floor.answers[CapacityChanged] = [
        DIAL,
        Record(JournalEntry(EntryKind.DIAL_INTENDED, START), token=4),
        RefillHopper(CAMPAIGN, 2, START, frozenset()),
    ]
    driver(floor).run(Instant(START + 5_000))
    (first, capacity), (second, journaled), (third, offered), (fourth, woken), (fifth, answered) = (
        floor.heard
    )
    assert (first, capacity) == (START, CapacityChanged(10))
    assert (second, journaled) == (START + STORE_MS, Journaled(4))
    assert third == START + STORE_MS
    assert isinstance(offered, LeadsOffered)
    assert [lead.lead_id for lead in offered.leads] == [1, 2]
    assert (fourth, woken) == (START + 700, DeadlineReached())
    assert (fifth, answered) == (START + 2_000, LegAnswered(LegId(1), Instant(START + 2_000)))


def test_a_deadline_that_stays_in_the_past_does_not_hold_time_still() -> None:
    class Stubborn(ListeningFloor):
        def next_deadline(self) -> Instant | None:
            return START

    floor = Stubborn()
    driver(floor).run(Instant(START + 20))
    woken = [at for at, event in floor.heard if isinstance(event, DeadlineReached)]
    assert woken == list(range(START, START + 21))


@pytest.mark.parametrize(
    ("delays", "at"), [((0, 300), [2_000, 2_300]), ((4_000,), [6_000]), ((), [])]
)
def test_events_can_be_late_repeated_or_lost(delays: tuple[int, ...], at: list[int]) -> None:
    def echo(event: CarrierEvent) -> tuple[int, ...]:
        return delays if isinstance(event, LegAnswered) else (0,)

    floor = ListeningFloor()
    floor.answers[CapacityChanged] = [DIAL]
    driver(floor, echo=echo).run(Instant(START + 10_000))
    heard = [now - START for now, event in floor.heard if isinstance(event, LegAnswered)]
    assert heard == at


def test_workers_and_the_journal_can_fail() -> None:
    floor = ListeningFloor()
    floor.answers[CapacityChanged] = [CallAgent(LegId(1), "agent01", "sip:a@127.0.0.1")]
    run = driver(floor)
    run.lose_worker(Instant(START + 1_000), 0, back_after_ms=500)
    run.fail_journal(Instant(START + 2_000), for_ms=300)
    run.run(Instant(START + 5_000))
    rest = [(now - START, type(event)) for now, event in floor.heard[2:]]
    assert rest == [
        (1_000, CapacityChanged),
        (1_000, LegsLost),
        (1_500, CapacityChanged),
        (2_000, JournalFailed),
        (2_300, JournalRecovered),
    ]


def test_agents_click_what_their_page_asks_for() -> None:
    floor = ListeningFloor()
    floor.agents = (
        AgentView("agent01", "Ada Sample", CAMPAIGN, AgentState.OFFLINE, START, False),
        AgentView("agent02", "Ben Sample", CAMPAIGN, AgentState.OFFLINE, START, False),
    )
    run = driver(floor, agents=("agent01",))
    run.run(START)
    assert [event for _, event in floor.heard if isinstance(event, AgentSignedIn)] == [
        AgentSignedIn("agent01")
    ]


# --- with the real floor ----------------------------------------------------------------------

SHIFT = Scenario(DialMode.PROGRESSIVE, agents=4, hours=0.5, seed=11)


def test_a_progressive_shift_talks_and_drops_nobody() -> None:
    outcome = rehearse(SHIFT)
    assert outcome.drops == 0
    assert outcome.live > 15
    assert 0.3 < outcome.utilisation < 0.8
    assert 0 < outcome.talk_ms < outcome.busy_ms
    assert outcome.dials > outcome.live


def test_the_same_scenario_gives_the_same_run() -> None:
    first, second = driver_for(SHIFT), driver_for(SHIFT)
    for run in (first, second):
        run.run(Instant(MORNING + 10 * MINUTE_MS))
    assert first.commands == second.commands
    assert first.events == second.events


def test_predictive_keeps_agents_busier_than_progressive_and_stays_under_the_ceiling() -> None:
    quiet = rehearse(SHIFT)
    busy = rehearse(replace(SHIFT, mode=DialMode.PREDICTIVE, history=(3_000, 30)))
    assert busy.utilisation > quiet.utilisation + 0.05
    assert (30 + busy.drops) / (3_000 + busy.live) <= 0.03


def test_in_preview_agents_launch_every_call() -> None:
    outcome = rehearse(replace(SHIFT, mode=DialMode.PREVIEW, hours=0.25))
    assert outcome.dials > 0
    assert outcome.drops == 0


def test_an_agent_sent_home_is_gone() -> None:
    run = driver_for(replace(SHIFT, agents=1))
    run.send_home(Instant(MORNING + MINUTE_MS), "agent001")
    run.run(Instant(MORNING + HOUR_MS))
    assert run.floor.snapshot(run.now).agents[0].state is AgentState.OFFLINE


def test_there_are_no_more_leads_than_fictitious_numbers() -> None:
    assert len({lead.number.e164 for lead in leads_of(MOST_LEADS)}) == MOST_LEADS
    with pytest.raises(ValueError, match="fictitious"):
        leads_of(MOST_LEADS + 1)


instants = st.integers(0, 15 * MINUTE_MS).map(lambda ms: Instant(MORNING + ms))
AGENTS = [f"agent{n:03d}" for n in range(1, 5)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 1_000),
    mode=st.sampled_from(list(DialMode)),
    losses=st.lists(st.tuples(instants, st.integers(0, 2), st.integers(0, 60_000)), max_size=3),
    outages=st.lists(st.tuples(instants, st.integers(0, 60_000)), max_size=2),
    pauses=st.lists(st.tuples(instants, st.sampled_from(AGENTS)), max_size=3),
    leavers=st.lists(st.tuples(instants, st.sampled_from(AGENTS)), max_size=2),
    lateness=st.sampled_from([(0,), (0, 400), (0, 5_000), (150,)]),
)
def test_a_hostile_shift_loses_no_attempt_and_ends_none_twice(
    seed: int,
    mode: DialMode,
    losses: list[tuple[Instant, int, int]],
    outages: list[tuple[Instant, int]],
    pauses: list[tuple[Instant, str]],
    leavers: list[tuple[Instant, str]],
    lateness: tuple[int, ...],
) -> None:
    scenario = Scenario(mode, 4, 0.25, seed, leads=300, workers=3, outlook=Outlook(live=0.4))
    run = driver_for(replace(scenario, history=(2_000, 20)), echo=lambda _: lateness)
    for at, worker, back_after_ms in losses:
        run.lose_worker(at, worker, back_after_ms)
    for at, for_ms in outages:
        run.fail_journal(at, for_ms)
    for at, agent in pauses:
        run.inject(at, AgentPaused(agent))
        run.inject(at, AgentDisposed(agent, AttemptId(1), "NOT_INTERESTED"))
    for at, agent in leavers:
        run.send_home(at, agent)
    run.run(Instant(MORNING + 15 * MINUTE_MS))

    dialled = [command.leg for _, command in run.commands if isinstance(command, Dial)]
    assert len(dialled) == len(set(dialled))
    intended = Counter(
        entry.attempt_id for entry in run.store.entries if entry.kind is EntryKind.DIAL_INTENDED
    )
    ended = Counter(
        entry.attempt_id for entry in run.store.entries if entry.kind is EntryKind.ATTEMPT_ENDED
    )
    assert set(intended.values()) <= {1}
    assert set(ended.values()) <= {1}
    assert set(ended) <= set(intended)
    # What has not ended is still on the floor.
    stages = run.floor.snapshot(run.now).campaigns[0].stages
    assert sum(stages.values()) == len(intended) - len(ended)
