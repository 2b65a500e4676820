"""Deadlines in business days, against the published federal holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.business_days import (
    after_business_days,
    honour_by,
    is_business_day,
)
from dialer.model.instant import DAY_MS, Instant, instant_of, utc

HOLIDAYS_2026 = (
    date(2026, 1, 1),
    date(2026, 1, 19),
    date(2026, 2, 16),
    date(2026, 5, 25),
    date(2026, 6, 19),
    date(2026, 7, 3),  # the 4th is a Saturday
    date(2026, 9, 7),
    date(2026, 10, 12),
    date(2026, 11, 11),
    date(2026, 11, 26),
    date(2026, 12, 25),
)
"""As the Office of Personnel Management publishes them."""


def test_the_year_2026_has_the_published_holidays_and_no_other() -> None:
    days = (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
    off = [day for day in days if day.weekday() < 5 and not is_business_day(day)]
    assert tuple(off) == HOLIDAYS_2026


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2021, 12, 31), False),  # New Year's Day of 2022 was a Saturday
        (date(2022, 12, 26), False),  # Christmas was a Sunday
        (date(2020, 6, 19), True),  # before Juneteenth was a holiday
        (date(2025, 1, 20), False),  # Martin Luther King's and Inauguration Day
        (date(2029, 1, 20), False),  # a Saturday
        (date(2021, 1, 20), True),  # Inauguration Day alone
    ],
)
def test_observed_days(day: date, works: bool) -> None:
    assert is_business_day(day) is works


@pytest.mark.parametrize(
    ("received", "deadline"),
    [
        ("2026-11-23T15:00", "2026-12-09T05:00"),  # Thanksgiving is left out: 8 December
        ("2026-11-22T04:59", "2026-12-08T05:00"),  # a Saturday in Washington still
        ("2026-07-01T12:00", "2026-07-17T04:00"),
        ("2026-12-24T12:00", "2027-01-12T05:00"),
    ],
)
def test_ten_business_days_from_receipt(received: str, deadline: str) -> None:
    at = instant_of(datetime.fromisoformat(received).replace(tzinfo=UTC))
    assert honour_by(at) == instant_of(datetime.fromisoformat(deadline).replace(tzinfo=UTC))


def test_no_days_are_no_deadline() -> None:
    with pytest.raises(ValueError, match="lead nowhere"):
        after_business_days(date(2026, 1, 1), 0)


@given(
    st.integers(min_value=0, max_value=60 * 365 * DAY_MS).map(Instant),
    st.integers(min_value=1, max_value=30),
)
def test_a_deadline_counts_each_business_day_once(received_at: Instant, days: int) -> None:
    end = honour_by(received_at, days)
    assert end > received_at + days * DAY_MS
    assert end <= honour_by(received_at, days + 1) - DAY_MS + 3_600_000
    last = utc(Instant(end - 6 * 3_600_000)).date()
    assert is_business_day(last)
