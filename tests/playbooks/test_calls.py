"""Scenes of one call, from the dial to the lead's next step."""

from __future__ import annotations

import pytest

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId, Tone
from dialer.model.campaigns import CampaignState, DialMode
from dialer.model.commands import Bridge, Dial, Hangup, PlayMessage
from dialer.model.events import (
    AgentDisposed,
    AgentHungUp,
    AgentLaunched,
    AgentPaused,
    AgentSkipped,
    CampaignStateAsked,
    Journaled,
    LegAnswered,
    LegsBridged,
    MessageEnded,
    ToneHeard,
)
from dialer.model.journal import EntryKind
from tests.floor_play import HUMAN, MACHINE, SILENT, Play, campaign, lead, none_of, only


def test_a_person_is_bridged_to_the_waiting_agent_and_the_call_is_wrapped_up() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    assert only(play.answer(dial.leg, HUMAN), Bridge) == Bridge(dial.leg, phone)
    assert play.state() is AgentState.RESERVED
    play.join(dial.leg, phone)
    assert play.state() is AgentState.INCALL
    play.later(5_000)
    assert only(play.tell(AgentHungUp("spring-1")), Hangup).leg == dial.leg
    assert play.state() is AgentState.WRAPUP
    play.end(dial.leg)
    call = play.agent().call
    assert call is not None and call.attempt is not None
    play.tell(AgentDisposed("spring-1", call.attempt, "SALE", "wants two windows"))
    assert play.state() is AgentState.READY
    ended = play.last_end()
    assert ended.data["disposition"] == "CONNECTED" and ended.data["live"] is True
    assert play.entries(EntryKind.BRIDGED)[0].data["verdict_to_agent_ms"] == 15
    assert play.entries(EntryKind.DISPOSED)[0].data["lead_state"] == "DONE"


def test_the_entry_is_committed_before_the_call_is_placed() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    assert none_of(play.offer(lead()), Dial)
    assert len(play.entries(EntryKind.DIAL_INTENDED)) == 1
    play.journal_slow = False
    assert only(play.tell(Journaled(play.unanswered[-1])), Dial).number == "+12125550100"


def test_a_pause_between_journal_and_dial_places_nothing() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead())
    play.tell(CampaignStateAsked("spring", CampaignState.PAUSED, "manager"))
    play.tell(Journaled(play.unanswered[0]))
    assert not play.of(Dial)
    assert play.last_end().data["disposition"] == "CANCELLED"


@pytest.mark.parametrize(
    ("status", "q850", "disposition", "state"),
    [
        (486, None, "BUSY", "OPEN"),
        (603, None, "DECLINED", "DONE"),
        (404, None, "VACANT", "DONE"),
        (404, 17, "BUSY", "OPEN"),
        (503, None, "CONGESTION", "DONE"),
        (480, 20, "UNREACHABLE", "DONE"),
    ],
)
def test_the_networks_word_becomes_the_disposition(
    status: int, q850: int | None, disposition: str, state: str
) -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.end(dial.leg, status, q850)
    assert play.last_end().data["disposition"] == disposition
    assert play.last_end().data["lead_state"] == state
    assert play.state() is AgentState.READY


def test_ringing_lasts_the_whole_ring_timeout_and_no_longer() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    assert none_of(play.later(21_900), Hangup)
    assert only(play.later(200), Hangup).leg == dial.leg
    assert play.last_end().data["disposition"] == "NO_ANSWER"


def test_sit_in_early_media_outranks_the_status() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.tell(ToneHeard(dial.leg, Tone.SIT, play.now))
    play.end(dial.leg, 503)
    assert play.last_end().data["disposition"] == "VACANT"


def test_sit_without_a_final_response_is_hung_up_on_soon() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.tell(ToneHeard(dial.leg, Tone.SIT, play.now))
    assert only(play.later(3_100), Hangup).leg == dial.leg
    assert play.last_end().data["disposition"] == "VACANT"


def test_sit_after_the_answer_ends_the_call_before_any_agent_hears_it() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.tell(LegAnswered(dial.leg, play.now))
    commands = play.tell(ToneHeard(dial.leg, Tone.SIT, play.now))
    assert only(commands, Hangup).leg == dial.leg and none_of(commands, Bridge)
    assert play.last_end().data["disposition"] == "VACANT"


def test_a_machine_never_reaches_an_agent() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    commands = play.answer(dial.leg, MACHINE)
    assert only(commands, Hangup).leg == dial.leg and none_of(commands, Bridge)
    assert play.last_end().data["disposition"] == "MACHINE"
    assert play.state() is AgentState.READY


def test_a_silent_answer_goes_to_an_agent_who_is_told() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, SILENT)
    play.join(dial.leg, phone)
    assert play.state() is AgentState.INCALL
    assert "Nobody has spoken" in play.agent().notice


def test_a_worker_that_gives_no_verdict_does_not_keep_the_callee_waiting() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.tell(LegAnswered(dial.leg, play.now))
    assert only(play.later(8_100), Bridge).lead_leg == dial.leg


def _two_answers_one_agent() -> tuple[Play, int, int]:
    """Two calls for two agents, one of whom then pauses: the second answer finds nobody."""
    play = Play(campaign(agents=2))
    first_phone = play.agent_ready("spring-1")
    play.agent_ready("spring-2")
    dials = [c for c in play.offer(lead(100), lead(101)) if isinstance(c, Dial)]
    assert len(dials) == 2
    play.tell(AgentPaused("spring-2", "break"))
    play.answer(dials[0].leg, HUMAN)
    play.join(dials[0].leg, first_phone)
    commands = play.answer(dials[1].leg, HUMAN)
    assert none_of(commands, Bridge)
    return play, dials[1].leg, first_phone


def test_nobody_free_in_time_means_the_message_never_silence() -> None:
    play, leg, _ = _two_answers_one_agent()
    assert none_of(play.later(1_900), PlayMessage)
    assert only(play.later(200), PlayMessage).file == "drop.wav"
    view = play.floor.snapshot(play.now).campaigns[0]
    assert view.dropped == 1 and view.drop_rate == pytest.approx(0.5)
    assert only(play.tell(MessageEnded(play.of(PlayMessage)[0].leg, play.now)), Hangup).leg == leg
    assert play.last_end().data["disposition"] == "DROP"
    assert play.last_end().data["dropped"] is True


def test_an_agent_freed_within_the_deadline_takes_the_waiting_call() -> None:
    play, leg, phone = _two_answers_one_agent()
    play.tell(AgentHungUp("spring-1"))
    call = play.agent("spring-1").call
    assert call is not None and call.attempt is not None
    commands = play.tell(AgentDisposed("spring-1", call.attempt, "SALE"))
    assert only(commands, Bridge) == Bridge(play.of(Dial)[1].leg, play.of(Bridge)[0].agent_leg)
    assert play.of(Dial)[1].leg == leg and phone == play.of(Bridge)[0].agent_leg


def test_a_late_bridge_to_a_call_given_up_is_undone() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.end(dial.leg)
    assert play.state() is AgentState.READY
    assert none_of(play.tell(LegsBridged(dial.leg, phone, play.now)), Bridge)
    assert play.state() is AgentState.READY


def test_a_repeated_bridge_report_changes_nothing() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    assert none_of(play.tell(LegsBridged(dial.leg, phone, play.now)), Hangup)
    assert play.state() is AgentState.INCALL


def test_do_not_call_takes_effect_at_once_in_every_hopper() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    play.tell(AgentHungUp("spring-1"))
    play.end(dial.leg)
    play.tell(AgentDisposed("spring-1", AttemptId(1), "DO_NOT_CALL"))
    assert play.entries(EntryKind.SUPPRESSED)[0].number == "+12125550100"
    play.offer(lead(100, lead_id=7))
    assert len(play.of(Dial)) == 1
    assert play.entries(EntryKind.REFUSED)[-1].data["codes"] == ["INTERNAL_DNC", "FREQ_CAP"]


def test_a_callback_needs_a_time_and_comes_back_at_it() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    play.tell(AgentHungUp("spring-1"))
    play.tell(AgentDisposed("spring-1", AttemptId(1), "CALLBACK"))
    assert play.state() is AgentState.WRAPUP and "time" in play.agent().notice
    at = type(play.now)(play.now + 86_400_000)
    play.tell(AgentDisposed("spring-1", AttemptId(1), "CALLBACK", callback_at=at))
    data = play.entries(EntryKind.DISPOSED)[0].data
    assert data["next_eligible_at"] == at and data["lead_state"] == "OPEN"
    assert data["order_key"] == 100


def test_a_click_on_an_old_page_changes_nothing() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    play.tell(AgentHungUp("spring-1"))
    play.tell(AgentDisposed("spring-1", AttemptId(99), "SALE"))
    assert play.state() is AgentState.WRAPUP
    play.tell(AgentDisposed("spring-1", AttemptId(1), "NO_SUCH_WORD"))
    assert play.state() is AgentState.WRAPUP and "NO_SUCH_WORD" in play.agent().notice


def test_preview_shows_the_lead_and_waits_for_the_agent() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    phone = play.agent_ready()
    assert none_of(play.offer(lead()), Dial)
    call = play.agent().call
    assert play.state() is AgentState.RESERVED and call is not None and call.attempt is None
    dial = only(play.tell(AgentLaunched("spring-1")), Dial)
    assert dial.detect is False
    play.ring(dial.leg)
    assert only(play.tell(LegAnswered(dial.leg, play.now)), Bridge) == Bridge(dial.leg, phone)
    play.join(dial.leg, phone)
    assert play.state() is AgentState.INCALL


def test_a_skipped_preview_goes_behind_the_others() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100), lead(101))
    play.tell(AgentSkipped("spring-1"))
    call = play.agent().call
    assert call is not None and call.lead.lead_id == 101


def test_a_preview_that_nobody_answers_brings_the_next_lead() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100), lead(101))
    dial = only(play.tell(AgentLaunched("spring-1")), Dial)
    play.ring(dial.leg)
    play.end(dial.leg, 486)
    call = play.agent().call
    assert call is not None and call.lead.lead_id == 101
