"""Entries as an ordinary day brings them; people and numbers are plainly invented."""

from __future__ import annotations

from dialer.model.calls import AttemptId
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue

NOON = 1_795_000_000_000


def number(index: int) -> str:
    """A number in the range kept for fiction, with another area code and office every time."""
    area, rest = divmod(index, 700_000)
    office, line = divmod(rest, 100)
    return f"+1{200 + area}{(office % 7000) // 10 + 200:03d}555{100 + line % 100:04d}"[:12]


def calls(count: int) -> list[JournalEntry]:
    """Dial, end and an agent's choice, attempt after attempt."""
    made: list[JournalEntry] = []
    attempt = 0
    while len(made) < count:
        attempt += 1
        made += _call(attempt)
    return made[:count]


def _call(attempt: int) -> list[JournalEntry]:
    at = NOON + attempt * 400
    moved: dict[str, JsonValue] = {
        "lead_state": "OPEN",
        "next_eligible_at": at + 3_600_000,
        "order_key": attempt,
    }
    dialled: dict[str, JsonValue] = {
        "caller_id": "+12025550199",
        "trunk": "demo",
        "mode": "PREDICTIVE",
        "seller": "Sample Windows",
        "subject": "windows",
        "screened_at": at - 9_000,
        "ruleset": "us-federal-2026-10-01",
        "tzdata": "2026.3",
        "explain": "10:13 in America/New_York, within 08:00 to 21:00 (47 CFR 64.1200(c)(1))",
    }
    ended: dict[str, JsonValue] = {
        "disposition": "CONNECTED",
        "cause": "AGENT_HUNG_UP",
        "blame": "CALLEE",
        "status": 200,
        "q850": 16,
        "reason": "OK",
        "times": {
            "PLANNED": at,
            "DIALLING": at + 4,
            "RINGING": at + 900,
            "DETECTING": at + 9_000,
            "WAITING": at + 9_700,
            "BRIDGED": at + 9_900,
            "ENDED": at + 69_000,
        },
        "answered": True,
        "live": True,
        "dropped": False,
        "verdict": {"kind": "HUMAN", "confidence": 0.91, "elapsed_ms": 700, "rule": "short"},
        "talk_ms": 59_100,
        **moved,
    }
    chosen: dict[str, JsonValue] = {"disposition": "LATER", "callback_at": None, **moved}
    words = {"notes": f"asks to be called after tea, attempt {attempt}"}
    nothing: dict[str, str] = {}
    kinds = (
        (EntryKind.DIAL_INTENDED, at, "", dialled, nothing),
        (EntryKind.ATTEMPT_ENDED, at + 69_000, "ada", ended, nothing),
        (EntryKind.DISPOSED, at + 80_000, "ada", chosen, words),
    )
    return [
        JournalEntry(
            kind,
            Instant(when),
            "windows",
            attempt,
            AttemptId(attempt),
            number(attempt),
            agent,
            data,
            personal,
        )
        for kind, when, agent, data, personal in kinds
    ]


def agent_changes(count: int) -> list[JournalEntry]:
    """Agents who become ready, again and again: entries that move nothing but the journal."""
    return [
        JournalEntry(
            EntryKind.AGENT_CHANGED,
            Instant(NOON + index),
            "windows",
            agent=f"agent{index % 50:02d}",
            data={"state": "READY", "reason": ""},
        )
        for index in range(count)
    ]
