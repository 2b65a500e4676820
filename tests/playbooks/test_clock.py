"""By a clock that may be wrong nobody is dialled, and the journal says from when to when."""

from __future__ import annotations

from dialer.model.commands import Dial, Hangup, RaiseAlarm
from dialer.model.events import ClockJudged, Journaled
from dialer.model.journal import EntryKind
from tests.floor_play import Play, lead, none_of, only

WRONG = ClockJudged(False, "nothing keeps this machine's clock right")


def changes(play: Play) -> list[object]:
    found = play.entries(EntryKind.SERVICE_CHANGED)
    return [each.data["healthy"] for each in found if each.data["change"] == "clock"]


def test_no_dial_while_the_clock_may_be_wrong() -> None:
    play = Play()
    play.agent_ready()
    only(play.tell(WRONG), RaiseAlarm)
    assert none_of(play.offer(lead()), Dial)
    assert "clock" in play.floor.snapshot(play.now).campaigns[0].not_dialling
    assert none_of(play.tell(WRONG), RaiseAlarm)
    only(play.tell(ClockJudged(True)), Dial)
    assert changes(play) == [False, True]


def test_a_ringing_call_goes_on() -> None:
    play = Play()
    play.agent_ready()
    ringing = play.dial(100)
    play.ring(ringing.leg)
    assert none_of(play.tell(WRONG), Hangup)


def test_an_intended_dial_is_not_placed() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead())
    (token,) = play.unanswered
    play.tell(WRONG)
    assert none_of(play.tell(Journaled(token)), Dial)
    assert play.last_end().data["disposition"] == "CANCELLED"


def test_a_right_clock_is_no_news() -> None:
    play = Play()
    play.tell(ClockJudged(True))
    assert changes(play) == []
