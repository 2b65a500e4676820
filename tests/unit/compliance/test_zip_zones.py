"""The ZIP table: what is in it, and ZIPs as people and spreadsheets write them."""

from __future__ import annotations

import pytest

from dialer.compliance.zip_zones import (
    ZipPlace,
    read_zip,
    zip_place,
    zip_zones_version,
    zones_by_state,
)

TWO_CLOCKS = frozenset(
    {"AK", "AZ", "FL", "ID", "IN", "KS", "KY", "MI", "NE", "ND", "NV", "OR", "SD", "TN", "TX"}
)
BY_CUSTOM = {"AL", "OK", "MT"}
"""Border towns that keep the neighbour's clock, and Fairview, which lies in two states."""
WHOLE = 41_000
"""There are about this many ZIPs; the table has all."""


@pytest.mark.parametrize(
    "text",
    ["02139", " 02139 ", "02139-4307", "021394307", "02139 4307", "2139", "2139.0", "'02139"],
)
def test_writings_of_one_zip(text: str) -> None:
    assert read_zip(text, "MA") == ZipPlace("02139", ("MA",), ("America/New_York",))


@pytest.mark.parametrize(
    ("text", "state", "says"),
    [
        ("2139", "", "four digits"),
        ("2139", "CA", "four digits"),
        ("0213", "MA", "four digits"),
        ("213", "MA", "not written as one"),
        ("02139-43", "MA", "not written as one"),
        ("0213943071", "MA", "not written as one"),
        ("O2139", "MA", "not written as one"),
        ("٠٢١٣٩", "MA", "not written as one"),
        ("00000", "", "in no table"),
        ("99999", "", "in no table"),
        ("09012", "AE", "in no table"),
        ("96960", "", "in no table"),
    ],
)
def test_what_is_no_evidence_says_why(text: str, state: str, says: str) -> None:
    answer = read_zip(text, state)
    assert isinstance(answer, str)
    assert says in answer


@pytest.mark.parametrize(
    ("codes", "state", "zone"),
    [
        ("10001 14201 33101 48201 40202 46204 37902 30301", "", "America/New_York"),
        ("60601 75201 70112 35203 37201 42301 54901 66101", "", "America/Chicago"),
        ("80202 87101 59101 82001 84101 83201 79902", "", "America/Denver"),
        ("90001 98101 97201 89101 83814", "", "America/Los_Angeles"),
        ("85001 85701 86001 86301 86004", "AZ", "America/Phoenix"),
        ("86503 86515 86510 86045 86033", "AZ", "America/Denver"),
        ("99501 99701 99801 99901", "AK", "America/Anchorage"),
        ("96701 96720 96793", "HI", "Pacific/Honolulu"),
        ("00601 00901 00725", "PR", "America/Puerto_Rico"),
        ("00801 00820", "VI", "America/St_Thomas"),
        ("96910 96929", "GU", "Pacific/Guam"),
        ("96950 96951", "MP", "Pacific/Saipan"),
        ("96799", "AS", "Pacific/Pago_Pago"),
    ],
)
def test_zips_whose_zone_everybody_knows(codes: str, state: str, zone: str) -> None:
    for code in codes.split():
        place = zip_place(code)
        assert place is not None, code
        assert place.zones == (zone,), code
        assert not state or place.states == (state,), code


def test_zips_of_two_states_have_both() -> None:
    place = zip_place("42223")
    assert place is not None
    assert place.states == ("KY", "TN")


def test_the_states_of_two_clocks_are_those_of_the_law_and_no_others() -> None:
    several = {state for state, zones in zones_by_state().items() if len(zones) > 1}
    assert several == TWO_CLOCKS | BY_CUSTOM


def test_the_table_is_whole_and_says_where_it_is_from() -> None:
    known = sum(zip_place(f"{number:05d}") is not None for number in range(100_000))
    assert known > WHOLE
    assert "zipcodes 3.0.0" in zip_zones_version()
