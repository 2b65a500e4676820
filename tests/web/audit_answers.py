"""What the scripted office answers auditors: real words about entries as a floor writes them."""

from __future__ import annotations

from dataclasses import replace

from dialer.audit.explain import decided, explain, screening_of
from dialer.audit.trace import trace
from dialer.compliance.drop_sheet import drop_sheet
from dialer.compliance.facts import InternalRequest
from dialer.compliance.law_archive import citation_of
from dialer.compliance.law_files import load_law
from dialer.model.audit_reports import (
    AnchorLine,
    ChainStatus,
    CheckpointLine,
    DecidedEntry,
    Explanation,
    ListFreshness,
    Listing,
    RefusalBucket,
    RefusalCounts,
    Trace,
)
from dialer.model.calls import AttemptId
from dialer.model.drop_reports import AttemptOutcome, DropSheet
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.records import Consent, ConsentType
from tests.contracts.journal_entries import CAMPAIGN, number
from tests.screened_entries import (
    NOON,
    asked,
    dialled,
    facts,
    over,
    screening,
    stored,
    turned_away,
)

_CONSENT = Consent(
    ConsentType.PEWC, "Sample Windows", Instant(NOON - 9 * DAY_MS), evidence="form 7"
)
_KNOWN = facts(on_lists=frozenset({"national"}), consents=(_CONSENT,))
_REQUEST = InternalRequest(Instant(NOON + 2 * HOUR_MS), "", "email")


def an_explanation() -> Explanation:
    """Attempt 7: a number on the national list, called by written consent."""
    at_dial = {**screening(_KNOWN, NOON + 40)[0], "facts": None}
    entries = stored([dialled(7, 1, _KNOWN), over(7, 1, screened=at_dial)])
    law = load_law()
    found = explain(
        entries,
        lambda zone, at: "Tue 2026-12-01 12:00:00",
        lambda label, rule, at: citation_of(law, rule, at),
    )
    assert found is not None
    return found


def a_trace() -> Trace:
    """Its number: listed, called, asked not to be called, refused since."""
    listing = Listing(CAMPAIGN, "leads.csv", 2, "(212) 555-0000", "NY", Instant(NOON - DAY_MS))
    entries = [
        dialled(7, 1),
        over(7, 1),
        asked(1, NOON + 2 * HOUR_MS),
        turned_away(1, facts(internal=(_REQUEST,)), NOON + 3 * HOUR_MS),
    ]
    return trace(number(0), stored(entries), (listing,))


def a_decided_entry() -> DecidedEntry:
    """Entry 4: refused for a request made before."""
    law = load_law()
    entry = turned_away(1, facts(internal=(_REQUEST,)), NOON + 3 * HOUR_MS)
    (kept,) = stored([entry])
    screening_ = screening_of(kept)
    found = screening_["facts"]
    assert isinstance(found, dict)
    words = decided(
        "as it was written down",
        kept,
        screening_,
        found,
        lambda zone, at: "Tue 2026-12-01 15:00:00",
        lambda label, rule, at: citation_of(law, rule, at),
    )
    return DecidedEntry(replace(kept, seq=4), replace(words, seq=4))


def counts() -> RefusalCounts:
    """Three hours of screenings."""
    buckets = (
        RefusalBucket(Instant(NOON), 40, {"INTERNAL_DNC": 2, "NATIONAL_DNC": 9}),
        RefusalBucket(Instant(NOON + HOUR_MS), 30, {"NATIONAL_DNC": 3}),
        RefusalBucket(Instant(NOON + 3 * HOUR_MS), 0, {"OUTSIDE_HOURS": 21}),
    )
    totals = {"OUTSIDE_HOURS": 21, "NATIONAL_DNC": 12, "INTERNAL_DNC": 2}
    return RefusalCounts(CAMPAIGN, NOON, Instant(NOON + 4 * HOUR_MS), HOUR_MS, buckets, totals, 70)


def a_drop_sheet(campaign: str, month: str) -> DropSheet:
    """Forty answers, one dropped with its message in time. Raises ValueError for no month."""
    outcomes = [
        AttemptOutcome(
            attempt_id=AttemptId(attempt),
            dialled_at=Instant(NOON + attempt * 60_000),
            ringing_at=Instant(NOON + attempt * 60_000 + 900),
            answered_at=Instant(NOON + attempt * 60_000 + 9_000),
            greeting_ended_at=Instant(NOON + attempt * 60_000 + 9_900),
            verdict_at=Instant(NOON + attempt * 60_000 + 10_100),
            bridged_at=None,
            message_at=Instant(NOON + attempt * 60_000 + 11_800) if attempt == 3 else None,
            ended_at=Instant(NOON + attempt * 60_000 + 50_000),
            live=True,
            dropped=attempt == 3,
            placed=True,
            cause="NO_AGENT" if attempt == 3 else "AGENT_HUNG_UP",
            status=200,
        )
        for attempt in range(40)
    ]
    return drop_sheet(
        campaign,
        month,
        outcomes,
        ceiling=0.03,
        ring_minimum_ms=15_000,
        first_dial=NOON,
        now=Instant(NOON + DAY_MS),
    )


LISTS = (
    ListFreshness(
        name="fl",
        kind="STATE",
        state="FL",
        obtained_at=Instant(NOON - 95 * DAY_MS),
        issued_at=Instant(NOON - 100 * DAY_MS),
        age_days=95,
        max_age_days=92,
        entries=81_000,
        sha256="cd" * 32,
    ),
    ListFreshness(
        name="national",
        kind="NATIONAL",
        state="",
        obtained_at=Instant(NOON - 3 * DAY_MS),
        issued_at=None,
        age_days=3,
        max_age_days=31,
        entries=249_000_000,
        sha256="ab" * 32,
    ),
)

CHAIN = ChainStatus(
    "dialer/sample+00000000+AQ==",
    (CheckpointLine(250, NOON, True), CheckpointLine(120, Instant(NOON - HOUR_MS), False)),
    2,
    (
        AnchorLine("/mnt/kept/checkpoints", 250, NOON, 0, ""),
        AnchorLine("https://anchor.example/notes", None, None, 3, "no route to host"),
    ),
)
