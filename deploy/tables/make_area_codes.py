"""Make `dialer/compliance/area_codes.toml`: `python deploy/tables/make_area_codes.py`.

Which area codes are in service, and whose, comes from the phonenumbers package: its metadata says
which numbers are valid where, its geocoder names the state or province of each area code. Zones are
written here by hand, by state, with the area codes that differ from their state's main zone: the
package's own zones go by prefix and were found wrong (423: Central for 579 of 800 prefixes; 219:
Eastern for 673 of 800). Where the package knows a second zone for an area code, it is in here too;
`tests/unit/compliance/test_area_codes.py` holds the table against the package.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import phonenumbers
from phonenumbers.geodata import GEOCODE_DATA

TABLE = Path(__file__).resolve().parents[2] / "dialer" / "compliance" / "area_codes.toml"
VERSION = "2026-11-22"

EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"
ALASKA, ADAK, HAWAII = "America/Anchorage", "America/Adak", "Pacific/Honolulu"
ARIZONA = "America/Phoenix"
ATLANTIC, NEWFOUNDLAND = "America/Halifax", "America/St_Johns"
TORONTO, WINNIPEG, REGINA = "America/Toronto", "America/Winnipeg", "America/Regina"
EDMONTON, VANCOUVER, FORT_NELSON = "America/Edmonton", "America/Vancouver", "America/Fort_Nelson"

US_STATES = {
    EASTERN: "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    CENTRAL: "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    MOUNTAIN: "CO ID MT NM UT WY",
    PACIFIC: "CA NV OR WA",
    ARIZONA: "AZ",
    ALASKA: "AK",
    HAWAII: "HI",
}
PROVINCES = {
    ATLANTIC: "NB NS PE",
    NEWFOUNDLAND: "NL",
    TORONTO: "ON QC",
    WINNIPEG: "MB",
    REGINA: "SK",
    EDMONTON: "AB",
    VANCOUVER: "BC",
}
EXCEPTIONS = {
    # Area codes of states with two clocks, all their zones (49 CFR part 71). 334: Phenix City,
    # Valley and Lanett keep Eastern time by custom. 606 and 270 divide Kentucky, 812 Indiana.
    "208 986": (MOUNTAIN, PACIFIC),
    "219 574 812 930": (CENTRAL, EASTERN),
    "270 364 606": (CENTRAL, EASTERN),
    "308": (CENTRAL, MOUNTAIN),
    "334 483": (CENTRAL, EASTERN),
    "423 729": (CENTRAL, EASTERN),
    "865": (EASTERN,),
    "458 541": (MOUNTAIN, PACIFIC),
    "605 701": (CENTRAL, MOUNTAIN),
    "620 785": (CENTRAL, MOUNTAIN),
    "775": (MOUNTAIN, PACIFIC),
    "850 448": (CENTRAL, EASTERN),
    "906": (CENTRAL, EASTERN),
    "907": (ALASKA, ADAK),
    "915": (MOUNTAIN,),
    "928": (ARIZONA, MOUNTAIN),
    # Canada. 672 and 257 lie over the whole of British Columbia.
    "236 250 257 672 778": (VANCOUVER, EDMONTON, FORT_NELSON),
    "306 474 639": (REGINA, EDMONTON),
    "367 418 581": (TORONTO, ATLANTIC),
    "709 879": (NEWFOUNDLAND, ATLANTIC),
    "807": (TORONTO, WINNIPEG),
    "867": (
        "America/Whitehorse", "America/Yellowknife", "America/Inuvik", "America/Cambridge_Bay",
        "America/Rankin_Inlet", "America/Resolute", "America/Iqaluit", EDMONTON, VANCOUVER,
        FORT_NELSON, WINNIPEG, TORONTO,
    ),
}  # fmt: skip
SEVERAL_STATES = {"782": ("NS", "PE"), "902": ("NS", "PE"), "867": ("NT", "NU", "YT")}
COUNTRY_ZONES = {
    "AG": "America/Antigua", "AI": "America/Anguilla", "AS": "Pacific/Pago_Pago",
    "BB": "America/Barbados", "BM": "Atlantic/Bermuda", "BS": "America/Nassau",
    "DM": "America/Dominica", "DO": "America/Santo_Domingo", "GD": "America/Grenada",
    "GU": "Pacific/Guam", "JM": "America/Jamaica", "KN": "America/St_Kitts",
    "KY": "America/Cayman", "LC": "America/St_Lucia", "MP": "Pacific/Saipan",
    "MS": "America/Montserrat", "SX": "America/Lower_Princes", "TC": "America/Grand_Turk",
    "TT": "America/Port_of_Spain", "VC": "America/St_Vincent", "VG": "America/Tortola",
    "VI": "America/St_Thomas", "PR": "America/Puerto_Rico",
}  # fmt: skip
BY_HAND = {
    # Overlays that state commissions put into service and the package lacks.
    "357": ("US", "CA"), "436": ("US", "OH"), "457": ("US", "LA"), "465": ("US", "NY"),
    "471": ("US", "MS"), "483": ("US", "AL"), "621": ("US", "TX"), "624": ("US", "NY"),
    "679": ("US", "MI"), "729": ("US", "TN"), "837": ("US", "CA"), "861": ("US", "IL"),
    "924": ("US", "MN"),
    # In the metadata, but without a name in the geocoder.
    "203": ("US", "CT"), "310": ("US", "CA"), "713": ("US", "TX"), "718": ("US", "NY"),
    "905": ("CA", "ON"),
}  # fmt: skip
NO_PLACE = {
    "toll-free": "800 833 844 855 866 877 888",
    "personal numbers": "500 521 522 523 524 525 526 527 528 529 532 533 535 538 542 543 544 545 "
    "546 547 549 550 552 553 554 556 558 566 569 577 578 588 589",
    "premium rate": "900",
    "carrier services": "700",
    "the United States government": "710",
    "Canadian special services": "600 622 633 644 655 677 688",
    "machines": "456",
}
"""Codes set aside for services, by what for. One toll-free code in reserve is not in service, so
it is unassigned like any other."""

NAMES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA",
    "Colorado": "CO", "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA",
    "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL", "Indiana": "IN", "Iowa": "IA",
    "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME", "Maryland": "MD",
    "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH",
    "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC",
    "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN",
    "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington State": "WA",
    "Washington D.C.": "DC", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
    "Alberta": "AB", "British Columbia": "BC", "British Colombia": "BC", "Manitoba": "MB",
    "New Brunswick": "NB", "Newfoundland and Labrador": "NL", "Ontario": "ON", "Quebec": "QC",
    "Saskatchewan": "SK",
}  # fmt: skip


def in_service() -> dict[str, str]:
    """Region of every area code the package knows. Two prefixes are tried: of 983 only some are
    valid, and the other regions that list prefixes own their area codes whatever follows."""
    found = {}
    for area in range(200, 1000):
        for prefix in (234, 555):
            national = int(f"{area}{prefix}2345")
            number = phonenumbers.PhoneNumber(country_code=1, national_number=national)
            region = phonenumbers.region_code_for_number(number)
            if region is not None:
                found[str(area)] = region
    return found


def state_of(area: str) -> tuple[str, ...]:
    if area in SEVERAL_STATES:
        return SEVERAL_STATES[area]
    if area in BY_HAND:
        return (BY_HAND[area][1],)
    name = GEOCODE_DATA[f"1{area}"]["en"]
    return (NAMES[name] if name in NAMES else name.rpartition(", ")[2],)


def rows() -> dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]]:
    main = {state: zone for zone, states in US_STATES.items() for state in states.split()}
    provinces = {state: zone for zone, states in PROVINCES.items() for state in states.split()}
    exceptions = {area: zones for areas, zones in EXCEPTIONS.items() for area in areas.split()}
    services = {area for areas in NO_PLACE.values() for area in areas.split()}
    regions = in_service() | {area: country for area, (country, _) in BY_HAND.items()}
    grouped: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for area, region in sorted(regions.items()):
        if area in services:
            continue
        if region in ("US", "CA"):
            states = state_of(area)
            home = main if region == "US" else provinces
            zones = exceptions.get(area) or (home[states[0]],)
        else:
            states, zones = (), (COUNTRY_ZONES[region],)
        if region == "PR":
            region, states = "US", ("PR",)
        grouped[region, states, tuple(sorted(zones))].append(area)
    return grouped


def listed(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def main() -> None:
    lines = [
        "# Area codes of the North American Numbering Plan: country, states or provinces, zones.",
        "#",
        "# Numbers move with their owners (47 CFR 52.31), so a prefix is weaker evidence of a",
        "# place than its area code: a number here is taken to be in every zone listed.",
        "# Made by deploy/tables/make_area_codes.py, which says how; do not edit by hand.",
        f'version = "{VERSION}"',
        f'source = "phonenumbers {phonenumbers.__version__} for area codes and their states; zones '
        'by 49 CFR part 71 and by hand"',
        "",
    ]
    for (country, states, zones), areas in sorted(rows().items()):
        lines += [
            "[[place]]",
            f'country = "{country}"',
            f"states = {listed(states)}",
            f"zones = {listed(zones)}",
            f'codes = "{" ".join(areas)}"',
            "",
        ]
    for service, codes in NO_PLACE.items():
        lines += ["[[service]]", f'name = "{service}"', f'codes = "{codes}"', ""]
    TABLE.write_text("\n".join(lines[:-1]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
