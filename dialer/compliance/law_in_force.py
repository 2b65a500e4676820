"""Which rows bind one kind of call on one day: the law of every jurisdiction at once, deny wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from dialer.compliance.law import (
    CapRule,
    ConsentRule,
    CooldownRule,
    EbrRule,
    EmergencyRule,
    HoursRule,
    InternalRule,
    Jurisdiction,
    ListRule,
    PlainRule,
    PortRule,
    RevocationRule,
    Rule,
    Ruleset,
)
from dialer.model.instant import Instant, utc
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Purpose

_R = TypeVar("_R", bound=Rule)


@dataclass(frozen=True, slots=True, eq=False)
class LawInForce:
    """Rows in force, by kind. `country`: the jurisdiction whose general rows (requests, revocation,
    caller id) bind. `line_matters`: some consent row binds one type of line and not another.
    `states_with_lists`: states that have a list row, whether or not it binds this call.
    `approvals`: rows an overlay loosened, each `rule: who, why`. `holidays_off`: some holiday was
    switched off by an overlay."""

    country: Jurisdiction
    jurisdictions: Mapping[str, Jurisdiction]
    hours: tuple[HoursRule, ...]
    lists: tuple[ListRule, ...]
    caps: tuple[CapRule, ...]
    consents: tuple[ConsentRule, ...]
    emergencies: tuple[EmergencyRule, ...]
    cooldowns: tuple[CooldownRule, ...]
    ebr: Mapping[str, EbrRule]
    internal: InternalRule | None
    revocation: RevocationRule | None
    port: PortRule | None
    plain: Mapping[str, PlainRule]
    line_matters: bool
    states_with_lists: frozenset[str]
    approvals: tuple[str, ...]
    holidays_off: bool

    def ebr_of(self, jurisdiction: str) -> EbrRule | None:
        """How long a relationship lasts for a rule of this jurisdiction: its own row, else the
        country's."""
        own = (self.ebr.get(code) for code in (jurisdiction, self.country.code, *self.country.also))
        return next((rule for rule in own if rule is not None), None)


@lru_cache(maxsize=8192)
def law_in_force(
    ruleset: Ruleset,
    codes: tuple[str, ...],
    mode: CallMode,
    purpose: Purpose,
    line: LineType,
    first_day: int,
    last_day: int,
) -> LawInForce:
    """The rows of `codes` (the country first) that bind such a call on any of the local days from
    `first_day` to `last_day` (ordinals; the zones' clocks may disagree on the date)."""
    jurisdictions = {code: ruleset.jurisdictions[code] for code in codes}
    in_force = [
        rule
        for jurisdiction in jurisdictions.values()
        for rule in jurisdiction.rules
        if rule.effective_from.toordinal() <= last_day
        and (rule.effective_to is None or first_day < rule.effective_to.toordinal())
    ]
    dated = [rule for rule in in_force if mode in rule.modes and purpose in rule.purposes]
    rules = [rule for rule in dated if line in rule.lines]
    country = jurisdictions[codes[0]]
    general_codes = (country.code, *country.also)

    def kind(wanted: type[_R]) -> tuple[_R, ...]:
        return tuple(rule for rule in rules if isinstance(rule, wanted))

    def general(wanted: type[_R]) -> _R | None:
        found = [rule for rule in kind(wanted) if rule.jurisdiction in general_codes]
        return min(found, key=lambda rule: general_codes.index(rule.jurisdiction), default=None)

    return LawInForce(
        country=country,
        jurisdictions=jurisdictions,
        hours=kind(HoursRule),
        lists=kind(ListRule),
        caps=kind(CapRule),
        consents=kind(ConsentRule),
        emergencies=kind(EmergencyRule),
        cooldowns=kind(CooldownRule),
        ebr={rule.jurisdiction: rule for rule in kind(EbrRule)},
        internal=general(InternalRule),
        revocation=general(RevocationRule),
        port=general(PortRule),
        plain={rule.id: rule for rule in kind(PlainRule) if rule.jurisdiction in general_codes},
        line_matters=any(
            isinstance(rule, ConsentRule) and len(rule.lines) < len(LineType) for rule in dated
        ),
        states_with_lists=frozenset(
            rule.list_key
            for jurisdiction in jurisdictions.values()
            for rule in jurisdiction.rules
            if isinstance(rule, ListRule)
        ),
        approvals=tuple(
            f"{rule.name}: {rule.approval.by}, {rule.approval.because}"
            # Also rows that bind this kind of call no longer: that may be what was loosened.
            for rule in in_force
            if rule.approval is not None
        ),
        holidays_off=any(jurisdiction.switched_off for jurisdiction in jurisdictions.values()),
    )


def standing(ruleset: Ruleset, code: str, wanted: type[_R]) -> list[_R]:
    """A jurisdiction's rows of a kind that hold with no end set: what files are checked against
    when they are read, before any call and its instant are known."""
    jurisdiction = ruleset.jurisdictions.get(code)
    rows = jurisdiction.rules if jurisdiction is not None else ()
    return [rule for rule in rows if isinstance(rule, wanted) and rule.effective_to is None]


def national_list_rule(ruleset: Ruleset, country: str, now: Instant) -> ListRule | None:
    """The country's national list, as sales calls must scrub against it at an instant."""
    jurisdiction = ruleset.jurisdictions.get(country)
    rows = jurisdiction.rules if jurisdiction is not None else ()
    today = utc(now).date()
    for rule in rows:
        if (
            isinstance(rule, ListRule)
            and rule.list_key == "national"
            and Purpose.SALES in rule.purposes
            and rule.effective_from <= today
            and (rule.effective_to is None or today < rule.effective_to)
        ):
            return rule
    return None
