"""Stored JSON in words: what is there is told, what is not is left out, and nothing fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.audit.explain import explain
from dialer.audit.trace import line_of, trace
from dialer.audit.words import (
    consent_words,
    duration,
    evidence_words,
    line_words,
    rnd_words,
    stamp,
    value_words,
    values_words,
)
from dialer.model.calls import AttemptId
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue, StoredEntry
from tests.screened_entries import NOON


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 seconds"),
        (1_000, "1 second"),
        (1_500, "1.5 seconds"),
        (90 * MINUTE_MS, "1 hour 30 minutes"),
        (DAY_MS, "1 day"),
        (3 * DAY_MS + HOUR_MS + 40, "3 days 1 hour 0.04 seconds"),
    ],
)
def test_durations(ms: int, said: str) -> None:
    assert duration(ms) == said


def test_values_are_told_by_what_they_are() -> None:
    inputs: dict[str, JsonValue] = {
        "obtained_at": NOON,
        "age_days": 3,
        "window_ms": DAY_MS,
        "listed": True,
        "states": ["FL", "NY"],
        "answer": None,
        "revoked_at": -1,
    }
    assert dict(values_words(inputs)) == {
        "obtained at": "2026-12-01 17:00:00.000 UTC",
        "age days": "3",
        "window ms": "1 day",
        "listed": "yes",
        "states": "FL, NY",
        "answer": "none",
        "revoked at": "-1",
    }
    assert value_words("x", {"limit": 3}) == "limit 3"
    assert stamp(None) == ""


def test_what_is_known_of_a_person_is_told_with_its_proof() -> None:
    assert consent_words(
        {"type": "PEWC", "seller": "Sample", "granted_at": NOON, "revoked_at": NOON + DAY_MS}
    ) == (
        "Consent PEWC to Sample for all, given 2026-12-01 17:00:00.000 UTC, revoked "
        "2026-12-02 17:00:00.000 UTC."
    )
    assert "asked about 2026-11-01" in rnd_words({"answer": "NO_DATA", "asked_date": "2026-11-01"})
    assert line_words({"type": "LANDLINE", "ported_at": NOON}).startswith(
        "Line: landline by its block, ported to wireless 2026-12-01"
    )
    told = list(
        evidence_words(
            {
                "consents": [{"type": "PEC", "evidence": "call 9"}],
                "relationships": [{"type": "INQUIRY", "seller": "Sample", "at": NOON}],
                "internal": [{"requested_at": NOON, "where": "web"}],
                "revocations": [{"channel": "TEXT", "at": NOON, "text": "stop"}],
                "rnd": [{"answer": "YES"}],
                "last_verified_contact": NOON,
                "line": {"type": "WIRELESS"},
            }
        )
    )
    assert len(told) == 7
    assert "proof: call 9" in told[0]
    assert "“stop”" in told[3]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["facts", "decision", "checks", "place", "zones", "lists", "inputs", "rule", "at",
             "consents", "rnd", "times", "verdict", "RINGING", "DIALLING", "requests", "explain"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
KEYS = (
    "screening", "dial_screening", "times", "verdict", "codes", "explain", "ruleset", "requests",
    "seller", "affiliates", "status", "talk_ms", "next_allowed_at", "callback_at", "deadline_at",
)  # fmt: skip


@given(
    kinds=st.lists(st.sampled_from(EntryKind), min_size=1, max_size=5),
    data=st.lists(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6), min_size=5, max_size=5),
)
def test_no_entry_is_too_strange_to_be_told(
    kinds: list[EntryKind], data: list[dict[str, object]]
) -> None:
    entries = [
        StoredEntry(
            seq,
            JournalEntry(kind, Instant(NOON + seq), "windows", 1, AttemptId(7), data=each),  # type: ignore[arg-type]
            0,
            "",
            "",
            "ab",
            {"evidence": "cd"},
        )
        for seq, (kind, each) in enumerate(zip(kinds, data, strict=False), start=1)
    ]
    assert explain(entries, lambda zone, at: "", lambda label, rule, at: "") is not None
    assert all(line_of(each).words for each in entries)
    assert len(trace("", entries).lines) == len(entries)
