"""The gate as the floor asks it: about a lead at an instant, and whether any call may go at all."""

from __future__ import annotations

from dialer.compliance.checks import country_key
from dialer.compliance.facts import ListKind
from dialer.compliance.grounds import days_between
from dialer.compliance.law_in_force import national_list_rule
from dialer.compliance.screening import decide
from dialer.floor.desk import Desk
from dialer.floor.facts import Screened, campaign_facts
from dialer.floor.state import FloorState
from dialer.floor.wrapping_up import move_data
from dialer.leads.recycle import LeadMove, after_refusal
from dialer.model.campaigns import CampaignState
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId
from dialer.model.screening import Refused


def screen(
    floor: FloorState,
    desk: Desk,
    lead: Lead,
    now: Instant,
    caller: CallerId,
    agent_reserved: bool = False,
) -> Screened:
    """The one gate. `agent_reserved`: an agent waits for this very call."""
    theirs = lead.numbers(linked=desk.campaign.link_numbers)
    attempts = (past for each in theirs for past in floor.recent_dials.get(each, ()))
    drops = (at for each in theirs for at in floor.recent_drops.get(each, ()))
    facts = campaign_facts(
        desk.campaign,
        lead,
        floor.suppressions,
        caller,
        now,
        enabled=floor.enabled,
        emergencies=floor.emergencies,
        attempts=sorted(attempts, key=lambda past: past.at),
        drops=sorted(drops),
        agent_reserved=agent_reserved,
    )
    return Screened(facts, decide(facts, floor.ruleset, now), now)


def refuse_lead(
    floor: FloorState, desk: Desk, lead: Lead, screened: Screened, now: Instant, stage: str
) -> LeadMove:
    """A lead the gate refused leaves the hopper's way, with every reason in the journal. Where a
    newer file, another setting or the end of an emergency may free it, it is looked at again."""
    refused = screened.answer
    assert isinstance(refused, Refused)
    move = after_refusal(lead, refused, now)
    desk.refused[refused.primary] += 1
    floor.record(
        JournalEntry(
            EntryKind.REFUSED,
            now,
            campaign=desk.campaign.name,
            lead_id=lead.lead_id,
            number=lead.number.e164,
            data={
                "stage": stage,
                "codes": [str(code) for code in refused.codes],
                "explain": refused.explain,
                "next_allowed_at": refused.next_allowed_at,
                "ruleset": refused.ruleset,
                "tzdata": refused.tzdata,
                "screening": screened.data(),
                **move_data(move),
            },
        )
    )
    desk.lead_returns(move.next_eligible_at)
    return move


def stopped(floor: FloorState, desk: Desk, now: Instant) -> str:
    """In words, what forbids every dial of the campaign."""
    if floor.draining:
        return "The service is draining: no new dials."
    if desk.state is not CampaignState.RUNNING:
        return f"The campaign is {desk.state.lower()}: a manager has to start it."
    if not floor.journal_ok:
        return "The journal cannot be written: dialling stops until it can (see alarms)."
    if floor.clock_wrong:
        return f"Nobody is dialled by a clock that may be wrong: {floor.clock_wrong}."
    return _registries(floor, now)


def _registries(floor: FloorState, now: Instant) -> str:
    """In words, which country's registry stops all calls: with no copy of its list, or one too old,
    absence from it proves nothing (47 CFR 64.1200(c)(2)(i)(D)). No lead is at fault, so this stops
    campaigns and refuses no lead."""
    for country in sorted(floor.enabled):
        rule = national_list_rule(floor.ruleset, country, now)
        if rule is None:
            continue
        copies = [
            version
            for version in floor.suppressions.versions
            if version.kind is ListKind.NATIONAL and version.state == country_key(country)
        ]
        if not copies:
            return (
                f"No copy of the national do-not-call list of {country} is loaded "
                f"({rule.citation}): import one."
            )
        stale = [
            copy.name for copy in copies if days_between(copy.obtained_at, now) > rule.max_age_days
        ]
        if stale:
            return (
                f"The do-not-call list {', '.join(stale)} is older than {rule.max_age_days} days "
                f"({rule.citation}): import a newer copy."
            )
    return ""
