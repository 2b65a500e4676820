"""What kind of line a number is for the rules that ask: block, ports, and how old they are."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.compliance.facts import Facts, ListKind
from dialer.model.instant import Instant, utc
from dialer.model.records import Line, LineType


@dataclass(frozen=True, slots=True)
class EffectiveLine:
    """The line type that counts. `data_too_old`: it rests on a port file older than the grace."""

    type: LineType
    port_file_age_days: int | None = None
    data_too_old: bool = False


UNKNOWN = EffectiveLine(LineType.UNKNOWN)


def effective_line(facts: Facts, grace_days: int, now: Instant) -> EffectiveLine:
    """A port that the port file shows makes the call knowing: it counts at once. A landline whose
    port is not in the file yet is one only within the grace, and on no do-not-call list (47 CFR
    64.1200(a)(1)(iv))."""
    line = facts.line
    ported_to = line.ported_to
    if ported_to is None and line.ported_at is not None:
        ported_to = LineType.WIRELESS
    known = line.ported_at is None or line.ported_at <= now
    if ported_to is not None and known and not _unseen(line, grace_days, now):
        return EffectiveLine(ported_to)
    if line.type is not LineType.LANDLINE or line.port_file_date is None:
        return EffectiveLine(line.type)
    age = (utc(now).date() - line.port_file_date).days
    if age > grace_days:
        return EffectiveLine(LineType.LANDLINE, age, data_too_old=True)
    if age > 0 and _on_a_list(facts, now):
        return EffectiveLine(LineType.UNKNOWN, age)
    return EffectiveLine(LineType.LANDLINE, age)


def _unseen(line: Line, grace_days: int, now: Instant) -> bool:
    """Whether the port is newer than the file and within the grace, so that nobody could know."""
    if line.ported_at is None or line.port_file_date is None:
        return False
    ported = utc(line.ported_at).date()
    return ported > line.port_file_date and (utc(now).date() - ported).days <= grace_days


def _on_a_list(facts: Facts, now: Instant) -> bool:
    return any(request.requested_at <= now for request in facts.internal) or any(
        version.kind in (ListKind.NATIONAL, ListKind.INTERNAL) and version.name in facts.on_lists
        for version in facts.lists
    )
