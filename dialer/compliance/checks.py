"""Every rule, looked at once: what it read, whether it passes, and why not, in plain words.

Each function gives the checks of one kind of rule. None looks at another's outcome, but for the
reassigned-number answer, which matters only where consent is what entitles to the call. The rules
about time are in `hours_checks` and `limit_checks`. Words are made for rules that fail, not for
those that pass.

Longer than most: each check carries its words, so that a rule is read beside what it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from dialer.compliance.facts import Facts, ListKind, ListVersion
from dialer.compliance.grounds import (
    Grounds,
    consent_for,
    days_between,
    lifts,
)
from dialer.compliance.hours import LocalTime
from dialer.compliance.law import ListRule, Rule, Tag
from dialer.compliance.law_in_force import LawInForce
from dialer.compliance.line import EffectiveLine
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant, rfc3339, utc
from dialer.model.journal import JsonValue
from dialer.model.records import RndAnswer, RndStatus
from dialer.model.screening import Exemption, ReasonCode, RuleCheck
from dialer.model.suppression import plain_name

NATIONAL = "national"
"""The key of a country's own list; a state's list has the state's code."""


class Case(NamedTuple):
    """One decision's givens. `on`: the lists the number is on. `clocks`: the wall clock in each of
    the place's zones, now and when a call placed now would ring at the latest (`end_guard_ms`)."""

    facts: Facts
    on: Sequence[ListVersion]
    law: LawInForce
    grounds: Grounds
    line: EffectiveLine
    clocks: tuple[tuple[LocalTime, LocalTime], ...]
    now: Instant

    def lifts(self, rule: Rule) -> tuple[Exemption, ...]:
        return lifts(rule, self.facts, self.law, self.grounds, self.now)


class Clean(NamedTuple):
    """The checks that pass where nothing at all is known against a call. Most numbers are so: these
    are made once for a law and not with each decision."""

    internal: RuleCheck
    revocation: RuleCheck
    litigator: RuleCheck
    reassigned: RuleCheck


@lru_cache(maxsize=8192)
def _clean(law: LawInForce) -> Clean:
    country = law.country.code
    return Clean(
        RuleCheck(_internal_name(law), ReasonCode.INTERNAL_DNC, True, {"requests": 0}),
        RuleCheck(_revocation_name(law), ReasonCode.CONSENT_REVOKED, True, {"revoked_at": None}),
        RuleCheck(f"{country}/litigator", ReasonCode.LITIGATOR, True, {"lists": []}),
        RuleCheck(
            f"{country}/reassigned",
            ReasonCode.REASSIGNED,
            True,
            {"answer": None, "asked_date": None, "last_verified_contact": None},
        ),
    )


def _internal_name(law: LawInForce) -> str:
    return law.internal.name if law.internal is not None else "internal"


def _revocation_name(law: LawInForce) -> str:
    return law.revocation.name if law.revocation is not None else "revocation"


def cite(rule: Rule) -> str:
    """`(FL: Fla. Stat. 501.059)`, marked where the row is not verified against its source."""
    doubt = "" if rule.tag is Tag.V else f", tag {rule.tag}"
    return f"({rule.jurisdiction}: {rule.citation}{doubt})"


def _where(rule: Rule | None) -> str:
    """The citation at the end of a sentence, if there is a row to cite."""
    return f" {cite(rule)}" if rule is not None else ""


def day_of(at: Instant) -> str:
    return rfc3339(at)[:10]


def length_text(length_ms: int) -> str:
    """`24 h`, `5 min`, `22 s`."""
    for size, unit in ((DAY_MS, "days"), (HOUR_MS, "h"), (MINUTE_MS, "min")):
        if length_ms >= (2 * size if unit == "days" else size) and length_ms % size == 0:
            return f"{length_ms // size} {unit}"
    return f"{length_ms / 1_000:g} s"


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
    if not case.on and not facts.internal:
        yield _clean(case.law).internal
        return
    name = _internal_name(case.law)
    seller = plain_name(facts.seller)
    listed = False
    for version in case.on:
        if version.kind is ListKind.INTERNAL:
            listed = True
            yield RuleCheck(
                name,
                ReasonCode.INTERNAL_DNC,
                False,
                {"list": version.name, "obtained_at": version.obtained_at},
                (),
                f"The number is on our do-not-call list {version.name!r}, copy of "
                f"{day_of(version.obtained_at)}{_where(rule)}.",
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
            f"{', by ' + request.where if request.where else ''}{_where(rule)}.",
        )
    if not listed:
        yield RuleCheck(name, ReasonCode.INTERNAL_DNC, True, {"requests": len(facts.internal)})


def revocation_check(case: Case) -> RuleCheck:
    revoked_at = case.grounds.revoked_at
    if revoked_at is None:
        return _clean(case.law).revocation
    again = bool(case.grounds.consents)
    lifted = (Exemption.PEWC if case.grounds.pewc else Exemption.PEC,) if again else ()
    return RuleCheck(
        _revocation_name(case.law),
        ReasonCode.CONSENT_REVOKED,
        again,
        {"revoked_at": revoked_at},
        lifted,
        f"The person took consent back on {day_of(revoked_at)}, and gave none since that covers "
        f"this call{_where(case.law.revocation)}.",
    )


def litigator_check(case: Case) -> RuleCheck:
    on = [each.name for each in case.on if each.kind is ListKind.LITIGATOR]
    if not on:
        return _clean(case.law).litigator
    return RuleCheck(
        f"{case.law.country.code}/litigator",
        ReasonCode.LITIGATOR,
        False,
        {"lists": [*on]},
        (),
        f"The number is on the litigator list {', '.join(on)}.",
    )


def list_checks(case: Case) -> Iterator[RuleCheck]:
    """Registries' lists: a copy that is missing or too old proves nothing, whoever is on it."""
    for rule in case.law.lists:
        copies = _copies(case.facts.lists, rule)
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
        fresh = 0 <= age <= rule.max_age_days
        yield RuleCheck(
            rule.name,
            ReasonCode.REGISTRY_STALE,
            fresh,
            {"list": oldest.name, "obtained_at": oldest.obtained_at, "age_days": age},
            (),
            "" if fresh else _not_fresh(rule, oldest, age),
        )
        yield _membership(case, rule)


def _not_fresh(rule: ListRule, copy: ListVersion, age: int) -> str:
    named = f"The copy {copy.name!r} of the {_list_name(rule)} do-not-call list"
    if age < 0:
        return f"{named} is dated {day_of(copy.obtained_at)}, after the call {cite(rule)}."
    return f"{named} is {age} days old, at most {rule.max_age_days} are allowed {cite(rule)}."


def _copies(versions: Sequence[ListVersion], rule: ListRule) -> list[ListVersion]:
    """Those of the list the rule is about."""
    kind, key = ListKind.STATE, rule.list_key
    if key == NATIONAL:
        kind, key = ListKind.NATIONAL, country_key(rule.jurisdiction)
    return [each for each in versions if each.kind is kind and each.state == key]


def country_key(jurisdiction: str) -> str:
    """How copies of the national list of the jurisdiction's country name it: see `ListVersion`."""
    country = jurisdiction[:2]
    return "" if country == "US" else country


def _obtained(version: ListVersion) -> Instant:
    return version.obtained_at


def unruled_list_checks(case: Case) -> Iterator[RuleCheck]:
    """A state list the number is on, in a state whose rows do not say how it binds: it denies."""
    for version in case.on:
        if (
            version.kind is ListKind.STATE
            and version.state in case.facts.place.states
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


def _membership(case: Case, rule: ListRule) -> RuleCheck:
    national = rule.list_key == NATIONAL
    code = ReasonCode.NATIONAL_DNC if national else ReasonCode.STATE_DNC
    on = [
        version
        for version in _copies(case.on, rule)
        if version.issued_at is None
        or case.now >= version.issued_at + rule.binds_after_days * DAY_MS
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
    if not facts.rnd and facts.last_verified_contact is None:
        return _clean(case.law).reassigned
    name = f"{case.law.country.code}/reassigned"
    rule = case.law.plain.get("reassigned")
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
            f"verified contact: somebody else has it now{_where(rule)}.",
        )
    if on_consent and facts.rnd and (answer is None or answer.answer is RndStatus.NO_DATA):
        return RuleCheck(
            name,
            ReasonCode.RND_NO_DATA,
            False,
            inputs,
            (),
            f"The call rests on consent, and the Reassigned Numbers Database cannot say whether "
            f"the number still belongs to who gave it{_where(rule)}.",
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
        f"{_where(rule)}.",
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
