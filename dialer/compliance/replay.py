"""A stored decision made again, with its own facts, ruleset and instant: it must be the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dialer.compliance.calling_window import TZDATA_VERSION
from dialer.compliance.facts import Facts
from dialer.compliance.facts_json import decision_to_json, facts_from_json
from dialer.compliance.law import Ruleset
from dialer.compliance.screening import decide
from dialer.model.instant import Instant
from dialer.model.journal import JsonValue

COMPARED = ("verdict", "codes", "exemptions", "next_allowed_at")
"""What must come out the same."""

Json = Mapping[str, JsonValue]


def other_tzdata(decision: Json) -> str:
    """The release of the zone data a decision was made with, if it is not this one; else ""."""
    stored = decision.get("tzdata")
    return "" if stored == TZDATA_VERSION else str(stored)


def read_facts(facts: Json) -> Facts:
    """The stored facts. Raises ValueError (pydantic's) for what is no facts."""
    return facts_from_json(facts)


def differences(facts: Facts, decision: Json, at: Instant, ruleset: Ruleset) -> tuple[str, ...]:
    """What comes out otherwise when the decision is made again, in words; empty: nothing."""
    return tuple(_differing(decision, decision_to_json(decide(facts, ruleset, at))))


def _differing(stored: Json, again: Json) -> Iterator[str]:
    for name in COMPARED:
        if stored.get(name) != again[name]:
            yield f"{name} was {stored.get(name)!r}, is {again[name]!r}"
