"""Scenes in which two things meet at the worst moment. Each was once got wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.model.agents import AgentState
from dialer.model.calls import AmdVerdict, AttemptId, Ending, LegId, Tone, VerdictKind
from dialer.model.campaigns import DialMode
from dialer.model.commands import Bridge, CallAgent, Dial, Hangup, PlayMessage, RefillHopper
from dialer.model.events import (
    AgentDisposed,
    AgentHungUp,
    AgentLaunched,
    AgentPaused,
    AgentReadied,
    AgentSignedIn,
    AgentSignedOut,
    AnsweredCall,
    CampaignChanged,
    CapacityChanged,
    DeadlineReached,
    Journaled,
    JournalFailed,
    LeadsOffered,
    LegAnswered,
    LegEnded,
    LegProgressed,
    LegsBridged,
    LegsLost,
    MessageEnded,
    Restored,
    StopAsked,
    ToneHeard,
    VerdictReached,
)
from dialer.model.instant import DAY_MS, Instant
from dialer.model.journal import EntryKind
from dialer.model.trunks import Trunk
from dialer.pacing.controller import PacingView, Proposal
from dialer.pacing.preview import PreviewController
from tests.floor_play import HUMAN, MACHINE, NOON, Play, campaign, lead, none_of, only

FAR = Trunk("loop", "127.0.0.1:5060", 50, 50)


class Greedy(PreviewController):
    """Asks for as many calls as it is allowed."""

    def propose(self, view: PacingView) -> Proposal:
        return Proposal(1_000, "more")


def _in_call(play: Play | None = None) -> tuple[Play, LegId, LegId]:
    play = play or Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    return play, dial.leg, phone


def _previewing(play: Play) -> LegId:
    phone = play.agent_ready()
    play.offer(lead(100), lead(101))
    return phone


# --- time -------------------------------------------------------------------------------------


def test_a_phone_that_waits_for_a_free_leg_keeps_nobody_awake() -> None:
    play, leg, phone = _in_call()
    play.tell(CapacityChanged(0))
    play.tell(LegsLost((leg, phone), "sip-1", play.now))
    due = play.floor.next_deadline()
    assert due is None or due > play.now
    assert only(play.tell(CapacityChanged(10)), CallAgent).agent == "spring-1"


def test_an_overdue_refill_keeps_nobody_awake_while_the_journal_fails() -> None:
    play = Play()
    play.agent_ready()
    play.tell(LeadsOffered("spring", (), next_eligible_at=Instant(play.now + 1_000)))
    play.tell(JournalFailed("disk full"))
    play.now = Instant(play.now + 5_000)
    play.tell(DeadlineReached())
    due = play.floor.next_deadline()
    assert due is None or due > play.now


def test_a_late_verdict_meets_the_free_agent_before_its_deadline_is_looked_at() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.tell(LegAnswered(dial.leg, play.now))
    spoken = play.now = Instant(play.now + 1_400)
    play.now = Instant(play.now + 4_000)
    commands = play.tell(VerdictReached(dial.leg, replace(HUMAN, greeting_ended_at=spoken), spoken))
    assert only(commands, Bridge) == Bridge(dial.leg, phone) and none_of(commands, PlayMessage)


def test_trying_said_again_does_not_lengthen_the_set_up() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    for _ in range(9):
        play.tell(LegProgressed(dial.leg, 100, False, play.now))
        play.later(5_000)
    assert [hangup.leg for hangup in play.of(Hangup)] == [dial.leg]


def test_a_tone_heard_again_does_not_lengthen_the_call() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    for _ in range(3):
        play.tell(ToneHeard(dial.leg, Tone.SIT, play.now))
        play.later(1_100)
    assert only(play.of(Hangup), Hangup).leg == dial.leg


# --- the carrier's words out of order ---------------------------------------------------------


def test_a_verdict_that_overtakes_the_answer_counts() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.now = Instant(play.now + MACHINE.elapsed_ms)
    play.tell(VerdictReached(dial.leg, MACHINE, play.now))
    play.tell(LegAnswered(dial.leg, play.now))
    assert play.last_end().data["disposition"] == "MACHINE" and not play.of(Bridge)


def test_a_machine_found_after_the_detection_limit_meets_no_agent() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.ring(dial.leg)
    play.tell(LegAnswered(dial.leg, play.now))
    play.tell(AgentPaused("spring-1", "break"))
    play.later(8_100)
    play.tell(VerdictReached(dial.leg, MACHINE, play.now))
    play.tell(AgentReadied("spring-1"))
    assert play.last_end().data["disposition"] == "MACHINE" and not play.of(Bridge)


def test_an_old_bridge_report_does_not_hang_up_on_the_next_agents_callee() -> None:
    play = Play(campaign(agents=2))
    play, leg, phone = _in_call(play)
    other = play.agent_ready("spring-2")
    play.tell(LegEnded(phone, Ending(200), play.now))
    assert play.of(Bridge)[-1] == Bridge(leg, other)
    assert none_of(play.tell(LegsBridged(leg, phone, play.now)), Hangup)
    play.join(leg, other)
    assert play.state("spring-2") is AgentState.INCALL


def test_a_word_about_a_leg_not_dialled_yet_means_nothing() -> None:
    play = Play()
    phone = play.agent_ready()
    play.journal_slow = True
    play.offer(lead())
    play.tell(LegEnded(LegId(phone + 1), Ending(404), play.now))
    assert play.floor.snapshot(play.now).legs_in_use == 2
    assert not play.entries(EntryKind.ATTEMPT_ENDED)


def test_an_offer_nobody_asked_for_changes_nothing() -> None:
    play = Play()
    assert not play.of(RefillHopper)
    play.tell(LeadsOffered("spring", (lead(),)))
    assert play.floor.snapshot(play.now).campaigns[0].hopper == 0


def test_a_phone_that_rings_after_its_trunk_was_given_up_counts_as_dialled() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.later(6_100)
    assert play.last_end().data["disposition"] == "TRUNK_FAILURE"
    play.tell(LegProgressed(dial.leg, 180, False, play.now))
    play.end(dial.leg, 487)
    play.later(300_000)
    play.offer(lead(100))
    assert len(play.of(Dial)) == 1
    assert play.entries(EntryKind.REFUSED)[-1].data["codes"] == ["FREQ_CAP"]


# --- agents -----------------------------------------------------------------------------------


def test_an_agent_who_asked_to_leave_is_not_called_when_the_phone_is_lost() -> None:
    play, leg, phone = _in_call()
    play.tell(AgentSignedOut("spring-1"))
    commands = play.tell(LegsLost((phone,), "sip-1", play.now))
    assert play.state() is AgentState.OFFLINE and none_of(commands, CallAgent)
    assert play.agent().pending is None and leg != phone


def test_an_agent_who_asked_for_a_pause_has_it_when_the_phone_is_lost() -> None:
    play, _, phone = _in_call()
    play.tell(AgentPaused("spring-1", "lunch"))
    again = only(play.tell(LegsLost((phone,), "sip-1", play.now)), CallAgent)
    play.tell(LegAnswered(again.leg, play.now))
    assert play.state() is AgentState.PAUSED and play.agent().pending is None


def test_the_reason_of_a_pause_asked_for_during_a_call_is_kept() -> None:
    play, leg, _ = _in_call()
    play.tell(AgentPaused("spring-1", "lunch"))
    play.end(leg)
    play.tell(AgentDisposed("spring-1", AttemptId(1), "SALE"))
    changed = play.entries(EntryKind.AGENT_CHANGED)[-1]
    assert changed.data == {"state": "PAUSED", "reason": "lunch"}


def test_a_phone_lost_in_wrap_up_does_not_make_it_endless() -> None:
    play, leg, phone = _in_call()
    play.end(leg)
    play.tell(LegEnded(phone, Ending(200), play.now))
    play.later(120_100)
    assert play.state() is AgentState.PAUSED


def test_an_agent_who_hung_up_the_phone_in_wrap_up_is_told_what_to_do() -> None:
    play, leg, phone = _in_call()
    play.end(leg)
    play.tell(LegEnded(phone, Ending(200), play.now))
    play.tell(AgentDisposed("spring-1", AttemptId(1), "SALE"))
    view = play.agent()
    assert view.state is AgentState.PAUSED and view.pending is None
    assert "Press Ready" in view.notice
    assert only(play.tell(AgentReadied("spring-1")), CallAgent)


def test_a_phone_lost_before_the_bridge_leaves_the_callee_their_own_deadline() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.later(900)
    play.tell(LegEnded(phone, Ending(200), play.now))
    assert none_of(play.later(1_000), PlayMessage)
    assert only(play.later(200), PlayMessage).leg == dial.leg


# --- previews ---------------------------------------------------------------------------------


@pytest.mark.parametrize("trunk", [Trunk("loop", "127.0.0.1:5060", 1, 50), FAR])
def test_launched_previews_keep_to_the_channels(trunk: Trunk) -> None:
    play = Play(campaign(DialMode.PREVIEW, agents=2), trunk)
    play.agent_ready("spring-1")
    play.agent_ready("spring-2")
    play.offer(lead(100), lead(101))
    play.tell(AgentLaunched("spring-1"))
    play.tell(AgentLaunched("spring-2"))
    assert len(play.of(Dial)) == min(2, trunk.channels)
    waits = play.agent("spring-2")
    assert ("try again" in waits.notice) == (trunk.channels == 1)
    assert waits.call is not None and (waits.call.attempt is None) == (trunk.channels == 1)


def test_launched_previews_keep_to_the_calls_per_second() -> None:
    slow = Trunk("loop", "127.0.0.1:5060", 50, 0.5)
    play = Play(campaign(DialMode.PREVIEW), slow)
    _previewing(play)
    play.end(only(play.tell(AgentLaunched("spring-1")), Dial).leg, 486)
    assert none_of(play.tell(AgentLaunched("spring-1")), Dial)
    play.later(1_900)
    assert none_of(play.tell(AgentLaunched("spring-1")), Dial)
    play.later(100)
    assert only(play.tell(AgentLaunched("spring-1")), Dial).number == "+12125550101"


def test_a_launched_call_is_given_up_when_its_agents_phone_goes_before_the_answer() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    phone = _previewing(play)
    dial = only(play.tell(AgentLaunched("spring-1")), Dial)
    play.ring(dial.leg)
    assert only(play.tell(LegEnded(phone, Ending(200), play.now)), Hangup).leg == dial.leg
    assert play.last_end().data["disposition"] == "CANCELLED"


def test_a_callee_given_up_after_the_answer_hears_the_message_and_is_a_drop() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    _previewing(play)
    dial = only(play.tell(AgentLaunched("spring-1")), Dial)
    play.ring(dial.leg)
    play.tell(LegAnswered(dial.leg, play.now))
    assert only(play.tell(AgentHungUp("spring-1")), PlayMessage).leg == dial.leg
    play.tell(MessageEnded(dial.leg, play.now))
    assert play.last_end().data["disposition"] == "DROP"


# --- dialling ---------------------------------------------------------------------------------


def test_an_entry_committed_while_the_journal_fails_places_nothing() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead())
    play.tell(JournalFailed("disk full"))
    play.journal_slow = False
    play.tell(Journaled(play.unanswered[-1]))
    assert not play.of(Dial) and play.last_end().data["disposition"] == "CANCELLED"


def test_no_dial_goes_to_a_worker_that_died_since_it_was_planned() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead())
    play.tell(CapacityChanged(1))
    play.tell(Journaled(play.unanswered[0]))
    assert not play.of(Dial) and play.last_end().data["disposition"] == "CANCELLED"


def test_no_second_has_more_calls_than_the_trunk_takes() -> None:
    play = Play(campaign(agents=9), Trunk("loop", "127.0.0.1:5060", 50, 2.5))
    for n in range(1, 10):
        play.agent_ready(f"spring-{n}")
    play.offer(*(lead(100 + n) for n in range(9)))
    assert len(play.of(Dial)) == 2
    play.later(900)
    assert len(play.of(Dial)) == 2
    play.later(200)
    assert len(play.of(Dial)) == 4


def test_a_campaign_moved_to_another_trunk_leaves_the_first_ones_channels_right() -> None:
    one, other = (Trunk(name, "127.0.0.1:5060", 1, 50) for name in ("loop", "other"))
    play = Play(campaign(agents=2), one, more_trunks=[other])
    play.agent_ready("spring-1")
    play.agent_ready("spring-2")
    first = only(play.offer(lead(100), lead(101)), Dial)
    play.tell(CampaignChanged(replace(play.campaign, trunk="other")))
    assert [dial.trunk for dial in play.of(Dial)] == ["loop", "other"]
    play.end(first.leg, 486)
    play.tell(CampaignChanged(play.campaign))
    play.offer(lead(102), lead(103))
    assert [dial.trunk for dial in play.of(Dial)] == ["loop", "other", "loop"]


def test_answers_about_to_leave_the_account_give_no_room_for_drops() -> None:
    play = Play(campaign(DialMode.PREDICTIVE))
    play.floor._state.desks["spring"].controller = Greedy()
    leaving = Instant(NOON - 30 * DAY_MS + 20_000)
    past = tuple(AnsweredCall("spring", leaving, dropped=False) for _ in range(500))
    play.tell(Restored(AttemptId(1), answered_calls=past))
    play.agent_ready()
    play.offer(*(lead(100 + n) for n in range(20)))
    assert len(play.of(Dial)) == 1


def test_a_mode_changed_to_preview_takes_no_agent_from_a_call_in_flight() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = only(play.offer(lead(100), lead(101)), Dial)
    play.tell(CampaignChanged(replace(play.campaign, mode=DialMode.PREVIEW)))
    assert play.state() is AgentState.READY
    assert only(play.answer(dial.leg, HUMAN), Bridge) == Bridge(dial.leg, phone)


def test_a_person_left_waiting_by_a_stop_counts_as_dropped() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.tell(AgentPaused("spring-1", "break"))
    play.answer(dial.leg, HUMAN)
    assert only(play.tell(StopAsked()), Hangup).leg == dial.leg
    assert play.last_end().data["dropped"] is True
    assert play.floor.snapshot(play.now).campaigns[0].dropped == 1


def test_a_callee_who_leaves_after_the_two_seconds_was_dropped() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    play.tell(AgentPaused("spring-1", "break"))
    greeted = Instant(play.now + HUMAN.elapsed_ms)
    play.answer(dial.leg, AmdVerdict(VerdictKind.HUMAN, 0.9, 4_000, "late", greeted))
    play.end(dial.leg)
    assert play.last_end().data["disposition"] == "HUNG_UP"
    assert play.floor.snapshot(play.now).campaigns[0].dropped == 1


def test_signing_in_again_before_the_old_phone_leg_is_gone_brings_one_new_leg() -> None:
    play = Play()
    phone = play.agent_ready()
    play.tell(AgentSignedOut("spring-1"))
    again = only(play.tell(AgentSignedIn("spring-1")), CallAgent)
    play.tell(LegEnded(phone, Ending(200), play.now))
    play.tell(LegAnswered(again.leg, play.now))
    assert play.agent().phone_up and play.floor.snapshot(play.now).legs_in_use == 1
