"""Business days of the federal government, for deadlines the law counts in them.

A business day is a day that is not Saturday, not Sunday and not a federal holiday as it is observed
(5 U.S.C. 6103; a holiday on a Saturday is observed the Friday before, one on a Sunday the Monday
after: 5 U.S.C. 6103(b) and Executive Order 11582). Inauguration Day, a holiday around Washington
only, counts as a business day: a deadline is rather a day early than a day late.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from dialer.model.instant import Instant, instant_of, utc

HONOUR_DAYS = 10
"""A request not to be called is honoured within a reasonable time, at most so many business days
from its receipt (47 CFR 64.1200(d)(3), since 2025-04-11)."""

_CLOCK = ZoneInfo("America/New_York")
_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_JUNETEENTH_SINCE = 2021


def is_business_day(day: date) -> bool:
    """Whether federal offices work on this day."""
    return day.weekday() < _SATURDAY and day not in _observed(day.year)


def after_business_days(day: date, count: int) -> date:
    """The `count`-th business day after `day`, which itself does not count. Raises ValueError for a
    count below 1."""
    if count < 1:
        raise ValueError(f"{count} business days lead nowhere")
    while count:
        day += _DAY
        count -= is_business_day(day)
    return day


def honour_by(received_at: Instant, business_days: int = HONOUR_DAYS) -> Instant:
    """The end of the last business day on which a request received then may be honoured: midnight
    in Washington, whose calendar counts. The entry itself is in force at once."""
    received = utc(received_at).astimezone(_CLOCK).date()
    last = after_business_days(received, business_days)
    return instant_of(datetime.combine(last + _DAY, time(), _CLOCK))


@cache
def _observed(year: int) -> frozenset[date]:
    """The days of a year on which a federal holiday is observed: the last may be New Year's Day of
    the next one."""
    holidays = [*_holidays(year), date(year + 1, 1, 1)]
    observed = (_moved(day) for day in holidays)
    return frozenset(day for day in observed if day.year == year)


def _moved(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - _DAY
    if day.weekday() == _SUNDAY:
        return day + _DAY
    return day


def _holidays(year: int) -> list[date]:
    """5 U.S.C. 6103(a)."""
    days = [
        date(year, 1, 1),
        _nth(year, 1, _MONDAY, 3),  # Birthday of Martin Luther King, Jr.
        _nth(year, 2, _MONDAY, 3),  # Washington's Birthday
        _nth(year, 6, _MONDAY, 1) - 7 * _DAY,  # Memorial Day: the last Monday of May
        date(year, 7, 4),
        _nth(year, 9, _MONDAY, 1),  # Labor Day
        _nth(year, 10, _MONDAY, 2),  # Columbus Day
        date(year, 11, 11),
        _nth(year, 11, _THURSDAY, 4),  # Thanksgiving Day
        date(year, 12, 25),
    ]
    if year >= _JUNETEENTH_SINCE:
        days.append(date(year, 6, 19))
    return days


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    first = date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7 + 7 * (which - 1))
