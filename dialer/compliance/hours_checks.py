"""The hours of the law and of the campaign, looked at on the clocks of every zone of a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from dialer.compliance.calling_window import DayWindow, minutes_as_text
from dialer.compliance.checks import Case, cite, length_text
from dialer.compliance.hours import EPOCH_ORDINAL, SUNDAY, LocalTime, open_between
from dialer.compliance.law import HoursRule, Rule
from dialer.compliance.law_in_force import LawInForce
from dialer.model.campaigns import CallingHours
from dialer.model.instant import DAY_MS, MINUTE_MS, Instant, utc
from dialer.model.screening import ReasonCode, RuleCheck

CAMPAIGN_HOURS = "campaign/hours"

_ALL_DAY: DayWindow = (0, 24 * 60)


def hours_checks(case: Case) -> Iterable[RuleCheck]:
    """One check of each rule that passes; of one that fails, one for each reason why."""
    law = case.law
    for clock, later in case.clocks:
        if not open_between(_shared_window(law, clock.ordinal), clock, later):
            return _each_rule(case)
    return _all_open(law)


@lru_cache(maxsize=65536)
def _shared_window(law: LawInForce, ordinal: int) -> DayWindow | None:
    """When every hours rule is open on a local day: a clock within it passes them all."""
    return shared_window(law_window(law, rule, ordinal) for rule in law.hours)


@lru_cache(maxsize=8192)
def _all_open(law: LawInForce) -> tuple[RuleCheck, ...]:
    return tuple(_open(rule) for rule in law.hours)


def _open(rule: HoursRule) -> RuleCheck:
    return RuleCheck(rule.name, ReasonCode.OUTSIDE_HOURS, True, {"rule": rule.id})


def _each_rule(case: Case) -> Iterator[RuleCheck]:
    guard_ms = case.facts.end_guard_ms
    for rule in case.law.hours:
        failing = [
            (zone, clock)
            for zone, (clock, later) in zip(case.facts.place.zones, case.clocks, strict=True)
            if not open_between(law_window(case.law, rule, clock.ordinal), clock, later)
        ]
        if not failing:
            yield _open(rule)
            continue
        lifted = case.lifts(rule)
        said: set[ReasonCode] = set()
        for zone, clock in failing:
            for code, why in _why_closed(case, rule, clock):
                if code in said:
                    continue
                said.add(code)
                shown = clock_text(clock)
                yield RuleCheck(
                    rule.name,
                    code,
                    bool(lifted),
                    {"zone": zone, "local": shown, "end_guard_ms": guard_ms},
                    lifted,
                    f"It is {shown} in {zone}: {why} {cite(rule)}.",
                )


def _why_closed(case: Case, rule: HoursRule, clock: LocalTime) -> Iterator[tuple[ReasonCode, str]]:
    banned = False
    holiday = case.law.jurisdictions[rule.jurisdiction].holidays.get(clock.ordinal)
    if holiday is not None and rule.holiday_banned:
        banned = True
        yield ReasonCode.HOLIDAY_BAN, f"no calls on {holiday.name}"
    if clock.weekday == SUNDAY and rule.days[SUNDAY] is None and holiday_as_weekday(rule, holiday):
        banned = True
        yield ReasonCode.SUNDAY_BAN, "no calls on Sundays"
    if not banned:
        window = hours_window(case.law, rule, clock.ordinal)
        yield ReasonCode.OUTSIDE_HOURS, f"calls are lawful {window_text(window)}{_guarded(case)}"


def holiday_as_weekday(rule: HoursRule, holiday: object) -> bool:
    """Whether the weekday's window holds on this day: no holiday, or one without hours of its
    own."""
    return holiday is None or rule.holiday_banned or rule.holiday is None


def own_hours_check(case: Case, hours: CallingHours) -> RuleCheck:
    """The campaign's own hours."""
    for place, (clock, later) in enumerate(case.clocks):
        window = own_window(hours, clock.ordinal)
        if not open_between(window, clock, later):
            zone, shown = case.facts.place.zones[place], clock_text(clock)
            return RuleCheck(
                CAMPAIGN_HOURS,
                ReasonCode.OUTSIDE_HOURS,
                False,
                {"zone": zone, "local": shown, "end_guard_ms": case.facts.end_guard_ms},
                (),
                f"It is {shown} in {zone}: the campaign calls {window_text(window)}"
                f"{_guarded(case)}.",
            )
    return RuleCheck(CAMPAIGN_HOURS, ReasonCode.OUTSIDE_HOURS, True, {})


# --- windows --------------------------------------------------------------------------------------


def hours_window(law: LawInForce, rule: HoursRule, ordinal: int) -> DayWindow | None:
    """The rule's window on a local day, holidays taken in."""
    holidays = law.jurisdictions[rule.jurisdiction].holidays
    if ordinal in holidays:
        if rule.holiday_banned:
            return None
        if rule.holiday is not None:
            return rule.holiday
    return rule.days[(ordinal - 1) % 7]


def in_force_on(rule: Rule, ordinal: int) -> bool:
    return rule.effective_from.toordinal() <= ordinal and (
        rule.effective_to is None or ordinal < rule.effective_to.toordinal()
    )


def law_window(law: LawInForce, rule: HoursRule, ordinal: int) -> DayWindow | None:
    """As `hours_window`; all day before the rule begins and after it ends."""
    return hours_window(law, rule, ordinal) if in_force_on(rule, ordinal) else _ALL_DAY


def shared_window(windows: Iterable[DayWindow | None]) -> DayWindow | None:
    """What windows of one day have in common."""
    start, end = _ALL_DAY
    for window in windows:
        if window is None:
            return None
        start, end = max(start, window[0]), min(end, window[1])
    return (start, end) if start < end else None


def own_window(hours: CallingHours, ordinal: int) -> DayWindow | None:
    """The campaign's own window on a local day."""
    return hours.days[(ordinal - 1) % 7]


# --- words ----------------------------------------------------------------------------------------


def window_text(window: DayWindow | None) -> str:
    """`08:00-20:00`, or that there are no hours that day."""
    if window is None:
        return "at no hour of that day"
    return f"{minutes_as_text(window[0])}-{minutes_as_text(window[1])}"


def clock_text(clock: LocalTime) -> str:
    """`Wed 2026-12-02 12:30`."""
    return f"{_day_text(clock.ordinal)} {minutes_as_text(clock.ms // MINUTE_MS)}"


@lru_cache(maxsize=1024)
def _day_text(ordinal: int) -> str:
    return f"{utc(Instant((ordinal - EPOCH_ORDINAL) * DAY_MS)):%a %Y-%m-%d}"


def _guarded(case: Case) -> str:
    guard_ms = case.facts.end_guard_ms
    return f" less {length_text(guard_ms)} for ringing" if guard_ms else ""
