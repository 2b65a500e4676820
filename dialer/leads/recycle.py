"""After an attempt: is the lead dialled again, and when?"""

from __future__ import annotations

from dataclasses import dataclass

from dialer.leads.ordering import callback_key, recycled_key
from dialer.model.campaigns import Campaign
from dialer.model.dispositions import Recycle, SystemDisposition
from dialer.model.instant import MINUTE_MS, Instant
from dialer.model.leads import Lead, LeadState
from dialer.model.screening import WITH_TIME, ReasonCode, Refused

OUR_DOING = frozenset(
    {
        SystemDisposition.TRUNK_FAILURE,
        SystemDisposition.LOST,
        SystemDisposition.CANCELLED,
    }
)
"""Endings no callee had a part in: without a rule of the campaign's own, the lead comes back."""


MENDABLE = frozenset(
    {
        ReasonCode.REGISTRY_STALE,
        ReasonCode.DATA_MISSING,
        ReasonCode.STATE_EMERGENCY,
        ReasonCode.CALLER_ID_NOT_AUTHORISED,
    }
)
"""Refusals no lead is at fault for: a newer list, a setting or the end of an emergency mends them.
"""
LOOK_AGAIN_MS = 15 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class LeadMove:
    """Where the lead goes from here."""

    state: LeadState
    next_eligible_at: Instant | None
    order_key: int


def after_refusal(lead: Lead, refused: Refused, now: Instant) -> LeadMove:
    """The move after the gate said no: eligible again when the same facts are allowed; looked at
    again in a while if only the operator's data stands in the way; else never."""
    at = refused.next_allowed_at
    if at is None and all(code in MENDABLE or code in WITH_TIME for code in refused.codes):
        at = Instant(now + LOOK_AGAIN_MS)
    state = LeadState.REFUSED if at is None else LeadState.OPEN
    return LeadMove(state, at, lead.order_key)


def after_system(campaign: Campaign, lead: Lead, disposition: str, now: Instant) -> LeadMove:
    """The move after an attempt ended; `lead.attempts` counts the dials up to and including it."""
    rule = campaign.recycle.get(disposition)
    if rule is None and disposition in OUR_DOING:
        pause = 5 * MINUTE_MS if disposition == SystemDisposition.TRUNK_FAILURE else 0
        rule = Recycle(pause, campaign.max_attempts)
    placed = disposition != SystemDisposition.TRUNK_FAILURE
    return _again(campaign, lead, rule, now, gap_ms=campaign.min_gap_ms if placed else 0)


def after_agent(
    campaign: Campaign, lead: Lead, disposition: str, now: Instant, callback_at: Instant | None
) -> LeadMove:
    """The move after the agent's choice. A callback comes first when its time has come."""
    if callback_at is not None:
        return LeadMove(LeadState.OPEN, callback_at, callback_key(lead.lead_id))
    chosen = next((d for d in campaign.dispositions if d.name == disposition), None)
    rule = chosen.recycle if chosen else None
    return _again(campaign, lead, rule, now, gap_ms=campaign.min_gap_ms)


def _again(
    campaign: Campaign, lead: Lead, rule: Recycle | None, now: Instant, gap_ms: int
) -> LeadMove:
    key = recycled_key(lead.lead_id, lead.attempts)
    if rule is None or lead.attempts >= min(rule.max_attempts, campaign.max_attempts):
        return LeadMove(LeadState.DONE, None, key)
    return LeadMove(LeadState.OPEN, Instant(now + max(rule.after_ms, gap_ms)), key)
