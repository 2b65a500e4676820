"""Journal entries with the decision they rest on, as the floor writes them: real facts, the shipped
rules, the one gate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dialer.audit.chain import Head, chain, stored_entry, writable
from dialer.audit.personal import PersonalKey
from dialer.compliance.facts import Facts, ListKind, ListVersion
from dialer.compliance.facts_json import decision_to_json, facts_to_json
from dialer.compliance.law import Ruleset
from dialer.compliance.law_files import load_law
from dialer.compliance.place import Place
from dialer.compliance.screening import decide
from dialer.model.calls import AttemptId
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue, StoredEntry
from dialer.model.screening import Allowed, CallMode, Refused, Screening
from tests.contracts.journal_entries import CAMPAIGN, moved, number

NOON = Instant(1_796_144_400_000)
"""2026-12-01T17:00:00Z, a Tuesday: noon in New York."""

NIGHT = Instant(NOON + 10 * HOUR_MS)
"""22:00 in New York."""

NATIONAL = ListVersion("national", ListKind.NATIONAL, Instant(NOON - 3 * DAY_MS), sha256="ab" * 32)


def facts(**changes: object) -> Facts:
    """A clean number in New York."""
    clean = Facts(
        place=Place("US", "212", ("NY",), ("America/New_York",), ladder="area code"),
        seller="Sample Windows",
        subject="windows",
        mode=CallMode.PREDICTIVE,
        caller_id="+12025550199",
        lists=(NATIONAL,),
    )
    return replace(clean, **changes)  # type: ignore[arg-type]


def screening(
    known: Facts, at: int = NOON, rules: Ruleset | None = None
) -> tuple[dict[str, JsonValue], Screening]:
    """What the journal holds of a decision, and the decision."""
    answer = decide(known, rules or load_law(), Instant(at))
    data: dict[str, JsonValue] = {
        "at": at,
        "facts": facts_to_json(known),
        "decision": decision_to_json(answer),
    }
    return data, answer


def stored(entries: Iterable[JournalEntry]) -> list[StoredEntry]:
    """The entries as a journal gives them back."""
    key, head = PersonalKey(bytes(32)), Head()
    found: list[StoredEntry] = []
    for entry in entries:
        row, values = chain(head, writable(entry), 0, key)
        head = Head(row.seq, row.hash)
        readable = stored_entry(row, {value.key: value.value for value in values})
        assert isinstance(readable, StoredEntry)
        found.append(readable)
    return found


def dialled(
    attempt: int, lead: int, known: Facts | None = None, at: int = NOON, **more: JsonValue
) -> JournalEntry:
    known = known or facts()
    data, answer = screening(known, at)
    assert isinstance(answer, Allowed), answer.explain
    return JournalEntry(
        EntryKind.DIAL_INTENDED,
        Instant(at),
        CAMPAIGN,
        lead,
        AttemptId(attempt),
        number(lead - 1),
        data={
            "caller_id": known.caller_id,
            "trunk": "demo",
            "mode": "PREDICTIVE",
            "seller": known.seller,
            "subject": known.subject,
            "screened_at": at - 5_000,
            "ruleset": answer.ruleset,
            "tzdata": answer.tzdata,
            "explain": answer.explain,
            "screening": data,
            **more,
        },
    )


def turned_away(
    lead: int, known: Facts, at: int = NOON, stage: str = "bulk", rules: Ruleset | None = None
) -> JournalEntry:
    data, answer = screening(known, at, rules)
    assert isinstance(answer, Refused), answer.explain
    return JournalEntry(
        EntryKind.REFUSED,
        Instant(at),
        CAMPAIGN,
        lead,
        number=number(lead - 1),
        data={
            "stage": stage,
            "codes": [str(code) for code in answer.codes],
            "explain": answer.explain,
            "next_allowed_at": answer.next_allowed_at,
            "ruleset": answer.ruleset,
            "tzdata": answer.tzdata,
            "screening": data,
            **moved(next_eligible_at=answer.next_allowed_at),
        },
    )


def over(
    attempt: int,
    lead: int,
    at: int = NOON + 60_000,
    *,
    screened: dict[str, JsonValue] | None = None,
    dialled_at: int | None = NOON + 40,
    disposition: str = "CONNECTED",
    **changes: JsonValue,
) -> JournalEntry:
    """The end of a call that was answered by a person and met an agent; `screened` None: the
    decision at the dial, on the facts of the dial's entry."""
    if screened is None and dialled_at is not None:
        screened = {**screening(facts(), dialled_at)[0], "facts": None}
    times: dict[str, JsonValue] = {"PLANNED": NOON, "ENDED": at}
    if dialled_at is not None:
        times |= {"DIALLING": dialled_at, "RINGING": dialled_at + 1_000}
        times |= {"DETECTING": dialled_at + 9_000, "WAITING": dialled_at + 9_700}
        times |= {"BRIDGED": dialled_at + 9_800}
    verdict: JsonValue = {
        "kind": "HUMAN",
        "confidence": 0.97,
        "elapsed_ms": 700,
        "rule": "short greeting",
        "greeting_ended_at": NOON + 9_400,
        "at": NOON + 9_740,
        "features": {},
    }
    data: dict[str, JsonValue] = {
        "disposition": disposition,
        "cause": "AGENT_HUNG_UP",
        "blame": "US",
        "status": 200,
        "q850": 16,
        "reason": "OK",
        "times": times,
        "answered": True,
        "live": True,
        "dropped": False,
        "verdict": verdict if dialled_at is not None else None,
        "talk_ms": 50_000,
        "dial_screening": screened,
        **moved(),
        **changes,
    }
    return JournalEntry(
        EntryKind.ATTEMPT_ENDED,
        Instant(at),
        CAMPAIGN,
        lead,
        AttemptId(attempt),
        number(lead - 1),
        "ada",
        data,
    )


def asked(
    lead: int,
    at: int = NOON,
    seller: str = "Sample Windows",
    affiliates: bool = True,
    attempt: int | None = None,
) -> JournalEntry:
    """A request not to be called."""
    return JournalEntry(
        EntryKind.SUPPRESSED,
        Instant(at),
        number=number(lead - 1),
        attempt_id=None if attempt is None else AttemptId(attempt),
        agent="cal",
        data={
            "source": "REQUEST",
            "list": "request by email",
            "seller": seller,
            "affiliates": affiliates,
            "channel": "EMAIL",
            "received_at": at - HOUR_MS,
            "deadline_at": at + 14 * DAY_MS,
        },
        personal={"asked_by": "Iris Example", "evidence": "mail 17 in the folder requests"},
    )


def taken_back(lead: int, at: int) -> JournalEntry:
    """The withdrawal of that request."""
    request = asked(lead).data
    named: JsonValue = [{key: request[key] for key in ("source", "list", "seller", "affiliates")}]
    return JournalEntry(
        EntryKind.SUPPRESSION_LIFTED,
        Instant(at),
        number=number(lead - 1),
        agent="cal",
        data={"seller": request["seller"], "requests": named},
        personal={"because": "entered for the wrong number", "evidence": "mail 18"},
    )
