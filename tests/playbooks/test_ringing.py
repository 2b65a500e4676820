"""Scenes of calls we take back: those that had not rung as long as the law asks are owned up to."""

from __future__ import annotations

import pytest

from dialer.compliance.drop_sheet import drop_sheet
from dialer.model.calls import AttemptId, Tone
from dialer.model.campaigns import DialMode
from dialer.model.commands import RaiseAlarm
from dialer.model.drop_reports import AttemptOutcome, RingBreach
from dialer.model.events import (
    AgentHungUp,
    AgentLaunched,
    EmergencyDeclared,
    Event,
    LegProgressed,
    StopAsked,
    SuppressionRequested,
    ToneHeard,
)
from dialer.model.instant import DAY_MS, Instant
from dialer.model.journal import JournalEntry
from dialer.model.suppression import Suppression, SuppressionSource
from tests.floor_play import NOON, Play, campaign, lead, only

WISH = SuppressionRequested(
    Suppression(lead(100).number.e164, SuppressionSource.REQUEST, "request", NOON)
)


def breaches(entry: JournalEntry) -> tuple[RingBreach, ...]:
    """What the month's drop sheet says of the attempt."""
    times = entry.data["times"]
    assert isinstance(times, dict) and entry.attempt_id is not None
    status = entry.data["status"]
    outcome = AttemptOutcome(
        attempt_id=entry.attempt_id,
        dialled_at=times["DIALLING"],  # type: ignore[arg-type]
        ringing_at=times.get("RINGING"),  # type: ignore[arg-type]
        answered_at=None,
        greeting_ended_at=None,
        verdict_at=None,
        bridged_at=None,
        message_at=None,
        ended_at=entry.at,
        live=False,
        dropped=False,
        placed=True,
        cause=str(entry.data["cause"]),
        status=status if isinstance(status, int) else None,
    )
    sheet = drop_sheet(
        "spring",
        "2026-12",
        [outcome],
        first_dial=NOON,
        ceiling=0.03,
        ring_minimum_ms=15_000,
        now=Instant(NOON + DAY_MS),
    )
    return sheet.ring_breaches


def ringing(play: Play) -> None:
    play.agent_ready()
    play.ring(play.dial().leg)


@pytest.mark.parametrize(
    ("rang_ms", "early"), [(0, True), (3_000, True), (14_999, True), (15_000, False)]
)
def test_what_is_given_up_early_is_on_the_drop_sheet(rang_ms: int, early: bool) -> None:
    play = Play()
    ringing(play)
    play.later(rang_ms)
    commands = play.tell(WISH)
    end = play.last_end()
    assert end.data["reason"] == "the person asked not to be called"
    if not early:
        assert end.data["ring_breach"] is None
        assert not play.of(RaiseAlarm) and not breaches(end)
        return
    assert end.data["ring_breach"] == {"rang_ms": rang_ms, "least_ms": 15_000}
    assert only(commands, RaiseAlarm).name == "ring_breach"
    assert [each.rang_ms for each in breaches(end)] == [rang_ms]


def test_where_the_trunk_is_silent_the_dial_is_the_beginning() -> None:
    play = Play()
    play.agent_ready()
    call = play.dial()
    play.tell(LegProgressed(call.leg, 100, False, play.now))
    play.later(4_000)
    play.tell(WISH)
    end = play.last_end()
    assert end.data["ring_breach"] == {"rang_ms": 4_000, "least_ms": 15_000}
    assert [each.rang_ms for each in breaches(end)] == [4_000]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (StopAsked(), "the service was stopped"),
        (EmergencyDeclared("NY", "a storm", "officer"), "an emergency was declared in NY"),
    ],
)
def test_the_reason_stands_in_the_journal(event: Event, words: str) -> None:
    play = Play()
    ringing(play)
    play.tell(event)
    assert play.last_end().data["reason"] == words


def test_an_agent_who_gives_up_a_preview_says_so() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead())
    play.tell(AgentLaunched("spring-1"))
    play.tell(AgentHungUp("spring-1"))
    assert play.last_end().data["reason"] == "the agent gave it up"
    assert play.last_end().data["ring_breach"] == {"rang_ms": 0, "least_ms": 15_000}


def test_a_call_that_rings_out_is_no_breach() -> None:
    play = Play()
    ringing(play)
    play.later(play.campaign.ring_timeout_ms)
    end = play.last_end()
    assert (end.data["disposition"], end.data["ring_breach"]) == ("NO_ANSWER", None)
    assert not breaches(end)


def test_a_trunk_that_says_nothing_rang_nobody() -> None:
    play = Play()
    play.agent_ready()
    play.dial()
    play.later(6_000)
    end = play.last_end()
    assert (end.data["disposition"], end.data["ring_breach"]) == ("TRUNK_FAILURE", None)


def test_tones_of_the_network_in_place_of_ringing_are_its_own_word() -> None:
    play = Play()
    play.agent_ready()
    call = play.dial()
    play.ring(call.leg)
    play.tell(ToneHeard(call.leg, Tone.SIT, play.now))
    play.later(10_000)
    end = play.last_end()
    assert (end.data["cause"], end.data["ring_breach"]) == ("VACANT_NUMBER", None)
    assert not breaches(end)
    assert not play.of(RaiseAlarm)


def test_many_given_up_at_once_are_one_alarm() -> None:
    play = Play(campaign(agents=3))
    for name in ("spring-1", "spring-2", "spring-3"):
        play.agent_ready(name)
    play.offer(lead(100), lead(101), lead(102))
    only(play.tell(StopAsked()), RaiseAlarm)
    assert AttemptId(3) == play.last_end().attempt_id
