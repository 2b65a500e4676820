"""Where a phone may be: the ladder of evidence, step by step, and the tables it climbs on."""

from __future__ import annotations

import pytest

from dialer.compliance.location import locate, locate_raw, tables_version
from dialer.compliance.numbering import read_number
from dialer.model.numbers import PhoneNumber
from dialer.model.screening import ReasonCode

E, C, M, P = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
ARIZONA, ALASKA, ADAK = "America/Phoenix", "America/Anchorage", "America/Adak"


def zones(area: str, state: str = "", postcode: str = "") -> set[str]:
    place = locate_raw(f"({area}) 555-0123", state=state, postcode=postcode)
    assert place.fault is None
    assert list(place.zones) == sorted(place.zones)
    return set(place.zones)


@pytest.mark.parametrize(
    ("area", "state", "postcode", "expected"),
    [
        # A ZIP whose zones are among the area code's narrows to its own.
        ("423", "TN", "37402", {E}),
        ("423", "TN", "37405", {E}),
        ("423", "", "37347", {C}),
        ("850", "FL", "32501", {C}),
        ("850", "FL", "32301", {E}),
        ("850", "", "32401-1234", {C}),
        ("448", "", "325011234", {C}),
        ("219", "IN", "46320", {C}),
        ("208", "ID", "83702", {M}),
        ("208", "ID", "83501", {P}),
        ("208", "ID", "83843", {P}),
        ("812", "IN", "47708", {C}),
        ("812", "IN", "47401", {E}),
        ("270", "KY", "42101", {C}),
        ("270", "KY", "42701", {E}),
        ("605", "SD", "57701", {M}),
        ("605", "SD", "57104", {C}),
        ("701", "ND", "58102", {C}),
        ("701", "ND", "58601", {M}),
        ("308", "NE", "69101", {C}),
        ("785", "KS", "67735", {M}),
        ("785", "KS", "66603", {C}),
        ("906", "MI", "49855", {E}),
        ("906", "MI", "49801", {C}),
        ("915", "TX", "79901", {M}),
        ("541", "OR", "97914", {M}),
        ("541", "OR", "97401", {P}),
        ("928", "AZ", "86503", {M}),
        ("928", "AZ", "86515", {M}),
        ("928", "AZ", "86301", {ARIZONA}),
        ("907", "AK", "99546", {ADAK}),
        ("907", "AK", "99501", {ALASKA}),
        ("808", "HI", "96813", {"Pacific/Honolulu"}),
        ("787", "PR", "00601", {"America/Puerto_Rico"}),
        # Border towns that keep the other side's clock by custom, or lie across the line.
        ("334", "AL", "36867", {C, E}),
        ("775", "NV", "89883", {M, P}),
        ("775", "NV", "89501", {P}),
        # A ZIP that disagrees: both.
        ("212", "CA", "90210", {E, P}),
        ("915", "TX", "77002", {M, C}),
        ("480", "AZ", "86503", {ARIZONA, M}),
        # No ZIP: every zone of the area code.
        ("423", "TN", "", {E, C}),
        ("219", "", "", {E, C}),
        ("850", "FL", "", {E, C}),
        ("907", "", "", {ALASKA, ADAK}),
        ("928", "", "", {ARIZONA, M}),
        # No ZIP, and the state has none of the area code's zones: all of the state's as well.
        ("212", "CA", "", {E, P}),
        ("212", "TX", "", {E, C, M}),
        ("212", "Hawaii", "", {E, "Pacific/Honolulu"}),
        # A state never narrows.
        ("850", "AL", "", {E, C}),
        # A ZIP outside the state that is given: the three together.
        ("212", "CA", "10001", {E, P}),
        # No evidence.
        ("423", "", "00000", {E, C}),
        ("423", "", "3740", {E, C}),
        ("423", "", "no zip", {E, C}),
        ("423", "", "374021", {E, C}),
        ("423", "", "09012", {E, C}),
        # A lost leading zero.
        ("212", "MA", "2139", {E}),
        ("312", "MA", "2139", {C, E}),
        ("312", "", "2139", {C}),
        ("312", "IL", "2139", {C}),
    ],
)
def test_the_ladder(area: str, state: str, postcode: str, expected: set[str]) -> None:
    assert zones(area, state, postcode) == expected


@pytest.mark.parametrize(
    ("area", "state", "postcode", "expected"),
    [
        ("212", "", "", ("NY",)),
        ("212", "FL", "", ("FL", "NY")),
        ("212", "florida", "", ("FL", "NY")),
        ("212", "", "33101", ("FL", "NY")),
        ("212", "TX", "33101", ("FL", "NY", "TX")),
        ("202", "", "", ("DC",)),
        ("939", "", "", ("PR",)),
        ("270", "", "42223", ("KY", "TN")),
        ("212", "Nowhere", "", ("NY",)),
        ("212", "", "99999", ("NY",)),
    ],
)
def test_the_laws_of_every_state_that_may_be_meant(
    area: str, state: str, postcode: str, expected: tuple[str, ...]
) -> None:
    place = locate_raw(f"{area}5550123", state=state, postcode=postcode)
    assert place.states == expected
    assert place.country == "US"


@pytest.mark.parametrize(
    ("raw", "country", "expected", "zone"),
    [
        ("876 555 0123", "US", "JM", "America/Jamaica"),
        ("658 555 0123", "US", "JM", "America/Jamaica"),
        ("809 555 0123", "US", "DO", "America/Santo_Domingo"),
        ("441 555 0123", "US", "BM", "Atlantic/Bermuda"),
        ("868 555 0123", "US", "TT", "America/Port_of_Spain"),
        ("671 555 0123", "US", "GU", "Pacific/Guam"),
        ("670 555 0123", "US", "MP", "Pacific/Saipan"),
        ("684 555 0123", "US", "AS", "Pacific/Pago_Pago"),
        ("340 555 0123", "US", "VI", "America/St_Thomas"),
        ("416 555 0123", "CA", "CA", "America/Toronto"),
        ("902 555 0123", "US", "CA", "America/Halifax"),
        ("020 7946 0999", "GB", "GB", "Europe/London"),
        ("+44 7700 900123", "US", "GB", "Europe/London"),
        ("030 23125 001", "DE", "DE", "Europe/Berlin"),
        ("+49 1512 3456789", "US", "DE", "Europe/Berlin"),
        ("098123 45678", "IN", "IN", "Asia/Kolkata"),
        ("+91 11 2345 6789", "gb", "IN", "Asia/Kolkata"),
    ],
)
def test_countries(raw: str, country: str, expected: str, zone: str) -> None:
    place = locate_raw(raw, country)
    assert place.fault is None
    assert (place.country, place.zones) == (expected, (zone,))


def test_a_country_of_several_zones_and_no_area_table_has_them_all() -> None:
    assert locate_raw("+61 2 9999 1234").zones == tuple(
        sorted(
            {
                "Australia/Brisbane", "Australia/Broken_Hill", "Australia/Darwin",
                "Australia/Eucla", "Australia/Hobart", "Australia/Lord_Howe", "Australia/Perth",
            }
        )
    )  # fmt: skip


def test_a_canadian_postcode_says_its_province_and_no_more() -> None:
    agreeing = locate_raw("604 555 0123", "CA", "BC", "V5K 0A1")
    assert (agreeing.zones, agreeing.states) == (("America/Vancouver",), ("BC",))
    moved = locate_raw("416 555 0123", "CA", "ON", "V5K 0A1")
    assert moved.states == ("BC", "ON")
    assert {"America/Toronto", "America/Vancouver"} <= set(moved.zones)


def test_five_digits_of_another_country_are_no_zip() -> None:
    place = locate_raw("030 23125 001", "DE", "NY", "10115")
    assert (place.zones, place.states, place.postcode) == (("Europe/Berlin",), (), "")


@pytest.mark.parametrize(
    ("raw", "country", "code"),
    [
        ("221 555 0123", "US", ReasonCode.INVALID_NUMBER),
        ("211 555 0123", "US", ReasonCode.INVALID_NUMBER),
        ("212 055 0123", "US", ReasonCode.INVALID_NUMBER),
        ("212 555 012", "US", ReasonCode.INVALID_NUMBER),
        ("212 555 0123", "ZZ", ReasonCode.INVALID_NUMBER),
        ("020 7946 0123", "UK", ReasonCode.INVALID_NUMBER),
        ("999", "GB", ReasonCode.INVALID_NUMBER),
        ("+44 1", "US", ReasonCode.INVALID_NUMBER),
        ("+91 11 0000 0000", "US", ReasonCode.INVALID_NUMBER),
        ("", "US", ReasonCode.DATA_MISSING),
        ("800 555 0199", "US", ReasonCode.NON_GEOGRAPHIC),
        ("900 555 0199", "US", ReasonCode.NON_GEOGRAPHIC),
        ("500 555 0199", "US", ReasonCode.NON_GEOGRAPHIC),
        ("700 555 0199", "US", ReasonCode.NON_GEOGRAPHIC),
        ("710 555 0199", "US", ReasonCode.NON_GEOGRAPHIC),
        ("600 555 0199", "CA", ReasonCode.NON_GEOGRAPHIC),
        ("0808 157 0123", "GB", ReasonCode.NON_GEOGRAPHIC),
        ("0909 879 0123", "GB", ReasonCode.NON_GEOGRAPHIC),
        ("0800 1234567", "DE", ReasonCode.NON_GEOGRAPHIC),
        ("1800 123 4567", "IN", ReasonCode.NON_GEOGRAPHIC),
        ("+800 1234 5678", "US", ReasonCode.NON_GEOGRAPHIC),
    ],
)
def test_a_number_nobody_can_be_called_on_is_a_fault_in_words(
    raw: str, country: str, code: ReasonCode
) -> None:
    place = locate_raw(raw, country, "NY", "10001")
    assert place.fault is code
    assert place.fault_explain
    assert (place.states, place.zones) == (("NY",), (E,))


def test_the_ladder_says_which_step_and_what_was_no_evidence() -> None:
    number = read_number("423-555-0123")
    assert isinstance(number, PhoneNumber)
    assert locate(number, postcode="37402").ladder == "ZIP 37402, which agrees with area code 423"
    ladder = locate(number, state="??", postcode="my zip").ladder
    assert "every zone of area code 423" in ladder
    assert "the ZIP is not written as one" in ladder
    assert "the state is none we know" in ladder
    assert "my zip" not in ladder


def test_the_tables_say_what_they_were_made_from() -> None:
    assert "zipcodes 3.0.0" in tables_version()
