"""The one gate: may this number be called, under these rules, at this instant?

`decide` is a function of its arguments alone, so a stored decision can be made again and must come
out the same. Every rule is looked at, so that a refusal names all that stands in the way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

from dialer.compliance.calling_window import TZDATA_VERSION, DayWindow, ZoneUnknown
from dialer.compliance.checks import (
    Case,
    consent_checks,
    emergency_checks,
    internal_checks,
    line_checks,
    list_checks,
    litigator_check,
    reassigned_check,
    revocation_check,
    showing_checks,
    unruled_list_checks,
)
from dialer.compliance.facts import Facts
from dialer.compliance.grounds import grounds_of
from dialer.compliance.hours import EPOCH_ORDINAL, LocalTime, local, midnights, opens
from dialer.compliance.hours_checks import (
    CAMPAIGN_HOURS,
    clock_text,
    hours_checks,
    law_window,
    own_hours_check,
    own_window,
    shared_window,
)
from dialer.compliance.law import CapRule, PortRule, Ruleset
from dialer.compliance.law_in_force import LawInForce, law_in_force
from dialer.compliance.limit_checks import (
    OWN_COOLDOWN,
    OWN_GAP,
    cap_checks,
    cooldown_checks,
    counted,
    free_from,
    own_checks,
    own_counted,
)
from dialer.compliance.line import effective_line
from dialer.compliance.place import Place
from dialer.model.campaigns import CallingHours
from dialer.model.instant import DAY_MS, Instant
from dialer.model.screening import (
    WITH_TIME,
    Allowed,
    Exemption,
    ReasonCode,
    Refused,
    RuleCheck,
    Screening,
)

HORIZON_MS = 366 * DAY_MS
"""How far ahead the next lawful instant is looked for."""

_ORDER = {code: place for place, code in enumerate(ReasonCode)}
_HOURS = frozenset({ReasonCode.HOLIDAY_BAN, ReasonCode.SUNDAY_BAN, ReasonCode.OUTSIDE_HOURS})
_CONSENT = frozenset({Exemption.PEWC, Exemption.PEC})


def decide(facts: Facts, ruleset: Ruleset, now: Instant) -> Screening:
    """Allowed, or refused with every failing rule; the primary one comes first in ReasonCode.

    `next_allowed_at` of a refusal is the earliest instant from `now` on at which the same facts are
    allowed, None if there is none within 366 days. Raises TypeError where `now` is no Instant: a
    datetime has to say its zone first (`instant_of`).
    """
    if not isinstance(now, int):
        raise TypeError(f"now must be an Instant (UTC milliseconds), not {now!r}")
    case, checks = _look(facts, ruleset, now)
    failing = [check for check in checks if not check.passed]
    exemptions = _exemptions(checks)
    jurisdictions = tuple(case.law.jurisdictions) if case is not None else ()
    zones = facts.place.zones
    approvals = _approvals(case) if case is not None else ()
    if not failing:
        assert case is not None
        return Allowed(
            ruleset.label,
            TZDATA_VERSION,
            _why_allowed(case, exemptions, approvals),
            tuple(checks),
            exemptions,
            jurisdictions,
            zones,
            approvals,
        )
    failing.sort(key=lambda check: _ORDER[check.code])
    next_allowed_at = _next_allowed(facts, ruleset, case, failing, now)
    sentences = list(dict.fromkeys(check.explain for check in failing))
    if next_allowed_at is not None:
        clocks = ", ".join(f"{clock_text(local(z, next_allowed_at))} in {z}" for z in zones)
        sentences.append(f"Next allowed {clocks}.")
    sentences.extend(_approved(approvals))
    return Refused(
        tuple(dict.fromkeys(check.code for check in failing)),
        " ".join(sentences),
        next_allowed_at,
        ruleset.label,
        TZDATA_VERSION,
        tuple(checks),
        exemptions,
        jurisdictions,
        zones,
        approvals,
    )


def _exemptions(checks: list[RuleCheck]) -> tuple[Exemption, ...]:
    """Those used by any check, in their own order."""
    used = {exemption for check in checks if check.lifted_by for exemption in check.lifted_by}
    return tuple(exemption for exemption in Exemption if exemption in used) if used else ()


def caps_in_force(facts: Facts, ruleset: Ruleset, now: Instant) -> tuple[CapRule, ...]:
    """The statutory caps that bind a call with these facts, those an exemption lifts left out: a
    slot under each is to be reserved before the dial."""
    case = _case(facts, ruleset, now)
    if isinstance(case, RuleCheck):
        return ()
    return tuple(rule for rule in case.law.caps if not case.lifts(rule))


def _case(facts: Facts, ruleset: Ruleset, now: Instant) -> Case | RuleCheck:
    """What there is to decide on, or the one check that fails before any rule can bind: the number
    or its country."""
    place = facts.place
    if place.fault is not None:
        explain = f"{place.fault_explain.rstrip('.')}."
        return RuleCheck("number", place.fault, False, {}, (), explain)
    codes = _codes(place.country, place.states, ruleset)
    if place.country not in facts.enabled or not codes:
        named = ", ".join(sorted(facts.enabled))
        explain = f"The number belongs to {place.country or 'no known country'}; enabled: {named}."
        return RuleCheck(
            "jurisdiction",
            ReasonCode.JURISDICTION_NOT_ENABLED,
            False,
            {"country": place.country, "enabled": [*sorted(facts.enabled)]},
            (),
            explain,
        )
    clocks, _ = _clocks(place, now, facts.end_guard_ms)
    days = [clock.ordinal for clock, _ in clocks] or [now // DAY_MS + EPOCH_ORDINAL]
    line = effective_line(facts, _grace_days(ruleset, codes[0]), now)
    law = law_in_force(ruleset, codes, facts.mode, facts.purpose, line.type, min(days), max(days))
    grounds = grounds_of(facts, law, now)
    on = [each for each in facts.lists if each.name in facts.on_lists] if facts.on_lists else ()
    return Case(facts, on, law, grounds, line, clocks, now)


def _look(facts: Facts, ruleset: Ruleset, now: Instant) -> tuple[Case | None, list[RuleCheck]]:
    """Every check; no case where the number or its country is not known well enough to say which
    rules bind."""
    case = _case(facts, ruleset, now)
    if isinstance(case, RuleCheck):
        return None, [case]
    checks = [
        *emergency_checks(case),
        *internal_checks(case),
        revocation_check(case),
        litigator_check(case),
        *list_checks(case),
        *unruled_list_checks(case),
        *consent_checks(case),
        *line_checks(case),
        *(hours_checks(case) if case.clocks else (_no_clock(facts.place, now),)),
    ]
    if case.clocks and facts.hours is not None:
        checks.append(own_hours_check(case, facts.hours))
    checks += cap_checks(case)
    checks += own_checks(case)
    checks += cooldown_checks(case)
    checks += showing_checks(case)
    checks.append(reassigned_check(case, bool(facts.rnd) and _rests_on_consent(case, checks)))
    return case, checks


def _rests_on_consent(case: Case, checks: list[RuleCheck]) -> bool:
    return bool(case.law.consents) or any(
        exemption in _CONSENT for check in checks for exemption in check.lifted_by
    )


def _no_clock(place: Place, now: Instant) -> RuleCheck:
    _, unknown_zone = _clocks(place, now, 0)
    return RuleCheck(
        "zones",
        ReasonCode.TZ_UNKNOWN,
        False,
        {"zones": list(place.zones)},
        (),
        f"The time zone {unknown_zone!r} is not in the zone data {TZDATA_VERSION}, so no hour "
        "is known to be lawful."
        if unknown_zone
        else "No time zone is known for the number, so no hour is known to be lawful.",
    )


@lru_cache(maxsize=8192)
def _codes(country: str, states_of_place: tuple[str, ...], ruleset: Ruleset) -> tuple[str, ...]:
    """The jurisdictions whose rows bind, the country first. A state of the country without a file
    would leave its law out: then there is no country either."""
    if country not in ruleset.jurisdictions:
        return ()
    also = ruleset.jurisdictions[country].also
    states = [f"{country}-{state}" for state in states_of_place]
    if country == "US" and any(state not in ruleset.jurisdictions for state in states):
        return ()
    return (country, *also, *(state for state in states if state in ruleset.jurisdictions))


@lru_cache(maxsize=256)
def _grace_days(ruleset: Ruleset, country: str) -> int:
    rules = ruleset.jurisdictions[country].rules
    return next((rule.grace_days for rule in rules if isinstance(rule, PortRule)), 0)


def _clocks(
    place: Place, now: Instant, guard_ms: int
) -> tuple[tuple[tuple[LocalTime, LocalTime], ...], str | None]:
    then = Instant(now + guard_ms)
    try:
        return tuple([(local(zone, now), local(zone, then)) for zone in place.zones]), None
    except ZoneUnknown as error:
        return (), str(error.args[0])


# --- when next ------------------------------------------------------------------------------------


def _next_allowed(
    facts: Facts, ruleset: Ruleset, case: Case | None, failing: list[RuleCheck], now: Instant
) -> Instant | None:
    """Each failing check is asked for an instant before which it cannot pass; the latest of these
    is looked at next, until all pass. So no allowed instant is skipped."""
    at = now
    while case is not None and at - now <= HORIZON_MS:
        earliest = _not_before_any(case, failing)
        if earliest is None:
            return None
        at = earliest
        case, checks = _look(facts, ruleset, at)
        failing = [check for check in checks if not check.passed]
        if not failing:
            return at if at - now <= HORIZON_MS else None
    return None


def _not_before_any(case: Case, failing: list[RuleCheck]) -> Instant | None:
    """An instant after the case's before which not all of these checks can pass; None: they never
    will. A rule that ends, or an exemption that begins, may free the call before waiting does."""
    closed = frozenset([check.rule for check in failing if check.code in _HOURS])
    waits = [
        _by_waiting(case, check) if check.code in WITH_TIME else None
        for check in failing
        if check.code not in _HOURS
    ]
    if closed:
        facts = case.facts
        hours = facts.hours if CAMPAIGN_HOURS in closed else None
        later = Instant(case.now + 1)
        zones, guard_ms = facts.place.zones, facts.end_guard_ms
        waits.append(_all_open_at(case.law, closed, hours, zones, guard_ms, later))
    latest = case.now
    for own in waits:
        change = _next_change(case, Instant(case.now + HORIZON_MS) if own is None else own)
        earliest = own if change is None else change
        if earliest is None:
            return None
        latest = max(latest, earliest)
    return latest


@lru_cache(maxsize=4096)
def _all_open_at(
    law: LawInForce,
    names: frozenset[str],
    hours: CallingHours | None,
    zones: tuple[str, ...],
    guard_ms: int,
    at: Instant,
) -> Instant | None:
    """An instant from `at` on before which the rules about hours of these names, and the campaign's
    `hours`, are not all open in every zone at once. Many leads ask at the same instant."""
    rules = [rule for rule in law.hours if rule.name in names]

    def shared(ordinal: int) -> DayWindow | None:
        windows = [law_window(law, rule, ordinal) for rule in rules]
        if hours is not None:
            windows.append(own_window(hours, ordinal))
        return shared_window(windows)

    return opens(zones, shared, at, guard_ms, HORIZON_MS // DAY_MS + 2)


def _by_waiting(case: Case, check: RuleCheck) -> Instant | None:
    """When a cap has room again, or a dropped person has rested."""
    if check.code is ReasonCode.FREQ_CAP:
        return _cap_free(case, check)
    after = {rule.name: rule.after_ms for rule in case.law.cooldowns}
    after[OWN_COOLDOWN] = case.facts.own_cooldown_ms
    return Instant(max(case.facts.drops) + after[check.rule])


def _cap_free(case: Case, check: RuleCheck) -> Instant | None:
    facts, now = case.facts, case.now
    if check.rule == OWN_GAP:
        return Instant(max(attempt.at for attempt in facts.attempts) + facts.min_gap_ms)
    for rule in case.law.caps:
        if rule.name == check.rule:
            return free_from(counted(case), rule.limit, rule.window_ms, now)
    cap = next(cap for cap in facts.own_caps if f"own/{cap.name}" == check.rule)
    if cap.limit < 1:
        return None
    attempts = own_counted(facts.attempts, facts.caller_id if cap.per_caller_id else None)
    return free_from(attempts, cap.limit, cap.window_ms, now)


def _next_change(case: Case, before: Instant) -> Instant | None:
    """The first instant after the case's, and before `before`, at which a fact or a row of the law
    begins or ends."""
    facts, now = case.facts, case.now
    changes = [consent.granted_at for consent in facts.consents]
    changes += [relationship.at for relationship in facts.relationships]
    changes += [  # a copy dated after the call is fresh from its day on
        Instant(copy.obtained_at // DAY_MS * DAY_MS)
        for copy in facts.lists
        if copy.obtained_at > now
    ]
    if facts.line.ported_at is not None:
        changes.append(facts.line.ported_at)
    days = _turning_days(case.law)
    first = bisect_left(days, now // DAY_MS + EPOCH_ORDINAL - 1)
    last = bisect_right(days, before // DAY_MS + EPOCH_ORDINAL + 1)
    for day in days[first:last]:
        changes += [midnights(zone, day) for zone in facts.place.zones]
    return min((at for at in changes if now < at < before), default=None)


@lru_cache(maxsize=8192)
def _turning_days(law: LawInForce) -> tuple[int, ...]:
    days = set()
    for jurisdiction in law.jurisdictions.values():
        for rule in jurisdiction.rules:
            days.add(rule.effective_from.toordinal())
            if rule.effective_to is not None:
                days.add(rule.effective_to.toordinal())
    return tuple(sorted(days))


# --- words ----------------------------------------------------------------------------------------


def _approvals(case: Case) -> tuple[str, ...]:
    """Rows and holidays an officer loosened that this decision was made under."""
    if not case.law.approvals and not case.law.holidays_off:
        return ()
    found = dict.fromkeys(case.law.approvals)
    for code, jurisdiction in case.law.jurisdictions.items():
        for clock, _ in case.clocks if jurisdiction.switched_off else ():
            day = jurisdiction.switched_off.get(clock.ordinal)
            if day is not None and day.approval is not None:
                why = f"{day.approval.by}, {day.approval.because}"
                found[f"{code}/holiday {day.name}: {why}"] = None
    return tuple(found)


def _approved(approvals: tuple[str, ...]) -> list[str]:
    return [f"Decided under a loosened rule: {approval}." for approval in approvals]


def _why_allowed(case: Case, exemptions: tuple[Exemption, ...], approvals: tuple[str, ...]) -> str:
    facts = case.facts
    clocks = [
        f"{clock_text(clock)} in {zone}"
        for zone, (clock, _) in zip(facts.place.zones, case.clocks, strict=True)
    ]
    words = [
        f"Every rule of {', '.join(case.law.jurisdictions)} passes: it is {', '.join(clocks)}; "
        f"{len(facts.lists)} lists looked at; {len(facts.attempts)} earlier calls."
    ]
    if exemptions:
        words.append(f"Allowed by {', '.join(exemptions)}.")
    words.extend(_approved(approvals))
    return " ".join(words)
