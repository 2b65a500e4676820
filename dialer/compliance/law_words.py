"""The rules of a place on a day in plain words, as `dialer rules show` and the pages print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from dialer.compliance.abroad import zones_of_country
from dialer.compliance.area_codes import zones_by_state
from dialer.compliance.calling_window import DayWindow, local_time
from dialer.compliance.law import (
    CapRule,
    ConsentRule,
    CooldownRule,
    DropRule,
    EbrRule,
    EmergencyRule,
    HoursRule,
    InternalRule,
    Jurisdiction,
    ListRule,
    PlainRule,
    PortRule,
    RevocationRule,
    RingRule,
    Rule,
    Ruleset,
    Tag,
)
from dialer.compliance.law_lint import in_force
from dialer.compliance.law_rows import window_words
from dialer.compliance.strictness import holiday_window
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import DAY_MS, HOUR_MS, SECOND_MS, Instant
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Exemption, Purpose

TAG_WORDS = {
    Tag.V: "primary text seen",
    Tag.S: "secondary source",
    Tag.M: "from memory",
    Tag.DISPUTED: "disputed or unchecked: the stricter reading",
}
_LIFTS = {
    Exemption.EBR_TRANSACTION: "a business relationship by a transaction",
    Exemption.EBR_INQUIRY: "a business relationship by an inquiry",
    Exemption.PEWC: "prior express written consent",
    Exemption.PEC: "prior express consent",
}
_REFUSING = (HoursRule, ListRule, CapRule, EmergencyRule, CooldownRule)
"""Rows that refuse a call by themselves, so that one asks what lifts them."""

_PLAIN = {
    "numbers": "Which numbers these rules are about.",
    "caller_id": "The number shown must be the caller's own to show, and answer.",
    "litigator": "People known to sue are not called.",
    "reassigned": "A number that somebody else has now is not called.",
}


@dataclass(frozen=True, slots=True)
class RowWords:
    """One row in force: `says` what it asks, `binds` which calls, `lifted` what lifts it."""

    rule: str
    says: str
    binds: str
    lifted: str
    citation: str
    tag: str
    note: str = ""
    approval: str = ""


@dataclass(frozen=True, slots=True)
class DayWords:
    """The rules of a place on one local day. `zones`: those in which it is that day, each with the
    time there. `hours`: what all rows together leave to a sales call, by mode. `holidays`: names,
    and those switched off."""

    day: date
    zones: tuple[tuple[str, str], ...]
    hours: tuple[tuple[str, str], ...]
    holidays: tuple[str, ...]
    rows: tuple[RowWords, ...]


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """A place's rules at an instant: `codes` of the jurisdictions that bind there, narrowest
    first; one entry of `days` for each local day it is then."""

    code: str
    name: str
    codes: tuple[str, ...]
    notes: tuple[str, ...]
    days: tuple[DayWords, ...]

    def lines(self) -> Iterator[str]:
        """The whole, line by line."""
        yield f"{self.name} ({self.code}); rules of {', '.join(self.codes)}"
        yield from (f"  {note}" for note in self.notes)
        for each in self.days:
            yield ""
            clocks = ", ".join(f"{time} in {zone}" for zone, time in each.zones)
            yield f"{each.day:%A} {each.day}: it is {clocks}"
            yield from (f"  holiday: {name}" for name in each.holidays)
            for modes, window in each.hours:
                yield f"  lawful hours that day, {modes}: {window}"
            for row in each.rows:
                yield ""
                yield f"  {row.rule}: {row.says}"
                yield f"    binds {row.binds}"
                if row.lifted:
                    yield f"    {row.lifted}"
                yield f"    {row.citation} [{row.tag}]"
                if row.note:
                    yield f"    note: {row.note}"
                if row.approval:
                    yield f"    {row.approval}"


def jurisdiction_named(ruleset: Ruleset, name: str, country: bool = False) -> Jurisdiction:
    """`FL`, `US-FL`, `fl`, `Florida`, `GB`. Two letters that are both a US state and a country mean
    the state, unless `country`. Raises OperatorError for a place without rules."""
    wanted = name.strip().upper()
    codes = (wanted,) if country else (f"US-{wanted}", wanted)
    for code in codes:
        if code in ruleset.jurisdictions:
            return ruleset.jurisdictions[code]
    for jurisdiction in ruleset.jurisdictions.values():
        if jurisdiction.name.upper() == wanted:
            return jurisdiction
    raise OperatorError(
        Problem(name, None, "no rules of such a place", "", "Write US, FL, US-FL or GB.")
    )


def place_words(ruleset: Ruleset, jurisdiction: Jurisdiction, at: Instant) -> PlaceWords:
    """Every row that binds a call to that place at the instant."""
    bound = (
        jurisdiction,
        *(ruleset.jurisdictions[code] for code in jurisdiction.also),
    )
    by_day: dict[date, list[tuple[str, str]]] = {}
    for zone in _zones(jurisdiction.code):
        clock = local_time(zone, at)
        by_day.setdefault(clock.date(), []).append((zone, f"{clock:%H:%M}"))
    return PlaceWords(
        code=jurisdiction.code,
        name=jurisdiction.name,
        codes=tuple(each.code for each in bound),
        notes=tuple(each.note for each in bound if each.note),
        days=tuple(_day_words(bound, day, tuple(zones)) for day, zones in sorted(by_day.items())),
    )


def _zones(code: str) -> Sequence[str]:
    country, _, state = code.partition("-")
    if state:
        return sorted(zones_by_state(country).get(state, ()))
    return zones_of_country(country)


def _day_words(
    bound: Sequence[Jurisdiction], day: date, zones: tuple[tuple[str, str], ...]
) -> DayWords:
    rows = [
        (jurisdiction, rule)
        for jurisdiction in bound
        for rule in jurisdiction.rules
        if in_force(rule, day)
    ]
    holidays = []
    for jurisdiction in bound:
        for found, more in ((jurisdiction.holidays, ""), (jurisdiction.switched_off, "off")):
            holiday = found.get(day.toordinal())
            if holiday is not None:
                approval = holiday.approval
                by = f" by {approval.by}: {approval.because}" if approval else ""
                switched = f", switched {more}{by}" if more else ""
                holidays.append(
                    f"{holiday.name} ({jurisdiction.code}: {holiday.citation}, "
                    f"tag {holiday.tag}){switched}"
                )
    return DayWords(
        day=day,
        zones=zones,
        hours=tuple(_hours_by_mode(rows, day)),
        holidays=tuple(holidays),
        rows=tuple(_row_words(rule, _on(jurisdiction, rule, day)) for jurisdiction, rule in rows),
    )


def _on(jurisdiction: Jurisdiction, rule: Rule, day: date) -> DayWindow | None:
    if not isinstance(rule, HoursRule):
        return None
    if day.toordinal() in jurisdiction.holidays:
        return holiday_window(rule, day.weekday())
    return rule.days[day.weekday()]


def _hours_by_mode(
    rows: Sequence[tuple[Jurisdiction, Rule]], day: date
) -> Iterator[tuple[str, str]]:
    by_window: dict[str, list[str]] = {}
    for mode in CallMode:
        start, end = 0, 24 * 60
        for jurisdiction, rule in rows:
            if (
                isinstance(rule, HoursRule)
                and mode in rule.modes
                and Purpose.SALES in rule.purposes
            ):
                window = _on(jurisdiction, rule, day) or (0, 0)
                start, end = max(start, window[0]), min(end, window[1])
        words = window_words((start, end) if start < end else None)
        by_window.setdefault(words, []).append(mode.lower())
    for words, modes in by_window.items():
        yield "any mode" if len(modes) == len(CallMode) else ", ".join(modes), words


def _row_words(rule: Rule, window: DayWindow | None) -> RowWords:
    approval = rule.approval
    return RowWords(
        rule=rule.name,
        says=_says(rule, window),
        binds=_binds(rule),
        lifted=_lifted(rule),
        citation=rule.citation,
        tag=f"{rule.tag}: {TAG_WORDS[rule.tag]}",
        note=rule.note,
        approval=f"loosened by {approval.by} on {approval.at[:10]}: {approval.because}"
        if approval
        else "",
    )


def _binds(rule: Rule) -> str:
    words = []
    if len(rule.modes) < len(CallMode):
        words.append(_named(rule.modes, CallMode))
    if len(rule.purposes) < len(Purpose):
        words.append(_named(rule.purposes, Purpose))
    what = " ".join([*words, "calls"]) if words else "every call"
    if len(rule.lines) < len(LineType):
        what += f" to {_named(rule.lines, LineType)} lines"
    until = f" until {rule.effective_to}" if rule.effective_to else ""
    return f"{what}, since {rule.effective_from}{until}"


def _named(
    found: frozenset[CallMode] | frozenset[Purpose] | frozenset[LineType],
    order: type[CallMode] | type[Purpose] | type[LineType],
) -> str:
    return " or ".join(str(each).lower() for each in order if each in found)


def _lifted(rule: Rule) -> str:
    if isinstance(rule, ConsentRule):
        return "met by consent alone"
    if not rule.lifted_by:
        return "nothing lifts it" if isinstance(rule, _REFUSING) else ""
    return "lifted by " + " or ".join(_LIFTS[each] for each in Exemption if each in rule.lifted_by)


def _says(rule: Rule, window: DayWindow | None) -> str:
    match rule:
        case HoursRule():
            return (
                f"calls {window_words(window)} that day, local time"
                if window
                else ("no calls that day")
            )
        case ListRule():
            lag = f", an entry binds {rule.binds_after_days} days after issue"
            return (
                f"numbers on the {rule.list_key} list are not called; the copy may be "
                f"{_times(rule.max_age_days, 'day')} old{lag if rule.binds_after_days else ''}"
            )
        case CapRule():
            return (
                f"at most {_times(rule.limit, 'call')} in {_length(rule.window_ms)} to a person by "
                "one seller about one subject"
            )
        case ConsentRule():
            spoken = "" if rule.oral or rule.needs is Exemption.PEWC else ", not only said aloud"
            return f"{_LIFTS[rule.needs]} is needed{spoken}"
        case EbrRule():
            if not (rule.transaction_months or rule.inquiry_months):
                return "a business relationship lifts nothing here"
            return (
                f"a relationship lasts {_times(rule.transaction_months, 'month')} after a "
                f"transaction, {_times(rule.inquiry_months, 'month')} after an inquiry"
            )
        case EmergencyRule():
            return "no calls while an emergency is declared"
        case CooldownRule():
            return (
                f"no call for {_length(rule.after_ms)} after a dropped one, unless an agent is "
                "reserved"
            )
        case InternalRule():
            days = rule.honour_business_days
            soon = f"within {_times(days, 'business day')}" if days else "at once"
            kept = _times(rule.retention_days, "day")
            return f"requests not to be called are honoured {soon} and kept {kept}"
        case RevocationRule():
            scope = "every kind of call" if rule.revokes_all else "that kind of call"
            return f"consent taken back ends {scope}; always by: {', '.join(rule.words)}"
        case PortRule():
            return f"a port to wireless not yet in the file excuses for {rule.grace_days} days"
        case RingRule():
            return f"an unanswered call rings at least {rule.minimum_ms // SECOND_MS} s"
        case DropRule():
            over = "a calendar month" if rule.calendar_month else _times(rule.window_days, "day")
            return (
                f"at most {rule.ceiling:.1%} of live answers are dropped over {over}; an agent is "
                f"there within {rule.connect_ms // SECOND_MS} s"
            )
        case PlainRule():
            return _PLAIN.get(rule.id, "see the citation")
    return "see the citation"


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _length(length_ms: int) -> str:
    if length_ms % DAY_MS == 0 and length_ms > DAY_MS:
        return _times(length_ms // DAY_MS, "day")
    return f"{length_ms // HOUR_MS} h"
