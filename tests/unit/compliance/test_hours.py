"""Hours on wall clocks: open now, and open next, across the days on which clocks change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.calling_window import DayWindow, read_day_window
from dialer.compliance.hours import WindowOf, is_open, local, midnights, opens
from dialer.model.instant import HOUR_MS, MINUTE_MS, Instant, instant_of

NEW_YORK = "America/New_York"
ZONES = (
    NEW_YORK,
    "America/Denver",
    "America/Phoenix",
    "America/Adak",
    "Asia/Kolkata",
    "Europe/London",
)


def at(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


def every_day(text: str) -> WindowOf:
    window = read_day_window(text)
    return lambda ordinal: window


QUARTERS_OF_2026 = at("2026-01-01T00:00") // (15 * MINUTE_MS)
LAW = every_day("08:00-21:00")


def test_the_start_is_inclusive_the_end_exclusive() -> None:
    for now, expected in (
        ("2026-07-01T11:59:59.999", False),
        ("2026-07-01T12:00:00", True),
        ("2026-07-02T00:59:59.999", True),
        ("2026-07-02T01:00:00", False),
    ):
        assert is_open(NEW_YORK, LAW, at(now), 0) is expected


def test_the_guard_ends_dialling_before_the_hours_end() -> None:
    last = at("2026-07-02T00:59:38") - 1
    assert is_open(NEW_YORK, LAW, Instant(last), 22_000)
    assert not is_open(NEW_YORK, LAW, Instant(last + 1), 22_000)


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        ("2026-10-31T02:00", "2026-10-31T12:00"),
        ("2026-11-01T02:00", "2026-11-01T13:00"),
        ("2027-03-13T03:00", "2027-03-13T13:00"),
        ("2027-03-14T03:00", "2027-03-14T12:00"),
    ],
)
def test_the_morning_after_clocks_change(evening: str, morning: str) -> None:
    assert opens([NEW_YORK], LAW, at(evening), 0) == at(morning)


def test_a_time_that_is_skipped_counts_from_the_change() -> None:
    """On 2027-03-14 the clocks go from 02:00 to 03:00: half past two never comes."""
    assert opens([NEW_YORK], every_day("02:30-05:00"), at("2027-03-14T05:00"), 0) == at(
        "2027-03-14T07:00"
    )


def test_a_time_that_comes_twice_is_open_twice() -> None:
    """On 2026-11-01 the hour from 01:00 to 02:00 comes twice."""
    window = every_day("01:00-01:30")
    assert opens([NEW_YORK], window, at("2026-11-01T04:00"), 0) == at("2026-11-01T05:00")
    assert opens([NEW_YORK], window, at("2026-11-01T05:45"), 0) == at("2026-11-01T06:00")


def test_days_without_hours_are_passed_over() -> None:
    """The window is by the local day: closed on Saturday and Sunday."""

    def office(ordinal: int) -> DayWindow | None:
        return None if (ordinal - 1) % 7 >= 5 else (540, 1020)

    assert opens([NEW_YORK], office, at("2026-07-03T21:00"), 0) == at("2026-07-06T13:00")
    assert opens([NEW_YORK], lambda ordinal: None, at("2026-07-03T21:00"), 0) is None


@given(
    zone=st.sampled_from(ZONES),
    start=st.integers(0, 95),
    length=st.integers(1, 40),
    quarter=st.integers(QUARTERS_OF_2026, QUARTERS_OF_2026 + 4 * 24 * 730),
)
def test_the_next_opening_is_the_first_by_scan(
    zone: str, start: int, length: int, quarter: int
) -> None:
    """Clocks change, and windows begin, on quarters of an hour: scanning those misses none."""
    window = (start * 15, min((start + length) * 15, 1440))
    now = Instant(quarter * 15 * MINUTE_MS)
    found = opens([zone], lambda ordinal: window, now, 0)
    scan: Sequence[Instant] = [Instant(now + k * 15 * MINUTE_MS) for k in range(4 * 50)]
    first = next((i for i in scan if is_open(zone, lambda ordinal: window, i, 0)), None)
    assert found == first


def test_a_day_begins_at_local_midnight() -> None:
    ordinal = local(NEW_YORK, at("2026-11-01T12:00")).ordinal
    assert midnights(NEW_YORK, ordinal) == at("2026-11-01T04:00")
    assert midnights(NEW_YORK, ordinal + 1) - midnights(NEW_YORK, ordinal) == 25 * HOUR_MS
