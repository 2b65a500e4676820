"""Make `dialer/compliance/zip_zones.txt`: `pip install zipcodes==3.0.0`, then
`python deploy/tables/make_zip_zones.py`. Needed to build the table only, never to run the dialer.

Each ZIP of the package with its state and zone, written as a few letters. Where zones meet, one
point per ZIP cannot say on which side a house stands: see `straddles`, which lists both zones when
a ZIP of the other zone in the same state is about as near as the ZIP's own neighbours. What the
package has wrong, and what the law says otherwise, is in `BY_HAND`.
"""

from __future__ import annotations

import importlib.metadata
import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import zipcodes
from numpy.typing import NDArray

TABLE = Path(__file__).resolve().parents[2] / "dialer" / "compliance" / "zip_zones.txt"
VERSION = "2026-11-22"

LETTERS = {
    "E": "America/New_York", "C": "America/Chicago", "M": "America/Denver",
    "P": "America/Los_Angeles", "Z": "America/Phoenix", "K": "America/Anchorage",
    "D": "America/Adak", "H": "Pacific/Honolulu", "R": "America/Puerto_Rico",
    "V": "America/St_Thomas", "G": "Pacific/Guam", "S": "Pacific/Saipan", "A": "Pacific/Pago_Pago",
}  # fmt: skip
LETTER_OF = {zone: letter for letter, zone in LETTERS.items()} | {
    # Zones whose clocks have agreed with a larger one's since 2019 or longer.
    "America/Detroit": "E",
    "America/Menominee": "C",
    "America/Boise": "M",
    "America/Nome": "K",
    "America/Juneau": "K",
    "America/Sitka": "K",
    "America/Yakutat": "K",
    "America/Metlakatla": "K",
    "America/Indiana/Knox": "C",
    "America/Indiana/Tell_City": "C",
    "Napakiak": "K",
}
LETTER_OF_FAMILY = {
    "America/Indiana": "E",
    "America/Kentucky": "E",
    "America/North_Dakota": "C",
}

BY_HAND = {
    # Alabama: Central by law, Eastern by custom along the Chattahoochee.
    "36854 36855 36856 36858 36859 36863 36867 36868 36869 36870 36872 36874 36877": ("AL", "CE"),
    # Tennessee: Chattanooga is in Hamilton County, Eastern; Fentress County, Central, meets Scott.
    "37405": ("TN", "E"),
    "38577": ("TN", "CE"),
    "38556 38572": ("TN", "C"),
    # Kentucky: beside the line that divides Breckinridge and Hart from Hardin and Larue.
    "40115 42757": ("KY", "CE"),
    # Michigan: four counties of the Upper Peninsula are Central; these lie beside them.
    "49834 49919 49925 49961 49967 49970": ("MI", "CE"),
    # The Dakotas: along the Missouri and where Morton and McKenzie are divided.
    "57532": ("SD", "CM"),
    "58520 58535 58631 58838": ("ND", "CM"),
    # Kansas: Sherman County is Mountain. Kansas and Nebraska: beside Hamilton and Dundy Counties,
    # which are Mountain too.
    "67735 67741": ("KS", "M"),
    "67857 67862": ("KS", "CM"),
    "69030": ("NE", "CM"),
    # Idaho: the Salmon divides Idaho County; Cottonwood is north of it. Oregon: beside Malheur.
    "83522": ("ID", "P"),
    "97840": ("OR", "MP"),
    # Arizona: the Navajo Nation changes its clocks, the Hopi villages inside it, Page and Flagstaff
    # do not. Around Chambers, Sanders and Winslow land of both kinds lies in squares.
    "86003": ("AZ", "Z"),
    "86025 86028 86031 86040 86047 86502 86512": ("AZ", "MZ"),
    "86030 86034 86039 86042 86043": ("AZ", "MZ"),
    "86033 86045 86053 86054 86503 86504 86505 86507 86508 86510 86511 86514": ("AZ", "M"),
    "86515 86520 86535 86538 86540 86544 86545 86547 86556": ("AZ", "M"),
    # Nevada: West Wendover is Mountain by law, Jackpot and Owyhee by custom, with Pacific around.
    "89825 89831 89832 89883": ("NV", "MP"),
    # Oklahoma: Kenton keeps Mountain time by custom.
    "73946": ("OK", "CM"),
    # Texas: 79942 is a box in El Paso; Salt Flat and Van Horn face each other over the line.
    "79942": ("TX", "M"),
    "79847 79855": ("TX", "CM"),
    # ZIPs of two states, with the zones of both sides. (86515, which is often named with them, is
    # post boxes in Window Rock alone.)
    "02861": ("MA RI", "E"),
    "42223": ("KY TN", "C"),
    "59221": ("MT ND", "CM"),
    "63673": ("IL MO", "C"),
    "71749": ("AR LA", "C"),
    "73949": ("OK TX", "C"),
    "81137": ("CO NM", "M"),
    "84536 86044": ("AZ UT", "M"),
    "88063": ("NM TX", "M"),
    "89439": ("CA NV", "P"),
    "97635": ("CA OR", "P"),
}
"""ZIPs, their states and their zones: these are certain, so nothing is added to them."""

NOT_STATES = {"AE", "AA", "AP", "FM", "MH", "PW"}
"""Military post, whose holders may be anywhere, and three countries of their own."""

EARTH_KM = 6_371.0
NEIGHBOURS = 4
REACH = 1.25
"""How much farther than a ZIP's mean distance to its nearest neighbours it is taken to reach."""


@dataclass
class Zip:
    code: str
    states: set[str] = field(default_factory=set)
    zones: set[str] = field(default_factory=set)
    point: tuple[float, float] | None = None
    delivers: bool = False


def letter_of(zone: str) -> str | None:
    return LETTER_OF.get(zone) or LETTER_OF_FAMILY.get(zone.rpartition("/")[0])


def read() -> dict[str, Zip]:
    found: dict[str, Zip] = {}
    for row in zipcodes.list_all():
        letter = letter_of(row["timezone"])
        military = row["zip_code_type"] == "MILITARY" or row["zip_code"].startswith("09")
        if letter is None or military or row["state"] in NOT_STATES:
            continue
        code = found.setdefault(row["zip_code"], Zip(row["zip_code"]))
        code.states.add(row["state"])
        code.zones.add(letter)
        code.delivers |= row["zip_code_type"] == "STANDARD"
        latitude, longitude = float(row["lat"]), float(row["long"])
        if latitude or longitude:
            code.point = latitude, longitude
    return found


def put_right(codes: dict[str, Zip]) -> set[str]:
    """Write `BY_HAND` over what was read, and say which ZIPs that are."""
    certain = set()
    for listed, (states, zones) in BY_HAND.items():
        for code in listed.split():
            known = codes.setdefault(code, Zip(code))
            known.states, known.zones = set(states.split()), set(zones)
            certain.add(code)
    return certain


def on_sphere(points: list[tuple[float, float]]) -> NDArray[np.float64]:
    latitude, longitude = np.radians(np.array(points)).T
    across = np.cos(latitude)
    return EARTH_KM * np.stack(
        [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1
    )


def straddles(codes: dict[str, Zip]) -> dict[str, set[str]]:
    """ZIPs near a ZIP of their state with another zone, and those other zones. A ZIP that has two
    zones already hands neither on. In Alaska the line runs through the sea, west of Umnak."""
    placed = [code for code in codes.values() if code.point is not None]
    by_state: dict[str, list[int]] = defaultdict(list)
    for index, code in enumerate(placed):
        for state in code.states:
            by_state[state].append(index)
    points = on_sphere([code.point for code in placed if code.point is not None])
    delivering = np.array([code.delivers for code in placed])
    found: dict[str, set[str]] = {}
    for indices in by_state.values():
        letters = {letter for index in indices for letter in placed[index].zones}
        if len(letters) < 2 or "K" in letters:
            continue
        rows = np.array(indices)
        for index in indices:
            own = placed[index]
            away = np.linalg.norm(points[rows] - points[index], axis=1)
            others = away[delivering[rows] & (away > 0.3)]
            reach = REACH * float(np.sort(others)[:NEIGHBOURS].mean()) if len(others) else 0.0
            near: set[str] = set()
            for row in rows[away <= reach]:
                if len(placed[row].zones) == 1:
                    near |= placed[row].zones
            if near - own.zones:
                found[own.code] = near - own.zones
    return found


def suffixes(codes: list[str]) -> str:
    """`35004 35005 35006 35010` of 350: `04-06 10`."""
    numbers = sorted(int(code[3:]) for code in codes)
    parts = []
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        first, last = f"{members[0]:02d}", f"{members[-1]:02d}"
        parts.append(first if first == last else f"{first}-{last}")
    return " ".join(parts)


def main() -> None:
    codes = read()
    certain = put_right(codes)
    for code, zones in straddles(codes).items():
        if code not in certain:
            codes[code].zones |= zones
    grouped: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for code, zip_code in codes.items():
        states = "+".join(sorted(zip_code.states))
        grouped[code[:3], states, "".join(sorted(zip_code.zones))].append(code)
    source = f"zipcodes {importlib.metadata.version('zipcodes')} (MIT licence)"
    lines = [
        "# ZIP codes, their states and time zones. A line: first three digits, states, zones, last",
        "# two digits. Made by deploy/tables/make_zip_zones.py, which says how; not edited.",
        f"# version {VERSION}",
        f"# source {source}",
        *(f"# zone {letter} {zone}" for letter, zone in LETTERS.items()),
    ]
    for (first, states, zones_text), members in sorted(grouped.items()):
        lines.append(f"{first} {states} {zones_text} {suffixes(members)}")
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
