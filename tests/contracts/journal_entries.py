"""Plainly invented leads, and journal entries about them, as the floor writes them."""

from __future__ import annotations

from collections.abc import Sequence

from dialer.model.calls import AttemptId
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import LeadFile, LeadState, NewLead, RejectedRow
from dialer.model.numbers import PhoneNumber

CAMPAIGN = "windows"
NOW = Instant(1_795_000_000_000)


def number(index: int) -> str:
    return f"+1212555{index:04d}"


def new_lead(index: int, line: int | None = None) -> NewLead:
    return NewLead(
        line=index + 2 if line is None else line,
        number=PhoneNumber(number(index), "US", ("America/Detroit", "America/New_York")),
        raw_number=f"(212) 555-{index:04d}",
        fields={"first_name": f"Zoë {index}", "city": "Sampleton"},
    )


def lead_file(
    indexes: Sequence[int],
    name: str = "leads.csv",
    sha256: str = "aa",
    rejected: tuple[RejectedRow, ...] = (),
) -> LeadFile:
    leads = tuple(new_lead(index) for index in indexes)
    return LeadFile(name, sha256, len(leads) + len(rejected), leads, rejected)


def moved(
    state: LeadState = LeadState.OPEN,
    next_eligible_at: int | None = NOW + HOUR_MS,
    order_key: int = 1000,
) -> dict[str, JsonValue]:
    return {"lead_state": state, "next_eligible_at": next_eligible_at, "order_key": order_key}


def dial(
    attempt: int, lead: int, at: int = NOW, called: str = "", campaign: str = CAMPAIGN
) -> JournalEntry:
    return JournalEntry(
        EntryKind.DIAL_INTENDED,
        Instant(at),
        campaign,
        lead,
        AttemptId(attempt),
        called or number(lead - 1),
        data={
            "caller_id": "+12025550199",
            "trunk": "demo",
            "mode": "PREDICTIVE",
            "seller": "Sample Windows",
            "subject": "windows",
            "ruleset": "us-1",
            "tzdata": "2026.3",
            "explain": "open from 08:00 to 21:00",
        },
    )


def bridged(attempt: int, lead: int, at: int = NOW + 9_000, agent: str = "ada") -> JournalEntry:
    return JournalEntry(
        EntryKind.BRIDGED,
        Instant(at),
        CAMPAIGN,
        lead,
        AttemptId(attempt),
        number(lead - 1),
        agent,
        {"verdict_to_agent_ms": 150 + attempt, "answer_to_agent_ms": 1_900},
    )


def ended(
    attempt: int,
    lead: int,
    disposition: str = "NO_ANSWER",
    at: int = NOW + 22_000,
    *,
    cause: str = "NO_ANSWER",
    verdict: str | None = None,
    answered_at: int | None = None,
    dropped: bool = False,
    talk_ms: int = 0,
    placed: bool = True,
    move: dict[str, JsonValue] | None = None,
) -> JournalEntry:
    """Answered where `answered_at` is given; live where the verdict is a person's."""
    times: dict[str, JsonValue] = {"PLANNED": NOW, "ENDED": at}
    if placed:
        times["DIALLING"] = NOW
    if answered_at is not None:
        times["DETECTING"] = answered_at
    told: JsonValue = None
    if verdict is not None:
        told = {"kind": verdict, "confidence": 0.91, "elapsed_ms": 700, "rule": "short greeting"}
    return JournalEntry(
        EntryKind.ATTEMPT_ENDED,
        Instant(at),
        CAMPAIGN,
        lead,
        AttemptId(attempt),
        number(lead - 1),
        data={
            "disposition": disposition,
            "cause": cause,
            "blame": "CALLEE",
            "status": 200 if answered_at is not None else 480,
            "q850": None,
            "reason": "",
            "times": times,
            "answered": answered_at is not None,
            "live": verdict in ("HUMAN", "UNSURE"),
            "dropped": dropped,
            "verdict": told,
            "talk_ms": talk_ms,
            **(moved() if move is None else move),
        },
    )


def disposed(
    attempt: int,
    lead: int,
    disposition: str,
    move: dict[str, JsonValue],
    callback_at: int | None = None,
) -> JournalEntry:
    return JournalEntry(
        EntryKind.DISPOSED,
        Instant(NOW + 60_000),
        CAMPAIGN,
        lead,
        AttemptId(attempt),
        number(lead - 1),
        "ada",
        {
            "disposition": disposition,
            "callback_at": callback_at,
            **move,
        },
        {"notes": "call after tea"},
    )


def refused(
    lead: int, code: str, at: int = NOW, move: dict[str, JsonValue] | None = None
) -> JournalEntry:
    return JournalEntry(
        EntryKind.REFUSED,
        Instant(at),
        CAMPAIGN,
        lead,
        number=number(lead - 1),
        data={
            "stage": "bulk",
            "codes": [code, "FREQ_CAP"],
            "explain": f"{code} says no",
            "next_allowed_at": None,
            "ruleset": "us-1",
            "tzdata": "2026.3",
            **(moved() if move is None else move),
        },
    )


def suppressed(index: int, source: str = "REQUEST", at: int = NOW) -> JournalEntry:
    return JournalEntry(
        EntryKind.SUPPRESSED,
        Instant(at),
        number=number(index),
        data={
            "source": source,
            "list": "requests",
            "seller": "",
            "affiliates": False,
            "channel": "AGENT",
            "received_at": at,
            "deadline_at": at + DAY_MS,
        },
    )


def campaign_changed(state: str, at: int = NOW) -> JournalEntry:
    data: dict[str, JsonValue] = {"state": state, "by": "mia"}
    return JournalEntry(EntryKind.CAMPAIGN_CHANGED, Instant(at), CAMPAIGN, data=data)


def alarm(text: str, at: int = NOW) -> JournalEntry:
    return JournalEntry(EntryKind.ALARM, Instant(at), data={"text": text})
