"""Which of a campaign's caller ids a dial shows: one we may show today, not shown too often, and
where possible the one this person was shown last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dialer.calls.attempt import START
from dialer.floor.desk import Desk
from dialer.floor.state import FloorState
from dialer.model.campaigns import Campaign
from dialer.model.instant import DAY_MS, HOUR_MS, Instant, rfc3339, utc
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId, CallerIdLimits


class AllShown(NamedTuple):
    """Every caller id was shown as often as the campaign allows; one may be again at `free_at`."""

    free_at: Instant

    @property
    def why(self) -> str:
        return (
            "Every caller id was shown as often as the campaign's caller_id_limits allow: the next "
            f"call may go out at {rfc3339(self.free_at)}."
        )


def provable(campaign: Campaign, now: Instant) -> tuple[CallerId, ...]:
    """The caller ids whose proof holds today (UTC), as the campaign lists them."""
    today = utc(now).date()
    return tuple(own for own in campaign.caller_ids if own.valid_on(today))


def first_caller(campaign: Campaign, now: Instant) -> CallerId:
    """The one questions about a lead are asked with; where the proof of none holds, the gate is to
    say so of the first."""
    return next(iter(provable(campaign, now)), campaign.caller_ids[0])


def free_at(limits: CallerIdLimits, shown: Sequence[Instant], now: Instant) -> Instant:
    """When a number that was shown at these instants (sorted) may be shown again: `now` if it may
    at once. Windows are those of the limits on attempts: (now - window, now]."""
    at = now
    if shown and limits.gap_ms:
        at = max(at, Instant(shown[-1] + limits.gap_ms))
    for limit, window_ms in ((limits.per_hour, HOUR_MS), (limits.per_day, DAY_MS)):
        if limit is not None and len(shown) >= limit:
            at = max(at, Instant(shown[-limit] + window_ms))
    return at


def choose(floor: FloorState, desk: Desk, lead: Lead, now: Instant) -> CallerId | AllShown:
    """The caller id to dial this lead with. Where the proof of none holds, any: the gate refuses
    the lead for it, in the journal."""
    held = provable(desk.campaign, now)
    if not held:
        return desk.campaign.caller_ids[0]
    limits = desk.campaign.caller_id_limits
    times = {own.e164: free_at(limits, _shown(floor, own.e164), now) for own in held}
    free = [own for own in held if times[own.e164] <= now]
    if not free:
        return AllShown(min(times.values()))
    known = _known_to(floor, desk, lead)
    for own in free:
        if own.e164 == known:
            return own
    chosen = free[desk.caller_turn % len(free)]
    desk.caller_turn += 1
    return chosen


def _shown(floor: FloorState, e164: str) -> list[Instant]:
    """When the number was shown, sorted, dials about to go out among them."""
    planned = (
        attempt.planned_at
        for attempt in floor.attempts.values()
        if attempt.state is START and attempt.caller_id.e164 == e164
    )
    return sorted([*floor.shown.get(e164, ()), *planned])


def _known_to(floor: FloorState, desk: Desk, lead: Lead) -> str:
    """The caller id this person was shown last, of those of the campaign; "" for none."""
    ours = {own.e164 for own in desk.campaign.caller_ids}
    theirs = lead.numbers(linked=desk.campaign.link_numbers)
    seen = [
        past
        for each in theirs
        for past in floor.recent_dials.get(each, ())
        if past.caller_id in ours
    ]
    return max(seen, key=lambda past: past.at).caller_id if seen else ""
