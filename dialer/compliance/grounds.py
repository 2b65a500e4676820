"""What entitles a seller to call: consent that stands, and relationships that have not run out."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from dialer.compliance.facts import Facts, InternalRequest
from dialer.compliance.law import ConsentRule, Rule
from dialer.compliance.law_in_force import LawInForce
from dialer.compliance.revocation import revokes
from dialer.model.instant import DAY_MS, Instant, utc
from dialer.model.records import Consent, ConsentScope, ConsentType, RelationshipType
from dialer.model.screening import CallMode, Exemption
from dialer.model.suppression import plain_name

_LIVE = frozenset({ConsentScope.ALL, ConsentScope.CALLS})
_RECORDED = frozenset({ConsentScope.ALL, ConsentScope.RECORDED})
_EBR = {
    RelationshipType.TRANSACTION: Exemption.EBR_TRANSACTION,
    RelationshipType.INQUIRY: Exemption.EBR_INQUIRY,
}


def months_before(day: date, months: int) -> date:
    """The same day that many calendar months earlier, or the month's last day where it is shorter
    (16 CFR 310.2(q), 47 CFR 64.1200(f)(5): months immediately preceding the call)."""
    year, month0 = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


@dataclass(frozen=True, slots=True)
class Grounds:
    """Consents that stand and cover this kind of call, and the newest revocation (None: none)."""

    consents: tuple[Consent, ...]
    revoked_at: Instant | None

    @property
    def pewc(self) -> bool:
        return any(consent.type is ConsentType.PEWC for consent in self.consents)

    def pec(self, oral: bool) -> bool:
        """Any consent; said aloud only if `oral`."""
        return any(oral or consent.type is not ConsentType.ORAL for consent in self.consents)

    def newer_written(self, request: InternalRequest) -> bool:
        """Express permission given after a request not to be called (47 CFR 64.1200(d))."""
        return any(
            consent.granted_at > request.requested_at and consent.type is not ConsentType.ORAL
            for consent in self.consents
        )


NO_GROUNDS = Grounds((), None)


def grounds_of(facts: Facts, law: LawInForce | None, now: Instant) -> Grounds:
    """Consent given before the newest revocation never revives; the one given after it stands."""
    if not facts.consents and not facts.revocations:
        return NO_GROUNDS
    seller = plain_name(facts.seller)
    ours = [c for c in facts.consents if plain_name(c.seller) == seller and c.granted_at <= now]
    words = law.revocation.words if law is not None and law.revocation is not None else ()
    ends = [c.revoked_at for c in ours if c.revoked_at is not None and c.revoked_at <= now]
    ends += [
        message.at
        for message in facts.revocations
        if message.at <= now
        and plain_name(message.seller) in ("", seller)
        and revokes(message, words)
    ]
    revoked_at = max(ends, default=None)
    scopes = _RECORDED if facts.mode is CallMode.RECORDED else _LIVE
    standing = tuple(
        consent
        for consent in ours
        if consent.scope in scopes
        and (consent.revoked_at is None or consent.revoked_at > now)
        and (revoked_at is None or consent.granted_at > revoked_at)
    )
    return Grounds(standing, revoked_at)


def lifts(
    rule: Rule, facts: Facts, law: LawInForce, grounds: Grounds, now: Instant
) -> tuple[Exemption, ...]:
    """The exemptions among the rule's `lifted_by` that this call has."""
    allowed = rule.lifted_by
    if not allowed:
        return ()
    used: list[Exemption] = []
    if facts.relationships and (
        Exemption.EBR_TRANSACTION in allowed or Exemption.EBR_INQUIRY in allowed
    ):
        used = [e for e in _relationships(rule, facts, law, now) if e in allowed]
    if Exemption.PEWC in allowed and grounds.pewc:
        used.append(Exemption.PEWC)
    elif Exemption.PEC in allowed and grounds.pec(oral=True):
        used.append(Exemption.PEC)
    return tuple(used)


def consent_for(rule: ConsentRule, grounds: Grounds) -> tuple[Exemption, ...]:
    """The consent that meets the rule, if any does."""
    if grounds.pewc:
        return (Exemption.PEWC,)
    if rule.needs is Exemption.PEC and grounds.pec(rule.oral):
        return (Exemption.PEC,)
    return ()


def _relationships(rule: Rule, facts: Facts, law: LawInForce, now: Instant) -> list[Exemption]:
    """Relationships with the seller within the window, the boundary day included (UTC dates)."""
    ebr = law.ebr_of(rule.jurisdiction)
    if ebr is None:
        return []
    today = utc(now).date()
    months = {
        RelationshipType.TRANSACTION: ebr.transaction_months,
        RelationshipType.INQUIRY: ebr.inquiry_months,
    }
    seller = plain_name(facts.seller)
    found = {
        _EBR[relationship.type]
        for relationship in facts.relationships
        if months[relationship.type]
        and relationship.at <= now
        and plain_name(relationship.seller) == seller
        and utc(relationship.at).date() >= months_before(today, months[relationship.type])
    }
    return [exemption for exemption in Exemption if exemption in found]


def days_between(earlier: Instant, later: Instant) -> int:
    """Calendar days by UTC dates (16 CFR 310.4(b)(3)(iv): a copy is so many days old)."""
    return later // DAY_MS - earlier // DAY_MS
