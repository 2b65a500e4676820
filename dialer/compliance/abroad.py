"""Numbers outside the North American Numbering Plan: is it a number, and which zones has its land?

Such a number does not say where in the country its phone is, so it is taken to be in every zone of
the country, by the tables in the pinned `tzdata` package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import phonenumbers
from phonenumbers import PhoneNumberType

from dialer.compliance.calling_window import zone_named
from dialer.model.instant import DAY_MS, Instant, utc

_OF_A_PLACE = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
)
_KINDS = {
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.PREMIUM_RATE: "premium-rate",
    PhoneNumberType.SHARED_COST: "shared-cost",
    PhoneNumberType.VOIP: "internet telephony",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company-wide",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_FICTITIOUS = {
    # Ofcom, numbers for drama use; Bundesnetzagentur, Rufnummern für Medienproduktionen.
    "GB": re.compile(
        r"1(?:13|14|15|16|17|18|21|31|41|51|61)4960\d{3}|1914980\d{3}|1632960\d{3}"
        r"|2079460\d{3}|2896496\d{3}|2920180\d{3}|7700900\d{3}"
    ),
    "DE": re.compile(r"3023125\d{3}|6990009\d{3}|4066969\d{3}|2214710\d{3}|8999998\d{3}"),
}
_NOT_IN_THE_TABLE = {"XK": ("Europe/Belgrade",), "AC": ("Atlantic/St_Helena",)} | {
    "TA": ("Atlantic/St_Helena",)
}
"""Regions with numbers of their own that the zone table does not list: Kosovo, Ascension and
Tristan da Cunha, with the zones the `tzdata` package gives them in its other tables."""

_FIRST_COMPARED = Instant(1_767_225_600_000)
_COMPARED_DAYS = 3 * 365


@dataclass(frozen=True, slots=True)
class Abroad:
    """A number of another plan. `country`: ISO 3166 code, "" where the number is of none. `kind`:
    what sort of number of no place it is, "" for one that may be somebody's. `valid`: such numbers
    are given out, or reserved for made-up ones."""

    e164: str
    country: str
    kind: str
    valid: bool


def read_abroad(parsed: phonenumbers.PhoneNumber) -> Abroad:
    """What the library and the regulators' reserved ranges say of a number that is not +1."""
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(parsed)
    for country, reserved in _FICTITIOUS.items():
        code = phonenumbers.country_code_for_region(country)
        if code == parsed.country_code and reserved.fullmatch(national):
            return Abroad(e164, country, "", True)
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
        return Abroad(e164, _country(region), "", False)
    kind = phonenumbers.number_type(parsed)
    if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        return Abroad(e164, "", "international service", True)
    return Abroad(
        e164, _country(region), _KINDS.get(kind, ""), kind in _KINDS or kind in _OF_A_PLACE
    )


def _country(region: str) -> str:
    return "" if region in ("001", "ZZ") else region


@cache
def zones_of_country(country: str) -> tuple[str, ...]:
    """Every zone of a country whose clocks differ from one another's, sorted; of those that agree
    throughout 2026 to 2028 the one listed first stands for all. Empty for an unknown country."""
    if country in _NOT_IN_THE_TABLE:
        return _NOT_IN_THE_TABLE[country]
    first: dict[tuple[object, ...], str] = {}
    listed = _zone_table().get(country, ())
    inhabited = [zone for zone in listed if not zone.startswith("Antarctica/")] or listed
    for zone in inhabited:
        first.setdefault(_clock(zone), zone)
    return tuple(sorted(first.values()))


@cache
def _clock(zone: str) -> tuple[object, ...]:
    tz = zone_named(zone)
    days = (Instant(_FIRST_COMPARED + day * DAY_MS) for day in range(_COMPARED_DAYS))
    return tuple(utc(day).astimezone(tz).utcoffset() for day in days)


@cache
def _zone_table() -> Mapping[str, tuple[str, ...]]:
    """`zone.tab` of the pinned package: country, coordinates, zone, comment."""
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
