"""An overlay's changes, made to the rules one after the other, and what each of them loosens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from dialer.compliance.law import (
    Approval,
    DropRule,
    EbrRule,
    EmergencyRule,
    Holiday,
    HoursRule,
    InternalRule,
    Jurisdiction,
    ListRule,
    PlainRule,
    PortRule,
    RevocationRule,
    RingRule,
    Rule,
)
from dialer.compliance.law_rows import COVERS, read_holidays, read_row, row_table
from dialer.compliance.law_table import Fault, Table
from dialer.compliance.strictness import holiday_window, loosened, within
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Purpose
from dialer.model.toml_lines import KeyPath

_NOT_CHANGED = ("id", "citation", "tag", "effective_from", "effective_to", "note")
_ONE_GOVERNS = (
    EbrRule,
    EmergencyRule,
    InternalRule,
    RevocationRule,
    PortRule,
    RingRule,
    DropRule,
)
"""Of these kinds one row holds in a place: an added one takes the place of the wider one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing an overlay does, in words; `loosens` says what it allows that was refused."""

    jurisdiction: str
    what: str
    loosens: tuple[str, ...] = ()


class Changes:
    """The rules while an overlay's changes are made to them. `done`: what was done, and where in
    the file it stands; faults go to `faults`."""

    def __init__(
        self,
        jurisdictions: dict[str, Jurisdiction],
        faults: list[Fault],
        approval: Approval | None,
        name: str,
        since: date,
        mark: str,
    ) -> None:
        self.jurisdictions = jurisdictions
        self.faults = faults
        self.approval = approval
        self.name = name
        self.since = since
        self.mark = mark
        self.done: list[tuple[KeyPath, Changed]] = []

    def change(self, table: Table) -> None:
        """A row that is there, changed from a day on."""
        code, row_id = self._code(table), table.text("id")
        begins, ends = table.day("from", self.since), table.optional_day("to")
        given = {
            key: value
            for key, value in table.data.items()
            if key not in ("jurisdiction", "id", "from", "to")
        }
        for key in given:
            if key in _NOT_CHANGED:
                table.fault(key, "a row keeps its id, citation, tag, dates and note", "Remove it.")
        if not given:
            self.faults.append(Fault(table.path, "it changes nothing of the row"))
        if code is None:
            return
        found, rows = False, []
        for rule in self.jurisdictions[code].rules:
            if rule.id != row_id or not _overlap(rule, begins, ends):
                rows.append(rule)
                continue
            found = True
            rows.extend(self._changed(rule, given, table, begins, ends))
        if not found:
            names = sorted({rule.id for rule in self.jurisdictions[code].rules})
            table.fault("id", f"no such row of {code} then", f"There are: {', '.join(names)}.")
            return
        self.jurisdictions[code] = replace(self.jurisdictions[code], rules=tuple(rows))

    def _changed(
        self, rule: Rule, given: Mapping[str, Any], table: Table, begins: date, ends: date | None
    ) -> Iterator[Rule]:
        """The row before, while and after the change holds."""
        first = max(begins, rule.effective_from)
        last = min((day for day in (ends, rule.effective_to) if day is not None), default=None)
        if rule.effective_from < first:
            yield replace(rule, effective_to=first)
        kind, merged = row_table(rule)
        for key in given:
            for covered in COVERS.get(key, ()) if kind == "hours" else ():
                merged.pop(covered, None)
        merged |= {**given, "effective_from": first, "note": self._note(rule.note)}
        merged.pop("effective_to", None)
        if last is not None:
            merged["effective_to"] = last
        new = read_row(kind, Table(merged, table.path, self.faults), rule.jurisdiction)
        loosens = loosened(rule, new)
        words = ", ".join(f"{key} = {value}" for key, value in given.items())
        self._did(table.path, rule.jurisdiction, f"{rule.id}: {words}, from {first}", loosens)
        yield replace(new, approval=self.approval if loosens else rule.approval)
        if last is not None and (rule.effective_to is None or last < rule.effective_to):
            yield replace(rule, effective_from=last)

    def add(self, kind: str, table: Table) -> None:
        """A row of the operator's own, or one of law that is not shipped yet."""
        code = self._code(table)
        if code is None:
            return
        own = {key: value for key, value in table.data.items() if key != "jurisdiction"}
        own = {**self._unsaid(), "effective_from": self.since, **own}
        rule = read_row(kind, Table(own, table.path, self.faults), code)
        jurisdiction = self.jurisdictions[code]
        same = [r for r in jurisdiction.rules if _meet(r, rule)]
        if any(each.id == rule.id for each in same):
            table.fault("id", "there is such a row already", "Use [[change]], or another id.")
        if isinstance(rule, PlainRule):
            self.faults.append(Fault(table.path, "a plain row cannot be added", "", "Remove it."))
        for each in same:
            if isinstance(rule, _ONE_GOVERNS) and type(each) is type(rule):
                remedy = f"Use [[change]] with id {each.id}."
                self.faults.append(Fault(table.path, "one such row governs", each.id, remedy))
        loosens = tuple(_displaces(self.jurisdictions, jurisdiction, rule))
        self._did(table.path, code, f"{rule.id}: added, from {rule.effective_from}", loosens)
        marked = replace(rule, note=self._note(rule.note))
        if loosens:
            marked = replace(marked, approval=self.approval)
        self.jurisdictions[code] = replace(jurisdiction, rules=(*jurisdiction.rules, marked))

    def holiday_on(self, table: Table) -> None:
        """More days on which the jurisdiction's holiday rules hold."""
        code = self._code(table)
        own = {key: value for key, value in table.data.items() if key != "jurisdiction"}
        days = read_holidays(Table({**self._unsaid(), **own}, table.path, self.faults))
        if code is None:
            return
        jurisdiction = self.jurisdictions[code]
        for holiday in days:
            if holiday.day.toordinal() in jurisdiction.holidays:
                table.fault("days", f"{holiday.day} is a holiday there already", "Remove it.")
        loosens = tuple(_opens_on(jurisdiction, days))
        words = ", ".join(str(holiday.day) for holiday in days)
        self._did(table.path, code, f"holiday switched on: {words}", loosens)
        approval = self.approval if loosens else None
        added = {day.day.toordinal(): replace(day, approval=approval) for day in days}
        off = {key: day for key, day in jurisdiction.switched_off.items() if key not in added}
        self.jurisdictions[code] = replace(
            jurisdiction, holidays={**jurisdiction.holidays, **added}, switched_off=off
        )

    def holiday_off(self, table: Table) -> None:
        """Holidays that hold no longer."""
        code, days = self._code(table), table.days("days")
        table.done()
        if code is None:
            return
        jurisdiction = self.jurisdictions[code]
        holidays, off = dict(jurisdiction.holidays), dict(jurisdiction.switched_off)
        for day in days:
            holiday = holidays.pop(day.toordinal(), None)
            if holiday is None:
                table.fault("days", f"{day} is no holiday there", "Remove it.")
                continue
            off[day.toordinal()] = replace(holiday, approval=self.approval)
            what = f"holiday switched off: {day}, {holiday.name}"
            self._did(table.path, code, what, ("calls are allowed on that day",))
        self.jurisdictions[code] = replace(jurisdiction, holidays=holidays, switched_off=off)

    def _did(self, path: KeyPath, code: str, what: str, loosens: tuple[str, ...]) -> None:
        self.done.append((path, Changed(code, what, loosens)))

    def _code(self, table: Table) -> str | None:
        code = table.text("jurisdiction")
        if code in self.jurisdictions:
            return code
        if "jurisdiction" in table.data:
            table.fault("jurisdiction", "there is no such jurisdiction", "Write US, US-FL or GB.")
        return None

    def _note(self, note: str) -> str:
        return f"{note} Changed by overlay {self.mark}.".strip()

    def _unsaid(self) -> dict[str, Any]:
        """What a row of the operator's own is cited as, where the overlay does not say."""
        return {"citation": f"The operator's own rule: {self.name}", "tag": "M"}


def _overlap(rule: Rule, begins: date, ends: date | None) -> bool:
    return (ends is None or rule.effective_from < ends) and (
        rule.effective_to is None or begins < rule.effective_to
    )


def _meet(one: Rule, other: Rule) -> bool:
    return _overlap(one, other.effective_from, other.effective_to)


def _displaces(
    jurisdictions: Mapping[str, Jurisdiction], jurisdiction: Jurisdiction, rule: Rule
) -> Iterator[str]:
    """What an added row allows. Most rows only add a refusal; some take another's place."""
    if isinstance(rule, _ONE_GOVERNS):
        wider = [
            each
            for code in jurisdiction.also
            for each in jurisdictions[code].rules
            if type(each) is type(rule) and _meet(each, rule)
        ]
        for each in wider:
            yield from (f"{words} (against {each.name})" for words in loosened(each, rule))
        if not wider and isinstance(rule, EbrRule | PortRule | DropRule):
            yield "no such row governs there yet"
    if isinstance(rule, ListRule):
        known = any(
            isinstance(each, ListRule) and each.list_key == rule.list_key
            for each in jurisdiction.rules
        )
        bare = not rule.lifted_by and not rule.binds_after_days and _binds_all(rule)
        if not known and not bare:
            yield "a list without a row refuses every call to its numbers"


def _binds_all(rule: Rule) -> bool:
    return (len(rule.modes), len(rule.purposes), len(rule.lines)) == (
        len(CallMode),
        len(Purpose),
        len(LineType),
    )


def _opens_on(jurisdiction: Jurisdiction, days: tuple[Holiday, ...]) -> Iterator[str]:
    """Hours for holidays that are longer than those of the day itself."""
    for rule in jurisdiction.rules:
        if isinstance(rule, HoursRule):
            for holiday in days:
                weekday = holiday.day.weekday()
                if not within(holiday_window(rule, weekday), rule.days[weekday]):
                    yield f"{rule.id} has longer hours on a holiday than on {holiday.day}"
