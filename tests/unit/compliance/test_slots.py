"""Slots under frequency caps: the window's edges, and what gives a slot back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.slots import SlotBook, Taken, free_at, gives_back
from dialer.model.calls import AttemptId
from dialer.model.commands import Claim
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue

DAY = Claim("key", 3, 1_000)


@pytest.mark.parametrize(
    ("taken", "at", "free"),
    [
        ([], 5_000, None),
        ([4_100, 4_200], 5_000, None),
        ([4_100, 4_200, 4_300], 5_000, 5_100),
        ([4_000, 4_200, 4_300], 5_000, None),
        ([4_001, 4_200, 4_300], 5_000, 5_001),
        ([4_300, 4_100, 4_200, 4_400], 5_000, 5_200),
        ([6_000, 6_000, 6_000], 5_000, 7_000),
    ],
    ids=["none", "room", "full", "window's start is out", "just in", "one too many", "ahead"],
)
def test_when_there_is_a_slot(taken: list[int], at: int, free: int | None) -> None:
    assert free_at(DAY, taken, Instant(at)) == free


@given(
    taken=st.lists(st.integers(0, 60), max_size=6),
    at=st.integers(0, 60),
    limit=st.integers(1, 3),
    window=st.integers(1, 40),
)
def test_the_instant_told_is_the_first_one_with_a_slot(
    taken: list[int], at: int, limit: int, window: int
) -> None:
    claim = Claim("key", limit, window)
    free = free_at(claim, taken, Instant(at))
    if free is not None:
        assert free_at(claim, taken, free) is None
        assert all(free_at(claim, taken, Instant(t)) is not None for t in range(at, free))


def test_a_cap_that_can_never_have_a_slot_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no cap"):
        Claim("key", 0, 1_000)


def test_a_second_ask_for_the_same_attempt_and_instant_takes_no_second_slot() -> None:
    book, claim = SlotBook(), Claim("key", 1, 1_000)
    assert book.reserve([claim], Instant(5), AttemptId(1)) is None
    assert book.reserve([claim], Instant(5), AttemptId(1)) is None
    assert book.reserve([claim], Instant(6), AttemptId(1)) == Taken(claim, Instant(1_005))
    assert book.reserve([claim], Instant(7), AttemptId(2)) == Taken(claim, Instant(1_005))
    book.release(AttemptId(1))
    assert book.reserve([claim], Instant(8), AttemptId(2)) is None


def ended(placed: bool, status: int | None, disposition: str, answered: bool) -> JournalEntry:
    times: dict[str, JsonValue] = {"PLANNED": 1, "ENDED": 9}
    if placed:
        times["DIALLING"] = 2
    data: dict[str, JsonValue] = {
        "times": times,
        "status": status,
        "disposition": disposition,
        "answered": answered,
    }
    return JournalEntry(EntryKind.ATTEMPT_ENDED, Instant(9), attempt_id=AttemptId(1), data=data)


@pytest.mark.parametrize(
    ("placed", "status", "disposition", "answered", "free"),
    [
        (False, None, "REFUSED", False, True),
        (False, None, "CANCELLED", False, True),
        (True, 0, "NETWORK_ERROR", False, True),
        (True, 503, "TRUNK_FAILURE", False, True),
        (True, None, "TRUNK_FAILURE", False, False),
        (True, 486, "BUSY", False, False),
        (True, None, "LOST", False, False),
        (True, 200, "CONNECTED", True, False),
        (True, 0, "CONNECTED", True, False),
    ],
)
def test_what_gives_a_slot_back(
    placed: bool, status: int | None, disposition: str, answered: bool, free: bool
) -> None:
    assert gives_back(ended(placed, status, disposition, answered)) is free


def test_other_entries_give_nothing_back() -> None:
    assert not gives_back(JournalEntry(EntryKind.DISPOSED, Instant(9), attempt_id=AttemptId(1)))
