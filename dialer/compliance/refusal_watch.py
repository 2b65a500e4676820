"""Refusals watched for a sudden change: a list loaded wrong, a rule gone, zone data that is off.

The rule: of a campaign's screenings in the last ten minutes, the share one reason code has is
compared with its share over the day before them, by the two-proportion z test with a pooled share.
|z| >= 6 with at least 50 screenings on either side, and a difference of at least five points, is a
jump. (Six standard errors: chance alone brings that about once in 500 million looks.)

Codes that passing time brings and mends are left out of both sides: hours would cry every evening,
and caps as a list is worked off. The watch looks once a minute, and reports a code once an hour.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from dialer.model.screening import ReasonCode

RECENT_MS = 10 * MINUTE_MS
FEWEST = 50
Z_LIMIT = 6.0
LEAST_CHANGE = 0.05
AGAIN_MS = HOUR_MS
LOOK_MS = MINUTE_MS

MENDED_BY_TIME = frozenset(
    {
        ReasonCode.OUTSIDE_HOURS,
        ReasonCode.SUNDAY_BAN,
        ReasonCode.HOLIDAY_BAN,
        ReasonCode.FREQ_CAP,
        ReasonCode.ABANDON_COOLDOWN,
    }
)

_ALLOWED = "ALLOW"


@dataclass(frozen=True, slots=True)
class Jump:
    """A code's share of the last ten minutes' screenings, and of the day's before."""

    campaign: str
    code: str
    recent: float
    before: float
    recent_screenings: int
    z: float

    def words(self) -> str:
        """For people."""
        way = "risen" if self.recent > self.before else "fallen"
        return (
            f"Refusals {self.code} in campaign {self.campaign} have suddenly {way}: "
            f"{self.recent:.0%} of the last {self.recent_screenings} screenings, {self.before:.0%} "
            "over the day before. Was a list loaded, a ruleset or the zone data changed?"
        )


def z_of(recent: int, of_recent: int, before: int, of_before: int) -> float:
    """The two-proportion z statistic with a pooled share; 0 where the shares cannot differ."""
    pooled = (recent + before) / (of_recent + of_before)
    variance = pooled * (1 - pooled) * (1 / of_recent + 1 / of_before)
    if variance <= 0:
        return 0.0
    return (recent / of_recent - before / of_before) / math.sqrt(variance)


class RefusalWatch:
    """Counts screenings by the minute for a day. Tell it of each, and ask it then."""

    def __init__(self) -> None:
        self._minutes: dict[str, deque[tuple[int, Counter[str]]]] = {}
        self._reported: dict[tuple[str, str], Instant] = {}
        self._looked: dict[str, Instant] = {}

    def screened(self, campaign: str, code: ReasonCode | str | None, now: Instant) -> None:
        """A screening that came out with this primary code; None: allowed."""
        if code in MENDED_BY_TIME:
            return
        minutes = self._minutes.setdefault(campaign, deque())
        minute = now // MINUTE_MS
        if not minutes or minutes[-1][0] < minute:
            minutes.append((minute, Counter()))
            while minutes[0][0] < minute - DAY_MS // MINUTE_MS:
                minutes.popleft()
        minutes[-1][1][_ALLOWED if code is None else str(code)] += 1

    def jumps(self, campaign: str, now: Instant) -> tuple[Jump, ...]:
        """Codes that have jumped and were not reported within the hour; none between two looks."""
        looked = self._looked.get(campaign)
        if looked is not None and looked <= now < looked + LOOK_MS:
            return ()
        self._looked[campaign] = now
        found = []
        for jump in self._found(campaign, now):
            last = self._reported.get((campaign, jump.code))
            if last is None or now - last >= AGAIN_MS:
                self._reported[campaign, jump.code] = now
                found.append(jump)
        return tuple(found)

    def _found(self, campaign: str, now: Instant) -> Iterator[Jump]:
        edge = (now - RECENT_MS) // MINUTE_MS
        oldest = edge - DAY_MS // MINUTE_MS
        recent: Counter[str] = Counter()
        before: Counter[str] = Counter()
        for minute, codes in self._minutes.get(campaign, ()):
            if minute > edge:
                recent.update(codes)
            elif minute > oldest:
                before.update(codes)
        of_recent, of_before = recent.total(), before.total()
        if of_recent < FEWEST or of_before < FEWEST:
            return
        for code in sorted((recent.keys() | before.keys()) - {_ALLOWED}):
            z = z_of(recent[code], of_recent, before[code], of_before)
            shares = recent[code] / of_recent, before[code] / of_before
            if abs(z) >= Z_LIMIT and abs(shares[0] - shares[1]) >= LEAST_CHANGE:
                yield Jump(campaign, code, *shares, of_recent, z)
