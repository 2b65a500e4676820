"""The one time type: milliseconds since the Unix epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NewType

Instant = NewType("Instant", int)
"""UTC milliseconds since 1970-01-01. Durations are plain ints named `..._ms`."""

EPOCH = Instant(0)
SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone has no instant: {moment.isoformat()}")
    return Instant((moment - _EPOCH_UTC) // timedelta(milliseconds=1))


def utc(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH_UTC + timedelta(milliseconds=instant)


def rfc3339(instant: Instant) -> str:
    """`2026-11-21T17:30:00.000Z`: the spelling used in journals, pages and reports (RFC 3339)."""
    return utc(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")
