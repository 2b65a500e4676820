"""How often one number may be dialled: a cap over rolling 24 hours and a shortest gap."""

from __future__ import annotations

from collections.abc import Sequence

from dialer.model.instant import DAY_MS, Instant


def dials_counted(dials: Sequence[Instant], now: Instant) -> int:
    """Dials that count against the cap now: those in (now - 24 h, now], answered or not. One that
    seems to lie ahead counts too: a clock that was set back frees nobody."""
    return sum(dial > now - DAY_MS for dial in dials)


def next_dial_allowed(
    dials: Sequence[Instant], cap: int, min_gap_ms: int, now: Instant
) -> Instant | None:
    """The earliest instant from `now` on at which one more dial keeps to at most `cap` dials in any
    24 hours and at least `min_gap_ms` after the last; None if the cap allows none at all.

    `dials`: instants of earlier dials of this number, in any order; those older than both limits
    make no difference.
    """
    if cap < 1:
        return None
    newest_first = sorted(dials, reverse=True)
    allowed = now
    if newest_first:
        allowed = max(allowed, Instant(newest_first[0] + min_gap_ms))
    if len(newest_first) >= cap:
        allowed = max(allowed, Instant(newest_first[cap - 1] + DAY_MS))
    return allowed
