"""How a trunk is doing: what it can take now, and when it is to be left in peace."""

from __future__ import annotations

from dialer.floor.state import Attempt, FloorState, TrunkUse
from dialer.model.instant import SECOND_MS, Instant

TRUNK_FAILURES_TOLERATED = 3
LONGEST_BACK_OFF_MS = 60 * SECOND_MS


def unable(floor: FloorState, use: TrunkUse, now: Instant) -> str:
    """In words, what keeps calls from being placed."""
    if floor.capacity == 0:
        return "No SIP worker is up: there is nothing to place a call with."
    if use.down_until is not None and (now < use.down_until or use.legs):
        return f"Trunk {use.trunk.name} ({use.trunk.address}) does not answer: trying it carefully."
    return ""


def free_channels(floor: FloorState, use: TrunkUse) -> int:
    """Channels for lead legs, after those kept for agents' phones; one for a trunk on trial."""
    legs = floor.capacity - len(floor.legs) - floor.phones_wanted
    most = 1 if use.down_until is not None else use.trunk.channels
    return max(0, min(legs, most - use.legs))


def trunk_spoke(attempt: Attempt) -> None:
    """The trunk answered something: it is alive."""
    attempt.reached = True
    use = attempt.trunk
    use.failures, use.down_until, use.back_off_ms = 0, None, 5 * SECOND_MS


def trunk_failed(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """A call got no response at all; after a few in a row the trunk rests and is tried one call at
    a time, so that a dead trunk burns no lead."""
    use = attempt.trunk
    use.failures += 1
    resting = use.down_until is not None and now < use.down_until
    if use.failures < TRUNK_FAILURES_TOLERATED or resting:
        return
    first = use.down_until is None
    use.down_until = Instant(now + use.back_off_ms)
    use.back_off_ms = min(2 * use.back_off_ms, LONGEST_BACK_OFF_MS)
    if first:
        floor.alarm(
            "trunk_down",
            f"Trunk {use.trunk.name} at {use.trunk.address} does not answer: {use.failures} calls "
            "in a row got no response. Dialling on it stops but for one trial call at a time. "
            "Check the address, the network and the carrier.",
            now,
        )
