"""Scenes in which something breaks."""

from __future__ import annotations

import numpy as np

from dialer.compliance.facts import ListKind, ListVersion
from dialer.compliance.suppression import NumberList
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId, Ending, LegId
from dialer.model.commands import (
    Bridge,
    CallAgent,
    Dial,
    Hangup,
    PlayMessage,
    RaiseAlarm,
    RefillHopper,
)
from dialer.model.events import (
    AgentDisposed,
    AgentHungUp,
    AgentPaused,
    AgentReadied,
    AgentSignedOut,
    CampaignChanged,
    CapacityChanged,
    DrainAsked,
    JournalFailed,
    JournalRecovered,
    LegAnswered,
    LegEnded,
    LegsBridged,
    LegsLost,
    OpenAttempt,
    Restored,
    StopAsked,
)
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind
from dialer.model.records import PastAttempt
from tests.floor_play import HUMAN, NOON, Play, campaign, lead, none_of, only


def _in_call() -> tuple[Play, LegId, LegId]:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    return play, dial.leg, phone


def test_a_lost_worker_ends_its_calls_lost_and_calls_the_phones_again() -> None:
    play, leg, phone = _in_call()
    commands = play.tell(LegsLost((leg, phone), "sip-1", play.now))
    assert play.last_end().data["disposition"] == "LOST"
    assert play.state() is AgentState.WRAPUP
    again = only(commands, CallAgent)
    assert again.leg not in (leg, phone) and only(commands, RaiseAlarm).name == "worker_lost"
    play.tell(LegAnswered(again.leg, play.now))
    assert play.agent().phone_up


def test_an_agents_lost_phone_does_not_leave_the_callee_in_silence() -> None:
    play, leg, phone = _in_call()
    play.tell(LegsLost((phone,), "sip-1", play.now))
    again = play.of(CallAgent)[-1]
    assert play.state() is AgentState.PAUSED
    play.now = Instant(play.now + 300)
    commands = play.tell(LegAnswered(again.leg, play.now))
    assert only(commands, Bridge) == Bridge(leg, again.leg)


def test_a_callee_whose_agent_stays_away_hears_the_message_and_is_no_drop() -> None:
    play, _, phone = _in_call()
    play.tell(LegEnded(phone, Ending(200), play.now))
    assert only(play.later(2_100), PlayMessage)
    view = play.floor.snapshot(play.now).campaigns[0]
    assert view.dropped == 0 and view.live == 1
    assert "Press Ready" in play.agent().notice


def test_an_agents_phone_that_hung_up_is_called_again_when_they_press_ready() -> None:
    play = Play()
    phone = play.agent_ready()
    play.tell(LegEnded(phone, Ending(200), play.now))
    assert play.state() is AgentState.PAUSED and len(play.of(CallAgent)) == 1
    again = only(play.tell(AgentReadied("spring-1")), CallAgent)
    play.tell(LegAnswered(again.leg, play.now))
    assert play.state() is AgentState.READY


def test_a_journal_that_fails_stops_dialling_but_not_the_call() -> None:
    play, leg, _ = _in_call()
    play.tell(JournalFailed("disk full"))
    play.tell(AgentHungUp("spring-1"))
    play.end(leg)
    assert play.entries(EntryKind.ATTEMPT_ENDED)
    play.offer(lead(101))
    assert len(play.of(Dial)) == 1
    view = play.floor.snapshot(play.now)
    assert not view.journal_ok and "journal" in view.campaigns[0].not_dialling
    play.tell(JournalRecovered())
    play.tell(AgentDisposed("spring-1", AttemptId(1), "SALE"))
    assert len(play.of(Dial)) == 2


def test_a_dead_trunk_burns_no_lead_and_rests() -> None:
    play = Play(campaign(agents=8))
    for n in range(1, 9):
        play.agent_ready(f"spring-{n}")
    play.offer(*(lead(100 + n) for n in range(8)))
    assert len(play.of(Dial)) == 8
    play.later(6_100)
    ends = play.entries(EntryKind.ATTEMPT_ENDED)
    assert {e.data["disposition"] for e in ends} == {"TRUNK_FAILURE"}
    assert {e.data["lead_state"] for e in ends} == {"OPEN"}
    assert [c.name for c in play.of(RaiseAlarm)] == ["trunk_down"]
    for dial in play.of(Dial):
        play.end(dial.leg, 487)
    play.offer(*(lead(110 + n) for n in range(8)))
    assert len(play.of(Dial)) == 8
    play.later(60_000)
    assert 9 <= len(play.of(Dial)) <= 16
    attempted = play.of(Dial)[8:]
    assert len({d.number for d in attempted}) == len(attempted)


def test_a_trunk_that_answers_again_is_used_again() -> None:
    play = Play(campaign(agents=4))
    for n in range(1, 5):
        play.agent_ready(f"spring-{n}")
    play.offer(*(lead(100 + n) for n in range(4)))
    play.later(6_100)
    for dial in play.of(Dial):
        play.end(dial.leg, 487)
    play.offer(*(lead(110 + n) for n in range(8)))
    play.later(5_000)
    trial = play.of(Dial)[4]
    assert len(play.of(Dial)) == 5
    play.ring(trial.leg)
    play.later(300)
    assert len(play.of(Dial)) > 5


def test_no_worker_left_stops_dialling_and_says_so() -> None:
    play = Play()
    play.agent_ready()
    play.tell(CapacityChanged(0))
    play.offer(lead())
    assert not play.of(Dial)
    view = play.floor.snapshot(play.now).campaigns[0]
    assert "No SIP worker" in view.not_dialling
    assert play.of(RaiseAlarm)[-1].name == "no_capacity"


def test_after_a_restart_open_attempts_are_lost_and_wait_out_their_gap() -> None:
    play = Play()
    dialled = Instant(play.now - 10_000)
    open_attempt = OpenAttempt(AttemptId(41), lead(100), "+12125550100", "spring", dialled)
    play.tell(
        Restored(
            AttemptId(42),
            open_attempts=(open_attempt,),
            recent_dials=(("+12125550100", PastAttempt(dialled)),),
        )
    )
    assert play.last_end().attempt_id == 41
    assert play.last_end().data["disposition"] == "LOST"
    assert play.last_end().data["next_eligible_at"] == play.now + 3_600_000
    play.agent_ready()
    play.offer(lead(100))
    assert not play.of(Dial)
    assert play.entries(EntryKind.REFUSED)[0].data["codes"] == ["FREQ_CAP"]
    play.later(1)


def test_drain_lets_calls_finish_and_dials_nothing() -> None:
    play, leg, _ = _in_call()
    play.tell(DrainAsked())
    play.offer(lead(101))
    assert len(play.of(Dial)) == 1 and not play.of(Hangup)
    play.end(leg)
    assert play.state() is AgentState.WRAPUP


def test_stop_hangs_up_and_ends_every_attempt() -> None:
    play, leg, _ = _in_call()
    assert only(play.tell(StopAsked()), Hangup).leg == leg
    assert play.last_end().data["disposition"] == "CONNECTED"


def test_wishes_during_a_call_take_effect_after_wrap_up() -> None:
    play, leg, phone = _in_call()
    play.tell(AgentPaused("spring-1", "lunch"))
    assert play.state() is AgentState.INCALL and play.agent().pending is AgentState.PAUSED
    play.end(leg)
    play.tell(AgentDisposed("spring-1", AttemptId(1), "SALE"))
    assert play.state() is AgentState.PAUSED
    play.tell(AgentReadied("spring-1"))
    play.tell(AgentSignedOut("spring-1"))
    assert play.state() is AgentState.OFFLINE
    assert play.of(Hangup)[-1].leg == phone


def test_an_agent_who_never_wraps_up_is_paused() -> None:
    play, leg, _ = _in_call()
    play.end(leg)
    play.later(120_100)
    assert play.state() is AgentState.PAUSED
    assert "longer" in play.agent().notice


def test_a_changed_campaign_file_reaches_the_floor() -> None:
    play = Play(campaign(agents=1))
    play.tell(CampaignChanged(campaign(agents=3)))
    assert len(play.floor.snapshot(play.now).agents) == 3


def test_nothing_is_dialled_without_agents_and_the_reason_is_given() -> None:
    play = Play()
    assert not play.of(Dial)
    view = play.floor.snapshot(play.now).campaigns[0]
    assert view.not_dialling == "No agent of this campaign is signed in."
    assert none_of(play.said, Hangup)


def test_a_bridge_made_too_late_counts_as_a_drop() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.now = Instant(play.now + 2_100)
    play.tell(LegsBridged(dial.leg, phone, play.now))
    view = play.floor.snapshot(play.now).campaigns[0]
    assert play.state() is AgentState.INCALL and view.connected == 1 and view.dropped == 1
    play.end(dial.leg)
    assert play.last_end().data["dropped"] is True


def test_a_national_list_too_old_stops_the_campaign_and_says_so() -> None:
    old = NumberList(
        ListVersion("national", ListKind.NATIONAL, Instant(NOON - 32 * 86_400_000)),
        np.array([12125550150], dtype=np.uint64),
    )
    play = Play(lists=[old])
    play.agent_ready()
    assert not play.of(RefillHopper)
    view = play.floor.snapshot(play.now).campaigns[0]
    assert "older than 31 days" in view.not_dialling


def test_a_dial_that_rang_no_phone_does_not_count_against_the_number() -> None:
    play = Play()
    play.agent_ready()
    first = play.dial()
    play.later(6_100)
    play.end(first.leg, 487)
    assert play.last_end().data["next_eligible_at"] == play.now - 100 + 300_000
    play.later(300_000)
    play.offer(lead(100))
    assert len(play.of(Dial)) == 2


def test_a_call_our_own_side_had_no_room_for_is_no_fault_of_the_trunk() -> None:
    play = Play(campaign(agents=4))
    for n in range(1, 5):
        play.agent_ready(f"spring-{n}")
    play.offer(*(lead(100 + n) for n in range(4)))
    for dial in play.of(Dial):
        play.end(dial.leg, 0)
    assert play.last_end().data["disposition"] == "TRUNK_FAILURE"
    assert play.last_end().data["lead_state"] == "OPEN"
    assert not play.of(RaiseAlarm)
