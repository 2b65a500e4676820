"""Whole shifts in simulated time: hostile ones keep every promise and can be replayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.compliance.law_files import load_law
from dialer.compliance.suppression import Suppressions
from dialer.floor.floor import Floor
from dialer.model.calls import AttemptId
from dialer.model.campaigns import CampaignState, DialMode
from dialer.model.events import (
    AgentHungUp,
    AgentLaunched,
    AgentPaused,
    AgentReadied,
    AgentSignedOut,
    AgentSkipped,
    AnsweredCall,
    CampaignChanged,
    CampaignStateAsked,
    CarrierEvent,
    DrainAsked,
    Event,
    LeadsImported,
    Restored,
    StopAsked,
    SuppressionRequested,
)
from dialer.model.instant import DAY_MS, MINUTE_MS, SECOND_MS, Instant
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.model.trunks import Trunk
from dialer.pacing.choose import controller_for
from dialer.simulator.callees import CallPlan
from dialer.simulator.driver import Driver, Echo
from dialer.simulator.lists import empty_lists
from dialer.simulator.network import SimulatedNetwork
from dialer.simulator.population import Habits, LogNormal, Outlook, Population, Team
from dialer.simulator.scenario import CAMPAIGN, MORNING, Scenario, campaign_of, leads_of
from dialer.simulator.store import SimulatedStore
from tests.properties.test_floor import hostile
from tests.properties.witness import Witness, live_answers

LISTS = empty_lists(load_law(), MORNING)
SHIFT_MS = 6 * MINUTE_MS
CLICKS = (AgentPaused, AgentReadied, AgentSignedOut, AgentHungUp, AgentLaunched, AgentSkipped)
BUSY_TEAM = Habits(wrapup=LogNormal(8 * SECOND_MS, 0.6), break_ms=5 * SECOND_MS)
OUTLOOKS = (
    Outlook(talk=LogNormal(20 * SECOND_MS, 1.0)),
    Outlook(live=0.95, machine=0.0, refused=0.0, talk=LogNormal(60 * SECOND_MS, 0.5)),
    Outlook(
        live=1.0,
        machine=0.0,
        refused=0.0,
        live_ring=LogNormal(3 * SECOND_MS, 0.01),
        talk=LogNormal(30 * SECOND_MS, 0.5),
    ),
)


@dataclass(slots=True)
class Shift:
    """A driver, and the witness between it and the floor."""

    driver: Driver
    witness: Witness
    trunk: Trunk
    hostile: bool

    def fresh_floor(self) -> Floor:
        controllers = hostile if self.hostile else controller_for
        return Floor(load_law(), Suppressions(LISTS), [self.trunk], controllers)

    def close(self) -> None:
        """Drain, let calls end, stop what is left, and look around."""
        self.driver.inject(self.driver.now, DrainAsked())
        self.driver.run(Instant(self.driver.now + 90 * SECOND_MS))
        self.driver.inject(self.driver.now, StopAsked())
        self.driver.run(Instant(self.driver.now + 20 * SECOND_MS))
        self.witness.nothing_is_left_over()


def shift(
    scenario: Scenario,
    *,
    past: Iterable[AnsweredCall] = (),
    hostile_pacing: bool = False,
    steady: bool = False,
    echo: Echo = lambda _: (0,),
) -> Shift:
    campaign = campaign_of(scenario)
    trunk = Trunk("simulated", "127.0.0.1:5060", scenario.channels, scenario.cps)
    controllers = hostile if hostile_pacing else controller_for
    floor = Floor(load_law(), Suppressions(LISTS), [trunk], controllers)
    witness = Witness(floor, trunk, steady=steady)
    callees, habits = np.random.default_rng(scenario.seed).spawn(2)
    driver = Driver(
        witness,
        network=SimulatedNetwork(
            capacity=scenario.channels + scenario.agents,
            plan=Population(scenario.outlook, callees).plan,
            phone=lambda _: CallPlan(answer_ms=500),
            workers=scenario.workers,
        ),
        store=SimulatedStore(leads_of(scenario.leads)),
        team=Team(scenario.habits, habits),
        agents=[profile.name for profile in campaign.agents],
        start=MORNING,
        echo=echo,
    )
    driver.inject(MORNING, CampaignChanged(campaign))
    driver.inject(MORNING, Restored(AttemptId(1), answered_calls=tuple(past)))
    driver.inject(MORNING, CampaignStateAsked(CAMPAIGN, CampaignState.RUNNING, "manager"))
    return Shift(driver, witness, trunk, hostile_pacing)


def scenarios(**fixed: DialMode) -> st.SearchStrategy[Scenario]:
    return st.builds(
        Scenario,
        mode=st.sampled_from(DialMode) if "mode" not in fixed else st.just(fixed["mode"]),
        agents=st.integers(1, 8),
        hours=st.just(0.1),
        seed=st.integers(0, 10_000),
        outlook=st.sampled_from(OUTLOOKS),
        habits=st.just(BUSY_TEAM),
        leads=st.just(400),
        channels=st.sampled_from([3, 10, 60]),
        cps=st.sampled_from([1.0, 7.5, 50.0]),
        workers=st.integers(1, 3),
        drop_ceiling=st.sampled_from([0.01, 0.03, 0.1]),
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    scenario=scenarios(mode=DialMode.PREDICTIVE),
    live=st.sampled_from([0, 40, 300]),
    share=st.sampled_from([0.0, 0.5, 1.0]),
    leaving=st.booleans(),
)
def test_drops_never_pass_the_ceiling_though_pacing_always_asks_for_a_thousand(
    scenario: Scenario, live: int, share: float, leaving: bool
) -> None:
    """Nobody leaves: then there is no exception. With `leaving`, the past's answers leave the
    account's 30 days within seconds, early in the shift."""
    dropped = int(Fraction(str(scenario.drop_ceiling)) * live * Fraction(str(share)))
    first, last = Instant(MORNING - 29 * DAY_MS), MORNING
    if leaving:
        first = Instant(MORNING - 30 * DAY_MS + 40 * SECOND_MS)
        last = Instant(first + 20 * SECOND_MS)
    run = shift(
        scenario,
        past=live_answers(CAMPAIGN, live, 0 if leaving else dropped, first, last),
        hostile_pacing=True,
        steady=True,
    )
    run.driver.run(Instant(MORNING + SHIFT_MS))
    run.close()


def clicks() -> st.SearchStrategy[tuple[int, int, int]]:
    return st.tuples(st.integers(0, SHIFT_MS), st.integers(0, len(CLICKS) - 1), st.integers(0, 8))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    scenario=scenarios(),
    hostile_pacing=st.booleans(),
    clicks=st.lists(clicks(), max_size=25),
    worker_losses=st.lists(
        st.tuples(st.integers(0, SHIFT_MS), st.integers(0, 2), st.integers(1_000, 40_000)),
        max_size=3,
    ),
    journal_losses=st.lists(
        st.tuples(st.integers(0, SHIFT_MS), st.integers(100, 40_000)), max_size=2
    ),
    wishes=st.lists(st.tuples(st.integers(0, SHIFT_MS), st.integers(0, 60)), max_size=10),
    echoes=st.lists(
        st.sampled_from([(0,), (0,), (0,), (0, 0), (0, 700), (400,), (3_000,)]),
        min_size=1,
        max_size=30,
    ),
)
def test_a_hostile_shift_keeps_every_promise_and_replays_to_the_letter(
    scenario: Scenario,
    hostile_pacing: bool,
    clicks: list[tuple[int, int, int]],
    worker_losses: list[tuple[int, int, int]],
    journal_losses: list[tuple[int, int]],
    wishes: list[tuple[int, int]],
    echoes: list[tuple[int, ...]],
) -> None:
    heard = 0

    def echo(_: CarrierEvent) -> tuple[int, ...]:
        nonlocal heard
        heard += 1
        return echoes[heard % len(echoes)]

    run = shift(scenario, hostile_pacing=hostile_pacing, echo=echo)
    for after, click, agent in clicks:
        event: Event = CLICKS[click](f"agent{1 + agent:03d}")
        run.driver.inject(Instant(MORNING + after), event)
    for after, worker, back in worker_losses:
        run.driver.lose_worker(Instant(MORNING + after), worker % scenario.workers, back)
    for after, length in journal_losses:
        run.driver.fail_journal(Instant(MORNING + after), length)
    for after, k in wishes:
        at = Instant(MORNING + after)
        wish = Suppression(f"+120155501{k:02d}", SuppressionSource.REQUEST, "letter", at)
        run.driver.inject(at, SuppressionRequested(wish))
        run.driver.inject(at, LeadsImported(CAMPAIGN))
    run.driver.run(Instant(MORNING + SHIFT_MS))
    run.close()
    run.witness.the_same_again(run.fresh_floor)
