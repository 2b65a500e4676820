"""Reading numbers as people and spreadsheets write them."""

from __future__ import annotations

import pytest

from dialer.compliance.calling_window import zone_named
from dialer.compliance.numbering import AMERICAN, Unreadable, read_caller_id, read_number
from dialer.model.numbers import PhoneNumber
from dialer.model.screening import ReasonCode


@pytest.mark.parametrize(
    "raw",
    [
        "(212) 555-0123",
        "+1.212.555.0123",
        "2125550123.0",
        "12125550123.00",
        "1-212-555-0123",
        "212/555-0123",
        "２１２５５５０１２３",
        "  212 555 0123\u00a0",
        "212\u2011555\u20110123",
        "\u200e+1 (212) 555-0123\u200e",
        "+12125550123",
        "011 1 212 555 0123",
    ],
)
def test_writings_of_one_number(raw: str) -> None:
    assert read_number(raw) == PhoneNumber("+12125550123", "US", ("America/New_York",))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("212-555-TALK", "letters"),
        ("212555012", "9 digits"),
        ("21255501234", "11 digits"),
        ("911", "service code"),
        ("411-555-0123", "no area code is 411"),
        ("112-555-0123", "no area code is 112"),
        ("(011) 555-0150", "no area code is 011"),
        ("212-055-0123", "no exchange code is 055"),
        ("212-911-0123", "no exchange code is 911"),
        ("221-555-0123", "221"),
        ("2125550123 / 2125550124", "two numbers"),
        ("212-555-0123, 212-555-0124", "two numbers"),
        ("212 555 0123 212 555 0124", "two numbers"),
        ("2125550123 or 3125550124", "two numbers"),
        ("212-555-0123 x12", "extension"),
        ("212-555-0123 ext. 12", "extension"),
        ("212-555-0123 Extension 7", "extension"),
        ("+12125550123;ext=12", "extension"),
        ("212-555-0123#4", "extension"),
        ("2.12555E+09", "spreadsheet"),
        ("=2125550123", "marks"),
        ("+", "marks"),
        ("--", "marks"),
        ("+212 555 0123", "country code +212"),
        ("5" * 5_000_000, "too long"),
    ],
)
def test_refused_as_invalid_with_the_reason_in_words(raw: str, says: str) -> None:
    answer = read_number(raw)
    assert isinstance(answer, Unreadable)
    assert answer.code is ReasonCode.INVALID_NUMBER
    assert says in answer.explain
    assert answer.remedy


@pytest.mark.parametrize("raw", ["", "   ", "\u200b"])
def test_an_empty_cell_is_missing_data(raw: str) -> None:
    answer = read_number(raw)
    assert isinstance(answer, Unreadable)
    assert answer.code is ReasonCode.DATA_MISSING


@pytest.mark.parametrize("area", ["800", "833", "888", "900", "500", "521", "700", "710", "622"])
def test_numbers_of_no_place(area: str) -> None:
    answer = read_number(f"{area}-555-0123")
    assert isinstance(answer, Unreadable)
    assert answer.code is ReasonCode.NON_GEOGRAPHIC


@pytest.mark.parametrize(
    "raw",
    ["416-555-0123", "876-555-0123", "441-555-0123", "809-555-0123", "+44 20 7946 0123",
     "011 44 20 7946 0123", "+4930123456"],
)  # fmt: skip
def test_other_countries_are_not_enabled(raw: str) -> None:
    answer = read_number(raw)
    assert isinstance(answer, Unreadable)
    assert answer.code is ReasonCode.JURISDICTION_NOT_ENABLED


@pytest.mark.parametrize(
    ("area", "region", "zones"),
    [
        ("202", "US", {"America/New_York"}),
        ("671", "GU", {"Pacific/Guam"}),
        ("670", "MP", {"Pacific/Saipan"}),
        ("684", "AS", {"Pacific/Pago_Pago"}),
        ("808", "US", {"Pacific/Honolulu"}),
        ("787", "US", {"America/Puerto_Rico"}),
        ("939", "US", {"America/Puerto_Rico"}),
        ("340", "VI", {"America/St_Thomas"}),
        ("915", "US", {"America/Denver"}),
        ("423", "US", {"America/New_York", "America/Chicago"}),
        ("850", "US", {"America/New_York", "America/Chicago"}),
        ("448", "US", {"America/New_York", "America/Chicago"}),
        ("928", "US", {"America/Phoenix", "America/Denver"}),
        ("541", "US", {"America/Los_Angeles", "America/Denver"}),
    ],
)
def test_region_and_every_zone_of_the_area_code(area: str, region: str, zones: set[str]) -> None:
    answer = read_number(f"{area}5550123", enabled=AMERICAN)
    assert isinstance(answer, PhoneNumber)
    assert answer.region == region
    assert set(answer.zones) == zones


def test_alaska_reaches_from_juneau_to_adak() -> None:
    answer = read_number("907-555-0123")
    assert isinstance(answer, PhoneNumber)
    assert {"America/Anchorage", "America/Adak"} <= set(answer.zones)


def test_a_prefix_never_narrows_the_zones() -> None:
    """605-223 is a prefix the library puts in one zone: the area code's other one still counts."""
    answer = read_number("605-223-0123")
    assert isinstance(answer, PhoneNumber)
    assert {"America/Chicago", "America/Denver"} <= set(answer.zones)


def test_every_us_area_code_has_zones_the_pinned_data_knows() -> None:
    accepted = 0
    for area in range(200, 1000):
        answer = read_number(f"{area}5550123")
        if isinstance(answer, PhoneNumber):
            accepted += 1
            assert list(answer.zones) == sorted(set(answer.zones))
            assert 1 <= len(answer.zones) <= 5
            for zone in answer.zones:
                assert zone_named(zone).key == zone
        else:
            assert answer.code is not ReasonCode.TZ_UNKNOWN
    assert accepted > 350


def test_a_number_without_plus_is_of_the_region_asked_for() -> None:
    answer = read_number("020 7946 0123", region="GB")
    assert isinstance(answer, Unreadable)
    assert answer.code is ReasonCode.JURISDICTION_NOT_ENABLED


@pytest.mark.parametrize("raw", ["+12025550199", "+18005550199"])
def test_caller_ids_may_be_toll_free(raw: str) -> None:
    assert read_caller_id(raw) == raw


@pytest.mark.parametrize(
    "raw", ["2025550199", "+1 202 555 0199", "+19005550199", "+14165550199", ""]
)
def test_caller_ids_must_be_ours_to_show_and_written_as_sent(raw: str) -> None:
    assert isinstance(read_caller_id(raw), Unreadable)
