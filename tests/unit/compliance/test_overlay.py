"""Overlays: tightening is free, loosening takes an approval of exactly that text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dialer.compliance.law import (
    Approval,
    CapRule,
    ConsentRule,
    CooldownRule,
    DropRule,
    EbrRule,
    HoursRule,
    InternalRule,
    ListRule,
    PortRule,
    RevocationRule,
    RingRule,
    Rule,
    Ruleset,
)
from dialer.compliance.law_files import load_law
from dialer.compliance.overlay import approve, preview
from dialer.compliance.strictness import loosened
from dialer.model.errors import OperatorError
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Exemption, Purpose

HEAD = """name = "Quieter evenings"
by = "Avery Example, compliance"
at = 2026-11-20T15:00:00Z
note = "The client asks for it."

"""
APPROVAL = Approval("Robin Sample", 'Counsel says "fine"\nby letter', "2026-11-20T16:00:00Z")

TIGHTER = """[[change]]
jurisdiction = "US-FL"
id = "hours"
every_day = "09:00-19:00"
sunday = "none"
"""
LOOSER = """[[change]]
jurisdiction = "US-FL"
id = "hours"
every_day = "08:00-20:30"
"""
HOLIDAY_OFF = """[[holiday_off]]
jurisdiction = "US-LA"
days = [2026-11-27]
"""


def overlaid(changes: str, approval: Approval | None = None, name: str = "a.toml") -> Ruleset:
    content = (HEAD + changes).encode()
    return load_law([(name, approve(content, approval) if approval else content)])


def refused(changes: str, approval: Approval | None = None) -> str:
    with pytest.raises(OperatorError) as error:
        overlaid(changes, approval)
    return str(error.value)


def rows(ruleset: Ruleset, code: str, row_id: str) -> list[Rule]:
    return [rule for rule in ruleset.jurisdictions[code].rules if rule.id == row_id]


# --- tightening -----------------------------------------------------------------------------------


def test_tighter_hours_hold_from_the_overlays_day_on() -> None:
    ruleset = overlaid(TIGHTER)
    before, after = rows(ruleset, "US-FL", "hours")
    assert isinstance(before, HoursRule)
    assert isinstance(after, HoursRule)
    assert before.effective_to == after.effective_from == date(2026, 11, 20)
    assert before.days[0] == (8 * 60, 20 * 60)
    assert after.days == ((9 * 60, 19 * 60),) * 6 + (None,)
    assert after.citation == before.citation
    assert "Quieter evenings" in after.note
    assert after.approval is None
    assert ruleset.overlays == ("a.toml",)


def test_a_change_may_be_for_a_while() -> None:
    parts = rows(overlaid(TIGHTER + "from = 2026-12-01\nto = 2027-01-01\n"), "US-FL", "hours")
    assert [(rule.effective_from, rule.effective_to) for rule in parts] == [
        (date(2021, 7, 1), date(2026, 12, 1)),
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2027, 1, 1), None),
    ]
    assert isinstance(parts[0], HoursRule)
    assert isinstance(parts[2], HoursRule)
    assert parts[0].days == parts[2].days


def test_a_change_over_a_change_of_law_changes_both_rows() -> None:
    changed = '[[change]]\njurisdiction = "US-CT"\nid = "hours"\nsunday = "none"\n'
    parts = rows(overlaid(changed + "from = 2023-01-01\n"), "US-CT", "hours")
    assert [rule.effective_from.year for rule in parts] == [2004, 2023, 2023]
    assert [isinstance(rule, HoursRule) and rule.days[6] for rule in parts] == [
        (9 * 60, 21 * 60),
        None,
        None,
    ]


def test_rows_and_holidays_can_be_added() -> None:
    ruleset = overlaid(
        """[[cap]]
jurisdiction = "US-TX"
id = "own_cap"
limit = 2
window_hours = 24

[[holiday]]
jurisdiction = "US-PA"
name = "Day after Thanksgiving"
days = [2026-11-27]
"""
    )
    (cap,) = rows(ruleset, "US-TX", "own_cap")
    assert isinstance(cap, CapRule)
    assert cap.effective_from == date(2026, 11, 20)
    assert "operator's own rule" in cap.citation
    day = date(2026, 11, 27).toordinal()
    assert ruleset.jurisdictions["US-PA"].holidays[day].name == "Day after Thanksgiving"
    assert day not in load_law().jurisdictions["US-PA"].holidays


def test_overlays_are_applied_in_order_and_make_another_ruleset() -> None:
    first = ("1.toml", (HEAD + TIGHTER).encode())
    second = ("2.toml", (HEAD + TIGHTER.replace("09:00-19:00", "10:00-18:00")).encode())
    both = load_law([first, second])
    last = rows(both, "US-FL", "hours")[-1]
    assert isinstance(last, HoursRule)
    assert last.days[0] == (10 * 60, 18 * 60)
    assert both.overlays == ("1.toml", "2.toml")
    assert len({load_law().label, load_law([first]).label, both.label}) == 3
    assert load_law([first, second]) is both
    with pytest.raises(OperatorError, match="opens hours that were closed"):
        load_law([second, first])


def test_the_sample_only_tightens() -> None:
    sample = (Path(__file__).parents[3] / "deploy" / "overlay.example.toml").read_bytes()
    found = preview(load_law().jurisdictions, sample, "overlay.example.toml")
    assert len(found.changes) == 5
    assert not any(each.loosens for each in found.changes)
    ruleset = load_law([("overlay.example.toml", sample)])
    (house,) = [r for r in rows(ruleset, "US", "hours") if r.effective_to is None]
    assert isinstance(house, HoursRule)
    assert house.days[0] == (9 * 60, 20 * 60 + 30)


# --- loosening ------------------------------------------------------------------------------------


def test_looser_hours_need_an_approval_and_carry_it() -> None:
    told = refused(LOOSER)
    assert "a.toml:6: this loosens US-FL hours" in told
    assert "it opens hours that were closed" in told
    assert "--approve NAME --because TEXT" in told
    changed = rows(overlaid(LOOSER, APPROVAL), "US-FL", "hours")[-1]
    assert changed.approval is not None
    assert (changed.approval.by, changed.approval.because) == (APPROVAL.by, APPROVAL.because)
    assert changed.approval.at == "2026-11-20T16:00:00.000Z"


def test_a_holiday_switched_off_needs_an_approval_and_is_kept() -> None:
    assert "holiday switched off: 2026-11-27" in refused(HOLIDAY_OFF)
    louisiana = overlaid(HOLIDAY_OFF, APPROVAL).jurisdictions["US-LA"]
    day = date(2026, 11, 27).toordinal()
    assert day not in louisiana.holidays
    approval = louisiana.switched_off[day].approval
    assert approval is not None
    assert approval.by == APPROVAL.by


def test_what_only_tightens_is_not_marked_though_the_file_is_approved() -> None:
    ruleset = overlaid(TIGHTER + "\n" + HOLIDAY_OFF, APPROVAL)
    assert all(rule.approval is None for rule in rows(ruleset, "US-FL", "hours"))


def test_a_loosened_row_stays_marked_when_it_is_tightened_again() -> None:
    files = [
        ("1.toml", approve((HEAD + LOOSER).encode(), APPROVAL)),
        ("2.toml", (HEAD + LOOSER.replace("20:30", "20:15")).encode()),
    ]
    assert rows(load_law(files), "US-FL", "hours")[-1].approval is not None


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.replace(b"20:30", b"21:00"),
        lambda content: content.replace(b"The client", b"A client"),
        lambda content: content + b'[[holiday_off]]\njurisdiction = "US-LA"\ndays = [2026-11-27]\n',
        lambda content: content.replace(b"\n[approval]\n", b"\n[ approval ]\n"),
        lambda content: content.replace(b'\nof = "', b'\nof = "0'),
    ],
)
def test_an_approval_is_of_exactly_the_text_above_it(damage: object) -> None:
    assert callable(damage)
    content = damage(approve((HEAD + LOOSER).encode(), APPROVAL))
    with pytest.raises(OperatorError, match=r"not of this text|no such key"):
        load_law([("a.toml", content)])


def test_approving_again_takes_the_place_of_the_old_approval() -> None:
    once = approve((HEAD + LOOSER).encode(), APPROVAL)
    again = approve(once, replace(APPROVAL, by="Kim Placeholder"))
    assert again.count(b"[approval]") == 1
    changed = rows(load_law([("a.toml", again)]), "US-FL", "hours")[-1]
    assert changed.approval is not None
    assert changed.approval.by == "Kim Placeholder"


def test_a_preview_says_what_an_overlay_would_do_before_it_is_approved() -> None:
    found = preview(load_law().jurisdictions, (HEAD + LOOSER + HOLIDAY_OFF).encode(), "a.toml")
    assert found.approval is None
    assert [bool(each.loosens) for each in found.changes] == [True, True]
    assert (found.name, found.by) == ("Quieter evenings", "Avery Example, compliance")


def test_an_added_row_that_takes_anothers_place_is_compared_with_it() -> None:
    own = '[[relationship]]\njurisdiction = "US-GA"\nid = "ebr"\ninquiry_months = 3\n'
    assert "transaction_months is raised (against US/ebr)" in refused(
        own + "transaction_months = 24\n"
    )
    overlaid(own + "transaction_months = 12\n")
    stop = '[[emergency]]\njurisdiction = "US-GA"\nid = "emergency"\n'
    assert "EBR_INQUIRY" in refused(stop + 'lifted_by = ["EBR_INQUIRY"]\n')
    overlaid(stop)
    state_list = '[[list]]\njurisdiction = "US-GA"\nid = "list"\nlist = "GA"\nmax_age_days = 31\n'
    assert "refuses every call" in refused(state_list + 'lifted_by = ["PEWC"]\n')
    overlaid(state_list)
    assert "one such row governs" in refused(own.replace("GA", "PA") + "transaction_months = 1\n")


# --- files that are wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ("", "it changes nothing"),
        (TIGHTER.replace("US-FL", "US-XX"), "a.toml:7: jurisdiction: there is no such"),
        (TIGHTER.replace('"hours"', '"hour"'), "There are: cap, hours, list, written_consent"),
        (TIGHTER.replace('sunday = "none"', "limit = 2"), "a.toml:10: limit: there is no such key"),
        (TIGHTER.replace("09:00-19:00", "nine"), "a.toml:9: every_day: hours are written"),
        (TIGHTER + 'citation = "mine"\n', "a row keeps its id, citation, tag, dates and note"),
        (TIGHTER + 'to = "soon"\n', "to: must be a date"),
        ('[[change]]\njurisdiction = "US-FL"\nid = "hours"\n', "it changes nothing of the row"),
        ('[[rule]]\nid = "x"\n', "rule: there is no such key here"),
        (HOLIDAY_OFF.replace("2026-11-27", "2026-11-28"), "2026-11-28 is no holiday there"),
        (
            '[[holiday]]\njurisdiction = "US-LA"\nname = "x"\ndays = [2026-12-25]\n',
            "is a holiday there already",
        ),
        (
            '[[cap]]\njurisdiction = "US-FL"\nid = "cap"\nlimit = 2\nwindow_hours = 24\n',
            "there is such a row already",
        ),
        ('[[plain]]\njurisdiction = "US-FL"\nid = "x"\n', "a plain row cannot be added"),
    ],
)
def test_a_wrong_overlay_is_refused(changes: str, says: str) -> None:
    assert says in refused(changes)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("at = 2026-11-20T15:00:00Z", "at = 2026-11-20T15:00:00", "must be a time with its zone"),
        ("at = 2026-11-20T15:00:00Z", "", "must be a time with its zone"),
        ('by = "Avery Example, compliance"', "", "by is missing"),
        ('note = "The client asks for it."', "", "note is missing"),
    ],
)
def test_an_overlay_says_who_when_and_why(old: str, new: str, says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        load_law([("a.toml", (HEAD.replace(old, new) + TIGHTER).encode())])


# --- field by field -------------------------------------------------------------------------------


def one(kind: type[Rule]) -> Rule:
    return next(
        rule
        for code in ("US", "US-FL", "GB")
        for rule in load_law().jurisdictions[code].rules
        if isinstance(rule, kind) and rule.effective_to is None
    )


@pytest.mark.parametrize(
    ("kind", "tighter", "looser"),
    [
        (ListRule, {"max_age_days": 30}, {"max_age_days": 32}),
        (ListRule, {"lifted_by": frozenset()}, {"lifted_by": frozenset(Exemption)}),
        (ListRule, {"purposes": frozenset(Purpose)}, {"list_key": "FL"}),
        (CapRule, {"limit": 2}, {"limit": 4}),
        (CapRule, {"window_ms": 10**10}, {"window_ms": 10**6}),
        (CapRule, {"lines": frozenset(LineType)}, {"lines": frozenset({LineType.UNKNOWN})}),
        (ConsentRule, {"modes": frozenset(CallMode)}, {"modes": frozenset({CallMode.PREVIEW})}),
        (ConsentRule, {"oral": False}, {"needs": Exemption.PEC}),
        (EbrRule, {"inquiry_months": 0}, {"inquiry_months": 4}),
        (EbrRule, {"transaction_months": 1}, {"purposes": frozenset({Purpose.SALES})}),
        (InternalRule, {"honour_business_days": 1}, {"honour_business_days": 11}),
        (InternalRule, {"retention_days": 9_999}, {"retention_days": 30}),
        (RevocationRule, {}, {"revokes_all": False}),
        (PortRule, {"grace_days": 3}, {"grace_days": 16}),
        (RingRule, {"minimum_ms": 20_000}, {"minimum_ms": 14_000}),
        (DropRule, {"ceiling": 0.01}, {"ceiling": 0.04}),
        (DropRule, {"connect_ms": 1_000}, {"window_days": 31}),
        (CooldownRule, {"after_ms": 10**9}, {"after_ms": 1}),
    ],
)
def test_every_field_is_compared(
    kind: type[Rule], tighter: dict[str, object], looser: dict[str, object]
) -> None:
    row = one(kind)
    if isinstance(row, RevocationRule):
        tighter = {"words": (*row.words, "enough")}
        assert loosened(row, replace(row, words=row.words[1:]))
    assert not loosened(row, row)
    assert not loosened(row, replace(row, **tighter))  # type: ignore[arg-type]
    assert loosened(row, replace(row, **looser))  # type: ignore[arg-type]


def test_hours_are_compared_day_by_day_and_on_holidays() -> None:
    row = one(HoursRule)
    assert isinstance(row, HoursRule)
    assert not loosened(row, replace(row, days=(*row.days[:6], None)))
    assert not loosened(row, replace(row, holiday_banned=True))
    banned = replace(row, holiday_banned=True)
    assert loosened(banned, row) == ("it opens hours of holidays that were closed",)
    assert loosened(replace(row, days=(*row.days[:6], None)), row)
    assert loosened(row, replace(row, holiday=(0, 1440)))


def test_rows_of_two_kinds_are_not_comparable() -> None:
    assert loosened(one(HoursRule), one(CapRule))
