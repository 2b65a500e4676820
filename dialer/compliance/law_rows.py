"""One row of a ruleset file or an overlay, from its TOML table to the rule it says, and back.

Every row has `id`, `effective_from`, `citation`, `tag`, and may have `effective_to`, `modes`,
`purposes`, `lines`, `lifted_by`, `note`; what else it holds is its kind's (`KINDS`), and a key that
is not known there is a mistake, never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dialer.compliance.calling_window import DayWindow, minutes_as_text
from dialer.compliance.law import (
    CapRule,
    ConsentRule,
    CooldownRule,
    DropRule,
    EbrRule,
    EmergencyRule,
    Holiday,
    HoursRule,
    InternalRule,
    ListRule,
    PlainRule,
    PortRule,
    RevocationRule,
    RingRule,
    Rule,
    Tag,
)
from dialer.compliance.law_table import NO_CALLS, Fault, Table
from dialer.model.instant import HOUR_MS, SECOND_MS
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Exemption, Purpose

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COVERS: Mapping[str, tuple[str, ...]] = {
    "every_day": WEEKDAYS,
    "weekdays": WEEKDAYS[:5],
    **{name: (name,) for name in WEEKDAYS},
}
"""The days each key of an hours row speaks of; what stands later here is the narrower word."""

_AS_THAT_DAY = "as that day"
_MOST_MONTHS = 1_200

TAGS = {str(tag): tag for tag in Tag}
MODES = {str(mode).lower(): mode for mode in CallMode}
PURPOSES = {str(purpose).lower(): purpose for purpose in Purpose}
LINES = {str(line).lower(): line for line in LineType}
EXEMPTIONS = {str(exemption): exemption for exemption in Exemption}
_CONSENTS = {str(each): each for each in (Exemption.PEC, Exemption.PEWC)}


def read_row(kind: str, table: Table, jurisdiction: str) -> Rule:
    """The rule a table of this kind says; `kind` is of `KINDS`. Faults go to the table."""
    common: dict[str, Any] = {
        "jurisdiction": jurisdiction,
        "id": table.text("id"),
        "citation": table.text("citation"),
        "tag": table.word("tag", TAGS),
        "effective_from": table.day("effective_from"),
        "effective_to": table.optional_day("effective_to"),
        "modes": table.words("modes", MODES, frozenset(CallMode)),
        "purposes": table.words("purposes", PURPOSES, frozenset(Purpose)),
        "lines": table.words("lines", LINES, frozenset(LineType)),
        "lifted_by": table.words("lifted_by", EXEMPTIONS, frozenset()),
        "note": table.text("note", ""),
    }
    ends = common["effective_to"]
    if ends is not None and ends <= common["effective_from"]:
        table.fault("effective_to", "is not after effective_from")
    for key in ("modes", "purposes", "lines"):
        if not common[key]:
            table.fault(key, "is empty, so the row would bind no call")
    rule = KINDS[kind](table, common)
    table.done()
    return rule


def read_holidays(table: Table) -> tuple[Holiday, ...]:
    """The days of one `[[holiday]]` row."""
    name, citation = table.text("name"), table.text("citation")
    tag, note = table.word("tag", TAGS), table.text("note", "")
    days = table.days("days")
    table.done()
    return tuple(Holiday(day, name, citation, tag, note=note) for day in days)


def _hours(table: Table, common: dict[str, Any]) -> Rule:
    """`every_day`, then narrower words over it: `weekdays` (Monday to Friday), a day's own name.
    `holidays`: `none`, hours, or `as that day` (the default)."""
    days: dict[str, DayWindow | None] = {}
    given: set[str] = set()
    for key, covered in COVERS.items():
        if key in table.data:
            window = table.window(key)
            days |= dict.fromkeys(covered, window)
            given.update(covered)
    if len(given) < len(WEEKDAYS):
        missing = ", ".join(name for name in WEEKDAYS if name not in given)
        table.faults.append(
            Fault(table.path, f"no hours for {missing}", "", "Add every_day, or these days.")
        )
    holidays = table.text("holidays", _AS_THAT_DAY)
    return HoursRule(
        **common,
        days=tuple(days.get(name) for name in WEEKDAYS),
        holiday_banned=holidays == NO_CALLS,
        holiday=None if holidays in (NO_CALLS, _AS_THAT_DAY) else table.window("holidays"),
    )


def _list(table: Table, common: dict[str, Any]) -> Rule:
    return ListRule(
        **common,
        list_key=table.text("list"),
        max_age_days=table.whole("max_age_days"),
        binds_after_days=table.whole("binds_after_days", 0),
    )


def _cap(table: Table, common: dict[str, Any]) -> Rule:
    limit, hours = table.whole("limit"), table.whole("window_hours")
    for key, value in (("limit", limit), ("window_hours", hours)):
        if not value and key in table.data:
            table.fault(key, "must be at least 1")
    return CapRule(**common, limit=limit, window_ms=hours * HOUR_MS)


def _consent(table: Table, common: dict[str, Any]) -> Rule:
    return ConsentRule(
        **common, needs=table.word("needs", _CONSENTS), oral=table.flag("oral", True)
    )


def _relationship(table: Table, common: dict[str, Any]) -> Rule:
    return EbrRule(
        **common,
        transaction_months=table.whole("transaction_months", most=_MOST_MONTHS),
        inquiry_months=table.whole("inquiry_months", most=_MOST_MONTHS),
    )


def _emergency(table: Table, common: dict[str, Any]) -> Rule:
    return EmergencyRule(**common)


def _cooldown(table: Table, common: dict[str, Any]) -> Rule:
    return CooldownRule(**common, after_ms=table.whole("hours") * HOUR_MS)


def _internal(table: Table, common: dict[str, Any]) -> Rule:
    return InternalRule(
        **common,
        honour_business_days=table.whole("honour_business_days"),
        retention_days=table.whole("retention_days"),
    )


def _revocation(table: Table, common: dict[str, Any]) -> Rule:
    return RevocationRule(
        **common, words=table.texts("words"), revokes_all=table.flag("revokes_all")
    )


def _port(table: Table, common: dict[str, Any]) -> Rule:
    return PortRule(**common, grace_days=table.whole("grace_days"))


def _ring(table: Table, common: dict[str, Any]) -> Rule:
    return RingRule(**common, minimum_ms=table.whole("minimum_s") * SECOND_MS)


def _drop(table: Table, common: dict[str, Any]) -> Rule:
    monthly = table.flag("calendar_month", False)
    return DropRule(
        **common,
        ceiling=table.share("ceiling"),
        window_days=table.whole("window_days", 31) if monthly else table.whole("window_days"),
        calendar_month=monthly,
        connect_ms=table.whole("connect_s", 2) * SECOND_MS,
    )


def _plain(table: Table, common: dict[str, Any]) -> Rule:
    return PlainRule(**common)


KINDS: Mapping[str, Callable[[Table, dict[str, Any]], Rule]] = {
    "hours": _hours,
    "list": _list,
    "cap": _cap,
    "consent": _consent,
    "relationship": _relationship,
    "emergency": _emergency,
    "cooldown": _cooldown,
    "internal": _internal,
    "revocation": _revocation,
    "port": _port,
    "ring": _ring,
    "drop": _drop,
    "plain": _plain,
}
"""The kinds of row, by the name of their tables: `[[hours]]`, `[[list]]`, ..."""


def row_table(rule: Rule) -> tuple[str, dict[str, Any]]:
    """The kind and the table that `read_row` would read the rule from, with every key written."""
    kind, own = _own_keys(rule)
    table: dict[str, Any] = {
        "id": rule.id,
        "effective_from": rule.effective_from,
        "citation": rule.citation,
        "tag": str(rule.tag),
        "modes": _sorted(rule.modes, MODES),
        "purposes": _sorted(rule.purposes, PURPOSES),
        "lines": _sorted(rule.lines, LINES),
        "lifted_by": _sorted(rule.lifted_by, EXEMPTIONS),
        "note": rule.note,
        **own,
    }
    if rule.effective_to is not None:
        table["effective_to"] = rule.effective_to
    return kind, table


def _own_keys(rule: Rule) -> tuple[str, dict[str, Any]]:
    match rule:
        case HoursRule():
            table = dict(zip(WEEKDAYS, map(window_words, rule.days), strict=True))
            holidays = _AS_THAT_DAY if rule.holiday is None else window_words(rule.holiday)
            return "hours", {**table, "holidays": NO_CALLS if rule.holiday_banned else holidays}
        case ListRule():
            return "list", {
                "list": rule.list_key,
                "max_age_days": rule.max_age_days,
                "binds_after_days": rule.binds_after_days,
            }
        case CapRule():
            return "cap", {"limit": rule.limit, "window_hours": rule.window_ms // HOUR_MS}
        case ConsentRule():
            return "consent", {"needs": str(rule.needs), "oral": rule.oral}
        case EbrRule():
            return "relationship", {
                "transaction_months": rule.transaction_months,
                "inquiry_months": rule.inquiry_months,
            }
        case EmergencyRule():
            return "emergency", {}
        case CooldownRule():
            return "cooldown", {"hours": rule.after_ms // HOUR_MS}
        case InternalRule():
            return "internal", {
                "honour_business_days": rule.honour_business_days,
                "retention_days": rule.retention_days,
            }
        case RevocationRule():
            return "revocation", {"words": list(rule.words), "revokes_all": rule.revokes_all}
        case PortRule():
            return "port", {"grace_days": rule.grace_days}
        case RingRule():
            return "ring", {"minimum_s": rule.minimum_ms // SECOND_MS}
        case DropRule():
            return "drop", {
                "ceiling": rule.ceiling,
                "window_days": rule.window_days,
                "calendar_month": rule.calendar_month,
                "connect_s": rule.connect_ms // SECOND_MS,
            }
    return "plain", {}


def window_words(window: DayWindow | None) -> str:
    """`08:00-20:00`, or `none` where no call is lawful."""
    if window is None:
        return NO_CALLS
    return f"{minutes_as_text(window[0])}-{minutes_as_text(window[1])}"


def _sorted(found: frozenset[Any], words: Mapping[str, Any]) -> list[str]:
    return [word for word, each in words.items() if each in found]
