"""One row of a ruleset file or an overlay, from its TOML table to the rule it says.

Every row has `id`, `effective_from`, `citation`, `tag`, and may have `effective_to`, `modes`,
`purposes`, `lines`, `lifted_by`, `note`; what else it holds is its kind's (`KINDS`), and a key that
is not known there is a mistake, never passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from dialer.compliance.calling_window import DayWindow, read_day_window
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
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import HOUR_MS, SECOND_MS
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Exemption, Purpose
from dialer.model.toml_lines import KeyPath, parse_toml

Word = TypeVar("Word", bound=StrEnum)
_NEEDED: Any = object()
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NONE = "none"
_AS_THAT_DAY = "as that day"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a key path; its line is found only once somebody must be told."""

    path: KeyPath
    message: str
    value: str = ""
    remedy: str = "Correct it."


class Table:
    """One TOML table being read: each getter checks its key and notes that somebody asked for it.

    Faults go to `faults`, and a harmless value comes back, so that one pass finds them all.
    """

    def __init__(self, data: Mapping[str, Any], path: KeyPath, faults: list[Fault]) -> None:
        self.data = data
        self.path = path
        self.faults = faults
        self._asked: set[str] = set()

    def fault(self, key: str, message: str, remedy: str = "Correct it.") -> None:
        found = str(self.data[key])[:80] if key in self.data else ""
        self.faults.append(Fault((*self.path, key), f"{key}: {message}", found, remedy))

    def done(self) -> None:
        """Every key left over is one nobody knows."""
        for key in self.data:
            if key not in self._asked:
                self.fault(key, "there is no such key here", "Remove it, or correct its spelling.")

    def text(self, key: str, default: str = _NEEDED) -> str:
        value = self._get(key, str, "a text", default, "")
        if default is _NEEDED and key in self.data and isinstance(value, str) and not value.strip():
            self.fault(key, "it is empty")
        return str(value)

    def flag(self, key: str, default: bool = _NEEDED) -> bool:
        return bool(self._get(key, bool, "true or false", default, False))

    def whole(self, key: str, default: int = _NEEDED) -> int:
        value = self._get(key, int, "a whole number, 0 or more", default, 0)
        return int(value)

    def share(self, key: str) -> float:
        value = self._get(key, (int, float), "a share between 0 and 1", _NEEDED, 0.0)
        if not 0 <= value <= 1:
            self.fault(key, "must be a share between 0 and 1")
            return 0.0
        return float(value)

    def day(self, key: str, default: date | None = _NEEDED) -> date:
        value: date = self._get(key, date, "a date such as 2026-01-01", default, date.min)
        return value

    def optional_day(self, key: str) -> date | None:
        return self.day(key) if key in self.data else None

    def texts(self, key: str, default: tuple[str, ...] = _NEEDED) -> tuple[str, ...]:
        value = self._get(key, list, "a list of texts", default, ())
        if not all(isinstance(each, str) for each in value):
            self.fault(key, "must be a list of texts")
            return ()
        return tuple(value)

    def days(self, key: str) -> tuple[date, ...]:
        value = self._get(key, list, "a list of dates", _NEEDED, ())
        if not value or not all(_is(each, date) for each in value):
            self.fault(key, "must be a list of dates such as [2026-01-01, 2027-01-01]")
            return ()
        return tuple(value)

    def word(self, key: str, words: Mapping[str, Word], default: Word = _NEEDED) -> Word:
        found = self.text(key) if default is _NEEDED or key in self.data else None
        if found is None:
            self._asked.add(key)
            return default
        if found in words:
            return words[found]
        if key in self.data:
            self.fault(key, f"must be one of {', '.join(words)}")
        return next(iter(words.values()))

    def words(
        self, key: str, words: Mapping[str, Word], default: frozenset[Word]
    ) -> frozenset[Word]:
        if key not in self.data:
            self._asked.add(key)
            return default
        found = self.texts(key)
        if any(each not in words for each in found):
            self.fault(key, f"must be of {', '.join(words)}")
        return frozenset(words[each] for each in found if each in words)

    def window(self, key: str) -> DayWindow | None:
        """`none` or `08:00-21:00`."""
        found = self.text(key)
        if found == _NONE or key not in self.data:
            return None
        try:
            return read_day_window(found)
        except ValueError as error:
            self.fault(key, f"{error}, or {_NONE!r} where no call is lawful")
            return None

    def _get(self, key: str, kind: Any, meaning: str, default: Any, harmless: Any) -> Any:
        self._asked.add(key)
        if key not in self.data:
            if default is _NEEDED:
                self.faults.append(
                    Fault(self.path, f"{key} is missing", "", f"Add {key}: {meaning}.")
                )
                return harmless
            return default
        value = self.data[key]
        if not _is(value, kind) or (kind is int and value < 0):
            self.fault(key, f"must be {meaning}")
            return harmless
        return value


def _is(value: object, kind: Any) -> bool:
    """isinstance, with true no number and a date-time no date."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, kind) and not isinstance(value, datetime)


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
    for key, covered in (
        ("every_day", _WEEKDAYS),
        ("weekdays", _WEEKDAYS[:5]),
        *((name, (name,)) for name in _WEEKDAYS),
    ):
        if key in table.data:
            window = table.window(key)
            days |= dict.fromkeys(covered, window)
            given.update(covered)
    if len(given) < len(_WEEKDAYS):
        missing = ", ".join(name for name in _WEEKDAYS if name not in given)
        table.faults.append(
            Fault(table.path, f"no hours for {missing}", "", "Add every_day, or these days.")
        )
    holidays = table.text("holidays", _AS_THAT_DAY)
    return HoursRule(
        **common,
        days=tuple(days.get(name) for name in _WEEKDAYS),
        holiday_banned=holidays == _NONE,
        holiday=None if holidays in (_NONE, _AS_THAT_DAY) else table.window("holidays"),
    )


def _list(table: Table, common: dict[str, Any]) -> Rule:
    return ListRule(
        **common,
        list_key=table.text("list"),
        max_age_days=table.whole("max_age_days"),
        binds_after_days=table.whole("binds_after_days", 0),
    )


def _cap(table: Table, common: dict[str, Any]) -> Rule:
    hours = table.whole("window_hours")
    if not hours and "window_hours" in table.data:
        table.fault("window_hours", "must be at least 1")
    return CapRule(**common, limit=table.whole("limit"), window_ms=hours * HOUR_MS)


def _consent(table: Table, common: dict[str, Any]) -> Rule:
    return ConsentRule(**common, needs=table.word("needs", _CONSENTS))


def _relationship(table: Table, common: dict[str, Any]) -> Rule:
    return EbrRule(
        **common,
        transaction_months=table.whole("transaction_months"),
        inquiry_months=table.whole("inquiry_months"),
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


def tables(data: Mapping[str, Any], key: str, path: KeyPath, faults: list[Fault]) -> list[Table]:
    """The tables under `[[key]]`."""
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        faults.append(Fault((*path, key), f"write [[{key}]] above each such row"))
        return []
    return [Table(each, (*path, key, place), faults) for place, each in enumerate(found)]


def refuse(faults: list[Fault], content: bytes, where: str) -> None:
    """Raise OperatorError with every fault at its line, if there is one."""
    if not faults:
        return
    text = parse_toml(content, where)
    raise OperatorError(
        *(
            Problem(where, text.line(fault.path), fault.message, fault.value, fault.remedy)
            for fault in faults
        )
    )
