"""The law as data: what the files say, row by row, and how a damaged one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

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
    Rule,
    Tag,
)
from dialer.compliance.law_files import (
    MANIFEST,
    load_law,
    read_jurisdiction,
    read_law,
    shipped_files,
)
from dialer.compliance.law_rows import read_row, row_table, window_words
from dialer.compliance.law_table import Fault, Table
from dialer.model.errors import OperatorError
from dialer.model.instant import HOUR_MS
from dialer.model.records import LineType
from dialer.model.screening import CallMode, Exemption, Purpose

TODAY = date(2026, 11, 22)
EBR = {Exemption.EBR_TRANSACTION, Exemption.EBR_INQUIRY}
AUTOMATED = {CallMode.PROGRESSIVE, CallMode.PREDICTIVE, CallMode.RECORDED}
LIVE_AND_ALL = frozenset(CallMode)
SAMPLE = b"""code = "US-FL"
name = "Florida"
version = "2026.1"
enabled = true
also = ["US"]

[[hours]]
id = "hours"
effective_from = 2021-07-01
citation = "Fla. Stat. 501.616(6)(a)"
tag = "V"
every_day = "08:00-20:00"

[[list]]
id = "list"
effective_from = 2004-01-01
citation = "Fla. Stat. 501.059(3)-(4)"
tag = "S"
list = "FL"
max_age_days = 31
purposes = ["sales"]
lifted_by = ["PEWC"]

[[cap]]
id = "cap"
effective_from = 2021-07-01
citation = "Fla. Stat. 501.616(6)(b)"
tag = "V"
limit = 3
window_hours = 24
"""

# Section 2.1: Monday to Friday, Saturday, Sunday, holidays ("" as any day). Not here: as federal.
STATE_HOURS = {
    "AL": ("08:00-20:00", "08:00-20:00", "none", "none"),
    "CT": ("09:00-20:00", "09:00-20:00", "09:00-20:00", ""),
    "FL": ("08:00-20:00", "08:00-20:00", "08:00-20:00", ""),
    "KY": ("10:00-21:00", "10:00-21:00", "10:00-21:00", ""),
    "LA": ("08:00-20:00", "08:00-20:00", "none", "none"),
    "MA": ("08:00-20:00", "08:00-20:00", "08:00-20:00", ""),
    "MD": ("08:00-20:00", "08:00-20:00", "08:00-20:00", ""),
    "MI": ("09:00-21:00", "09:00-21:00", "09:00-21:00", ""),
    "MN": ("09:00-21:00", "09:00-21:00", "09:00-21:00", ""),
    "MS": ("08:00-20:00", "08:00-20:00", "none", ""),
    "NV": ("09:00-20:00", "09:00-20:00", "09:00-20:00", ""),
    "NM": ("09:00-21:00", "09:00-21:00", "09:00-21:00", ""),
    "OK": ("08:00-20:00", "08:00-20:00", "08:00-20:00", ""),
    "OR": ("08:00-20:00", "08:00-20:00", "08:00-20:00", ""),
    "PA": ("08:00-21:00", "08:00-21:00", "08:00-21:00", "none"),
    "RI": ("09:00-18:00", "10:00-17:00", "none", "none"),
    "SD": ("09:00-21:00", "09:00-21:00", "none", ""),
    "TX": ("09:00-21:00", "09:00-21:00", "12:00-21:00", ""),
    "UT": ("08:00-21:00", "08:00-21:00", "none", "none"),
    "WA": ("08:00-20:00", "08:00-20:00", "08:00-20:00", ""),
}
RECORDED_HOURS = {
    "IL": ("09:00-21:00", "09:00-21:00", "09:00-21:00", ""),
    "KY": ("08:00-21:00", "08:00-21:00", "08:00-21:00", ""),
    "NE": ("08:00-21:00", "08:00-21:00", "13:00-21:00", "13:00-21:00"),
    "SD": ("09:00-21:00", "none", "none", ""),
}
# Own list: the copy's greatest age, days until an entry binds.
STATE_LISTS = {
    "CO": (31, 0),
    "FL": (31, 0),
    "IN": (92, 0),
    "LA": (31, 0),
    "MA": (92, 60),
    "MO": (31, 0),
    "OK": (31, 0),
    "PA": (92, 30),
    "TN": (31, 0),
    "TX": (92, 0),
    "WY": (31, 0),
}


def jurisdiction(code: str) -> Jurisdiction:
    return load_law().jurisdictions[code]


def rows(code: str, row_id: str, day: date = TODAY) -> list[Rule]:
    return [
        rule
        for rule in jurisdiction(code).rules
        if rule.id == row_id
        and rule.effective_from <= day
        and (rule.effective_to is None or day < rule.effective_to)
    ]


def row(code: str, row_id: str, day: date = TODAY) -> Rule:
    (found,) = rows(code, row_id, day)
    return found


def hours_of(rule: Rule) -> tuple[str, str, str, str]:
    assert isinstance(rule, HoursRule)
    assert len(set(rule.days[:5])) == 1
    holidays = window_words(rule.holiday) if rule.holiday is not None else ""
    return (
        window_words(rule.days[0]),
        window_words(rule.days[5]),
        window_words(rule.days[6]),
        "none" if rule.holiday_banned else holidays,
    )


def state_rows(kind: type[Rule]) -> Iterator[tuple[str, Rule]]:
    for code, each in load_law().jurisdictions.items():
        if code.startswith("US-"):
            for rule in each.rules:
                if isinstance(rule, kind) and (
                    rule.effective_to is None or rule.effective_to > TODAY
                ):
                    yield code.removeprefix("US-"), rule


# --- what the files say ---------------------------------------------------------------------------


def test_every_state_territory_and_country_has_a_file() -> None:
    ruleset = load_law()
    states = {code for code in ruleset.jurisdictions if code.startswith("US-")}
    assert len(states) == 52, "fifty states, the District of Columbia, Puerto Rico"
    others = set(ruleset.jurisdictions) - states
    assert others == {"US", "GU", "VI", "AS", "MP", "CA", "GB", "DE", "IN"}
    assert {code for code in others if ruleset.jurisdictions[code].enabled} == {"US"}
    for code in (*states, "GU", "VI", "AS", "MP"):
        assert ruleset.jurisdictions[code].also == ("US",)


def test_state_hours_are_those_of_the_table() -> None:
    found = {
        state: hours_of(rule) for state, rule in state_rows(HoursRule) if rule.modes == LIVE_AND_ALL
    }
    assert found == STATE_HOURS
    recorded = {
        state: hours_of(rule) for state, rule in state_rows(HoursRule) if rule.modes != LIVE_AND_ALL
    }
    assert recorded == RECORDED_HOURS


def test_only_consent_lifts_utah_and_only_a_relationship_oregon_and_pennsylvania() -> None:
    lifted = {state: set(rule.lifted_by) for state, rule in state_rows(HoursRule) if rule.lifted_by}
    consent = {Exemption.PEC, Exemption.PEWC}
    assert lifted == {"UT": consent, "OR": EBR, "PA": EBR}


def test_frequency_caps() -> None:
    found = {
        state: (rule.limit, rule.window_ms // HOUR_MS, set(rule.modes) == set(CallMode))
        for state, rule in state_rows(CapRule)
        if isinstance(rule, CapRule)
    }
    assert found == {
        "FL": (3, 24, True),
        "OK": (3, 24, True),
        "MD": (3, 24, True),
        "OR": (3, 24, True),
        "ME": (1, 8, False),
    }
    assert row("US-ME", "automated_cap").modes == AUTOMATED
    assert row("US-OR", "cap").lifted_by == EBR


def test_state_lists() -> None:
    own = {
        state: rule
        for state, rule in state_rows(ListRule)
        if isinstance(rule, ListRule) and rule.list_key != "national"
    }
    assert {s: (r.max_age_days, r.binds_after_days) for s, r in own.items()} == STATE_LISTS
    assert all(rule.list_key == state for state, rule in own.items())
    assert own["IN"].lifted_by == {Exemption.PEWC}
    assert own["PA"].purposes == {Purpose.SALES, Purpose.BUSINESS}
    assert all(rule.purposes == {Purpose.SALES} for s, rule in own.items() if s != "PA")


def test_how_long_relationships_last() -> None:
    found = {
        state: (rule.transaction_months, rule.inquiry_months)
        for state, rule in state_rows(EbrRule)
        if isinstance(rule, EbrRule)
    }
    assert found["PA"] == (12, 3)
    assert found["IN"] == found["ND"] == (0, 0)
    assert found["UT"] == found["OR"] == (18, 3)
    assert found["WA"] == (12, 3)
    federal = row("US", "ebr")
    assert isinstance(federal, EbrRule)
    assert (federal.transaction_months, federal.inquiry_months) == (18, 3)


def test_consent_rows() -> None:
    for state in ("FL", "OK", "MD"):
        rule = row(f"US-{state}", "written_consent")
        assert isinstance(rule, ConsentRule)
        assert (rule.needs, set(rule.modes)) == (Exemption.PEWC, AUTOMATED)
        assert rule.purposes == {Purpose.SALES}
    connecticut = row("US-CT", "written_consent")
    assert connecticut.modes == set(CallMode)
    wireless = row("US", "recorded_wireless")
    assert isinstance(wireless, ConsentRule)
    assert wireless.needs is Exemption.PEC
    assert wireless.lines == {LineType.WIRELESS, LineType.UNKNOWN}


def test_emergencies() -> None:
    found = {state: set(rule.lifted_by) for state, rule in state_rows(EmergencyRule)}
    assert found == {"LA": set(), "NY": {Exemption.PEC, Exemption.PEWC}}


@pytest.mark.parametrize(
    ("code", "row_id", "changed", "before", "after"),
    [
        ("US-OR", "hours", date(2026, 1, 1), 0, 1),
        ("US-CT", "hours", date(2023, 10, 1), 1, 1),
        ("US-MD", "cap", date(2024, 1, 1), 0, 1),
        ("US", "internal", date(2025, 4, 11), 1, 1),
        ("US", "revocation", date(2025, 4, 11), 1, 1),
        ("US", "recorded_sales", date(2013, 10, 16), 1, 1),
    ],
)
def test_a_change_of_law_has_its_day(
    code: str, row_id: str, changed: date, before: int, after: int
) -> None:
    eve = date.fromordinal(changed.toordinal() - 1)
    old, new = rows(code, row_id, eve), rows(code, row_id, changed)
    assert (len(old), len(new)) == (before, after)
    assert old != new


def test_requests_were_due_in_thirty_days_and_are_in_ten() -> None:
    old, new = row("US", "internal", date(2025, 4, 10)), row("US", "internal", date(2025, 4, 11))
    assert isinstance(old, InternalRule)
    assert isinstance(new, InternalRule)
    assert (old.honour_business_days, new.honour_business_days) == (20, 10)
    virginia = row("US-VA", "internal")
    assert isinstance(virginia, InternalRule)
    assert virginia.retention_days >= 3652, "ten years"


def test_other_countries() -> None:
    canada, britain = row("CA", "drops"), row("GB", "cooldown")
    assert isinstance(canada, DropRule)
    assert (canada.ceiling, canada.calendar_month) == (0.05, True)
    assert hours_of(row("CA", "hours"))[:3] == ("09:00-21:30", "10:00-18:00", "10:00-18:00")
    assert isinstance(britain, CooldownRule)
    assert britain.after_ms == 72 * HOUR_MS
    tps = row("GB", "national_list")
    assert isinstance(tps, ListRule)
    assert tps.max_age_days == 28
    assert row("DE", "sales_consent").purposes == {Purpose.SALES}
    assert hours_of(row("IN", "hours"))[0] == "10:00-21:00"


def test_every_row_is_cited_and_a_disputed_one_says_why() -> None:
    for each in load_law().jurisdictions.values():
        for rule in each.rules:
            assert rule.citation.strip(), rule.name
            assert rule.tag is not Tag.DISPUTED or rule.note, rule.name
        for holiday in each.holidays.values():
            assert holiday.citation.strip(), (each.code, holiday.day)
        assert each.rules or each.note, f"{each.code} has no row, and does not say why"


# --- holidays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "day", "name"),
    [
        ("LA", date(2025, 3, 4), "Mardi Gras"),
        ("LA", date(2026, 2, 17), "Mardi Gras"),
        ("LA", date(2027, 2, 9), "Mardi Gras"),
        ("LA", date(2028, 2, 29), "Mardi Gras"),
        ("PA", date(2025, 4, 18), "Good Friday"),
        ("PA", date(2026, 4, 3), "Good Friday"),
        ("PA", date(2027, 3, 26), "Good Friday"),
        ("PA", date(2028, 4, 14), "Good Friday"),
        ("PA", date(2025, 11, 4), "Election Day"),
        ("PA", date(2026, 11, 3), "Election Day"),
        ("PA", date(2027, 11, 2), "Election Day"),
        ("PA", date(2028, 11, 7), "Election Day"),
        ("PA", date(2026, 6, 14), "Flag Day"),
        ("RI", date(2026, 8, 10), "Victory Day"),
        ("RI", date(2027, 12, 31), "New Year's Day (observed)"),
        ("UT", date(2026, 7, 24), "Pioneer Day"),
        ("UT", date(2027, 7, 23), "Pioneer Day (observed)"),
        ("UT", date(2026, 6, 15), "Juneteenth (observed)"),
        ("UT", date(2027, 6, 21), "Juneteenth (observed)"),
        ("AL", date(2026, 7, 3), "Independence Day (observed)"),
        ("AL", date(2026, 4, 27), "Confederate Memorial Day"),
        ("PA", date(2027, 7, 5), "Independence Day (observed)"),
        ("LA", date(2026, 11, 27), "Day after Thanksgiving"),
    ],
)
def test_a_holiday(state: str, day: date, name: str) -> None:
    assert jurisdiction(f"US-{state}").holidays[day.toordinal()].name == name


def test_pennsylvania_has_thirteen_holidays_a_year() -> None:
    for year in range(2025, 2029):
        days = [
            holiday
            for holiday in jurisdiction("US-PA").holidays.values()
            if holiday.day.year == year and "observed" not in holiday.name
        ]
        assert len(days) == 13


def test_mississippi_bans_no_holiday_any_more() -> None:
    assert not jurisdiction("US-MS").holidays


# --- reading --------------------------------------------------------------------------------------


def test_a_row_written_back_reads_as_the_same_row() -> None:
    for each in load_law().jurisdictions.values():
        for rule in each.rules:
            kind, table = row_table(rule)
            faults: list[Fault] = []
            assert read_row(kind, Table(table, (), faults), each.code) == rule
            assert not faults


def test_the_same_files_are_the_same_rules_and_one_byte_makes_others() -> None:
    assert load_law() is load_law()
    files = shipped_files()
    assert read_law(files).label == load_law().label
    changed = [(name, each + b"\n" if name == "us-fl.toml" else each) for name, each in files]
    assert read_law(changed).label != load_law().label


def test_zone_data_older_than_the_rules_allow_is_refused() -> None:
    files = dict(shipped_files())
    files[MANIFEST] = files[MANIFEST].replace(b'"2026.6"', b'"2099.1"')
    with pytest.raises(OperatorError, match=r"zone data is older than ruleset 2026.*2099\.1"):
        read_law(tuple(files.items()))


def test_the_manifest_is_needed() -> None:
    with pytest.raises(OperatorError, match=r"ruleset\.toml: the file is missing"):
        read_law([("us-fl.toml", SAMPLE)])


def test_also_names_what_is_there() -> None:
    files = [each for each in shipped_files() if each[0] != "us-federal.toml"]
    with pytest.raises(OperatorError, match="a jurisdiction that has no file"):
        read_law(files)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('tag = "V"', 'tag = "X"', 11, "tag: must be one of V, S, M, ?"),
        ('citation = "Fla. Stat. 501.616(6)(a)"', "", 7, "citation is missing"),
        ('citation = "Fla. Stat. 501.616(6)(a)"', 'citation = " "', 10, "citation: it is empty"),
        ("effective_from = 2021-07-01", 'effective_from = "2021"', 9, "must be a date"),
        (
            "effective_from = 2021-07-01",
            "effective_from = 2021-07-01\neffective_to = 2021-07-01",
            10,
            "is not after effective_from",
        ),
        ('every_day = "08:00-20:00"', 'every_day = "8-20"', 12, "hours are written HH:MM-HH:MM"),
        ('every_day = "08:00-20:00"', 'sunday = "none"', 7, "no hours for monday, tuesday"),
        ("limit = 3", "limit = 0", 29, "must be at least 1"),
        ("limit = 3", "limit = true", 29, "must be a whole number"),
        ("limit = 3", "limit = -1", 29, "must be a whole number"),
        ("limit = 3", "limits = 3", 29, "limits: there is no such key here"),
        ("[[cap]]", "[[caps]]", 24, "caps: there is no such key here"),
        ("[[cap]]", "[cap]", 24, r"write \[\[cap\]\] above each such row"),
        ('name = "Florida"', "", None, "name is missing"),
        ("enabled = true", "enabled = 1", 4, "enabled: must be true or false"),
        ("[[cap]]", "[[cap]", 24, "this is not valid TOML"),
        ('lifted_by = ["PEWC"', 'lifted_by = ["pewc"', 22, "lifted_by: must be of EBR_TRANSACTION"),
        ('purposes = ["sales"]', "purposes = []", 21, "is empty, so the row would bind no call"),
    ],
)
def test_a_damaged_file_is_refused_at_its_line(
    old: str, new: str, line: int | None, says: str
) -> None:
    content = SAMPLE.decode()
    assert old in content
    damaged = content.replace(old, new, 1).encode()
    place = r"fl\.toml" if line is None else rf"fl\.toml:{line}"
    with pytest.raises(OperatorError, match=f"{place}: .*{says}"):
        read_jurisdiction(damaged, "fl.toml")


def test_every_fault_of_a_file_is_told_at_once() -> None:
    damaged = SAMPLE.replace(b"limit = 3", b"limit = 0").replace(b'"08:00-20:00"', b'"dawn"')
    with pytest.raises(OperatorError) as error:
        read_jurisdiction(damaged, "fl.toml")
    assert len(error.value.problems) == 2
