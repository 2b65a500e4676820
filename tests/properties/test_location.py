"""Reading fast is reading right, and only evidence moves a phone to another place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from dialer.compliance.area_codes import area_codes
from dialer.compliance.calling_window import zone_named
from dialer.compliance.location import locate, locate_raw
from dialer.compliance.numbering import read_number
from dialer.compliance.states import US_STATES
from dialer.compliance.zip_zones import read_zip, zip_place
from dialer.model.numbers import PhoneNumber
from dialer.model.screening import ReasonCode

PEOPLE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
}
CODES = st.sampled_from(sorted(area_codes()))
PLACES = st.sampled_from(sorted(code for code, area in area_codes().items() if area.country))
STATES = st.one_of(st.just(""), st.sampled_from(sorted(US_STATES)))
ZIPS = st.one_of(
    st.just(""),
    st.integers(0, 99_999).map(lambda number: f"{number:05d}"),
    st.sampled_from(["37402", "10001", "90210", "32501", "86503", "99546", "57701", "83702"]),
    st.text("0123456789- .", max_size=10),
)


@given(
    st.one_of(st.integers(200, 999), CODES.map(int)), st.integers(200, 999), st.integers(0, 9_999)
)
def test_a_number_of_the_plan_is_read_as_the_library_reads_it(
    area: int, exchange: int, line: int
) -> None:
    national = f"{area}{exchange}{line:04d}"
    answer = read_number(national, enabled=None)
    library = phonenumbers.PhoneNumber(country_code=1, national_number=int(national))
    region, kind = phonenumbers.region_code_for_number(library), phonenumbers.number_type(library)
    plain = exchange % 100 != 11 and area % 100 != 11 and area_codes().get(str(area))
    if isinstance(answer, PhoneNumber):
        assert plain
        assert answer.zones == plain.zones
        made_up = national[3:8] == "55501"
        if region is not None and not made_up:
            assert kind in PEOPLE
            assert answer.region == ("US" if region == "PR" else region)
    elif answer.code is ReasonCode.NON_GEOGRAPHIC:
        assert kind not in PEOPLE
    else:
        assert not plain or kind not in PEOPLE


@given(
    CODES,
    st.integers(0, 999),
    st.integers(0, 9_999),
    st.sampled_from(["{}{}{}", "({}) {}-{}", "+1{}{}{}", "1-{}-{}-{}", "{}.{}.{}", "+1 {} {} {}"]),
    st.sampled_from(["US", "GB", "CA"]),
)
def test_the_short_way_of_reading_gives_what_the_long_way_gives(
    code: str, exchange: int, line: int, form: str, region: str
) -> None:
    raw = form.format(code, f"{exchange:03d}", f"{line:04d}")
    assert read_number(raw, region, None) == read_number(f"\u200e{raw}", region, None)


@given(PLACES, STATES, ZIPS)
def test_a_place_has_zones_and_only_evidence_speaks(code: str, state: str, postcode: str) -> None:
    number = read_number(f"{code}5550123", enabled=None)
    assert isinstance(number, PhoneNumber)
    plain, place = locate(number), locate(number, state=state, postcode=postcode)
    assert place.zones == tuple(sorted(set(place.zones)))
    assert place.zones
    assert set(plain.states) <= set(place.states)
    of_zip = read_zip(postcode, state)
    of_state = locate(number, state=state)
    assert set(plain.zones) <= set(of_state.zones)
    if isinstance(of_zip, str) or not place.postcode:
        assert place.zones == of_state.zones
    elif set(place.zones) < set(plain.zones):
        assert set(place.zones) == set(of_zip.zones)
    else:
        assert set(plain.zones) <= set(place.zones)
        assert set(of_zip.zones) <= set(place.zones)
    if place.country == "US" and state:
        assert state in place.states


@given(st.text(max_size=40), st.text(max_size=3), st.text(max_size=12), st.text(max_size=12))
def test_nothing_that_is_written_makes_it_fail(
    raw: str, country: str, state: str, postcode: str
) -> None:
    place = locate_raw(raw, country, state, postcode)
    assert (place.fault is None) == (not place.fault_explain)
    assert place.zones or place.fault is not None


@given(st.integers(0, 99_999))
def test_every_zip_has_a_state_and_a_zone_the_pinned_data_knows(number: int) -> None:
    place = zip_place(f"{number:05d}")
    if place is not None:
        assert place.states
        assert set(place.states) <= US_STATES
        assert place.zones
        assert all(zone_named(zone).key == zone for zone in place.zones)


def test_a_place_is_the_same_whatever_the_machine_thinks_of_time() -> None:
    """Another TZ, and no zone files but the pinned package's."""
    script = (
        "from dialer.compliance.location import locate_raw\n"
        "for args in (('423-555-0123', 'US', 'TN', '37402'), ('+61 2 9999 1234',),\n"
        "             ('0'*9, 'GB'), ('212 555 0123', 'US', 'CA')):\n"
        "    print(locate_raw(*args))\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())}
    runs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=environment | more,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for more in ({}, {"TZ": "Asia/Kolkata", "PYTHONTZPATH": "/nowhere"})
    ]
    assert runs[0] == runs[1]
    assert "America/New_York" in runs[0]
