"""Campaigns by the hour in virtual time: the floor, the dispatcher, the store in memory and the
simulated carrier, with agents who click as people do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from dialer.floor.dialling import NO_RESPONSE_MS
from dialer.model.calls import Blame, Cause
from dialer.model.campaigns import DialMode
from dialer.model.commands import Dial
from dialer.model.events import AgentDisposed
from dialer.model.instant import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import LeadState
from dialer.model.snapshot import AgentView
from dialer.simulator.callees import Behaviour, CallPlan, Refusal, behaviour_of, number_of
from tests.service.rig import (
    CAMPAIGN,
    Rig,
    by_number,
    campaign,
    ended_with,
    not_interested,
    numbers,
    rig,
)

AGENTS = 8
PROMISED_MS = 20 * MINUTE_MS
SOON_MS = 30 * SECOND_MS
"""A lead that is due is dialled within this, where agents are idle."""


@pytest.fixture
def clock() -> MockClock:
    return MockClock(autojump_threshold=0)


def attempts(entries: list[JournalEntry], kind: EntryKind) -> set[int]:
    """The attempts that have an entry of this kind; none has two."""
    found = [e.attempt_id for e in entries if e.kind is kind and e.attempt_id is not None]
    assert len(set(found)) == len(found)
    return set(found)


async def test_an_hour_of_a_campaign(clock: MockClock) -> None:
    promised: dict[str, tuple[str, Instant]] = {}

    def choose(running: Rig, agent: AgentView) -> AgentDisposed:
        """Every third lead wants to be called again; once is enough for each."""
        assert agent.call is not None
        assert agent.call.attempt is not None
        e164 = agent.call.lead.number.e164
        if int(e164[-1]) % 3 or e164 in promised:
            return not_interested(running, agent)
        at = Instant(running.clock.now() + PROMISED_MS)
        promised[e164] = agent.name, at
        return AgentDisposed(agent.name, agent.call.attempt, "CALLBACK", callback_at=at)

    given = campaign(AGENTS)
    loaded = numbers(120)
    async with rig(given, by_number(1)) as running:
        await running.load(loaded)
        async with running.staffed(choose, talk_ms=60 * SECOND_MS, wrapup_ms=15 * SECOND_MS):
            await trio.sleep(HOUR_MS / SECOND_MS)
        over_at = running.clock.now()
        entries = await running.journal()
        report = await running.store.campaign_report(CAMPAIGN, running.clock.now())
        verification = await running.store.verify()
        stored = await running.stored()

    dials: dict[str, list[Instant]] = defaultdict(list)
    for at, e164 in running.dials:
        dials[e164].append(at)
    assert set(dials) == set(loaded), "every lead was dialled"

    busy = [e for e in ended_with(entries, Cause.BUSY) if e.at < over_at - HOUR_MS / 2]
    assert len(busy) >= 5
    for entry in busy:
        later = [at for at in dials[entry.number] if at > entry.at]
        assert later, f"{entry.number} was busy and did not come back"
        assert 15 * MINUTE_MS <= later[0] - entry.at <= 15 * MINUTE_MS + SOON_MS

    due = {e164: at for e164, (_, at) in promised.items() if at < over_at - 2 * MINUTE_MS}
    assert len(due) >= 10
    for e164, at in due.items():
        later = [each for each in dials[e164] if each > at - PROMISED_MS]
        assert 0 <= later[0] - at <= SOON_MS, f"{e164} was promised a call"

    for e164, times in dials.items():
        gaps = [b - a for a, b in pairwise(times)]
        assert all(gap >= given.min_gap_ms for gap in gaps), e164
        assert len(times) <= given.attempts_per_day
    assert report.live > 50
    assert report.drop_rate <= given.drop_ceiling
    assert verification.verified, verification.why
    assert all(each.clock_shift_ms == running.clock.shift_ms != 0 for each in stored)
    assert attempts(entries, EntryKind.ATTEMPT_ENDED) <= attempts(entries, EntryKind.DIAL_INTENDED)


async def test_a_callback_reaches_the_agent_who_promised_it(clock: MockClock) -> None:
    promised: list[str] = []

    def choose(running: Rig, agent: AgentView) -> AgentDisposed:
        if promised:
            return not_interested(running, agent)
        assert agent.call is not None
        assert agent.call.attempt is not None
        promised.append(agent.name)
        at = Instant(running.clock.now() + PROMISED_MS)
        return AgentDisposed(agent.name, agent.call.attempt, "CALLBACK", callback_at=at)

    given = campaign(3, DialMode.PROGRESSIVE)
    async with rig(given, by_number(2)) as running:
        await running.load([number_of(Behaviour.HUMAN_SHORT, "212")])
        async with running.staffed(choose, talk_ms=30 * SECOND_MS, wrapup_ms=5 * SECOND_MS):
            await trio.sleep(HOUR_MS / SECOND_MS)
        bridged = await running.journal(EntryKind.BRIDGED)
    assert [entry.agent for entry in bridged] == promised * 2


async def test_a_worker_lost_under_a_full_floor(clock: MockClock) -> None:
    given = campaign(AGENTS)
    loaded = [each for each in numbers(200) if behaviour_of(each) is Behaviour.HUMAN_SHORT]
    async with rig(given, by_number(3), workers=4) as running:
        await running.load(loaded)
        async with running.staffed(not_interested, talk_ms=60 * SECOND_MS, wrapup_ms=5 * SECOND_MS):
            await trio.sleep(60)
            lost_at = running.clock.now()
            running.carrier.lose_worker(0)
            await trio.sleep(1)
            running.carrier.restart_worker(0)
            await trio.sleep(4)
            agents = running.dispatcher.snapshot().agents
            assert all(agent.phone_up for agent in agents)
            await trio.sleep(HOUR_MS / SECOND_MS)
        entries = await running.journal()
    lost = ended_with(entries, Cause.LOST)
    assert lost
    assert all(each.at == lost_at and each.data["blame"] == Blame.US for each in lost)
    assert running.alarms == ["worker_lost"]
    assert attempts(entries, EntryKind.ATTEMPT_ENDED) == attempts(entries, EntryKind.DIAL_INTENDED)
    assert {number for _, number in running.dials} == set(loaded)


async def test_a_dead_trunk_burns_no_lead(clock: MockClock) -> None:
    """For ten minutes nothing answers, not even with 100 Trying. The leads tried then are dialled
    again five minutes after their try, though two dials to a number must lie an hour apart:
    what rang no phone was no dial."""
    revives_at = 0

    def plan(dial: Dial) -> CallPlan:
        if running.clock.now() < revives_at:
            return CallPlan(progress_ms=None)
        return CallPlan(refusal=Refusal(404, 300))

    given = replace(campaign(2, DialMode.PROGRESSIVE), min_gap_ms=HOUR_MS)
    loaded = numbers(12)
    async with rig(given, plan) as running:
        revives_at = running.clock.now() + 10 * MINUTE_MS
        await running.load(loaded)
        async with running.staffed(not_interested, talk_ms=60 * SECOND_MS, wrapup_ms=5 * SECOND_MS):
            await trio.sleep(30 * MINUTE_MS / SECOND_MS)
        entries = await running.journal()
        report = await running.store.campaign_report(CAMPAIGN, running.clock.now())
    failed = ended_with(entries, Cause.TRUNK_FAILURE)
    assert len(failed) >= 5
    assert all(each.data["lead_state"] == LeadState.OPEN for each in failed)
    assert running.alarms == ["trunk_down"]
    for entry in failed:
        again = min((at for at, e164 in running.dials if e164 == entry.number and at > entry.at))
        due = max(entry.at + 5 * MINUTE_MS, revives_at)
        assert again - due <= 90 * SECOND_MS, "a lead no phone of which rang waits out no gap"
    assert not [e for e in entries if e.kind is EntryKind.REFUSED]
    # After the alarm one trial call at a time, ever longer apart, at most a minute.
    (alarm,) = (e for e in entries if e.kind is EntryKind.ALARM)
    trials = [at for at, _ in running.dials if alarm.at < at < revives_at]
    gaps = [b - a - NO_RESPONSE_MS for a, b in pairwise(trials)]
    assert len(gaps) >= 5
    assert all(b >= a - SECOND_MS for a, b in pairwise(gaps)), "never sooner than before"
    assert 5 * SECOND_MS <= gaps[0] <= gaps[-1] <= 62 * SECOND_MS
    assert report.dispositions["VACANT"] == len(loaded)
    assert report.leads_done == len(loaded)
