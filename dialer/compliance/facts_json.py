"""Facts and decisions as JSON, so that the journal holds what was read and anyone can decide again.

Facts that are as a clean number has them are left out. Reading back gives an equal value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from dialer.compliance.facts import Facts
from dialer.model.journal import JsonValue
from dialer.model.screening import Allowed, RuleCheck, Screening

_FACTS = TypeAdapter(Facts)
_SETS = ("enabled", "on_lists", "emergencies")


def facts_to_json(facts: Facts) -> dict[str, JsonValue]:
    """The facts as JSON: instants in UTC milliseconds, days as `2026-12-02`, sets in order."""
    data: dict[str, Any] = _FACTS.dump_python(facts, mode="json", exclude_defaults=True)
    for name in _SETS:
        if name in data:
            data[name] = sorted(data[name])
    return data


def facts_from_json(data: Mapping[str, JsonValue]) -> Facts:
    """The facts as they were. Raises ValueError (pydantic's) for what is no facts."""
    return _FACTS.validate_python(data)


def decision_to_json(answer: Screening) -> dict[str, JsonValue]:
    """A decision with every rule it looked at, as `explain` and `replay` read it."""
    data: dict[str, JsonValue] = {
        "verdict": "ALLOW" if isinstance(answer, Allowed) else "DENY",
        "codes": [] if isinstance(answer, Allowed) else [str(code) for code in answer.codes],
        "exemptions": [str(exemption) for exemption in answer.exemptions],
        "jurisdictions": list(answer.jurisdictions),
        "zones": list(answer.zones),
        "approvals": list(answer.approvals),
        "ruleset": answer.ruleset,
        "tzdata": answer.tzdata,
        "explain": answer.explain,
        "next_allowed_at": None if isinstance(answer, Allowed) else answer.next_allowed_at,
        "checks": [_check(check) for check in answer.checks],
    }
    return data


def _check(check: RuleCheck) -> JsonValue:
    data: dict[str, JsonValue] = {
        "rule": check.rule,
        "code": check.code,
        "passed": check.passed,
        "inputs": dict(check.inputs),
    }
    if check.lifted_by:
        data["lifted_by"] = [str(exemption) for exemption in check.lifted_by]
    if check.explain and not check.passed:
        data["explain"] = check.explain
    return data
