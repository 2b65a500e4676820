"""Leads that were refused for a list their number is on no longer are offered again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import trio

from dialer.compliance.facts import ListKind
from dialer.compliance.suppression import Suppressions
from dialer.model.events import LeadsImported
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import RefusedLead
from dialer.model.screening import ReasonCode
from dialer.store.port import Store

KINDS = {
    ReasonCode.NATIONAL_DNC: ListKind.NATIONAL,
    ReasonCode.STATE_DNC: ListKind.STATE,
    ReasonCode.LITIGATOR: ListKind.LITIGATOR,
    ReasonCode.INTERNAL_DNC: ListKind.INTERNAL,
}
"""The lists that bring each reason."""

CODES = frozenset({*KINDS, ReasonCode.REASSIGNED})
PIECE = 1_000
"""Leads named in one entry of the journal."""


def freed(suppressions: Suppressions, lead: RefusedLead) -> bool:
    """Whether no list and no request in force speaks the reason this lead was refused for. Whether
    it may be called is the gate's to say, when the lead is offered."""
    if lead.code == ReasonCode.REASSIGNED:
        other = suppressions.other
        return bool(other.reassigned) and not other.is_reassigned(lead.e164)
    if lead.code == ReasonCode.INTERNAL_DNC and suppressions.requests_of(lead.e164):
        return False
    on = suppressions.on_lists(lead.e164)
    kind = KINDS[ReasonCode(lead.code)]
    return not any(v.name in on for v in suppressions.versions if v.kind is kind)


async def reopen_freed(
    store: Store,
    suppressions: Suppressions,
    now: Callable[[], Instant],
    emit: Callable[[LeadsImported], None],
) -> int:
    """Offer again every lead whose number has left the list it was refused for; how many. Each is
    named in an entry of the journal, and campaigns that ran dry look again.

    Leads that stay refused are not screened again: a list changes daily and frees few."""
    count, after = 0, 0
    while page := await store.refused_leads(CODES, after):
        after = page[-1].lead_id
        free = await trio.to_thread.run_sync(_freed, suppressions, page)
        free.sort(key=lambda lead: lead.campaign)
        for campaign, leads in groupby(free, key=lambda lead: lead.campaign):
            named = list(leads)
            for start in range(0, len(named), PIECE):
                await store.append([_entry(campaign, named[start : start + PIECE], now())])
            emit(LeadsImported(campaign))
        count += len(free)
    return count


def _freed(suppressions: Suppressions, page: Sequence[RefusedLead]) -> list[RefusedLead]:
    return [lead for lead in page if freed(suppressions, lead)]


def _entry(campaign: str, leads: list[RefusedLead], now: Instant) -> JournalEntry:
    return JournalEntry(
        EntryKind.LEADS_REOPENED,
        now,
        campaign=campaign,
        data={"why": "their numbers left the lists", "leads": [each.lead_id for each in leads]},
    )
