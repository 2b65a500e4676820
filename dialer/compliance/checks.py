"""Every rule, looked at once: what it read, whether it passes, and why not, in plain words.

Each function yields the checks of one kind of rule. None looks at another's outcome, but for the
reassigned-number answer, which matters only where consent is what entitles to the call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dialer.compliance.calling_window import DayWindow, minutes_as_text
from dialer.compliance.facts import Facts, ListKind, ListVersion
from dialer.compliance.grounds import (
    Grounds,
    consent_for,
    days_between,
    lifts,
)
from dialer.compliance.hours import EPOCH_ORDINAL, SUNDAY, LocalTime, open_between
from dialer.compliance.law import CapRule, HoursRule, ListRule, Rule
from dialer.compliance.law_in_force import LawInForce
from dialer.compliance.line import EffectiveLine
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant, rfc3339, utc
from dialer.model.journal import JsonValue
from dialer.model.records import PastAttempt, RndAnswer, RndStatus
from dialer.model.screening import Exemption, ReasonCode, RuleCheck
from dialer.model.suppression import plain_name

CAMPAIGN_HOURS = "campaign/hours"
OWN_GAP = "own/gap"
OWN_COOLDOWN = "own/cooldown"
NATIONAL = "national"
"""The key of a country's own list; a state's list has the state's code."""


@dataclass(frozen=True, slots=True)
class Case:
    """One decision's givens. `clocks`: the wall clock in each of the place's zones, now and when a
    call placed now would ring at the latest (`end_guard_ms`)."""

    facts: Facts
    law: LawInForce
    grounds: Grounds
    line: EffectiveLine
    clocks: tuple[tuple[LocalTime, LocalTime], ...]
    now: Instant

    def lifts(self, rule: Rule) -> tuple[Exemption, ...]:
        return lifts(rule, self.facts, self.law, self.grounds, self.now)


def cite(rule: Rule) -> str:
    """`(FL: Fla. Stat. 501.059)`, marked where the row is not verified against its source."""
    doubt = "" if rule.tag.value == "V" else f", tag {rule.tag.value}"
    return f"({rule.jurisdiction}: {rule.citation}{doubt})"


def day_of(at: Instant) -> str:
    return rfc3339(at)[:10]


# --- requests, revocations, lists -----------------------------------------------------------------


def emergency_checks(case: Case) -> Iterator[RuleCheck]:
    declared = case.facts.emergencies
    if not declared:
        return
    own = {rule.jurisdiction for rule in case.law.emergencies}
    for rule in case.law.emergencies:
        states = [
            state
            for state in case.facts.place.states
            if state in declared
            and (
                rule.jurisdiction == f"{case.law.country.code}-{state}"
                or (
                    rule.jurisdiction == case.law.country.code
                    and f"{case.law.country.code}-{state}" not in own
                )
            )
        ]
        if states:
            lifted = case.lifts(rule)
            yield RuleCheck(
                rule.name,
                ReasonCode.STATE_EMERGENCY,
                bool(lifted),
                {"states": list(states)},
                lifted,
                f"An emergency stop is in force for {', '.join(states)} {cite(rule)}.",
            )


def internal_checks(case: Case) -> Iterator[RuleCheck]:
    facts, rule = case.facts, case.law.internal
    name = rule.name if rule else "internal"
    where = f" {cite(rule)}" if rule else ""
    seller = plain_name(facts.seller)
    listed = False
    for version in facts.lists:
        if version.kind is ListKind.INTERNAL and version.name in facts.on_lists:
            listed = True
            yield RuleCheck(
                name,
                ReasonCode.INTERNAL_DNC,
                False,
                {"list": version.name, "obtained_at": version.obtained_at},
                (),
                f"The number is on our do-not-call list {version.name!r}, copy of "
                f"{day_of(version.obtained_at)}{where}.",
            )
    for request in facts.internal:
        if request.requested_at > case.now or plain_name(request.seller) not in ("", seller):
            continue
        listed = True
        newer = case.grounds.newer_written(request)
        lifted = (Exemption.PEWC if case.grounds.pewc else Exemption.PEC,) if newer else ()
        yield RuleCheck(
            name,
            ReasonCode.INTERNAL_DNC,
            newer,
            {"requested_at": request.requested_at, "where": request.where},
            lifted,
            f"The person asked on {day_of(request.requested_at)} not to be called"
            f"{', by ' + request.where if request.where else ''}{where}.",
        )
    if not listed:
        yield RuleCheck(name, ReasonCode.INTERNAL_DNC, True, {"requests": len(facts.internal)})


def revocation_checks(case: Case) -> Iterator[RuleCheck]:
    rule = case.law.revocation
    name = rule.name if rule else "revocation"
    revoked_at = case.grounds.revoked_at
    if revoked_at is None:
        yield RuleCheck(name, ReasonCode.CONSENT_REVOKED, True, {"revoked_at": None})
        return
    again = bool(case.grounds.consents)
    lifted = (Exemption.PEWC if case.grounds.pewc else Exemption.PEC,) if again else ()
    yield RuleCheck(
        name,
        ReasonCode.CONSENT_REVOKED,
        again,
        {"revoked_at": revoked_at},
        lifted,
        f"The person took consent back on {day_of(revoked_at)}, and gave none since that covers "
        f"this call{' ' + cite(rule) if rule else ''}.",
    )


def litigator_checks(case: Case) -> Iterator[RuleCheck]:
    facts = case.facts
    name = f"{case.law.country.code}/litigator"
    on = [v.name for v in facts.lists if v.kind is ListKind.LITIGATOR and v.name in facts.on_lists]
    yield RuleCheck(
        name,
        ReasonCode.LITIGATOR,
        not on,
        {"lists": list(on)},
        (),
        f"The number is on the litigator list {', '.join(on)}." if on else "",
    )


def list_checks(case: Case) -> Iterator[RuleCheck]:
    """Registries' lists: a copy that is missing or too old proves nothing, whoever is on it."""
    if not case.law.lists:
        return
    by_key: dict[str, list[ListVersion]] = {}
    for version in case.facts.lists:
        if version.kind is ListKind.NATIONAL:
            by_key.setdefault(NATIONAL, []).append(version)
        elif version.kind is ListKind.STATE:
            by_key.setdefault(version.state, []).append(version)
    for rule in case.law.lists:
        copies = by_key.get(rule.list_key)
        if not copies:
            yield RuleCheck(
                rule.name,
                ReasonCode.DATA_MISSING,
                False,
                {"list": rule.list_key, "copies": 0},
                (),
                f"No copy of the {_list_name(rule)} do-not-call list is loaded {cite(rule)}.",
            )
            continue
        oldest = copies[0] if len(copies) == 1 else min(copies, key=_obtained)
        age = days_between(oldest.obtained_at, case.now)
        fresh = age <= rule.max_age_days
        yield RuleCheck(
            rule.name,
            ReasonCode.REGISTRY_STALE,
            fresh,
            {"list": oldest.name, "obtained_at": oldest.obtained_at, "age_days": age},
            (),
            ""
            if fresh
            else f"The copy {oldest.name!r} of the {_list_name(rule)} do-not-call list is {age} "
            f"days old, at most {rule.max_age_days} are allowed {cite(rule)}.",
        )
        yield _membership(case, rule, copies)


def _obtained(version: ListVersion) -> Instant:
    return version.obtained_at


def unruled_list_checks(case: Case) -> Iterator[RuleCheck]:
    """A state list the number is on, in a state whose rows do not say how it binds: it denies."""
    ruled = {rule.list_key for rule in case.law.lists}
    for version in case.facts.lists:
        if (
            version.kind is ListKind.STATE
            and version.name in case.facts.on_lists
            and version.state in case.facts.place.states
            and version.state not in ruled
            and version.state not in case.law.states_with_lists
        ):
            yield RuleCheck(
                f"{case.law.country.code}-{version.state}/list",
                ReasonCode.STATE_DNC,
                False,
                {"list": version.name, "obtained_at": version.obtained_at},
                (),
                f"The number is on the list {version.name!r} of {version.state}, and no rule says "
                "what that list allows.",
            )


def _membership(case: Case, rule: ListRule, copies: Sequence[ListVersion]) -> RuleCheck:
    national = rule.list_key == NATIONAL
    code = ReasonCode.NATIONAL_DNC if national else ReasonCode.STATE_DNC
    on = [
        version
        for version in copies
        if version.name in case.facts.on_lists
        and (
            version.issued_at is None
            or case.now >= version.issued_at + rule.binds_after_days * DAY_MS
        )
    ]
    if not on:
        return RuleCheck(rule.name, code, True, {"listed": False})
    lifted = case.lifts(rule)
    copy = on[0]
    return RuleCheck(
        rule.name,
        code,
        bool(lifted),
        {"listed": True, "list": copy.name, "obtained_at": copy.obtained_at},
        lifted,
        f"The number is on the {_list_name(rule)} do-not-call list {copy.name!r}, copy of "
        f"{day_of(copy.obtained_at)} {cite(rule)}.",
    )


def _list_name(rule: ListRule) -> str:
    return "national" if rule.list_key == NATIONAL else f"{rule.list_key} state"


# --- consent, line, reassigned numbers ------------------------------------------------------------


def consent_checks(case: Case) -> Iterator[RuleCheck]:
    for rule in case.law.consents:
        met = consent_for(rule, case.grounds) or case.lifts(rule)
        written = rule.needs is Exemption.PEWC
        yield RuleCheck(
            rule.name,
            ReasonCode.CONSENT_REQUIRED,
            bool(met),
            {"needs": rule.needs, "mode": case.facts.mode, "line": case.line.type},
            met,
            ""
            if met
            else f"A {case.facts.mode.lower()} {case.facts.purpose.lower()} call needs the "
            f"person's prior express {'written ' if written else ''}consent, and none that covers "
            f"it stands {cite(rule)}.",
        )


def line_checks(case: Case) -> Iterator[RuleCheck]:
    if not (case.law.line_matters and case.line.data_too_old):
        return
    rule = case.law.port
    assert rule is not None
    yield RuleCheck(
        rule.name,
        ReasonCode.DATA_MISSING,
        False,
        {"port_file_age_days": case.line.port_file_age_days},
        (),
        f"Whether the number was ported to a wireless phone is not known: the port file is "
        f"{case.line.port_file_age_days} days old, at most {rule.grace_days} are allowed "
        f"{cite(rule)}.",
    )


def reassigned_check(case: Case, on_consent: bool) -> RuleCheck:
    """`on_consent`: consent is what entitles to this call, so it must be this person's still."""
    facts = case.facts
    name = f"{case.law.country.code}/reassigned"
    rule = case.law.plain.get("reassigned")
    where = f" {cite(rule)}" if rule else ""
    answer = _answer_that_counts(facts)
    inputs: dict[str, JsonValue] = {
        "answer": answer.answer if answer else None,
        "asked_date": answer.asked_date.isoformat() if answer and answer.asked_date else None,
        "last_verified_contact": facts.last_verified_contact,
    }
    if answer is not None and answer.answer is RndStatus.YES:
        return RuleCheck(
            name,
            ReasonCode.REASSIGNED,
            False,
            inputs,
            (),
            f"The Reassigned Numbers Database says the number was disconnected after the last "
            f"verified contact: somebody else has it now{where}.",
        )
    if on_consent and facts.rnd and (answer is None or answer.answer is RndStatus.NO_DATA):
        return RuleCheck(
            name,
            ReasonCode.RND_NO_DATA,
            False,
            inputs,
            (),
            f"The call rests on consent, and the Reassigned Numbers Database cannot say whether "
            f"the number still belongs to who gave it{where}.",
        )
    return RuleCheck(name, ReasonCode.REASSIGNED, True, inputs)


def _answer_that_counts(facts: Facts) -> RndAnswer | None:
    """The newest answer about the day of the last verified contact. Of answers about other days,
    a "no" since an earlier day and a "yes" since a later one say the same; the rest say nothing."""
    if not facts.rnd:
        return None
    newest = sorted(facts.rnd, key=lambda answer: answer.queried_at or Instant(0), reverse=True)
    contact = facts.last_verified_contact
    if contact is None:
        return newest[0]
    day = utc(contact).date()
    for answer in newest:
        if answer.asked_date is None or answer.asked_date == day:
            return answer
    for answer in newest:
        assert answer.asked_date is not None
        if answer.answer is RndStatus.NO and answer.asked_date < day:
            return answer
        if answer.answer is RndStatus.YES and answer.asked_date > day:
            return answer
    return None


# --- hours ----------------------------------------------------------------------------------------


def hours_window(case: Case, rule: HoursRule, ordinal: int) -> DayWindow | None:
    """The rule's window on a local day, holidays taken in."""
    holidays = case.law.jurisdictions[rule.jurisdiction].holidays
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


_ALL_DAY: DayWindow = (0, 24 * 60)


def law_window(case: Case, rule: HoursRule, ordinal: int) -> DayWindow | None:
    """As `hours_window`; all day before the rule begins and after it ends."""
    return hours_window(case, rule, ordinal) if in_force_on(rule, ordinal) else _ALL_DAY


def own_window(case: Case, ordinal: int) -> DayWindow | None:
    """The campaign's own window on a local day."""
    hours = case.facts.hours
    return _ALL_DAY if hours is None else hours.days[(ordinal - 1) % 7]


def hours_checks(case: Case) -> Iterator[RuleCheck]:
    for rule in case.law.hours:
        failing = [
            (zone, clock)
            for zone, (clock, later) in zip(case.facts.place.zones, case.clocks, strict=True)
            if not open_between(law_window(case, rule, clock.ordinal), clock, later)
        ]
        if not failing:
            yield RuleCheck(rule.name, ReasonCode.OUTSIDE_HOURS, True, {"rule": rule.id})
            continue
        lifted = case.lifts(rule)
        said: set[ReasonCode] = set()
        for zone, clock in failing:
            for code, why in _why_closed(case, rule, clock):
                if code in said:
                    continue
                said.add(code)
                yield RuleCheck(
                    rule.name,
                    code,
                    bool(lifted),
                    {"zone": zone, "local": clock_text(clock), "end_guard_ms": _guard(case)},
                    lifted,
                    f"It is {clock_text(clock)} in {zone}: {why} {cite(rule)}.",
                )
    if case.facts.hours is not None:
        yield _own_hours(case)


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
        window = hours_window(case, rule, clock.ordinal)
        yield ReasonCode.OUTSIDE_HOURS, f"calls are lawful {window_text(window)}{_guarded(case)}"


def holiday_as_weekday(rule: HoursRule, holiday: object) -> bool:
    """Whether the weekday's window holds on this day: no holiday, or one without hours of its
    own."""
    return holiday is None or rule.holiday_banned or rule.holiday is None


def _own_hours(case: Case) -> RuleCheck:
    for zone, (clock, later) in zip(case.facts.place.zones, case.clocks, strict=True):
        window = own_window(case, clock.ordinal)
        if not open_between(window, clock, later):
            return RuleCheck(
                CAMPAIGN_HOURS,
                ReasonCode.OUTSIDE_HOURS,
                False,
                {"zone": zone, "local": clock_text(clock), "end_guard_ms": _guard(case)},
                (),
                f"It is {clock_text(clock)} in {zone}: the campaign calls {window_text(window)}"
                f"{_guarded(case)}.",
            )
    return RuleCheck(CAMPAIGN_HOURS, ReasonCode.OUTSIDE_HOURS, True, {})


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


def _guard(case: Case) -> int:
    return case.facts.end_guard_ms


def _guarded(case: Case) -> str:
    return f" less {length_text(case.facts.end_guard_ms)} for ringing" if _guard(case) else ""


def length_text(length_ms: int) -> str:
    """`24 h`, `5 min`, `22 s`."""
    for size, unit in ((DAY_MS, "days"), (HOUR_MS, "h"), (MINUTE_MS, "min")):
        if length_ms >= (2 * size if unit == "days" else size) and length_ms % size == 0:
            return f"{length_ms // size} {unit}"
    return f"{length_ms / 1_000:g} s"


# --- limits ---------------------------------------------------------------------------------------


def counted(case: Case, rule: CapRule) -> list[Instant]:
    """Attempts that count against a cap: this seller's about this subject. One whose seller or
    subject is not known counts: it may be."""
    seller, subject = plain_name(case.facts.seller), plain_name(case.facts.subject)
    return [
        attempt.at
        for attempt in case.facts.attempts
        if _same(attempt.seller, seller) and (not subject or _same(attempt.subject, subject))
    ]


def _same(name: str, wanted: str) -> bool:
    return not name or plain_name(name) == wanted


def free_from(attempts: Sequence[Instant], limit: int, window_ms: int, now: Instant) -> Instant:
    """The earliest instant from `now` on with a free slot: fewer than `limit` (1 or more) attempts
    in (t - window, t] or later. One that seems to lie ahead counts: a clock that was set back frees
    nobody."""
    if len(attempts) < limit:
        return now
    return max(now, Instant(sorted(attempts, reverse=True)[limit - 1] + window_ms))


def cap_checks(case: Case) -> Iterator[RuleCheck]:
    for rule in case.law.caps:
        attempts = counted(case, rule) if case.facts.attempts else []
        full = free_from(attempts, rule.limit, rule.window_ms, case.now) > case.now
        lifted = case.lifts(rule) if full else ()
        yield RuleCheck(
            rule.name,
            ReasonCode.FREQ_CAP,
            not full or bool(lifted),
            {"attempts": len(attempts), "limit": rule.limit, "window_ms": rule.window_ms},
            lifted,
            f"The person was called {rule.limit} times or more in {length_text(rule.window_ms)} by "
            f"this seller about this subject; {rule.limit} are allowed {cite(rule)}."
            if full
            else "",
        )


def own_checks(case: Case) -> Iterator[RuleCheck]:
    """The operator's own limits."""
    facts = case.facts
    for cap in facts.own_caps:
        attempts = own_counted(facts.attempts, facts.caller_id if cap.per_caller_id else None)
        full = cap.limit < 1 or free_from(attempts, cap.limit, cap.window_ms, case.now) > case.now
        yield RuleCheck(
            f"own/{cap.name}",
            ReasonCode.FREQ_CAP,
            not full,
            {"attempts": len(attempts), "limit": cap.limit, "window_ms": cap.window_ms},
            (),
            f"Called {len(attempts)} times; our own limit is {cap.limit} in "
            f"{length_text(cap.window_ms)}."
            if full
            else "",
        )
    newest = max((attempt.at for attempt in facts.attempts), default=None)
    if facts.min_gap_ms:
        early = newest is not None and newest + facts.min_gap_ms > case.now
        yield RuleCheck(
            OWN_GAP,
            ReasonCode.FREQ_CAP,
            not early,
            {"last_at": newest, "min_gap_ms": facts.min_gap_ms},
            (),
            f"Called last at {rfc3339(newest)}; we wait {length_text(facts.min_gap_ms)} between "
            "two calls."
            if early and newest is not None
            else "",
        )


def own_counted(attempts: Sequence[PastAttempt], caller_id: str | None) -> list[Instant]:
    """Attempts that count against an operator's cap: all, or those that showed this caller id."""
    return [a.at for a in attempts if caller_id is None or _same(a.caller_id, caller_id)]


def cooldown_checks(case: Case) -> Iterator[RuleCheck]:
    facts = case.facts
    newest = max(facts.drops, default=None)
    pauses = [(rule.name, rule.after_ms, " " + cite(rule)) for rule in case.law.cooldowns]
    if facts.own_cooldown_ms:
        pauses.append((OWN_COOLDOWN, facts.own_cooldown_ms, ""))
    for name, after_ms, where in pauses:
        resting = newest is not None and newest + after_ms > case.now and not facts.agent_reserved
        yield RuleCheck(
            name,
            ReasonCode.ABANDON_COOLDOWN,
            not resting,
            {"dropped_at": newest, "agent_reserved": facts.agent_reserved},
            (),
            f"The person was dropped at {rfc3339(newest)}: no call for {length_text(after_ms)}, "
            f"unless an agent is reserved for it{where}."
            if resting and newest is not None
            else "",
        )


def showing_checks(case: Case) -> Iterator[RuleCheck]:
    facts = case.facts
    rule = case.law.plain.get("caller_id")
    yield RuleCheck(
        f"{case.law.country.code}/caller_id",
        ReasonCode.CALLER_ID_NOT_AUTHORISED,
        facts.caller_id_owned,
        {"caller_id": facts.caller_id},
        (),
        ""
        if facts.caller_id_owned
        else f"The caller id {facts.caller_id!r} is not among the numbers the campaign may show"
        f"{' ' + cite(rule) if rule else ''}.",
    )
    if facts.unread_flag:
        yield RuleCheck(
            "vendor/flag",
            ReasonCode.DATA_MISSING,
            False,
            {"unread_flag": True},
            (),
            "A vendor's scrub gave the number a code that its profile does not know: say in the "
            "profile what the code means, and import the file again.",
        )
    if not facts.seller.strip():
        yield RuleCheck(
            "campaign/seller",
            ReasonCode.DATA_MISSING,
            False,
            {"seller": ""},
            (),
            "No seller is named, so requests not to be called cannot be looked up.",
        )
