"""Area codes of the North American Numbering Plan: whose they are and every zone they reach.

+1 is more than twenty countries; the area code says which. The table is `area_codes.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

US_TERRITORIES = frozenset({"AS", "GU", "MP", "VI"})
"""Territories of the United States that are countries of their own to ISO 3166 and to the rules
here. Puerto Rico is not among them: it is country `US`, state `PR`."""


@dataclass(frozen=True, slots=True)
class AreaCode:
    """`country`: ISO 3166 code, "" where the code is of no place. `states`: postal codes of US
    states or Canadian provinces. `zones`: IANA names, sorted. `service`: what a code of no place
    is for."""

    country: str
    states: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    service: str = ""


@cache
def area_codes() -> Mapping[str, AreaCode]:
    """Every code in service, by its three digits; one that is not in it is not assigned."""
    table = _table()
    found = {
        code: AreaCode(place["country"], tuple(place["states"]), tuple(place["zones"]))
        for place in table["place"]
        for code in place["codes"].split()
    }
    for service in table["service"]:
        for code in service["codes"].split():
            found[code] = AreaCode("", service=service["name"])
    return found


@cache
def area_codes_version() -> str:
    """The table's date."""
    version: str = _table()["version"]
    return version


@cache
def zones_by_state(country: str) -> Mapping[str, frozenset[str]]:
    """Every zone of every state of `US`, or province of `CA`, that any of its area codes reaches.

    An area code of several provinces (867) speaks for each of them: stricter than the truth.
    """
    found: dict[str, frozenset[str]] = {}
    for area in area_codes().values():
        if area.country == country:
            for state in area.states:
                found[state] = found.get(state, frozenset()) | frozenset(area.zones)
    return found


@cache
def _table() -> dict[str, Any]:
    text = resources.files("dialer.compliance").joinpath("area_codes.toml").read_text("utf-8")
    return tomllib.loads(text)
