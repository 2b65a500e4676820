"""What auditors ask, answered from the store: the running service and the commands use the same.

Which attempts, which number, which month: read here by index, put in words by `dialer.audit`, and
decided again by `dialer.compliance`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import trio

from dialer.audit.explain import decisions_in, explain
from dialer.audit.trace import trace
from dialer.compliance.calling_window import ZoneUnknown, local_time
from dialer.compliance.drop_sheet import drop_sheet, month_bounds, needed_outcomes, sheet_rules
from dialer.compliance.law import Ruleset
from dialer.compliance.law_archive import citation_of, law_in
from dialer.compliance.law_files import load_law
from dialer.compliance.numbering import Unreadable, read_number
from dialer.dnc.shelf import ListShelf
from dialer.model.audit_reports import (
    Decided,
    DecidedEntry,
    Explanation,
    ListFreshness,
    RefusalCounts,
    Trace,
)
from dialer.model.calls import AttemptId
from dialer.model.campaigns import Campaign
from dialer.model.drop_reports import DropSheet
from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.journal import EntryKind, StoredEntry
from dialer.service.list_shelf import freshness
from dialer.store.audit_port import AuditTrail

PAGE = 1_000
DAILY_FROM_MS = 4 * DAY_MS
"""Periods longer than this are counted by the day, shorter ones by the hour."""


@dataclass(frozen=True, slots=True)
class RulesInUse:
    """What a service decides by: the rules, the countries it may call, and the shelf of lists
    (None: it has none)."""

    ruleset: Ruleset
    enabled: frozenset[str]
    shelf: ListShelf | None = None

    def list_freshness(self, now: Instant) -> tuple[ListFreshness, ...]:
        """Every list in force, by name. Raises OperatorError for a list that is not whole."""
        if self.shelf is None:
            return ()
        return freshness(self.shelf, self.ruleset, now)


def shipped_rules() -> RulesInUse:
    """The rules as shipped, for the United States, and no lists."""
    return RulesInUse(load_law(), frozenset({"US"}))


async def all_entries(ask: Callable[..., Awaitable[Any]]) -> AsyncIterator[StoredEntry]:
    """Every entry of a question (`AuditTrail.entries` with its filters), page by page."""
    after = 0
    while page := await ask(after=after, limit=PAGE):
        for stored in page:
            yield stored
        after = page[-1].seq


async def _listed(ask: Callable[..., Awaitable[Any]]) -> list[StoredEntry]:
    return [stored async for stored in all_entries(ask)]


# --- one attempt ----------------------------------------------------------------------------------


async def explain_attempt(store: AuditTrail, attempt: AttemptId) -> Explanation | None:
    """The attempt explained, None where the journal knows none of that number."""
    entries = await _listed(partial(store.entries, attempt=attempt))
    entries += await _refusals_of(store, entries)
    entries.sort(key=lambda stored: stored.seq)
    rulesets = Rulesets(store)
    for stored in entries:
        for label in _labels(stored):
            await rulesets.get(label)
    return explain(entries, local_words, rulesets.citation)


async def explain_entry(store: AuditTrail, seq: int) -> DecidedEntry | None:
    """The decision an entry holds, None where there is no such entry, or it holds none."""
    for stored in await store.entries(after=seq - 1, limit=1):
        if stored.seq == seq:
            found = await _decisions_of(store, stored)
            return next((DecidedEntry(stored, each) for each in found if each.seq == seq), None)
    return None


async def _decisions_of(store: AuditTrail, stored: StoredEntry) -> Sequence[Decided]:
    """Those of the entry's attempt, which may need each other's facts; else the entry's own."""
    attempt = stored.entry.attempt_id
    if attempt is not None:
        explanation = await explain_attempt(store, attempt)
        return () if explanation is None else explanation.decisions
    if stored.entry.kind is not EntryKind.REFUSED:
        return ()
    rulesets = Rulesets(store)
    for label in _labels(stored):
        await rulesets.get(label)
    return decisions_in([stored], local_words, rulesets.citation)


async def _refusals_of(store: AuditTrail, entries: list[StoredEntry]) -> list[StoredEntry]:
    """A refusal at the dial stands in an entry about the lead, written at the attempt's end."""
    found: list[StoredEntry] = []
    for stored in entries:
        entry = stored.entry
        refused = entry.data.get("disposition") == "REFUSED"
        if entry.kind is EntryKind.ATTEMPT_ENDED and refused and stored.number_key:
            at_once = await store.entries(
                number_key=stored.number_key,
                kinds=(EntryKind.REFUSED,),
                since=entry.at,
                until=Instant(entry.at + 1),
            )
            found += [each for each in at_once if each.entry.lead_id == entry.lead_id]
    return found


def _labels(stored: StoredEntry) -> set[str]:
    """Of which rulesets an entry's decisions speak."""
    data = stored.entry.data
    found = {str(data["ruleset"])} if data.get("ruleset") else set()
    for key in ("screening", "dial_screening"):
        screening = data.get(key)
        decision = screening.get("decision") if isinstance(screening, dict) else None
        if isinstance(decision, dict) and decision.get("ruleset"):
            found.add(str(decision["ruleset"]))
    return found


def local_words(zone: str, at: Instant) -> str:
    """`Wed 2026-12-02 12:30`, "" in an unknown zone."""
    try:
        return local_time(zone, at).strftime("%a %Y-%m-%d %H:%M:%S")
    except ZoneUnknown:
        return ""


@dataclass(slots=True)
class Rulesets:
    """Archived rulesets, read once each; `faults` says which cannot be, and why."""

    store: AuditTrail
    found: dict[str, Ruleset | None]
    faults: dict[str, str]

    def __init__(self, store: AuditTrail) -> None:
        self.store = store
        self.found = {}
        self.faults = {}

    async def get(self, label: str) -> Ruleset | None:
        """The ruleset, None where it is not archived or cannot be read."""
        if label not in self.found:
            self.found[label] = await self._read(label)
        return self.found[label]

    async def _read(self, label: str) -> Ruleset | None:
        try:
            archive = await self.store.ruleset(label)
            if archive is not None:
                return await trio.to_thread.run_sync(law_in, archive)
            self.faults[label] = f"ruleset {label or '(none named)'} is not archived"
        except OperatorError as error:
            self.faults[label] = f"ruleset {label} cannot be read: {error}"
        except JournalFault as error:
            self.faults[label] = str(error)
        return None

    def citation(self, label: str, rule: str, at: Instant) -> str:
        """The citation of a rule in a ruleset that was asked for before; "" if it is not known."""
        ruleset = self.found.get(label)
        return "" if ruleset is None else citation_of(ruleset, rule, at)


# --- one number -----------------------------------------------------------------------------------


async def trace_number(store: AuditTrail, raw: str) -> Trace | None:
    """Everything known of a number, None for what is no telephone number."""
    number = read_number(raw, enabled=None)
    if isinstance(number, Unreadable):
        return None
    entries = await _listed(partial(store.entries, number=number.e164))
    key = next((stored.number_key for stored in entries if stored.number_key), "")
    erasures = await _listed(partial(store.entries, kinds=(EntryKind.ERASED,)))
    entries += [each for each in erasures if key and each.entry.data.get("number_key") == key]
    entries.sort(key=lambda stored: stored.seq)
    return trace(
        number.e164,
        entries,
        await store.listings(number.e164),
        await store.record_lines(number.e164),
    )


# --- campaigns ------------------------------------------------------------------------------------


async def refusal_counts(
    store: AuditTrail, campaign: str, since: Instant, until: Instant
) -> RefusalCounts:
    """Screenings of a campaign over time, by the hour or, over a longer period, by the day."""
    bucket_ms = DAY_MS if until - since > DAILY_FROM_MS else HOUR_MS
    start = Instant(since - since % bucket_ms)
    buckets = tuple(await store.screening_counts(campaign, start, until, bucket_ms))
    totals: dict[str, int] = {}
    for bucket in buckets:
        for code, count in bucket.refused.items():
            totals[code] = totals.get(code, 0) + count
    return RefusalCounts(
        campaign,
        start,
        until,
        bucket_ms,
        buckets,
        dict(sorted(totals.items(), key=lambda item: (-item[1], item[0]))),
        sum(bucket.allowed for bucket in buckets),
    )


async def month_of_drops(
    store: AuditTrail,
    campaigns: Mapping[str, Campaign],
    ruleset: Ruleset,
    enabled: Collection[str],
    campaign: str,
    month: str,
    now: Instant,
) -> DropSheet:
    """The campaign's drop sheet of a month such as `2026-12`. Raises OperatorError for what is no
    month, or a campaign that neither is loaded nor ever dialled."""
    try:
        start, _ = month_bounds(month)
    except ValueError as error:
        raise OperatorError(
            Problem("month", None, str(error), month, "Write year and month: 2026-12.")
        ) from error
    first_dial = await store.first_dial(campaign)
    chosen = campaigns.get(campaign)
    if chosen is None and first_dial is None:
        raise OperatorError(
            Problem(
                campaign,
                None,
                "no such campaign: it is not loaded, and the journal has no dial of it",
                "",
                f"There are: {', '.join(sorted(campaigns)) or 'none'}.",
            )
        )
    outcomes = await store.outcomes(campaign, *needed_outcomes(month))
    lawful, ring_minimum_ms = sheet_rules(ruleset, enabled, start)
    own = [] if chosen is None else [chosen.drop_ceiling]
    ceiling = min([*own, *([] if lawful is None else [lawful])], default=0.0)
    return await trio.to_thread.run_sync(
        partial(
            drop_sheet,
            campaign,
            month,
            outcomes,
            ceiling=ceiling,
            ring_minimum_ms=ring_minimum_ms,
            first_dial=first_dial,
            now=now,
        )
    )
