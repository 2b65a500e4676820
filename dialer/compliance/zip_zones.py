"""ZIP codes: the states and the time zones of each, from `zip_zones.txt`.

A ZIP near the line between two zones has both. Military post (APO, FPO) is not in the table: its
holder may be anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_WRITTEN = re.compile(r"'?([0-9]{4,5})(?:\.0+)?|'?([0-9]{5})[- ]?[0-9]{4}")
"""Five digits, or nine (ZIP+4), or four where a spreadsheet lost a leading zero; a spreadsheet may
have added `.0` too, or an apostrophe in front."""


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """`code`: five digits. `states`: postal codes, territories' among them. `zones`: IANA names.
    Both sorted."""

    code: str
    states: tuple[str, ...]
    zones: tuple[str, ...]


def read_zip(text: str, state: str = "") -> ZipPlace | str:
    """The place of a ZIP as people write it, or in words why it is no evidence of one.

    Four digits are read with the zero that a spreadsheet drops only where `state` is then the
    ZIP's: `2139` may as well have lost its last digit.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        return "the ZIP is not written as one"
    code = written[1] or written[2]
    if len(code) == 4:
        lengthened = zip_place(f"0{code}")
        if lengthened is None or state not in lengthened.states:
            return "the ZIP has four digits, and no state says that a leading zero was lost"
        return lengthened
    return zip_place(code) or "the ZIP is in no table"


def zip_place(code: str) -> ZipPlace | None:
    """The place of five digits; None where no such ZIP is known."""
    table = _table()
    place = table.places.get(code)
    return None if place is None else ZipPlace(code, *place)


@cache
def zip_zones_version() -> str:
    """The table's date and the source it was made from."""
    table = _table()
    return f"{table.version} from {table.source}"


@cache
def zones_by_state() -> Mapping[str, frozenset[str]]:
    """Every zone that any ZIP of a state or territory has."""
    found: dict[str, frozenset[str]] = {}
    for states, zones in set(_table().places.values()):
        for state in states:
            found[state] = found.get(state, frozenset()) | frozenset(zones)
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    version: str
    source: str
    places: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


@cache
def _table() -> _Table:
    text = resources.files("dialer.compliance").joinpath("zip_zones.txt").read_text("utf-8")
    said: dict[str, str] = {}
    letters: dict[str, str] = {}
    places: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            word, _, rest = line.removeprefix("# ").partition(" ")
            if word == "zone":
                letter, _, zone = rest.partition(" ")
                letters[letter] = zone
            said[word] = rest
            continue
        first, states, marks, *suffixes = line.split(" ")
        place = tuple(states.split("+")), tuple(sorted(letters[mark] for mark in marks))
        for number in _numbers(suffixes):
            places[f"{first}{number:02d}"] = place
    return _Table(said["version"], said["source"], places)


def _numbers(suffixes: Iterable[str]) -> Iterable[int]:
    for suffix in suffixes:
        first, _, last = suffix.partition("-")
        yield from range(int(first), int(last or first) + 1)
