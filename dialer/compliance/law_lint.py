"""What is wrong with a set of rules though each file can be read: gaps, overlaps, what runs out.

`law_files` refuses what cannot be understood; this finds what can, and should not be signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from dialer.compliance.area_codes import US_TERRITORIES, zones_by_state
from dialer.compliance.law import (
    ConsentRule,
    DropRule,
    EbrRule,
    HoursRule,
    InternalRule,
    Jurisdiction,
    ListRule,
    RevocationRule,
    Rule,
    Ruleset,
    Tag,
)
from dialer.compliance.reason_texts import REASON_TEXTS
from dialer.model.errors import Problem
from dialer.model.instant import Instant, utc
from dialer.model.screening import Exemption, ReasonCode

COUNTRIES = ("US", "CA", "GB", "DE", "IN")
"""Countries a set of rules must have, besides every state and territory of the first."""

HOLIDAY_NOTICE_DAYS = 90
"""How long before the last dated holiday's year ends somebody is told."""

_GOVERNING: Mapping[type[Rule], str] = {
    HoursRule: "hours",
    ListRule: "list",
    InternalRule: "internal",
    RevocationRule: "revocation",
    DropRule: "drop",
}
_EBR = frozenset({Exemption.EBR_TRANSACTION, Exemption.EBR_INQUIRY})


def lint(ruleset: Ruleset, now: Instant) -> list[Problem]:
    """Everything wrong with the rules as of `now`; empty if they may be signed."""
    today = utc(now).date()
    problems = list(_missing(ruleset))
    for code in sorted(ruleset.jurisdictions):
        jurisdiction = ruleset.jurisdictions[code]
        problems.extend(_dates(jurisdiction))
        for rule in jurisdiction.rules:
            problems.extend(_row(ruleset, jurisdiction, rule))
        problems.extend(_holidays(jurisdiction, today))
        problems.extend(_governing(ruleset, jurisdiction, today))
    problems.extend(undocumented(REASON_TEXTS))
    return problems


def undocumented(texts: Mapping[ReasonCode, object]) -> Iterator[Problem]:
    """Reason codes nobody explained."""
    for code in ReasonCode:
        if code not in texts:
            yield Problem(
                "reason codes", None, "a code is not explained", code, "Add it to reason_texts."
            )


def _missing(ruleset: Ruleset) -> Iterator[Problem]:
    states = (f"US-{state}" for state in zones_by_state("US"))
    for code in sorted({*COUNTRIES, *US_TERRITORIES, *states} - set(ruleset.jurisdictions)):
        yield Problem(
            "rulesets", None, "a jurisdiction has no file", code, "Add it, if only with a note."
        )


def _dates(jurisdiction: Jurisdiction) -> Iterator[Problem]:
    by_id: dict[str, list[Rule]] = {}
    for rule in jurisdiction.rules:
        by_id.setdefault(rule.id, []).append(rule)
    for rows in by_id.values():
        rows.sort(key=lambda rule: rule.effective_from)
        for earlier, later in pairwise(rows):
            if earlier.effective_to is None or earlier.effective_to > later.effective_from:
                yield Problem(
                    later.name,
                    None,
                    "two rows of this id are in force at once",
                    f"{later.effective_from}",
                    "End the earlier one on the day the later one begins.",
                )
            elif earlier.effective_to < later.effective_from:
                yield Problem(
                    later.name,
                    None,
                    "no row of this id is in force for a while",
                    f"{earlier.effective_to} to {later.effective_from}",
                    "Close the gap, or give the later row an id of its own.",
                )


def _row(ruleset: Ruleset, jurisdiction: Jurisdiction, rule: Rule) -> Iterator[Problem]:
    if not rule.citation.strip():
        yield Problem(rule.name, None, "the row is not cited", "", "Say where it is written.")
    if rule.tag is Tag.DISPUTED and not rule.note.strip():
        yield Problem(rule.name, None, "a disputed row has no note", "", "Say what is disputed.")
    if rule.lifted_by & _EBR and not any(
        isinstance(each, EbrRule)
        for code in (jurisdiction.code, *jurisdiction.also)
        if code in ruleset.jurisdictions
        for each in ruleset.jurisdictions[code].rules
    ):
        yield Problem(
            rule.name,
            None,
            "a relationship lifts it, but no row says how long one lasts",
            "",
            "Add a relationship row.",
        )
    if isinstance(rule, ListRule):
        own = jurisdiction.code.rpartition("-")[2]
        if rule.list_key not in ("national", own):
            yield Problem(
                rule.name,
                None,
                "the list is neither the national one nor its own",
                rule.list_key,
                f"Write national or {own}.",
            )
    if isinstance(rule, ConsentRule) and rule.lifted_by:
        yield Problem(
            rule.name,
            None,
            "a consent row is met by consent, not lifted",
            ", ".join(sorted(rule.lifted_by)),
            "Remove lifted_by.",
        )


def _holidays(jurisdiction: Jurisdiction, today: date) -> Iterator[Problem]:
    needed = [
        rule
        for rule in jurisdiction.rules
        if isinstance(rule, HoursRule)
        and (rule.holiday_banned or rule.holiday is not None)
        and (rule.effective_to is None or rule.effective_to > today)
    ]
    if not needed:
        return
    where = f"{jurisdiction.code}/holidays"
    if not jurisdiction.holidays:
        yield Problem(where, None, "rows name holidays, but none is dated", "", "Add the days.")
        return
    for holiday in jurisdiction.holidays.values():
        if not holiday.citation.strip():
            yield Problem(where, None, "the day is not cited", str(holiday.day), "Cite it.")
    last = date.fromordinal(max(jurisdiction.holidays)).year
    if today + timedelta(days=HOLIDAY_NOTICE_DAYS) > date(last, 12, 31):
        yield Problem(
            where,
            None,
            f"the dated holidays end with {last}",
            str(last),
            f"Add those of {last + 1}: without them calls would be placed on them.",
        )


def _governing(ruleset: Ruleset, jurisdiction: Jurisdiction, today: date) -> Iterator[Problem]:
    """A country whose numbers are called by default needs the rows that govern every call."""
    if not jurisdiction.enabled or jurisdiction.also:
        return
    for kind, word in _GOVERNING.items():
        if not any(isinstance(rule, kind) and in_force(rule, today) for rule in jurisdiction.rules):
            yield Problem(
                f"{jurisdiction.code}/{word}",
                None,
                f"no {word} row is in force on {today}",
                ruleset.id,
                "Add one, or do not enable the jurisdiction.",
            )


def in_force(rule: Rule, day: date) -> bool:
    """Whether the row holds on this local day."""
    return rule.effective_from <= day and (rule.effective_to is None or day < rule.effective_to)
