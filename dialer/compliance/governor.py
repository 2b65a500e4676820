"""The hard bound on dialling: how many new calls can be placed now such that, whatever happens to
them, the share of drops stays within the ceiling. It knows no forecast and trusts no controller.

Notation: c ceiling, L live answers and D drops in the account, F calls in flight, A covered agents,
K = max(0, F - A) the calls in flight above the covered agents.

What may happen. Each call in flight ends in one of three ways: not live (no answer, a machine, hung
up early; should such a call be counted live, L only grows); live and bridged to an agent; live and
dropped. A call is dropped only when no covered agent is left without a call, because a waiting call
is always given to a free agent first. In between, agents may come free, or not.

Claim. If K = 0, or D + K <= c (L + A + K), then however these calls end, and in whatever order, no
drop among them leaves the account above c.

Proof. That condition, say P, survives every step, and right after each drop D <= c L:
- A call ends not live: F falls by 1; K falls by 1 or stays 0. The left side falls by 1, the right
  by c <= 1: P holds.
- A call is live and bridged: F and A fall by 1, L rises by 1. K and L + A stay: P holds.
- A call is live and dropped: then A = 0, so K = F >= 1. F and K fall by 1, D and L rise by 1. Both
  sides stay: P holds. As D + K <= c (L + K) held before, the account now reads
  D + 1 <= c (L + K) - (K - 1) <= c (L + K) - c (K - 1) = c (L + 1): within the ceiling.
- An agent comes free: A rises by 1; K falls by 1 or stays 0; L + A + K does not fall: P holds.
- New calls are permitted: only as many as keep P, which is `lawful_dials`.
While K = 0 nothing can be dropped: an agent stands ready for each call. So up to F + n = A any
number is lawful whatever the account says. And the bound is tight: if all F + n calls turn out live
at once and no agent comes free, K are dropped and the account reads (D + K) / (L + A + K).

What it rests on.
1. The account counts a call when it is bridged or dropped, not before: until then it is in flight.
2. A covered agent does not vanish. One who pauses, or whose phone fails, while calls are in flight
   takes A down by 1 without a call.
3. No live answer leaves the account's 30 days while calls are in flight. To be sure of it, give as
   `live` the answers that will still be in the window when the last of these calls can have ended
   (`DropAccount.live` of that later instant).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be placed now; `why` names what held it there, for the campaign page."""

    dials: int
    why: str


def lawful_dials(
    *,
    asked: int,
    covered: int,
    in_flight: int,
    live: int,
    dropped: int,
    ceiling: float,
    free_channels: int,
    cps_tokens: int,
) -> Grant:
    """As many of the `asked` dials as drop ceiling, channels and call rate allow.

    `covered`: agents of this campaign who are free now, or promised to one of the calls in flight.
    `in_flight`: calls placed and neither ended, bridged nor dropped (planned, ringing, under
    detection, waiting). `live`, `dropped`: the drop account (see 1 and 3 above). `ceiling`: a share
    of live answers, from 0 to below 1. `cps_tokens`: calls the trunk may start at this moment.
    """
    if asked <= 0:
        return Grant(0, "no calls asked for")
    spare = covered - in_flight + _over_dials_allowed(covered, live, dropped, ceiling)
    bounds = (
        (max(0, spare), _drop_reason(covered, in_flight, live, dropped, ceiling)),
        (max(0, free_channels), f"{_count(free_channels, 'channel')} free"),
        (max(0, cps_tokens), f"the trunk takes {_count(cps_tokens, 'call')} at this moment"),
    )
    dials, why = min(bounds, key=lambda bound: bound[0])
    if dials >= asked:
        return Grant(asked, f"all {asked} asked for")
    return Grant(dials, f"{dials} of {asked} asked for: {why}")


def _over_dials_allowed(covered: int, live: int, dropped: int, ceiling: float) -> int:
    """The largest K with dropped + K <= ceiling (live + covered + K)."""
    share = _exact(ceiling)
    if share >= 1:
        raise ValueError(f"a drop ceiling of {ceiling} is no ceiling")
    # Both sides times the share's denominator: whole numbers, exact, at every event of the floor.
    part, whole = share.numerator, share.denominator
    room = part * (live + covered) - dropped * whole
    return max(0, room // (whole - part))


@lru_cache(maxsize=64)
def _exact(ceiling: float) -> Fraction:
    """0.03 as it was written, three hundredths, not as binary floating point has it."""
    return Fraction(str(ceiling))


def _drop_reason(covered: int, in_flight: int, live: int, dropped: int, ceiling: float) -> str:
    return (
        f"with {in_flight} in flight for {_count(covered, 'free agent')}, one more call could "
        f"bring drops ({dropped} of {_count(live, 'live answer')}) above {ceiling:.1%}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
