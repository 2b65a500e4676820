"""Scenes of people with several numbers: they share limits, and one request binds them all."""

from __future__ import annotations

from dataclasses import replace

from dialer.model.agents import AgentState
from dialer.model.campaigns import Campaign, DialMode
from dialer.model.commands import Dial, Hangup, Record, RefillHopper
from dialer.model.events import (
    CampaignChanged,
    LeadsImported,
    LeadsOffered,
    LegAnswered,
    SuppressionRequested,
)
from dialer.model.instant import HOUR_MS, MINUTE_MS
from dialer.model.journal import EntryKind
from dialer.model.leads import Lead
from dialer.model.suppression import Suppression, SuppressionSource
from tests.floor_play import NOON, Play, campaign, lead, none_of, only


def numbers_of_one(*numbers: int) -> tuple[Lead, ...]:
    """Leads of one person, as the store offers them."""
    e164 = {each: lead(each).number.e164 for each in numbers}
    return tuple(
        replace(
            lead(each),
            contact="K-17",
            linked=tuple(e164[other] for other in numbers if other != each),
        )
        for each in numbers
    )


def of_one_a_day(*, link: bool = True) -> Campaign:
    return replace(campaign(agents=2), attempts_per_day=1, min_gap_ms=0, link_numbers=link)


def request(number: int) -> Suppression:
    return Suppression(lead(number).number.e164, SuppressionSource.REQUEST, "request", NOON)


def codes(play: Play) -> list[object]:
    return [entry.data["codes"] for entry in play.entries(EntryKind.REFUSED)]


def test_a_dial_to_one_number_counts_for_the_others() -> None:
    play = Play(of_one_a_day())
    play.agent_ready("spring-1")
    first, second = numbers_of_one(100, 101)
    call = only(play.offer(first), Dial)
    play.end(call.leg, 486)
    assert none_of(play.tell(LeadsOffered("spring", (second,))), Dial)
    assert codes(play) == [["FREQ_CAP"]]


def test_unlinked_they_count_apart() -> None:
    play = Play(of_one_a_day(link=False))
    play.agent_ready("spring-1")
    first, second = numbers_of_one(100, 101)
    call = only(play.offer(first), Dial)
    play.end(call.leg, 486)
    only(play.tell(LeadsOffered("spring", (second,))), Dial)


def test_two_phones_of_one_person_do_not_ring_together() -> None:
    """Both are planned in one breath; the second is asked about again once the first is placed."""
    play = Play(replace(campaign(agents=2), min_gap_ms=10 * MINUTE_MS))
    play.agent_ready("spring-1")
    play.agent_ready("spring-2")
    only(play.offer(*numbers_of_one(100, 101)), Dial)
    assert codes(play) == [["FREQ_CAP"]]


def test_the_slots_are_the_persons_and_the_numbers() -> None:
    """A node that knows one number alone and one that knows the person count the same dials."""
    play = Play(of_one_a_day())
    play.agent_ready("spring-1")
    play.agent_ready("spring-2")
    play.journal_slow = True
    first, second = numbers_of_one(100, 101)
    play.offer(first, second)
    claims = [set(c.claims) for c in play.of(Record) if c.entry.kind is EntryKind.DIAL_INTENDED]
    assert len(claims) == 2
    shared = claims[0] & claims[1]
    assert shared and claims[0] - shared and claims[1] - shared
    alone = Play(of_one_a_day())
    alone.agent_ready("spring-1")
    alone.journal_slow = True
    alone.offer(lead(100))
    (plain,) = [c for c in alone.of(Record) if c.entry.kind is EntryKind.DIAL_INTENDED]
    assert set(plain.claims) == claims[0] - shared


def test_a_request_by_one_number_refuses_the_others() -> None:
    play = Play()
    play.agent_ready()
    play.tell(SuppressionRequested(request(100)))
    (_, second) = numbers_of_one(100, 101)
    assert none_of(play.offer(second), Dial)
    assert codes(play) == [["INTERNAL_DNC"]]


def test_a_request_leaves_others_alone_where_numbers_are_not_linked() -> None:
    play = Play(replace(campaign(), link_numbers=False))
    play.agent_ready()
    play.tell(SuppressionRequested(request(100)))
    (_, second) = numbers_of_one(100, 101)
    only(play.offer(second), Dial)


def test_a_request_empties_the_hopper_and_ends_the_ringing_of_the_others() -> None:
    play = Play(replace(campaign(), min_gap_ms=0))
    play.agent_ready()
    first, second, third = numbers_of_one(100, 101, 102)
    ringing = only(play.offer(first, second), Dial)
    play.ring(ringing.leg)
    commands = play.tell(SuppressionRequested(replace(request(102), e164=third.number.e164)))
    assert only(commands, Hangup).leg == ringing.leg
    assert play.last_end().data["disposition"] == "SUPPRESSED"
    play.end(ringing.leg, 487)
    assert len(play.of(Dial)) == 1


def test_a_request_takes_the_others_off_the_agents_screen() -> None:
    play = Play(campaign(DialMode.PREVIEW))
    play.agent_ready()
    (_, second) = numbers_of_one(100, 101)
    play.offer(second)
    assert play.state() is AgentState.RESERVED
    play.tell(SuppressionRequested(request(100)))
    assert play.state() is AgentState.READY


def test_new_leads_may_be_further_numbers_of_those_who_wait() -> None:
    """What waits is offered again, with every number its person has by now."""
    play = Play(campaign(agents=1))
    play.agent_ready()
    busy = play.dial(105)
    play.tell(LeadsOffered("spring", ()))
    play.later(1)
    first, _ = numbers_of_one(100, 101)
    before = len(play.of(RefillHopper))
    play.tell(LeadsImported("spring"))
    play.tell(LeadsOffered("spring", (first,)))
    play.tell(LeadsImported("spring"))
    assert len(play.of(RefillHopper)) > before
    play.end(busy.leg, 486)
    assert len(play.of(Dial)) == 1, "the lead left the hopper"


def test_contacts_mean_the_same_people_in_all_campaigns_of_the_seller() -> None:
    play = Play()
    play.tell(CampaignChanged(campaign(name="autumn")))
    play.tell(CampaignChanged(replace(campaign(name="other"), seller="Another Seller")))
    play.agent_ready()
    assert set(play.of(RefillHopper)[-1].linked_in) == {"spring", "autumn"}


def test_a_rest_after_a_dial_ends_for_all_numbers_together() -> None:
    play = Play(of_one_a_day())
    play.agent_ready("spring-1")
    first, second = numbers_of_one(100, 101)
    call = only(play.offer(first), Dial)
    play.tell(LegAnswered(call.leg, play.now))
    play.end(call.leg)
    play.tell(LeadsOffered("spring", (second,)))
    (refused,) = play.entries(EntryKind.REFUSED)
    assert refused.data["next_allowed_at"] == NOON + 24 * HOUR_MS
