"""What the linter finds in rules that can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from dialer.compliance.law import HoursRule, Jurisdiction, ListRule, Rule, Ruleset, Tag
from dialer.compliance.law_files import load_law
from dialer.compliance.law_lint import lint, undocumented
from dialer.compliance.reason_texts import REASON_TEXTS
from dialer.model.instant import Instant, instant_of
from dialer.model.screening import Exemption, ReasonCode

NOW = instant_of(datetime(2026, 11, 22, 12, tzinfo=UTC))


def found(ruleset: Ruleset, now: Instant = NOW) -> str:
    return "\n".join(str(problem) for problem in lint(ruleset, now))


def with_jurisdiction(code: str, change: Callable[[Jurisdiction], Jurisdiction]) -> Ruleset:
    ruleset = load_law()
    changed = change(ruleset.jurisdictions[code])
    return replace(ruleset, jurisdictions={**ruleset.jurisdictions, code: changed})


def with_rows(code: str, row_id: str, change: Callable[[Rule], Rule]) -> Ruleset:
    """The rules with every row of this id changed."""
    return with_jurisdiction(
        code,
        lambda it: replace(
            it, rules=tuple(change(rule) if rule.id == row_id else rule for rule in it.rules)
        ),
    )


def test_the_shipped_rules_are_clean() -> None:
    assert found(load_law()) == ""


def test_a_gap_between_two_rows() -> None:
    def shortened(rule: Rule) -> Rule:
        return replace(rule, effective_to=date(2023, 9, 30)) if rule.effective_to else rule

    assert "US-CT/hours: no row of this id is in force for a while" in found(
        with_rows("US-CT", "hours", shortened)
    )


def test_two_rows_at_once() -> None:
    def lengthened(rule: Rule) -> Rule:
        return replace(rule, effective_to=date(2023, 10, 2)) if rule.effective_to else rule

    told = found(with_rows("US-CT", "hours", lengthened))
    assert "US-CT/hours: two rows of this id are in force at once (found: '2023-10-01')" in told
    endless = found(with_rows("US-CT", "hours", lambda rule: replace(rule, effective_to=None)))
    assert "in force at once" in endless


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"citation": " "}, "US-FL/list: the row is not cited"),
        ({"tag": Tag.DISPUTED, "note": ""}, "a disputed row has no note"),
        ({"list_key": "GA"}, "the list is neither the national one nor its own (found: 'GA')"),
    ],
)
def test_a_row_that_should_not_be_signed(change: dict[str, object], says: str) -> None:
    ruleset = with_rows("US-FL", "list", lambda rule: replace(rule, **change))  # type: ignore[arg-type]
    assert says in found(ruleset)


def test_a_consent_row_is_not_lifted() -> None:
    lifted = frozenset({Exemption.PEWC})
    ruleset = with_rows("US-FL", "written_consent", lambda rule: replace(rule, lifted_by=lifted))
    assert "a consent row is met by consent" in found(ruleset)


def test_a_relationship_nobody_says_the_length_of() -> None:
    ruleset = with_jurisdiction(
        "CA", lambda it: replace(it, rules=tuple(r for r in it.rules if r.id != "ebr"))
    )
    assert "CA/national_list: a relationship lifts it, but no row says" in found(ruleset)


def test_a_missing_state() -> None:
    ruleset = load_law()
    rest = {code: it for code, it in ruleset.jurisdictions.items() if code not in ("US-OH", "GU")}
    told = found(replace(ruleset, jurisdictions=rest))
    assert "a jurisdiction has no file (found: 'US-OH')" in told
    assert "(found: 'GU')" in told


def test_holidays_that_run_out_within_ninety_days() -> None:
    assert found(load_law(), instant_of(datetime(2028, 10, 2, tzinfo=UTC))) == ""
    told = found(load_law(), instant_of(datetime(2028, 10, 3, tzinfo=UTC)))
    for state in ("AL", "LA", "NE", "PA", "RI", "UT"):
        assert f"US-{state}/holidays: the dated holidays end with 2028" in told
    assert told.count("\n") == 5


def test_rows_that_name_holidays_though_none_is_dated() -> None:
    ruleset = with_jurisdiction("US-UT", lambda it: replace(it, holidays={}))
    assert "US-UT/holidays: rows name holidays, but none is dated" in found(ruleset)


def test_an_enabled_country_without_the_rows_that_govern_every_call() -> None:
    told = found(with_jurisdiction("DE", lambda it: replace(it, enabled=True)))
    assert "DE/hours: no hours row is in force on 2026-11-22" in told
    assert "DE/drop" in told
    early = found(load_law(), instant_of(datetime(1993, 1, 1, tzinfo=UTC)))
    assert "US/list: no list row is in force on 1993-01-01" in early


def test_every_reason_code_is_explained_in_a_sentence_with_a_remedy() -> None:
    for code in ReasonCode:
        text = REASON_TEXTS[code]
        assert text.meaning.endswith(".")
        assert text.remedy.endswith(".")
    rest = dict(REASON_TEXTS)
    del rest[ReasonCode.LITIGATOR]
    (problem,) = undocumented(rest)
    assert problem.value == "LITIGATOR"


def test_overlays_leave_no_gap() -> None:
    """Changed rows are cut at the day of the change, and stay in one piece."""
    content = b"""name = "n"
by = "Avery Example"
at = 2026-11-20T15:00:00Z
note = "n"
[[change]]
jurisdiction = "US"
id = "national_list"
from = 2004-06-01
to = 2026-01-01
max_age_days = 20
"""
    ruleset = load_law([("a.toml", content)])
    pieces = [r for r in ruleset.jurisdictions["US"].rules if r.id == "national_list"]
    ages = [rule.max_age_days for rule in pieces if isinstance(rule, ListRule)]
    assert ages == [90, 20, 20, 31]
    assert found(ruleset) == ""
    assert not any(isinstance(rule, HoursRule) for rule in pieces)
