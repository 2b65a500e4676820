"""Hours in the called party's local time, with pinned zone data."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dialer.compliance.calling_window import (
    TZDATA_VERSION,
    ZoneUnknown,
    local_time,
    read_day_window,
    zone_named,
)
from dialer.model.instant import Instant, instant_of


def at(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


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
