"""Hours in the called party's local time, with pinned zone data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dialer.compliance.calling_window import (
    TZDATA_VERSION,
    ZoneUnknown,
    local_time,
    next_open,
    read_day_window,
    window_open,
    zone_named,
)
from dialer.model.campaigns import CallingHours
from dialer.model.instant import Instant, instant_of

FEDERAL = (8 * 60, 21 * 60)
ALL_DAY = CallingHours(((0, 24 * 60),) * 7)
NEW_YORK = ("America/New_York",)


def at(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-07-01T11:59:59.999", False),
        ("2026-07-01T12:00:00", True),
        ("2026-07-02T00:59:59.999", True),
        ("2026-07-02T01:00:00", False),
    ],
)
def test_eight_to_nine_start_inclusive_end_exclusive(now: str, expected: bool) -> None:
    assert window_open(NEW_YORK, ALL_DAY, at(now), 0, FEDERAL) is expected


def test_the_guard_ends_dialling_before_the_hours_end() -> None:
    last = at("2026-07-02T00:59:38") - 1
    assert window_open(NEW_YORK, ALL_DAY, Instant(last), 22_000, FEDERAL)
    assert not window_open(NEW_YORK, ALL_DAY, Instant(last + 1), 22_000, FEDERAL)


def test_campaign_hours_narrow_the_law_and_never_widen_it() -> None:
    office = CallingHours(((9 * 60, 17 * 60),) * 5 + (None, None))
    assert not window_open(NEW_YORK, office, at("2026-07-01T12:30"), 0, FEDERAL)
    assert window_open(NEW_YORK, office, at("2026-07-01T13:00"), 0, FEDERAL)
    assert not window_open(NEW_YORK, office, at("2026-07-04T15:00"), 0, FEDERAL), "a Saturday"
    friday_evening = at("2026-07-03T21:00")
    assert next_open(NEW_YORK, office, friday_evening, 0, FEDERAL) == at("2026-07-06T13:00")


def test_every_zone_must_be_open() -> None:
    zones = ("America/Chicago", "America/New_York")
    assert not window_open(zones, ALL_DAY, at("2026-07-01T12:30"), 0, FEDERAL), "07:30 in Chicago"
    assert not window_open(zones, ALL_DAY, at("2026-07-02T01:30"), 0, FEDERAL), "21:30 in New York"
    assert next_open(zones, ALL_DAY, at("2026-07-01T12:30"), 0, FEDERAL) == at("2026-07-01T13:00")


@pytest.mark.parametrize(
    ("evening", "opens"),
    [
        ("2026-10-31T02:00", "2026-10-31T12:00"),
        ("2026-11-01T02:00", "2026-11-01T13:00"),
        ("2027-03-13T03:00", "2027-03-13T13:00"),
        ("2027-03-14T03:00", "2027-03-14T12:00"),
    ],
)
def test_the_morning_after_clocks_change(evening: str, opens: str) -> None:
    assert next_open(NEW_YORK, ALL_DAY, at(evening), 0, FEDERAL) == at(opens)


def test_navajo_nation_and_the_rest_of_arizona() -> None:
    """In winter both clocks agree; in summer Denver closes an hour before Phoenix."""
    zones = ("America/Denver", "America/Phoenix")
    assert next_open(zones, ALL_DAY, at("2027-01-10T06:00"), 0, FEDERAL) == at("2027-01-10T15:00")
    assert next_open(zones, ALL_DAY, at("2027-07-10T06:00"), 0, FEDERAL) == at("2027-07-10T15:00")
    nine_to_half_past = CallingHours(((9 * 60, 9 * 60 + 30),) * 7)
    in_summer = at("2027-07-10T06:00")
    assert next_open(zones, nine_to_half_past, in_summer, 0, FEDERAL) == at("2027-11-07T16:00")


@pytest.mark.parametrize(
    "hours",
    [
        CallingHours((None,) * 7),
        CallingHours(((6 * 60, 8 * 60),) * 7),
        CallingHours(((9 * 60, 9 * 60 + 30),) * 7),
    ],
)
def test_hours_that_never_come(hours: CallingHours) -> None:
    zones = ("America/Chicago", "America/New_York")
    assert next_open(zones, hours, at("2026-07-01T12:30"), 0, FEDERAL) is None


def test_a_guard_longer_than_the_hours_leaves_none() -> None:
    short = CallingHours(((9 * 60, 9 * 60 + 1),) * 7)
    assert next_open(NEW_YORK, short, at("2026-07-01T12:30"), 60_000, FEDERAL) is None


def test_no_zone_is_never_open() -> None:
    assert not window_open((), ALL_DAY, at("2026-07-01T15:00"), 0, FEDERAL)
    assert next_open((), ALL_DAY, at("2026-07-01T15:00"), 0, FEDERAL) is None


@pytest.mark.parametrize("name", ["Etc/Nowhere", "", "../zone", "America", "America/New_York/x"])
def test_unknown_zones(name: str) -> None:
    with pytest.raises(ZoneUnknown):
        zone_named(name)


def test_zone_data_is_the_pinned_package_not_the_operating_systems() -> None:
    """British Columbia stopped changing clocks in 2026; old copies of the data do not know."""
    assert TZDATA_VERSION
    assert local_time("America/Vancouver", at("2026-12-15T12:00")).hour == 5


@pytest.mark.parametrize(
    "text",
    ["9:00-17:00", "09:00", "17:00-09:00", "09:00-09:00", "09:00-24:01", "25:00-26:00", "", " "],
)
def test_malformed_hours(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_day_window(text)


def test_hours_to_midnight() -> None:
    assert read_day_window("00:00-24:00") == (0, 1440)
