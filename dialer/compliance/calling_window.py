"""When a number may be called: the lawful hours and the campaign's, in every zone it may be in.

Zone data comes from the pinned `tzdata` package and from nowhere else: operating systems' copies
were found stale, and a decision must be repeatable elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

from dialer.model.campaigns import CallingHours
from dialer.model.instant import DAY_MS, Instant, instant_of, utc

TZDATA_VERSION = metadata.version("tzdata")
"""Release of the tzdata package in use; every decision carries it."""

DayWindow = tuple[int, int]
"""(start, end) in minutes after local midnight: start inclusive, end exclusive."""

_DAY_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")
_MIDNIGHT = 24 * 60
_HORIZON_MS = 366 * DAY_MS
"""Zones that share no open minute all year never will: their offsets repeat yearly."""


class ZoneUnknown(LookupError):
    """The pinned zone data has no zone of this name."""


def read_day_window(text: str) -> DayWindow:
    """Read `09:00-20:00`. Raises ValueError saying what is wrong with it."""
    match = _DAY_WINDOW.fullmatch(text)
    if match is None:
        raise ValueError("hours are written HH:MM-HH:MM")
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in match.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if end > _MIDNIGHT:
        raise ValueError("a day ends at 24:00")
    if start >= end:
        raise ValueError("the end is not after the start")
    return start, end


@cache
def zone_named(name: str) -> ZoneInfo:
    """The zone from the pinned package. Raises ZoneUnknown."""
    if not _ZONE_NAME.fullmatch(name):
        raise ZoneUnknown(name)
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    try:
        with file.open("rb") as stream:
            return ZoneInfo.from_file(stream, key=name)
    except (OSError, ValueError) as error:
        raise ZoneUnknown(name) from error


def local_time(zone: str, at: Instant) -> datetime:
    """The clock on the wall there. Raises ZoneUnknown."""
    return utc(at).astimezone(zone_named(zone))


def window_open(
    zones: Sequence[str], hours: CallingHours, now: Instant, guard_ms: int, lawful: DayWindow
) -> bool:
    """May a call be placed now? In every zone the local time is within `lawful` (the ruleset's) and
    `hours` (the campaign's), and still is `guard_ms` later: what is dialled just before the end
    would ring past it. Raises ZoneUnknown."""
    return bool(zones) and all(
        _next_open_in(zone, hours, now, guard_ms, lawful) == now for zone in zones
    )


def next_open(
    zones: Sequence[str], hours: CallingHours, now: Instant, guard_ms: int, lawful: DayWindow
) -> Instant | None:
    """The earliest instant from `now` on at which `window_open` holds; None if there is none within
    a year. Raises ZoneUnknown.

    Exact: each zone in turn is asked for its earliest instant not before the latest answer so far,
    until a whole round changes nothing; nobody can be open before the latest of these answers.
    """
    at: Instant | None = now if zones else None
    while at is not None and at - now <= _HORIZON_MS:
        asked_at = at
        for zone in zones:
            at = _next_open_in(zone, hours, at, guard_ms, lawful)
            if at is None:
                return None
        if at == asked_at:
            return at
    return None


def _next_open_in(
    zone: str, hours: CallingHours, now: Instant, guard_ms: int, lawful: DayWindow
) -> Instant | None:
    tz = zone_named(zone)
    today = utc(now).astimezone(tz).date()
    for days_ahead in range(8):
        day = today + timedelta(days=days_ahead)
        window = _window_of(day, hours, lawful)
        if window is None:
            continue
        end = _instant_at(day, window[1], tz) - guard_ms
        start = _instant_at(day, window[0], tz)
        if now < end and start < end:
            return max(now, start)
    return None


def _window_of(day: date, hours: CallingHours, lawful: DayWindow) -> DayWindow | None:
    own = hours.days[day.weekday()]
    if own is None:
        return None
    start, end = max(own[0], lawful[0]), min(own[1], lawful[1])
    return (start, end) if start < end else None


def _instant_at(day: date, minutes: int, tz: ZoneInfo) -> Instant:
    """When the local clock first shows this time of day. Between 08:00 and 21:00 no enabled zone
    ever changes its clocks, so there is one such instant."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=tz)
    return instant_of((midnight + timedelta(minutes=minutes)).astimezone(UTC))


def minutes_as_text(minutes: int) -> str:
    """`540` is `09:00`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
