"""The area-code table, held against the phonenumbers package and against itself."""

from __future__ import annotations

import tomllib
from importlib import resources

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType, timezone
from phonenumbers.geodata import GEOCODE_DATA

from dialer.compliance.area_codes import area_codes, zones_by_state
from dialer.compliance.calling_window import zone_named
from dialer.compliance.states import PROVINCES, US_STATES, read_state

SAMPLED = range(200, 1000, 37)
AS_LARGER = {
    "America/Boise": "America/Denver",
    "America/Juneau": "America/Anchorage",
    "America/North_Dakota/Center": "America/Chicago",
}
"""Zones whose clocks have long agreed with a larger one's, under whose name the table has them."""
LIBRARY_WRONG = {
    ("689", "America/Chicago"),  # Orlando
    ("474", "America/Winnipeg"),  # Saskatchewan does not change its clocks
    ("879", "America/Puerto_Rico"),  # Newfoundland
    ("907", "Pacific/Honolulu"),  # Adak changes its clocks, Honolulu does not
}


def in_library() -> dict[str, str]:
    """Country of every area code the package has numbers of."""
    found = {}
    for area in range(200, 1000):
        for prefix in ("234", "555"):
            number = phonenumbers.PhoneNumber(
                country_code=1, national_number=int(f"{area}{prefix}2345")
            )
            region = phonenumbers.region_code_for_number(number)
            if region is not None:
                services = (PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UNKNOWN)
                found[str(area)] = region if region not in ("US", "CA") else (
                    region if phonenumbers.number_type(number) in services else ""
                )  # fmt: skip
    return found


def test_every_area_code_of_the_package_is_in_the_table_with_its_country() -> None:
    table = area_codes()
    for area, region in in_library().items():
        assert area in table, area
        expected = "US" if region == "PR" else region
        assert table[area].country == expected, area


def test_the_states_are_those_the_package_names() -> None:
    for code, area in area_codes().items():
        name = GEOCODE_DATA.get(f"1{code}", {}).get("en", "")
        if area.country in ("US", "CA") and name and len(area.states) == 1:
            short = name.rpartition(", ")[2].removesuffix(" State").replace("Colombia", "Columbia")
            assert read_state(short.replace("D.C.", "DC")) == area.states[0], code


def test_no_area_code_is_listed_twice_and_no_zone_is_unknown() -> None:
    text = resources.files("dialer.compliance").joinpath("area_codes.toml").read_text("utf-8")
    table = tomllib.loads(text)
    listed = [code for row in table["place"] + table["service"] for code in row["codes"].split()]
    assert len(listed) == len(set(listed))
    for row in table["place"]:
        assert row["zones"] == sorted(set(row["zones"]))
        assert row["zones"]
        for zone in row["zones"]:
            assert zone_named(zone).key == zone


def test_a_zone_the_package_knows_for_an_area_code_is_in_the_table() -> None:
    for code, area in area_codes().items():
        if area.country not in ("US", "CA"):
            continue
        for prefix in SAMPLED:
            number = phonenumbers.PhoneNumber(
                country_code=1, national_number=int(f"{code}{prefix}0123")
            )
            found = timezone.time_zones_for_geographical_number(number)
            if len(found) > 10 or found == (timezone.UNKNOWN_TIMEZONE,):
                continue
            for zone in found:
                if (code, zone) not in LIBRARY_WRONG:
                    assert AS_LARGER.get(zone, zone) in area.zones, (code, prefix, zone)


@pytest.mark.parametrize(
    ("codes", "zones"),
    [
        ("208 986 458 541 775", {"America/Denver", "America/Los_Angeles"}),
        ("219 270 364 423 574 606", {"America/Chicago", "America/New_York"}),
        ("812 930 850 448 906 334", {"America/Chicago", "America/New_York"}),
        ("308 605 620 785 701", {"America/Chicago", "America/Denver"}),
        ("907", {"America/Anchorage", "America/Adak"}),
        ("928", {"America/Phoenix", "America/Denver"}),
        ("915", {"America/Denver"}),
        ("250 778 236 672", {"America/Vancouver", "America/Edmonton", "America/Fort_Nelson"}),
        ("306 639 474", {"America/Regina", "America/Edmonton"}),
        ("807", {"America/Toronto", "America/Winnipeg"}),
        ("418 581 367", {"America/Toronto", "America/Halifax"}),
        ("709 879", {"America/St_Johns", "America/Halifax"}),
    ],
)  # fmt: skip
def test_the_area_codes_of_several_zones(codes: str, zones: set[str]) -> None:
    for code in codes.split():
        assert set(area_codes()[code].zones) == zones, code


def test_every_state_and_province_has_an_area_code() -> None:
    territories = {"AS", "GU", "MP", "VI"}
    assert set(zones_by_state("US")) == US_STATES - territories
    assert set(zones_by_state("CA")) == PROVINCES
