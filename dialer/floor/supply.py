"""Leads between store and hopper: asked for, screened in bulk, renewed while they wait."""

from __future__ import annotations

from dataclasses import replace

from dialer.floor.callers import first_caller
from dialer.floor.desk import Desk
from dialer.floor.gate import refuse_lead, screen
from dialer.floor.state import FloorState
from dialer.leads.hopper import HopperEntry
from dialer.model.agents import AgentState
from dialer.model.campaigns import CampaignState
from dialer.model.commands import RefillHopper
from dialer.model.events import LeadsOffered, RecordsChanged
from dialer.model.instant import Instant
from dialer.model.leads import Lead
from dialer.model.screening import Refused
from dialer.model.suppression import plain_name


def leads_imported(floor: FloorState, campaign: str) -> None:
    """There is more to offer; and the new leads may be further numbers of people whose leads wait
    in hoppers, so those are offered again, with all their numbers."""
    for name, desk in floor.desks.items():
        stale = any(entry.lead.contact for entry in desk.hopper)
        if stale:
            desk.hopper.clear()
        if stale or name == campaign:
            desk.look_again()


def leads_offered(floor: FloorState, event: LeadsOffered, now: Instant) -> None:
    """Bulk screening of what the store offered."""
    desk = floor.desks.get(event.campaign)
    if desk is None or not desk.refilling:
        return
    desk.refilling = False
    desk.dry = not event.leads
    desk.refill_at = event.next_eligible_at if desk.dry else None
    if desk.state is CampaignState.STOPPED:
        return
    for lead in event.leads:
        screened = screen(floor, desk, lead, now, first_caller(desk.campaign, now))
        if isinstance(screened.answer, Refused):
            refuse_lead(floor, desk, lead, screened, now, "bulk")
        else:
            desk.hopper.put(HopperEntry(lead, now))


def refill(floor: FloorState, desk: Desk, now: Instant) -> None:
    """Ask the store for leads when the hopper runs low and somebody is there to talk to them."""
    signed_in = sum(1 for a in floor.agents_of(desk) if a.state is not AgentState.OFFLINE)
    if desk.refilling or signed_in == 0:
        return
    if desk.dry and (desk.refill_at is None or now < desk.refill_at):
        return
    wanted = max(20, 5 * signed_in)
    if len(desk.hopper) > wanted // 2:
        return
    held = {entry.lead.lead_id for entry in desk.hopper}
    held |= {a.lead.lead_id for a in floor.attempts.values()}
    held |= {a.preview.lead.lead_id for a in floor.agents.values() if a.preview is not None}
    desk.refilling = True
    desk.dry = False
    count = wanted - len(desk.hopper)
    floor.emit(
        RefillHopper(desk.campaign.name, count, now, frozenset(held), same_seller(floor, desk))
    )


def same_seller(floor: FloorState, desk: Desk) -> tuple[str, ...]:
    """The campaigns of this seller: their leads' contacts mean the same people."""
    seller = plain_name(desk.campaign.seller)
    return tuple(
        name for name, other in floor.desks.items() if plain_name(other.campaign.seller) == seller
    )


def records_changed(floor: FloorState, event: RecordsChanged) -> None:
    """What is known of a number changed: leads that wait here are dialled on the new knowledge,
    and leads that were refused may be there again."""
    for desk in floor.desks.values():
        desk.look_again()
        for entry in list(desk.hopper):
            lead = _refreshed(entry.lead, event)
            if lead is not entry.lead:
                desk.hopper.put(replace(entry, lead=lead))
    for session in floor.agents.values():
        if session.preview is not None:
            lead = _refreshed(session.preview.lead, event)
            session.preview = replace(session.preview, lead=lead)
    for attempt in floor.attempts.values():
        attempt.lead = _refreshed(attempt.lead, event)


def _refreshed(lead: Lead, event: RecordsChanged) -> Lead:
    records = event.records.get(lead.number.e164)
    return lead if records is None else replace(lead, records=records)
