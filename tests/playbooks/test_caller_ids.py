"""Scenes of which number a callee is shown: one we have proof of, not too often, and the same as
last time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from dialer.floor.callers import free_at
from dialer.model.calls import AttemptId
from dialer.model.campaigns import Campaign, CampaignState, DialMode
from dialer.model.commands import Dial
from dialer.model.events import (
    AgentLaunched,
    CampaignChanged,
    CampaignStateAsked,
    Journaled,
    LeadsOffered,
    Restored,
)
from dialer.model.instant import DAY_MS, HOUR_MS, SECOND_MS, Instant
from dialer.model.journal import EntryKind
from dialer.model.numbers import CallerId, CallerIdLimits
from dialer.model.records import PastAttempt
from tests.floor_play import NOON, Play, campaign, lead, none_of, only

FIRST, SECOND = CallerId("+12025550199"), CallerId("+12025550197")
PAST = replace(FIRST, proof="contract 16", valid_to=date(2026, 12, 1))
TODAY = replace(
    SECOND, proof="contract 17", valid_from=date(2026, 12, 2), valid_to=date(2026, 12, 2)
)


def showing(
    *callers: CallerId,
    limits: CallerIdLimits | None = None,
    agents: int = 1,
    mode: DialMode = DialMode.PROGRESSIVE,
) -> Campaign:
    return replace(
        campaign(mode, agents=agents),
        caller_ids=callers,
        caller_id_limits=limits or CallerIdLimits(),
        min_gap_ms=0,
    )


def dialled(play: Play, *numbers: int) -> list[str]:
    """Dial these one after the other, each busy; the caller ids shown."""
    shown = []
    for number in numbers:
        call = only(play.tell(LeadsOffered("spring", (lead(number),))), Dial)
        shown.append(call.caller_id)
        play.end(call.leg, 486)
    return shown


def why(play: Play) -> str:
    return play.floor.snapshot(play.now).campaigns[0].not_dialling


def test_caller_ids_take_turns() -> None:
    play = Play(showing(FIRST, SECOND))
    play.agent_ready()
    assert dialled(play, 100, 101, 102) == [FIRST.e164, SECOND.e164, FIRST.e164]


def test_one_whose_proof_ended_is_passed_over() -> None:
    play = Play(showing(PAST, TODAY))
    play.agent_ready()
    assert dialled(play, 100, 101) == [SECOND.e164, SECOND.e164]


def test_a_lead_is_refused_where_no_proof_is_left() -> None:
    play = Play(showing(PAST))
    play.agent_ready()
    assert none_of(play.offer(lead()), Dial)
    (refused,) = play.entries(EntryKind.REFUSED)
    assert refused.data["codes"] == ["CALLER_ID_NOT_AUTHORISED"]
    assert refused.data["lead_state"] == "OPEN", "a newer proof mends it"


def test_a_proof_that_ends_while_the_journal_writes_is_no_proof() -> None:
    play = Play(showing(TODAY))
    play.now = Instant(NOON + 7 * HOUR_MS - 2)  # 7 p.m. in New York, midnight UTC
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead())
    play.now = Instant(play.now + 5)
    assert none_of(play.tell(Journaled(play.unanswered[-1])), Dial)
    assert play.entries(EntryKind.REFUSED)[-1].data["codes"] == ["CALLER_ID_NOT_AUTHORISED"]


def test_a_person_sees_the_number_they_saw_before() -> None:
    play = Play(showing(FIRST, SECOND))
    play.agent_ready()
    assert dialled(play, 100, 101, 101, 100) == [FIRST.e164, SECOND.e164, SECOND.e164, FIRST.e164]


def test_a_person_sees_another_number_only_where_theirs_was_shown_enough() -> None:
    play = Play(showing(FIRST, SECOND, limits=CallerIdLimits(per_hour=1)))
    play.agent_ready()
    assert dialled(play, 100, 100) == [FIRST.e164, SECOND.e164]


def test_shown_enough_means_waiting_and_saying_so() -> None:
    play = Play(showing(FIRST, limits=CallerIdLimits(per_hour=2)))
    play.agent_ready()
    dialled(play, 100, 101)
    assert none_of(play.tell(LeadsOffered("spring", (lead(102),))), Dial)
    assert "2026-12-02T18:00:00" in why(play)
    assert not play.entries(EntryKind.REFUSED), "no lead is at fault"
    assert none_of(play.later(HOUR_MS - 1), Dial)
    only(play.later(250), Dial)


def test_dials_about_to_go_out_count() -> None:
    play = Play(showing(FIRST, limits=CallerIdLimits(per_day=1), agents=2))
    play.agent_ready("spring-1")
    play.agent_ready("spring-2")
    play.journal_slow = True
    play.offer(lead(100), lead(101))
    assert len(play.entries(EntryKind.DIAL_INTENDED)) == 1


def test_the_gap_between_two_calls_is_kept() -> None:
    play = Play(showing(FIRST, limits=CallerIdLimits(gap_ms=30 * SECOND_MS)))
    play.agent_ready()
    dialled(play, 100)
    assert none_of(play.tell(LeadsOffered("spring", (lead(101),))), Dial)
    assert none_of(play.later(29 * SECOND_MS), Dial)
    only(play.later(1_250), Dial)


def test_all_campaigns_count_together_and_a_restart_forgets_nothing() -> None:
    limits = CallerIdLimits(per_day=2)
    play = Play(showing(FIRST, limits=limits, agents=1))
    seen = Instant(NOON - HOUR_MS)
    play.tell(
        Restored(
            AttemptId(5), recent_dials=(("+12125550190", PastAttempt(seen, "", "", FIRST.e164)),)
        )
    )
    other = replace(showing(FIRST), name="autumn", agents=campaign(name="autumn").agents)
    play.tell(CampaignChanged(other))
    play.tell(CampaignStateAsked("autumn", CampaignState.RUNNING, "manager"))
    play.agent_ready("autumn-1")
    call = only(play.tell(LeadsOffered("autumn", (replace(lead(100), campaign="autumn"),))), Dial)
    play.end(call.leg, 486)
    play.agent_ready("spring-1")
    assert none_of(play.tell(LeadsOffered("spring", (lead(101),))), Dial)
    assert "caller id" in why(play)


def test_a_dial_that_rang_no_phone_was_not_seen() -> None:
    play = Play(showing(FIRST, limits=CallerIdLimits(per_day=1)))
    play.agent_ready()
    call = only(play.offer(lead(100)), Dial)
    play.end(call.leg, 503)
    assert play.last_end().data["disposition"] == "TRUNK_FAILURE"
    assert play.floor.snapshot(play.now).campaigns[0].not_dialling != ""
    assert "caller id" not in why(play)


def test_an_agent_is_told_why_a_preview_waits() -> None:
    play = Play(showing(FIRST, limits=CallerIdLimits(per_day=1), mode=DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100), lead(101))
    call = only(play.tell(AgentLaunched("spring-1")), Dial)
    play.end(call.leg, 486)
    assert none_of(play.tell(AgentLaunched("spring-1")), Dial)
    assert "caller id" in play.agent().notice


@pytest.mark.parametrize(
    ("limits", "ago", "free_in"),
    [
        (CallerIdLimits(), (1, 2), 0),
        (CallerIdLimits(gap_ms=30), (10,), 20),
        (CallerIdLimits(gap_ms=30), (30,), 0),
        (CallerIdLimits(per_hour=1), (HOUR_MS - 1,), 1),
        (CallerIdLimits(per_hour=1), (HOUR_MS,), 0),
        (CallerIdLimits(per_hour=2), (HOUR_MS - 5, 100), 5),
        (CallerIdLimits(per_day=1, per_hour=1), (HOUR_MS,), DAY_MS - HOUR_MS),
    ],
)
def test_when_a_number_may_be_shown_again(
    limits: CallerIdLimits, ago: tuple[int, ...], free_in: int
) -> None:
    shown = sorted(Instant(NOON - each) for each in ago)
    assert free_at(limits, shown, NOON) == NOON + free_in
