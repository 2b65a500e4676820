"""Scenes of people asking not to be called, and of officers taking such a request back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId, Ending, LegId
from dialer.model.campaigns import CampaignState, DialMode
from dialer.model.commands import Dial, Hangup, PlayMessage
from dialer.model.events import (
    AgentDisposed,
    AgentHungUp,
    AgentLaunched,
    AgentSuppressed,
    CampaignChanged,
    CampaignStateAsked,
    EmergencyDeclared,
    EmergencyLifted,
    Journaled,
    JournalFailed,
    KeyPressed,
    LeadsOffered,
    LegAnswered,
    LegEnded,
    LegsLost,
    MessageEnded,
    NumbersSuppressed,
    Restored,
    StopAsked,
    SuppressionRequested,
    SuppressionWithdrawn,
)
from dialer.model.instant import DAY_MS, SECOND_MS, Instant
from dialer.model.journal import EntryKind
from dialer.model.numbers import PhoneNumber
from dialer.model.records import RequestChannel
from dialer.model.suppression import Suppression, SuppressionSource
from tests.floor_play import HUMAN, NOON, Play, campaign, lead, none_of, only

NUMBER = "+12125550100"
WISH = Suppression(
    NUMBER,
    SuppressionSource.REQUEST,
    "request by mail",
    NOON,
    "Sample Seller",
    channel=RequestChannel.MAIL,
    received_at=Instant(NOON - 2 * DAY_MS),
    deadline_at=Instant(NOON + 12 * DAY_MS),
    asked_by="Ann Example",
    evidence="letter 4711",
    by="officer",
)
AWAY = SuppressionWithdrawn(NUMBER, "Sample Seller", "a slip", "letter 4712", "officer")
WITH_KEY = replace(campaign(), opt_out_key="9")


def answered(play: Play, leg: LegId) -> LegId:
    play.ring(leg)
    play.tell(LegAnswered(leg, play.now))
    return leg


def waiting(play: Play) -> LegId:
    """A person who has answered and for whom nobody is there."""
    play.agent_ready()
    dial = play.dial()
    play.tell(CampaignStateAsked("spring", CampaignState.PAUSED, "manager"))
    session = play.agent()
    assert session.state is AgentState.READY
    play.tell(LegsLost((LegId(1),), "sip-1", play.now))
    play.answer(dial.leg, HUMAN)
    return dial.leg


def hearing_the_message(play: Play) -> LegId:
    leg = waiting(play)
    assert only(play.later(2_500), PlayMessage).leg == leg
    return leg


def refused_codes(play: Play, number: int = 100) -> object:
    """What the next offer of the number comes to."""
    play.tell(CampaignStateAsked("spring", CampaignState.RUNNING, "manager"))
    play.agent_ready("spring-1") if play.state() is AgentState.OFFLINE else None
    play.offer(lead(number, lead_id=999))
    return play.entries(EntryKind.REFUSED)[-1].data["codes"]


# --- in force at once -----------------------------------------------------------------------------


def test_a_request_carries_all_that_the_law_asks_for() -> None:
    play = Play()
    play.tell(SuppressionRequested(WISH))
    (entry,) = play.entries(EntryKind.SUPPRESSED)
    assert (entry.number, entry.agent, entry.at) == (NUMBER, "officer", NOON)
    assert entry.data == {
        "source": "REQUEST",
        "list": "request by mail",
        "seller": "Sample Seller",
        "affiliates": False,
        "channel": "MAIL",
        "received_at": NOON - 2 * DAY_MS,
        "deadline_at": NOON + 12 * DAY_MS,
    }
    assert entry.personal == {"asked_by": "Ann Example", "evidence": "letter 4711"}


@pytest.mark.parametrize("rings", [False, True])
def test_an_unanswered_dial_is_given_up(rings: bool) -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    if rings:
        play.ring(dial.leg)
    assert only(play.tell(SuppressionRequested(WISH)), Hangup).leg == dial.leg
    ended = play.last_end().data
    assert (ended["disposition"], ended["cause"], ended["blame"]) == (
        "SUPPRESSED",
        "SUPPRESSED",
        "US",
    )
    assert ended["lead_state"] == "DONE"
    assert play.state() is AgentState.READY


def test_a_dial_being_journaled_is_never_placed() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead())
    assert none_of(play.tell(SuppressionRequested(WISH)), Hangup)
    for token in play.unanswered:
        play.tell(Journaled(token))
    assert not play.of(Dial)
    assert play.last_end().data["disposition"] == "SUPPRESSED"


def test_a_launched_preview_is_given_up_and_the_agent_is_free() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead())
    dial = only(play.tell(AgentLaunched("spring-1")), Dial)
    assert only(play.tell(SuppressionRequested(WISH)), Hangup).leg == dial.leg
    assert play.state() is AgentState.READY and play.agent().call is None


def test_a_preview_of_the_number_is_withdrawn_and_the_next_lead_shown() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100), lead(101))
    play.tell(SuppressionRequested(WISH))
    call = play.agent().call
    assert call is not None and call.lead.number.e164 == "+12125550101"
    assert "do-not-call" in play.agent().notice
    play.tell(SuppressionRequested(replace(WISH, e164="+12125550101")))
    assert play.state() is AgentState.READY and play.agent().call is None
    assert not play.of(Dial)


def test_the_number_leaves_the_hopper() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100), lead(101), lead(102))
    assert play.floor.snapshot(play.now).campaigns[0].hopper == 2
    play.tell(SuppressionRequested(replace(WISH, e164="+12125550102")))
    assert play.floor.snapshot(play.now).campaigns[0].hopper == 1


def test_somebody_on_the_line_is_not_hung_up_on_by_a_letter() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    assert none_of(play.tell(SuppressionRequested(WISH)), Hangup)
    assert play.state() is AgentState.INCALL


@pytest.mark.parametrize(
    ("seller", "affiliates", "rings_on"),
    [
        ("Another Seller", False, True),
        ("Another Seller", True, False),
        ("sample  SELLER", False, False),
        ("", False, False),
    ],
)
def test_a_request_binds_the_seller_asked_and_its_affiliates_where_said(
    seller: str, affiliates: bool, rings_on: bool
) -> None:
    play = Play()
    play.agent_ready()
    play.dial()
    wish = replace(WISH, seller=seller, affiliates=affiliates)
    assert none_of(play.tell(SuppressionRequested(wish)), Hangup) is rings_on


def test_requests_from_a_file_give_up_dials_too() -> None:
    play = Play()
    play.agent_ready()
    dial = play.dial()
    assert only(play.tell(NumbersSuppressed((WISH,))), Hangup).leg == dial.leg


def test_every_campaign_of_the_seller_obeys() -> None:
    play = Play()
    play.agent_ready()
    other = replace(campaign(name="autumn"), seller="SAMPLE SELLER")
    play.tell(CampaignChanged(other))
    play.tell(CampaignStateAsked("autumn", CampaignState.RUNNING, "manager"))
    play.agent_ready("autumn-1")
    play.tell(SuppressionRequested(WISH))
    play.tell(LeadsOffered("autumn", (lead(),)))
    assert play.entries(EntryKind.REFUSED)[-1].data["codes"] == ["INTERNAL_DNC"]


# --- an agent's button ----------------------------------------------------------------------------


def test_the_agents_button_suppresses_and_the_call_goes_on() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    assert none_of(play.tell(AgentSuppressed("spring-1", AttemptId(1), "said stop")), Hangup)
    (entry,) = play.entries(EntryKind.SUPPRESSED)
    assert entry.attempt_id == 1 and entry.campaign == "spring" and entry.agent == "spring-1"
    assert entry.data["channel"] == "AGENT" and entry.data["affiliates"] is True
    assert entry.personal["evidence"] == "said stop"
    call = play.agent().call
    assert call is not None and call.opted_out and "do-not-call" in call.notice
    assert play.state() is AgentState.INCALL


def test_a_second_click_and_a_click_about_another_call_change_nothing() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    play.tell(AgentSuppressed("spring-1", AttemptId(7)))
    play.tell(AgentSuppressed("nobody", AttemptId(1)))
    assert not play.entries(EntryKind.SUPPRESSED)
    play.tell(AgentSuppressed("spring-1", AttemptId(1)))
    play.tell(AgentSuppressed("spring-1", AttemptId(1)))
    play.tell(AgentHungUp("spring-1"))
    play.tell(AgentDisposed("spring-1", AttemptId(1), "DO_NOT_CALL"))
    assert len(play.entries(EntryKind.SUPPRESSED)) == 1


def test_at_wrap_up_the_button_works_too() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    play.end(dial.leg)
    play.tell(AgentSuppressed("spring-1", AttemptId(1)))
    assert play.entries(EntryKind.SUPPRESSED)[0].personal["evidence"].startswith("said to agent")


def test_the_agents_hang_up_waits_for_the_journal() -> None:
    play = Play()
    phone = play.agent_ready()
    dial = play.dial()
    play.answer(dial.leg, HUMAN)
    play.join(dial.leg, phone)
    play.journal_slow = True
    play.tell(AgentSuppressed("spring-1", AttemptId(1)))
    assert none_of(play.tell(AgentHungUp("spring-1")), Hangup)
    assert play.state() is AgentState.WRAPUP
    assert only(play.tell(Journaled(play.unanswered[0])), Hangup).leg == dial.leg


# --- the callee's key -----------------------------------------------------------------------------


def test_the_key_during_the_message_is_durable_before_the_leg_is_let_go() -> None:
    play = Play(WITH_KEY)
    leg = hearing_the_message(play)
    play.journal_slow = True
    assert none_of(play.tell(KeyPressed(leg, "9", play.now)), Hangup)
    (entry,) = play.entries(EntryKind.SUPPRESSED)
    assert entry.data["channel"] == "CALL_KEY" and entry.data["deadline_at"]
    assert entry.personal["evidence"] == "pressed 9 in attempt 1 (message)"
    assert none_of(play.tell(MessageEnded(leg, play.now)), Hangup)
    assert only(play.tell(Journaled(play.unanswered[0])), Hangup).leg == leg
    ended = play.last_end().data
    assert (ended["disposition"], ended["dropped"]) == ("DROP", True)


def test_the_entry_stands_in_the_journal_before_the_end_of_its_attempt() -> None:
    play = Play(WITH_KEY)
    leg = hearing_the_message(play)
    play.tell(KeyPressed(leg, "9", play.now))
    kinds = [command.entry.kind for command in play.said if hasattr(command, "entry")]
    assert kinds.index(EntryKind.SUPPRESSED) < kinds.index(EntryKind.ATTEMPT_ENDED)


def test_after_a_crash_the_number_is_still_refused() -> None:
    play = Play(WITH_KEY)
    leg = hearing_the_message(play)
    play.tell(KeyPressed(leg, "9", play.now))
    (entry,) = play.entries(EntryKind.SUPPRESSED)
    again = Play(WITH_KEY)
    remembered = Suppression(
        entry.number, SuppressionSource.REQUEST, "request by call key", entry.at, "Sample Seller"
    )
    again.tell(Restored(AttemptId(2), suppressions=(remembered,)))
    assert refused_codes(again) == ["INTERNAL_DNC"]


def test_somebody_who_waits_and_presses_the_key_is_not_put_through() -> None:
    play = Play(WITH_KEY)
    leg = waiting(play)
    commands = play.tell(KeyPressed(leg, "9", play.now))
    assert only(commands, Hangup).leg == leg
    ended = play.last_end().data
    assert (ended["disposition"], ended["live"], ended["dropped"]) == ("OPTED_OUT", True, False)
    assert ended["lead_state"] == "DONE"


def test_the_key_while_the_detector_still_listens_ends_the_call() -> None:
    play = Play(WITH_KEY)
    play.agent_ready()
    leg = answered(play, play.dial().leg)
    assert only(play.tell(KeyPressed(leg, "9", play.now)), Hangup).leg == leg
    assert play.last_end().data["disposition"] == "OPTED_OUT"
    assert play.state() is AgentState.READY


def test_the_key_while_an_agent_is_being_joined_frees_the_agent() -> None:
    play = Play(WITH_KEY)
    phone = play.agent_ready()
    leg = play.dial().leg
    play.answer(leg, HUMAN)
    assert play.state() is AgentState.RESERVED
    assert only(play.tell(KeyPressed(leg, "9", play.now)), Hangup).leg == leg
    assert play.state() is AgentState.READY
    play.join(leg, phone)
    assert play.state() is AgentState.READY


def test_the_key_in_a_conversation_is_told_to_the_agent() -> None:
    play = Play(WITH_KEY)
    phone = play.agent_ready()
    leg = play.dial().leg
    play.answer(leg, HUMAN)
    play.join(leg, phone)
    assert none_of(play.tell(KeyPressed(leg, "9", play.now)), Hangup)
    assert "pressed 9" in play.agent().notice
    call = play.agent().call
    assert call is not None and call.opted_out
    assert play.entries(EntryKind.SUPPRESSED)[0].data["channel"] == "CALL_KEY"


def test_other_keys_keys_before_the_answer_and_campaigns_without_one_do_nothing() -> None:
    play = Play(WITH_KEY)
    play.agent_ready()
    leg = play.dial().leg
    play.tell(KeyPressed(leg, "9", play.now))
    answered(play, leg)
    play.tell(KeyPressed(leg, "1", play.now))
    play.tell(KeyPressed(LegId(999), "9", play.now))
    play.tell(KeyPressed(LegId(1), "9", play.now))
    without = Play()
    without.agent_ready()
    without.tell(KeyPressed(answered(without, without.dial().leg), "9", without.now))
    assert not play.entries(EntryKind.SUPPRESSED) + without.entries(EntryKind.SUPPRESSED)


def test_the_key_pressed_twice_is_one_request() -> None:
    play = Play(WITH_KEY)
    play.journal_slow = True
    leg = hearing_the_message_slowly(play)
    play.tell(KeyPressed(leg, "9", play.now))
    play.tell(KeyPressed(leg, "9", play.now))
    assert len(play.entries(EntryKind.SUPPRESSED)) == 1


def hearing_the_message_slowly(play: Play) -> LegId:
    play.journal_slow = False
    leg = hearing_the_message(play)
    play.journal_slow = True
    return leg


def test_a_journal_that_cannot_commit_holds_nobody_for_ever() -> None:
    play = Play(WITH_KEY)
    leg = hearing_the_message_slowly(play)
    play.tell(JournalFailed("disk full"))
    play.tell(KeyPressed(leg, "9", play.now))
    assert none_of(play.later(44 * SECOND_MS), Hangup)
    assert only(play.later(2 * SECOND_MS), Hangup).leg == leg
    alarm = play.entries(EntryKind.ALARM)[-1]
    assert "could not be written down" in str(alarm.data["text"])
    assert NUMBER not in str(alarm.data)
    for token in play.unanswered:
        assert none_of(play.tell(Journaled(token)), Hangup)


def test_a_callee_who_leaves_meanwhile_needs_no_hanging_up() -> None:
    play = Play(WITH_KEY)
    leg = hearing_the_message_slowly(play)
    play.tell(KeyPressed(leg, "9", play.now))
    play.tell(LegEnded(leg, Ending(200), play.now))
    assert none_of(play.tell(Journaled(play.unanswered[0])), Hangup)


def test_stopping_the_service_waits_for_the_journal_too() -> None:
    play = Play(WITH_KEY)
    leg = hearing_the_message_slowly(play)
    play.tell(KeyPressed(leg, "9", play.now))
    assert all(c.leg != leg for c in play.tell(StopAsked()) if isinstance(c, Hangup))
    assert only(play.tell(Journaled(play.unanswered[0])), Hangup).leg == leg


# --- taking back ----------------------------------------------------------------------------------


def test_a_withdrawal_holds_once_it_is_committed() -> None:
    play = Play()
    play.agent_ready()
    play.tell(SuppressionRequested(WISH))
    play.journal_slow = True
    play.tell(AWAY)
    (entry,) = play.entries(EntryKind.SUPPRESSION_LIFTED)
    assert (entry.number, entry.agent, entry.data["seller"]) == (NUMBER, "officer", "Sample Seller")
    assert entry.personal == {"because": "a slip", "evidence": "letter 4712"}
    assert refused_codes(play) == ["INTERNAL_DNC"]
    play.journal_slow = False
    play.tell(Journaled(play.unanswered[-1]))
    assert only(play.offer(lead()), Dial).number == NUMBER


def test_a_withdrawal_of_what_nobody_asked_changes_nothing() -> None:
    play = Play()
    play.tell(SuppressionRequested(replace(WISH, seller="")))
    play.tell(AWAY)
    play.tell(replace(AWAY, e164="+12125550101", seller=""))
    assert not play.entries(EntryKind.SUPPRESSION_LIFTED)


def test_a_withdrawal_leaves_what_was_asked_of_others() -> None:
    play = Play()
    play.agent_ready()
    play.tell(SuppressionRequested(WISH))
    play.tell(SuppressionRequested(replace(WISH, seller="Other", affiliates=True)))
    play.tell(AWAY)
    assert refused_codes(play) == ["INTERNAL_DNC"]


# --- emergencies ----------------------------------------------------------------------------------


def test_an_emergency_empties_the_hoppers_and_is_journaled() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100), lead(101), lead(102))
    play.tell(EmergencyDeclared("LA", "hurricane", "officer"))
    assert play.floor.snapshot(play.now).campaigns[0].hopper == 0
    play.tell(EmergencyDeclared("LA", "hurricane", "officer"))
    (entry,) = play.entries(EntryKind.EMERGENCY_DECLARED)
    assert entry.data == {"state": "LA", "because": "hurricane"} and entry.agent == "officer"
    assert play.floor.emergencies == frozenset({"LA"})


@pytest.mark.parametrize("state", ["LA", "TX"])
def test_a_phone_in_that_state_stops_ringing_and_the_lead_comes_back(state: str) -> None:
    play = Play()
    play.agent_ready()
    new_orleans = PhoneNumber("+15045550100", "US", ("America/Chicago",))
    dial = only(play.offer(replace(lead(), number=new_orleans)), Dial)
    play.ring(dial.leg)
    commands = play.tell(EmergencyDeclared(state, "hurricane", "officer"))
    if state == "TX":
        assert none_of(commands, Hangup)
        return
    assert only(commands, Hangup).leg == dial.leg
    ended = play.last_end().data
    assert (ended["disposition"], ended["lead_state"]) == ("CANCELLED", "OPEN")


def test_an_emergency_is_over_once_its_end_is_committed() -> None:
    play = Play()
    play.tell(Restored(AttemptId(1), emergencies=("LA",)))
    play.journal_slow = True
    play.tell(EmergencyLifted("TX", "", "officer"))
    play.tell(EmergencyLifted("LA", "over", "officer"))
    assert len(play.entries(EntryKind.EMERGENCY_LIFTED)) == 1
    assert play.floor.emergencies == frozenset({"LA"})
    play.tell(Journaled(play.unanswered[-1]))
    assert play.floor.emergencies == frozenset()


def test_what_is_asked_again_while_it_is_being_lifted_stays() -> None:
    play = Play()
    play.agent_ready()
    play.tell(SuppressionRequested(WISH))
    play.tell(EmergencyDeclared("LA", "hurricane", "officer"))
    play.journal_slow = True
    play.tell(AWAY)
    play.tell(EmergencyLifted("LA", "over", "officer"))
    play.tell(SuppressionRequested(WISH))
    play.tell(EmergencyDeclared("LA", "it came back", "officer"))
    for token in play.unanswered:
        play.tell(Journaled(token))
    assert play.floor.emergencies == frozenset({"LA"})
    assert refused_codes(play) == ["INTERNAL_DNC"]
