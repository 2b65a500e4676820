"""`dialer audit replay`: every stored decision made again, from journal and archives alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import trio

from dialer.compliance.facts import Facts
from dialer.compliance.law import Ruleset
from dialer.compliance.replay import differences, other_tzdata, read_facts
from dialer.compliance.suppression import SuppressionList
from dialer.dnc.index import LIST_KINDS, NumberIndex
from dialer.model.audit_reports import Mismatch, Replay
from dialer.model.calls import AttemptId
from dialer.model.errors import OperatorError
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JsonValue, StoredEntry
from dialer.service.audit_queries import PAGE, Rulesets
from dialer.store.audit_port import AuditTrail

DECIDING = (EntryKind.DIAL_INTENDED, EntryKind.REFUSED, EntryKind.ATTEMPT_ENDED)
SHOWN = 100
"""So many mismatches are told one by one."""

RESERVATION = "reservation"
"""The stage of a refusal that the book of reservations made."""

Json = Mapping[str, JsonValue]
Kept = Mapping[tuple[str, str], SuppressionList]
"""Copies of lists that are still kept, by name and SHA-256."""


class _Case(NamedTuple):
    """A stored decision, ready to be made again."""

    stored: StoredEntry
    at: Instant
    facts: Json
    decision: Json
    ruleset: Ruleset


@dataclass(slots=True)
class _Tally:
    """What has been found so far."""

    decided: int = 0
    agreeing: int = 0
    unrecorded: int = 0
    without_ruleset: int = 0
    slots: int = 0
    other_tzdata: Counter[str] = field(default_factory=Counter)
    other_tzdata_differing: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    mismatched: int = 0
    lists_checked: int = 0
    lists_gone: int = 0

    def differs(self, stored: StoredEntry, found: Sequence[str]) -> None:
        entry = stored.entry
        self.mismatched += 1
        if len(self.mismatches) < SHOWN:
            self.mismatches.append(
                Mismatch(
                    stored.seq,
                    str(entry.kind),
                    entry.at,
                    entry.campaign,
                    entry.attempt_id,
                    tuple(found),
                )
            )


async def replay(
    store: AuditTrail,
    *,
    since: Instant | None = None,
    until: Instant | None = None,
    campaign: str = "",
    kept: Kept | None = None,
    progress: Callable[[int], None] = lambda decided: None,
) -> Replay:
    """Make every stored decision of a period and campaign again. With `kept`, also look the numbers
    up again in the copies of lists their decisions used. `progress` is told how many were made."""
    rulesets = Rulesets(store)
    tally = _Tally()
    intended: dict[AttemptId, Json] = {}
    began = time.perf_counter()
    after = 0
    ask = partial(store.entries, kinds=DECIDING, campaign=campaign, since=since, until=until)
    while page := await ask(after=after, limit=PAGE):
        after = page[-1].seq
        cases = []
        for stored in page:
            case = await _case(store, stored, intended, rulesets, tally)
            if case is not None:
                cases.append(case)
        await trio.to_thread.run_sync(partial(_decide_all, cases, kept, tally))
        progress(tally.decided)
    return Replay(
        decided=tally.decided,
        agreeing=tally.agreeing,
        unrecorded=tally.unrecorded,
        without_ruleset=tally.without_ruleset,
        slots=tally.slots,
        other_tzdata=dict(tally.other_tzdata),
        other_tzdata_differing=tally.other_tzdata_differing,
        mismatches=tuple(tally.mismatches),
        mismatched=tally.mismatched,
        lists_checked=tally.lists_checked,
        lists_gone=tally.lists_gone,
        faults=tuple(rulesets.faults.values()),
        per_second=tally.decided / (time.perf_counter() - began),
    )


async def _case(
    store: AuditTrail,
    stored: StoredEntry,
    intended: dict[AttemptId, Json],
    rulesets: Rulesets,
    tally: _Tally,
) -> _Case | None:
    """The decision an entry holds, None where it holds none that can be made again."""
    entry = stored.entry
    ended = entry.kind is EntryKind.ATTEMPT_ENDED
    screening = _object(entry.data, "dial_screening" if ended else "screening")
    facts, decision = _object(screening, "facts"), _object(screening, "decision")
    if entry.attempt_id is not None:
        if entry.kind is EntryKind.DIAL_INTENDED:
            intended[entry.attempt_id] = facts
        elif ended:
            before = intended.pop(entry.attempt_id, None)
            if decision and not facts:
                facts = before or await _intended_facts(store, entry.attempt_id)
    if ended and not _dialled(entry.data):
        return None
    if entry.data.get("stage") == RESERVATION:
        tally.slots += 1
        return None
    at = screening.get("at")
    if not facts or not decision or not isinstance(at, int):
        tally.unrecorded += 1
        return None
    ruleset = await rulesets.get(str(decision.get("ruleset") or ""))
    if ruleset is None:
        tally.without_ruleset += 1
        return None
    return _Case(stored, Instant(at), facts, decision, ruleset)


def _object(data: Json, key: str) -> Json:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _dialled(data: Json) -> bool:
    """Whether a call went out that somebody decided on: not one that a restart closed, whose last
    screening went down with the service."""
    times = data.get("times")
    placed = isinstance(times, dict) and "DIALLING" in times
    return placed and not (data.get("disposition") == "LOST" and not data.get("dial_screening"))


async def _intended_facts(store: AuditTrail, attempt: AttemptId) -> Json:
    """The facts of the dial's entry, where that was written before the period asked about."""
    for stored in await store.entries(attempt=attempt, kinds=(EntryKind.DIAL_INTENDED,)):
        return _object(_object(stored.entry.data, "screening"), "facts")
    return {}


def _decide_all(cases: Iterable[_Case], kept: Kept | None, tally: _Tally) -> None:
    for case in cases:
        try:
            facts = read_facts(case.facts)
        except ValueError as error:
            tally.differs(case.stored, (f"the facts cannot be read: {error}",))
            continue
        tally.decided += 1
        found = list(differences(facts, case.decision, case.at, case.ruleset))
        if kept is not None:
            found += _memberships(case.stored.entry.number, facts, kept, tally)
        release = other_tzdata(case.decision)
        if release:
            tally.other_tzdata[release] += 1
        if not found:
            tally.agreeing += 1
        elif release:
            tally.other_tzdata_differing += 1
        else:
            tally.differs(case.stored, found)


def _memberships(number: str, facts: Facts, kept: Kept, tally: _Tally) -> list[str]:
    """Lists on which the number is and was not, or was and is not, in the same copy."""
    found = []
    for version in facts.lists:
        numbers = kept.get((version.name, version.sha256))
        if numbers is None or not number:
            tally.lists_gone += 1
            continue
        tally.lists_checked += 1
        was, is_now = version.name in facts.on_lists, number in numbers
        if was != is_now:
            said = {True: "on it", False: "not on it"}
            found.append(
                f"list {version.name} (sha256 {version.sha256[:12]}): the number was {said[was]}, "
                f"is {said[is_now]}"
            )
    return found


def kept_lists(in_force: Iterable[SuppressionList], folders: Iterable[Path]) -> Kept:
    """The copies in force and every index file below the folders, by name and SHA-256. An index
    that cannot be opened is passed over: what it was is told as no longer kept."""
    found: dict[tuple[str, str], SuppressionList] = {
        (each.version.name, each.version.sha256): each for each in in_force
    }
    for folder in folders:
        for file in sorted(folder.rglob("*.idx")):
            try:
                index = NumberIndex.open(file)
            except OperatorError:
                continue
            if index.kind in LIST_KINDS:
                found[index.identity.name, index.identity.sha256] = index
    return found
