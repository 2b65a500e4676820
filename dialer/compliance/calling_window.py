"""When a number may be called: the lawful hours and the campaign's, in every zone it may be in.

Zone data comes from the pinned `tzdata` package and from nowhere else: operating systems' copies
were found stale, and a decision must be repeatable elsewhere.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

from dialer.model.instant import Instant, utc

TZDATA_VERSION = metadata.version("tzdata")
"""Release of the tzdata package in use; every decision carries it."""

DayWindow = tuple[int, int]
"""(start, end) in minutes after local midnight: start inclusive, end exclusive."""

_DAY_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")
_MIDNIGHT = 24 * 60


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


def minutes_as_text(minutes: int) -> str:
    """`540` is `09:00`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
