"""What the running service and the commands both do: store a lead file, answer about a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import trio

from dialer.audit.explain import decision_words
from dialer.compliance.calling_window import local_time
from dialer.compliance.facts import Facts
from dialer.compliance.facts_json import decision_to_json, facts_to_json
from dialer.compliance.law import Ruleset
from dialer.compliance.law_archive import citation_of
from dialer.compliance.numbering import AMERICAN, Unreadable, read_number
from dialer.floor.floor import Floor
from dialer.intake.case_lines import decide_case
from dialer.intake.csv_rows import write_refusals
from dialer.leads.ordering import fresh_key
from dialer.model.audit_reports import Decided
from dialer.model.instant import Instant, rfc3339
from dialer.model.leads import Lead, LeadFile
from dialer.model.numbers import PhoneNumber
from dialer.model.reports import ImportReport, NumberCheck
from dialer.model.screening import Allowed, Screening
from dialer.service.audit_queries import RulesInUse, local_words
from dialer.store.port import Store

HISTORY_SHOWN = 20


async def store_leads(
    store: Store, campaign: str, file: LeadFile, now: Instant, by: str, data: Path
) -> ImportReport:
    """Store a parsed file's good rows; its refused ones also go to a CSV file under `data`."""
    keys = [fresh_key(lead.line) for lead in file.leads]
    report = await store.import_leads(campaign, file, keys, now, by)
    if not report.rejected:
        return report
    refusals = data / "refusals" / f"{campaign}-{Path(file.name).stem}-{file.sha256[:8]}.csv"
    await trio.Path(refusals.parent).mkdir(parents=True, exist_ok=True)
    await trio.to_thread.run_sync(partial(write_refusals, refusals, report.rejected))
    return replace(report, refusals_file=str(refusals))


async def check_number(
    store: Store, floor: Floor, raw: str, campaign: str, now: Instant
) -> NumberCheck:
    """May this number be called now, by the same gate that guards every dial, and what the journal
    knows of it. Without a campaign, the first one's hours and limits are used."""
    number = read_number(raw, enabled=AMERICAN | floor.enabled)
    if isinstance(number, Unreadable):
        explain = f"{number.explain} {number.remedy}".strip()
        return NumberCheck(raw, "", "DENY", (number.code,), explain, (), (), None, ())
    name = campaign or next(iter(floor.campaigns), "")
    if name not in floor.campaigns:
        explain = "No such campaign is loaded: a number is checked against a campaign's rules."
        return NumberCheck(raw, number.e164, "DENY", ("DATA_MISSING",), explain, (), (), None, ())
    screened = floor.screening_of(await _lead(store, floor, number, name), name, now)
    answer, facts = screened.answer, screened.facts
    allowed = isinstance(answer, Allowed)
    entries = await store.journal(number=number.e164, limit=HISTORY_SHOWN)
    return NumberCheck(
        raw=raw,
        e164=number.e164,
        verdict="ALLOW" if allowed else "DENY",
        codes=() if isinstance(answer, Allowed) else tuple(str(code) for code in answer.codes),
        explain=answer.explain,
        local_times=tuple(
            (zone, local_time(zone, now).strftime("%a %H:%M")) for zone in facts.place.zones
        ),
        lists=tuple(
            f"{version.name} ({version.kind.lower()}), copy of {rfc3339(version.obtained_at)}"
            for version in facts.lists
            if version.name in facts.on_lists
        )
        + tuple(
            f"asked not to be called, by {each.where}, on {rfc3339(each.requested_at)}"
            for each in facts.internal
        ),
        next_allowed_at=None if isinstance(answer, Allowed) else answer.next_allowed_at,
        history=tuple(
            f"{rfc3339(e.entry.at)} {e.entry.kind} {e.entry.data.get('disposition') or ''}".strip()
            for e in entries
        ),
        decided=decided_words("now", screened.facts, answer, now, floor.ruleset),
    )


def what_if(case: Mapping[str, object], rules: RulesInUse) -> Decided:
    """The decision about a case (its fields are those of `dialer screen --cases`) under the rules
    in use. Nothing follows from it. Raises OperatorError with a problem for each field that will
    not do."""
    asked = {"enabled": sorted(rules.enabled), **case}
    facts, answer, at = decide_case(asked, rules.ruleset)
    return decided_words("if it were so", facts, answer, at, rules.ruleset)


def decided_words(
    moment: str, facts: Facts, answer: Screening, at: Instant, ruleset: Ruleset
) -> Decided:
    """A decision that no entry holds, in words; `ruleset` is the one it was made under."""
    return decision_words(
        moment,
        0,
        at,
        {"at": at, "decision": decision_to_json(answer)},
        facts_to_json(facts),
        {},
        local_words,
        lambda label, rule, instant: citation_of(ruleset, rule, instant),
    )


async def _lead(store: Store, floor: Floor, number: PhoneNumber, campaign: str) -> Lead:
    """The campaign's lead of this number as it would be dialled; where it has none, one with
    everything the store knows of the number."""
    stored = await store.lead_of_number(campaign, number.e164, floor.same_seller(campaign))
    if stored is not None:
        return stored
    records = await store.records_of(number.e164)
    return Lead(0, campaign, "", 0, number, {}, records=records)
