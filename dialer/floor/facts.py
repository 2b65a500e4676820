"""What is asked of the gate about a lead of a campaign: the facts in one value, and the slots."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from dialer.compliance.facts import Facts, InternalRequest, OwnCap
from dialer.compliance.facts_json import decision_to_json, facts_to_json
from dialer.compliance.law import Ruleset
from dialer.compliance.location import locate
from dialer.compliance.screening import caps_in_force
from dialer.compliance.suppression import Suppressions
from dialer.model.campaigns import Campaign
from dialer.model.commands import Claim
from dialer.model.instant import DAY_MS, Instant, utc
from dialer.model.journal import JsonValue
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId
from dialer.model.records import UNKNOWN_LINE, PastAttempt, RndAnswer, RndStatus
from dialer.model.screening import CallMode, Screening
from dialer.model.suppression import Suppression, plain_name

ATTEMPTS_PER_DAY = "attempts_per_day"


class Screened(NamedTuple):
    """What was known, and what the gate said to it, at an instant."""

    facts: Facts
    answer: Screening
    at: Instant

    def data(self) -> dict[str, JsonValue]:
        """As the journal keeps it, so that it can be decided again."""
        return {
            "at": self.at,
            "facts": facts_to_json(self.facts),
            "decision": decision_to_json(self.answer),
        }


def campaign_facts(
    campaign: Campaign,
    lead: Lead,
    suppressions: Suppressions,
    caller: CallerId,
    now: Instant,
    *,
    enabled: frozenset[str],
    emergencies: Iterable[str] = (),
    attempts: Iterable[PastAttempt] = (),
    drops: Iterable[Instant] = (),
    agent_reserved: bool = False,
) -> Facts:
    """The facts about a lead of a campaign that would show `caller`."""
    records, e164 = lead.records, lead.number.e164
    theirs = lead.numbers(linked=campaign.link_numbers)
    return Facts(
        place=locate(lead.number, state=lead.state, postcode=lead.postcode),
        seller=campaign.seller,
        subject=campaign.subject or campaign.title,
        mode=CallMode(campaign.mode),
        purpose=campaign.purpose,
        hours=campaign.hours,
        end_guard_ms=campaign.ring_timeout_ms,
        caller_id=caller.e164,
        caller_id_owned=_owned(campaign, caller, now),
        enabled=enabled,
        lists=suppressions.versions,
        on_lists=suppressions.on_lists(e164),
        internal=tuple(
            _request(each, now) for number in theirs for each in suppressions.requests_of(number)
        ),
        consents=records.consents,
        relationships=records.relationships,
        revocations=records.revocations,
        rnd=_rnd(records.rnd, suppressions.other.is_reassigned(e164)),
        last_verified_contact=records.last_verified_contact,
        line=suppressions.other.line_of(e164) if records.line == UNKNOWN_LINE else records.line,
        unread_flag=suppressions.other.unread(e164),
        emergencies=frozenset(emergencies),
        attempts=tuple(attempts),
        drops=tuple(drops),
        agent_reserved=agent_reserved,
        own_caps=_own_caps(campaign),
        min_gap_ms=campaign.min_gap_ms,
        own_cooldown_ms=campaign.drop_cooldown_ms,
    )


def _owned(campaign: Campaign, caller: CallerId, now: Instant) -> bool:
    """Whether the campaign may show the number today, by its proof's dates (UTC)."""
    today = utc(now).date()
    return any(own.e164 == caller.e164 and own.valid_on(today) for own in campaign.caller_ids)


def _rnd(answers: tuple[RndAnswer, ...], reassigned: bool) -> tuple[RndAnswer, ...]:
    """The answers known, and a vendor's word that the number was reassigned as one more."""
    return (*answers, RndAnswer(RndStatus.YES)) if reassigned else answers


def _request(request: Suppression, now: Instant) -> InternalRequest:
    """When it was made counts against a newer consent; where nobody noted that, when it was
    entered. One that seems to lie ahead is in force: a clock that was set back frees nobody."""
    at = min(now, request.received_at if request.received_at is not None else request.since)
    seller = "" if request.affiliates else request.seller
    return InternalRequest(at, seller, (request.channel or request.list_name).lower())


def _own_caps(campaign: Campaign) -> tuple[OwnCap, ...]:
    return (OwnCap(ATTEMPTS_PER_DAY, campaign.attempts_per_day, DAY_MS),)


def claims_of(
    facts: Facts, lead: Lead, ruleset: Ruleset, now: Instant, *, linked: bool
) -> tuple[Claim, ...]:
    """The slots a dial takes: one under each cap that binds it, counted by the number and, with
    `linked`, by the person whose other numbers share it. A slot's key holds no number and no name
    in clear, and is the same on every node."""
    about = f"{plain_name(facts.seller)}\n{plain_name(facts.subject)}"
    persons = [lead.number.e164]
    if linked and lead.contact:
        persons.append(f"contact {lead.contact}\n{plain_name(facts.seller)}")
    rules = caps_in_force(facts, ruleset, now)
    claims: list[Claim] = []
    for person in persons:
        claims += (Claim(_key(person, about), rule.limit, rule.window_ms) for rule in rules)
        for cap in facts.own_caps:
            shown = facts.caller_id if cap.per_caller_id else ""
            claims.append(Claim(_key(person, shown), cap.limit, cap.window_ms))
    return tuple(dict.fromkeys(claims))


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
