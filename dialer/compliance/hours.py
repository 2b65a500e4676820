"""Hours of the law and of campaigns on the clocks of a set of zones: open now, and open next.

Local wall-clock time decides, from the pinned zone data; nothing here adds fixed offsets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from dialer.compliance.calling_window import DayWindow, zone_named
from dialer.model.instant import DAY_MS, MINUTE_MS, Instant, instant_of, utc

QUARTER_MS = 15 * MINUTE_MS
"""Zones change their offset at multiples of this only (all of tzdata, for today's dates)."""

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
SUNDAY = 6
_DAYS_AHEAD = 16
"""A rule that is open on one day of the week is open within a week, or two where that day is a
holiday; a longer ban is looked at again by the caller from there."""

WindowOf = Callable[[int], DayWindow | None]
"""The window of a local day, by its `date.toordinal()`; None: closed all day."""


class LocalTime(NamedTuple):
    """A wall clock: the day's ordinal and the milliseconds since midnight it shows."""

    ordinal: int
    ms: int

    @property
    def weekday(self) -> int:
        """Monday 0."""
        return (self.ordinal - 1) % 7


@lru_cache(maxsize=65536)
def _offset_ms(zone: str, quarter: int) -> int:
    shift = utc(Instant(quarter * QUARTER_MS)).astimezone(zone_named(zone)).utcoffset()
    assert shift is not None
    return shift // timedelta(milliseconds=1)


def local(zone: str, at: Instant) -> LocalTime:
    """What the clock on the wall shows there. Raises ZoneUnknown."""
    days, ms = divmod(at + _offset_ms(zone, at // QUARTER_MS), DAY_MS)
    return LocalTime(days + EPOCH_ORDINAL, ms)


def open_between(window: DayWindow | None, clock: LocalTime, later: LocalTime) -> bool:
    """Whether the day's window holds at `clock` and at `later`, which has to be the same day."""
    if window is None:
        return False
    start, end = window
    return (
        start * MINUTE_MS <= clock.ms < end * MINUTE_MS
        and later.ordinal == clock.ordinal
        and later.ms < end * MINUTE_MS
    )


def is_open(zone: str, window_of: WindowOf, at: Instant, guard_ms: int) -> bool:
    """Whether the window is open there at `at` and still is `guard_ms` later, the same day."""
    clock = local(zone, at)
    later = local(zone, Instant(at + guard_ms)) if guard_ms else clock
    return open_between(window_of(clock.ordinal), clock, later)


def opens(
    zones: Sequence[str],
    window_of: WindowOf,
    at: Instant,
    guard_ms: int,
    days_ahead: int = _DAYS_AHEAD,
) -> Instant | None:
    """The earliest instant, from `at` on, that is open in every zone; one before it, but beyond the
    days looked ahead, where zones are never open together. None if one is closed for all of them.
    """
    end = at + days_ahead * DAY_MS
    latest, alone = at, len(zones) == 1
    while True:
        before = latest
        for zone in zones:
            first = _opens_in(zone, window_of, latest, guard_ms, days_ahead)
            if first is None:
                return None
            latest = first
        if alone or latest == before or latest > end:
            return latest


def _opens_in(
    zone: str, window_of: WindowOf, at: Instant, guard_ms: int, days_ahead: int
) -> Instant | None:
    today = local(zone, at).ordinal
    if is_open(zone, window_of, at, guard_ms):
        return at
    for ordinal in range(today, today + days_ahead):
        window = window_of(ordinal)
        if window is None:
            continue
        for start in _starts(zone, ordinal, window[0]):
            if start >= at and is_open(zone, window_of, start, guard_ms):
                return start
    return None


@lru_cache(maxsize=65536)
def _starts(zone: str, ordinal: int, minutes: int) -> tuple[Instant, ...]:
    """When the clock first shows this time of day: once, or twice on a day it is set back. A time
    that is skipped counts from the moment of the change."""
    tz = zone_named(zone)
    midnight = datetime.fromordinal(ordinal)
    wall = midnight + timedelta(minutes=minutes)
    starts: dict[Instant, None] = {}
    for fold in (0, 1):
        found = instant_of(wall.replace(tzinfo=tz, fold=fold).astimezone(UTC))
        shown = local(zone, found)
        if (shown.ordinal, shown.ms) != (ordinal + minutes // 1440, minutes % 1440 * MINUTE_MS):
            # Skipped: the first instant after the change is the next quarter hour that shows more.
            found = _after_change(zone, found, ordinal, minutes)
        starts[found] = None
    return tuple(starts)


def _after_change(zone: str, near: Instant, ordinal: int, minutes: int) -> Instant:
    at = Instant((near - 3 * 60 * MINUTE_MS) // QUARTER_MS * QUARTER_MS)
    while local(zone, at) < (ordinal, minutes * MINUTE_MS):
        at = Instant(at + QUARTER_MS)
    return at


def midnights(zone: str, ordinal: int) -> Instant:
    """When the local day begins there."""
    return _starts(zone, ordinal, 0)[0]
