"""What pages and metrics read of the floor."""

from __future__ import annotations

import pytest

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState
from dialer.model.campaigns import DialMode
from dialer.model.events import AgentLaunched, AgentPaused, LeadsOffered, LegAnswered
from dialer.model.instant import Instant
from dialer.model.snapshot import CampaignView
from tests.floor_play import HUMAN, Play, campaign, lead


def view(play: Play) -> CampaignView:
    return play.floor.snapshot(play.now).campaigns[0]


def test_the_version_grows_with_every_event() -> None:
    play = Play()
    before = play.floor.version
    play.later(0)
    assert play.floor.snapshot(play.now).version == play.floor.version == before + 1


def test_stages_count_calls_by_state() -> None:
    play = Play(campaign(agents=3))
    for n in (1, 2, 3):
        play.agent_ready(f"spring-{n}")
    play.offer(lead(100), lead(101), lead(102), lead(103))
    first, second, _ = (leg for leg in play.floor._state.legs if leg > 3)
    play.ring(first)
    play.ring(second)
    play.tell(LegAnswered(second, play.now))
    stages = view(play).stages
    assert stages == {
        AttemptState.DIALLING: 1,
        AttemptState.RINGING: 1,
        AttemptState.DETECTING: 1,
    }
    assert view(play).dials == 3 and view(play).answered == 1 and view(play).hopper == 1


def test_a_preview_shows_the_lead_before_there_is_an_attempt() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100))
    call = play.agent().call
    assert call is not None and (call.attempt, call.state) == (None, None)
    play.tell(AgentLaunched("spring-1"))
    call = play.agent().call
    assert call is not None and call.state is AttemptState.DIALLING


def test_talk_begins_with_the_bridge() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    call = play.agent().call
    assert call is not None and call.talk_started_at is None
    play.join(dial.leg, phone)
    call = play.agent().call
    assert call is not None and call.talk_started_at == play.now
    assert view(play).connected == 1 and view(play).drop_rate == 0.0


@pytest.mark.parametrize("next_at", [None, 60_000])
def test_a_dry_campaign_says_when_the_next_lead_comes(next_at: int | None) -> None:
    play = Play()
    play.agent_ready()
    at = None if next_at is None else Instant(play.now + next_at)
    play.tell(LeadsOffered("spring", (), at))
    assert view(play).dry and view(play).next_lead_at == at
    assert view(play).finished == (at is None)


def test_a_wish_is_shown_until_it_takes_effect() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    play.tell(AgentPaused("spring-1", "lunch"))
    assert play.agent().pending is AgentState.PAUSED
