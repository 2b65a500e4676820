"""Few leads, screened, in dialling order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dialer.leads.hopper import Hopper, HopperEntry
from dialer.model.leads import Lead
from tests.floor_play import NOON, lead


def entry(of: Lead) -> HopperEntry:
    return HopperEntry(of, NOON)


def filled(*leads: Lead) -> Hopper:
    hopper = Hopper()
    for each in leads:
        hopper.put(entry(each))
    return hopper


@given(st.lists(st.integers(100, 199), unique=True, max_size=30))
def test_entries_come_out_in_dialling_order_each_once(numbers: list[int]) -> None:
    hopper = filled(*map(lead, numbers))
    assert len(hopper) == len(numbers)
    taken = [hopper.take() for _ in numbers]
    assert [one.lead.order_key for one in taken if one is not None] == sorted(numbers)
    assert hopper.take() is None and len(hopper) == 0


def test_a_lead_is_held_once_in_its_newest_form() -> None:
    hopper = filled(lead(100), lead(101), replace(lead(100), order_key=500))
    assert len(hopper) == 2
    assert [e.lead.order_key for e in (hopper.take(), hopper.take()) if e] == [101, 500]


def test_a_number_taken_out_takes_every_lead_with_it() -> None:
    hopper = filled(lead(100), lead(101), replace(lead(100), lead_id=900))
    assert {e.lead.lead_id for e in hopper.take_number("+12125550100")} == {100, 900}
    assert [e.lead.lead_id for e in hopper] == [101]
    assert hopper.take_number("+12125550100") == []


def test_a_cleared_hopper_is_empty() -> None:
    hopper = filled(lead(100))
    hopper.clear()
    assert not hopper and hopper.take() is None
