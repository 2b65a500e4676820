"""Scenes after a drop: the campaign leaves the person in peace for as long as it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.model.calls import AttemptId
from dialer.model.campaigns import DialMode
from dialer.model.commands import Dial, RefillHopper
from dialer.model.events import LeadsOffered, Restored
from dialer.model.instant import HOUR_MS, Instant
from dialer.model.journal import EntryKind
from tests.floor_play import NOON, Play, campaign, lead, none_of, only

DROPPED_AT = Instant(NOON - 2 * HOUR_MS)


def after_a_drop(hours: int, mode: DialMode = DialMode.PROGRESSIVE) -> Play:
    """The number of lead 100 was dropped two hours ago."""
    play = Play(replace(campaign(mode), drop_cooldown_ms=hours * HOUR_MS))
    play.tell(Restored(AttemptId(7), recent_drops=((lead(100).number.e164, DROPPED_AT),)))
    play.agent_ready()
    assert play.of(RefillHopper)
    return play


def test_a_dropped_person_is_left_in_peace() -> None:
    play = after_a_drop(24)
    assert none_of(play.tell(LeadsOffered("spring", (lead(100),))), Dial)
    (refused,) = play.entries(EntryKind.REFUSED)
    assert refused.data["codes"] == ["ABANDON_COOLDOWN"]
    assert refused.data["next_allowed_at"] == DROPPED_AT + 24 * HOUR_MS


@pytest.mark.parametrize("hours", [0, 1])
def test_no_longer_than_the_campaign_says(hours: int) -> None:
    only(after_a_drop(hours).tell(LeadsOffered("spring", (lead(100),))), Dial)


def test_others_are_called() -> None:
    only(after_a_drop(24).tell(LeadsOffered("spring", (lead(101),))), Dial)


def test_all_numbers_of_the_person_rest() -> None:
    other = replace(lead(101), contact="K-1", linked=(lead(100).number.e164,))
    assert none_of(after_a_drop(24).tell(LeadsOffered("spring", (other,))), Dial)
