"""What kind of line a number is for the rules that ask: block, ports, and how old they are."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.compliance.facts import Facts, ListKind
from dialer.model.instant import Instant, utc
from dialer.model.records import LineType


@dataclass(frozen=True, slots=True)
class EffectiveLine:
    """The line type that counts. `data_too_old`: it rests on a port file older than the grace."""

    type: LineType
    port_file_age_days: int | None = None
    data_too_old: bool = False


UNKNOWN = EffectiveLine(LineType.UNKNOWN)


def effective_line(facts: Facts, grace_days: int, now: Instant) -> EffectiveLine:
    """A port that can be seen makes the call knowing: it counts at once. A landline whose port may
    not be in the file yet is one only within the grace, and on no do-not-call list (47 CFR
    64.1200(a)(1)(iv))."""
    line = facts.line
    ported_to = line.ported_to
    if ported_to is None and line.ported_at is not None:
        ported_to = LineType.WIRELESS
    if ported_to is not None and (line.ported_at is None or line.ported_at <= now):
        return EffectiveLine(ported_to)
    if line.type is not LineType.LANDLINE or line.port_file_date is None:
        return EffectiveLine(line.type)
    age = (utc(now).date() - line.port_file_date).days
    if age > grace_days:
        return EffectiveLine(LineType.LANDLINE, age, data_too_old=True)
    if age > 0 and _on_a_list(facts, now):
        return EffectiveLine(LineType.UNKNOWN, age)
    return EffectiveLine(LineType.LANDLINE, age)


def _on_a_list(facts: Facts, now: Instant) -> bool:
    return any(request.requested_at <= now for request in facts.internal) or any(
        version.kind in (ListKind.NATIONAL, ListKind.INTERNAL) and version.name in facts.on_lists
        for version in facts.lists
    )
