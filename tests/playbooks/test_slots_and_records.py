"""Scenes of a dial that finds no slot left under a frequency cap, and of leads whose number more
becomes known of while they wait."""

from __future__ import annotations

from dataclasses import replace

from dialer.model.agents import AgentState
from dialer.model.campaigns import DialMode
from dialer.model.commands import Claim, Dial, Record
from dialer.model.events import AgentLaunched, Event, Journaled, RecordsChanged, SlotTaken
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.journal import EntryKind
from dialer.model.records import NumberRecords, RequestChannel, Revocation
from tests.floor_play import NOON, Play, campaign, lead, only

FREE_AT = Instant(NOON + 7 * HOUR_MS)


def planned(play: Play) -> Record:
    """The dial that waits for the journal."""
    (record,) = [
        command
        for command in play.of(Record)
        if command.entry.kind is EntryKind.DIAL_INTENDED and command.token in play.unanswered
    ]
    assert record.claims, "every dial claims its slots"
    return record


def no_slot(record: Record, why: str = "") -> SlotTaken:
    assert record.token is not None
    return SlotTaken(record.token, record.claims[0], FREE_AT, why)


def test_a_dial_without_a_slot_never_was() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead(100))
    play.tell(no_slot(planned(play)))
    assert not play.of(Dial)
    assert not play.entries(EntryKind.ATTEMPT_ENDED), "nobody wrote that it began"
    (refused,) = play.entries(EntryKind.REFUSED)
    assert refused.data["codes"] == ["FREQ_CAP"]
    assert refused.data["next_allowed_at"] == FREE_AT
    assert (refused.data["lead_state"], refused.data["next_eligible_at"]) == ("OPEN", FREE_AT)
    assert play.state() is AgentState.READY
    seen = play.floor.snapshot(play.now).campaigns[0]
    assert not seen.stages
    assert (seen.dials, seen.refused) == (0, {"FREQ_CAP": 1})


def test_the_next_lead_is_dialled_in_its_place() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead(100), lead(101))
    play.tell(no_slot(planned(play)))
    second = play.of(Record)[-1]
    assert (second.entry.kind, second.entry.number) == (EntryKind.DIAL_INTENDED, "+12125550101")
    assert second.token is not None
    assert only(play.tell(Journaled(second.token)), Dial).number == "+12125550101"


def test_an_agent_who_launched_it_is_free_again() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(lead(100))
    play.journal_slow = True
    play.tell(AgentLaunched("spring-1"))
    play.tell(no_slot(planned(play)))
    assert play.state() is AgentState.READY


def test_where_the_book_cannot_be_asked_nothing_is_dialled_on_doubt() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead(100))
    play.tell(no_slot(planned(play), "the book cannot be asked"))
    (refused,) = play.entries(EntryKind.REFUSED)
    assert refused.data["codes"] == ["DATA_MISSING"]
    assert refused.data["explain"] == "the book cannot be asked"
    assert not play.of(Dial)


def test_a_late_or_unknown_answer_about_a_slot_changes_nothing() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead(100))
    record = planned(play)
    unknown: list[Event] = [SlotTaken(9_999, Claim("x", 1, DAY_MS), FREE_AT)]
    assert record.token is not None
    dial = only(play.tell(Journaled(record.token)), Dial)
    for event in (*unknown, no_slot(record)):
        play.tell(event)
    assert not play.entries(EntryKind.REFUSED)
    play.ring(dial.leg)
    assert play.floor.snapshot(play.now).campaigns[0].stages


# --- records ----------------------------------------------------------------------------------

STOPPED = NumberRecords(
    revocations=(Revocation(RequestChannel.TEXT, Instant(NOON - 1), "stop calling me"),)
)


def learned(number: int) -> RecordsChanged:
    return RecordsChanged({f"+12125550{number}": STOPPED})


def test_a_dial_being_journaled_is_screened_on_what_became_known() -> None:
    play = Play()
    play.agent_ready()
    play.journal_slow = True
    play.offer(lead(100))
    record = planned(play)
    play.tell(learned(100))
    assert record.token is not None
    play.tell(Journaled(record.token))
    assert not play.of(Dial)
    assert play.entries(EntryKind.REFUSED)[-1].data["codes"] == ["CONSENT_REVOKED"]


def test_a_lead_in_the_hopper_is_dialled_on_what_became_known() -> None:
    play = Play()
    play.agent_ready()
    first = only(play.offer(lead(100), lead(101)), Dial)
    play.tell(learned(101))
    play.end(first.leg, 486)
    assert [dial.number for dial in play.of(Dial)] == ["+12125550100"]
    refused = play.entries(EntryKind.REFUSED)[-1]
    assert (refused.number, refused.data["codes"]) == ("+12125550101", ["CONSENT_REVOKED"])


def test_a_preview_is_launched_on_what_became_known() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    play.offer(replace(lead(100)))
    play.tell(learned(100))
    play.tell(AgentLaunched("spring-1"))
    assert not play.of(Dial)
    assert play.entries(EntryKind.REFUSED)[-1].data["codes"] == ["CONSENT_REVOKED"]


def test_other_numbers_records_change_nothing() -> None:
    play = Play()
    play.agent_ready()
    first = only(play.offer(lead(100), lead(101)), Dial)
    play.tell(learned(199))
    play.end(first.leg, 486)
    assert [dial.number for dial in play.of(Dial)] == ["+12125550100", "+12125550101"]
