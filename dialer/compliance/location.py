"""Where is the phone? The law looks at the called party's place; the number and the address are
only evidence of it.

The ladder, from the strongest step down:
1. a ZIP whose zones are all among the area code's: the ZIP's zones alone;
2. a ZIP that disagrees with the area code (the person moved, the number was ported): both;
3. no ZIP: every zone of the area code, and where it has none in common with the address's state
   or province, every zone of that as well;
4. no area code of a place (a number with a fault): the ZIP's zones;
5. neither: no zone, so that no hour is known to be lawful.

A prefix (the three digits after the area code) never narrows anything: numbers move with their
owners. The states are those of the area code, the ZIP and the address together, and all their laws
bind. A ZIP that is malformed or in no table is no evidence; neither is a state nobody knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from dialer.compliance.abroad import zones_of_country
from dialer.compliance.area_codes import US_TERRITORIES, area_codes, area_codes_version
from dialer.compliance.area_codes import zones_by_state as zones_by_area_code
from dialer.compliance.numbering import Unreadable, read_number
from dialer.compliance.place import Place
from dialer.compliance.states import PROVINCES, US_STATES, read_state
from dialer.compliance.zip_zones import read_zip, zip_zones_version
from dialer.compliance.zip_zones import zones_by_state as zones_by_zip
from dialer.model.numbers import PhoneNumber
from dialer.model.screening import ReasonCode

_WITH_ZIPS = US_TERRITORIES | {"US", "CA"}
"""Countries whose numbers may belong to somebody with a US ZIP or a Canadian postcode. Elsewhere
five digits are that country's own postcode."""

_CANADIAN = re.compile(r"([A-CEGHJ-NPR-TVXY])[0-9][A-Z] ?-?[0-9][A-Z][0-9]", re.IGNORECASE)
_PROVINCE_OF = {
    "A": ("NL",), "B": ("NS",), "C": ("PE",), "E": ("NB",), "G": ("QC",), "H": ("QC",),
    "J": ("QC",), "K": ("ON",), "L": ("ON",), "M": ("ON",), "N": ("ON",), "P": ("ON",),
    "R": ("MB",), "S": ("SK",), "T": ("AB",), "V": ("BC",), "X": ("NT", "NU"), "Y": ("YT",),
}  # fmt: skip
"""First letter of a Canadian postcode."""


@dataclass(frozen=True, slots=True)
class _Address:
    """What the address says. `state`: as given. `postcode`: "" where it is no evidence; `notes`
    then say why. `states`: the postcode's. `zones`: the ZIP's; a Canadian postcode has none, as it
    says no more than its province. `claims`: all zones of the state, and all of that province."""

    state: str = ""
    postcode: str = ""
    states: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    claims: tuple[frozenset[str], ...] = ()
    notes: tuple[str, ...] = ()


def tables_version() -> str:
    """Which area-code and ZIP tables these places are from."""
    return f"area codes {area_codes_version()}; ZIPs {zip_zones_version()}"


def locate(number: PhoneNumber, *, state: str = "", postcode: str = "") -> Place:
    """Where the phone may be. `state`: code or name of the address's state or province;
    `postcode`: a ZIP (five digits or ZIP+4) or a Canadian postcode."""
    area = number.e164[2:5] if number.e164.startswith("+1") else ""
    return _placed(area, number.region, state, postcode)


def locate_raw(raw: str, country: str = "US", state: str = "", postcode: str = "") -> Place:
    """As `locate`, of a number as somebody wrote it; `country` (ISO 3166 code) is where a number
    without `+` is taken to be. A number that cannot be called gives a place with a fault."""
    number = read_number(raw, country.strip().upper(), enabled=None)
    if isinstance(number, PhoneNumber):
        return locate(number, state=state, postcode=postcode)
    return _faulty(number, state, postcode)


def _faulty(answer: Unreadable, state: str, postcode: str) -> Place:
    """The address still says where its owner is; it does not mend the number."""
    address = _address(state, postcode)
    unknown = answer.code is ReasonCode.TZ_UNKNOWN
    return Place(
        country="",
        states=_together((), address.states, address.state),
        zones=address.zones,
        address_state=_state_of(address),
        postcode=address.postcode,
        ladder=_told("no number says where", address),
        fault=answer.code,
        fault_explain=answer.explain if unknown else f"{answer.explain}. {answer.remedy}",
    )


@lru_cache(maxsize=65_536)
def _placed(area_code: str, country: str, state: str, postcode: str) -> Place:
    """The country is the area code's where there is one."""
    area = area_codes().get(area_code)
    if area is None:
        country_zones = zones_of_country(country)
        step = f"every zone of {country}" if country_zones else f"no zone is known for {country}"
        return Place(country, zones=country_zones, ladder=step)
    address = _address(state, postcode) if area.country in _WITH_ZIPS else _Address()
    zones, step = _climb(area.zones, address.zones, address.claims)
    return Place(
        country=area.country,
        area_code=area_code,
        states=_together(area.states, address.states, address.state),
        zones=zones,
        address_state=_state_of(address),
        postcode=address.postcode,
        ladder=_told(step.format(area=area_code, zip=address.postcode), address),
    )


@lru_cache(maxsize=4_096)
def _together(of_area: tuple[str, ...], of_zip: tuple[str, ...], given: str) -> tuple[str, ...]:
    return tuple(sorted({*of_area, *of_zip, given} - {""}))


@lru_cache(maxsize=4_096)
def _climb(
    area_zones: tuple[str, ...], zip_zones: tuple[str, ...], claims: tuple[frozenset[str], ...]
) -> tuple[tuple[str, ...], str]:
    """The zones, and in words the step they come from."""
    area, of_zip = frozenset(area_zones), frozenset(zip_zones)
    against = of_zip or area
    elsewhere = frozenset[str]().union(*(zones for zones in claims if not zones & against))
    if of_zip and elsewhere:
        zones = area | of_zip | elsewhere
        step = (
            "area code {area}, ZIP {zip} and the address's state together: the ZIP is not in that "
            "state"
        )
    elif of_zip and of_zip <= area:
        zones, step = of_zip, "ZIP {zip}, which agrees with area code {area}"
    elif of_zip:
        zones = area | of_zip
        step = (
            "area code {area} and ZIP {zip} together: they disagree, the person moved or the "
            "number was ported"
        )
    elif elsewhere:
        zones = area | elsewhere
        step = (
            "every zone of area code {area} and of the address's state: they have none in common, "
            "the person moved or the number was ported"
        )
    else:
        zones, step = area, "every zone of area code {area}"
    return tuple(sorted(zones)), step


def _told(step: str, address: _Address) -> str:
    return "; ".join((step, *address.notes)) if address.notes else step


def _state_of(address: _Address) -> str:
    return address.state or (address.states[0] if len(address.states) == 1 else "")


@lru_cache(maxsize=65_536)
def _address(state_text: str, postcode_text: str) -> _Address:
    state = read_state(state_text) if state_text else ""
    notes = ("the state is none we know",) if state_text.strip() and not state else ()
    claims = (_zones_of_state(state),) if state else ()
    if not postcode_text.strip():
        return _Address(state, claims=claims, notes=notes)
    canadian = _CANADIAN.fullmatch(postcode_text.strip())
    if canadian is not None:
        provinces = _PROVINCE_OF[canadian[1].upper()]
        zones = frozenset[str]().union(*(_zones_of_state(province) for province in provinces))
        return _Address(state, canadian[0].upper(), provinces, (), (*claims, zones), notes)
    place = read_zip(postcode_text, state)
    if isinstance(place, str):
        return _Address(state, claims=claims, notes=(*notes, f"no evidence: {place}"))
    return _Address(state, place.code, place.states, place.zones, claims, notes)


@cache
def _zones_of_state(state: str) -> frozenset[str]:
    """Every zone of a state or province, by its ZIPs and by its area codes together."""
    country = "CA" if state in PROVINCES else "US"
    found = zones_by_area_code(country).get(state, frozenset())
    return found | zones_by_zip().get(state, frozenset()) if state in US_STATES else found
