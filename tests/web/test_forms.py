"""Times in somebody else's zone, and scripts with merge fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.model.instant import DAY_MS, HOUR_MS, instant_of, utc
from dialer.web.forms import NotATime, callback_instant
from dialer.web.rendering import length_text, percent_text, words
from dialer.web.script_text import fill
from tests.web.fake_office import START

ZONES = st.sampled_from(
    ["America/New_York", "America/Phoenix", "America/Los_Angeles", "Pacific/Honolulu", "UTC"]
)


def test_the_time_is_on_the_leads_clock() -> None:
    assert callback_instant("2026-11-21T13:30", "America/New_York", START) == START + HOUR_MS
    assert callback_instant("2026-11-21T13:30", "America/Los_Angeles", START) == START + 4 * HOUR_MS


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Choose when"),
        ("soon", "is not a date and time"),
        ("2026-11-21T12:30", "has passed"),
        ("0001-01-01T00:00", "has passed"),
        ("2027-03-14T02:30", "skip this time"),
        ("2028-01-01T10:00", "more than a year"),
        ("9999-12-31T23:59", "more than a year"),
        ("2026-11-22T10:00+00:00", "Leave the time zone out"),
    ],
)
def test_times_that_cannot_be_kept_say_why(typed: str, why: str) -> None:
    with pytest.raises(NotATime, match=why):
        callback_instant(typed, "America/New_York", START)


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    now = instant_of(datetime(2027, 11, 1, tzinfo=UTC))
    at = callback_instant("2027-11-07T01:30", "America/New_York", now)
    assert utc(at) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


@given(ZONES, st.integers(min_value=1, max_value=366 * 24 * 60))
def test_every_future_minute_there_is_can_be_chosen(zone: str, minutes: int) -> None:
    moment = utc(START) + timedelta(minutes=minutes)
    wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    at = callback_instant(wall.isoformat(timespec="minutes"), zone, START)
    assert START < at <= START + 366 * DAY_MS
    assert utc(at).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


@given(ZONES, st.text(max_size=30))
def test_any_text_is_a_time_or_says_why_not(zone: str, typed: str) -> None:
    try:
        at = callback_instant(typed, zone, START)
    except NotATime as error:
        assert str(error)
    else:
        assert at > START


@given(
    st.text(alphabet="ab{}_ \n<", max_size=60), st.dictionaries(st.sampled_from("ab"), st.text())
)
def test_a_script_is_filled_and_nothing_of_it_is_lost(script: str, values: dict[str, str]) -> None:
    parts = fill(script, values)
    again = "".join(f"{{{part.field}}}" if part.field else part.text for part in parts)
    assert again == script
    for part in parts:
        if part.field:
            value = values.get(part.field, "")
            assert part.missing == (not value)
            assert part.text == (value or f"[{part.field}]")


def test_how_figures_are_written() -> None:
    assert length_text(42_000) == "0:42"
    assert length_text(3 * HOUR_MS + 5_000) == "3:00:05"
    assert length_text(-90_000) == "-1:30"
    assert percent_text(0.03) == "3.0 %"
    assert percent_text(0.03001) == "3.1 %"
    assert percent_text(0) == "0.0 %"
    assert words("INTERNAL_DNC") == "Internal DNC"
    assert words("NO_ANSWER") == "No answer"
