"""A jurisdiction's rules as data, from `rulesets/*.toml`: counsel signs, the engine only obeys."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any

from dialer.compliance.calling_window import TZDATA_VERSION, DayWindow, read_day_window
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of

FEDERAL = "us-federal"
_RULES = (
    "numbers",
    "calling_hours",
    "national_list",
    "national_list_age",
    "internal_list",
    "caller_id",
    "ring",
    "drops",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a rule is written, and from when it holds."""

    citation: str
    effective_from: Instant


@dataclass(frozen=True, slots=True)
class Ruleset:
    """One version of a jurisdiction's rules. Lengths in ms; `drop_ceiling` is a share."""

    id: str
    sha256: str
    """Of the file's bytes: two files with one id are told apart."""
    effective_from: Instant
    regions: frozenset[str]
    """The number regions these rules are enough for."""
    calling_hours: DayWindow
    registry_max_age_days: int
    min_ring_ms: int
    drop_ceiling: float
    rules: Mapping[str, Rule]

    @property
    def label(self) -> str:
        """`us-federal-2026.1+0123456789ab`: what screenings and the journal carry."""
        return f"{self.id}+{self.sha256[:12]}"

    def cite(self, rule: str) -> str:
        return self.rules[rule].citation


@cache
def load_ruleset(name: str = FEDERAL) -> Ruleset:
    """The ruleset shipped under `rulesets/`. Raises OperatorError if the installed time zone data
    is older than it allows."""
    file = resources.files("dialer.compliance").joinpath(f"{name}-live.toml")
    return read_ruleset(file.read_bytes(), f"{name}-live.toml")


def read_ruleset(content: bytes, where: str) -> Ruleset:
    """Read a ruleset file. Raises OperatorError where it lacks something or has it wrong."""
    try:
        data = tomllib.loads(content.decode("utf-8"))
        needed = str(data["min_tzdata"])
        ruleset = Ruleset(
            id=str(data["id"]),
            sha256=hashlib.sha256(content).hexdigest(),
            effective_from=_midnight(data["effective_from"]),
            regions=frozenset(data["numbers"]["regions"]),
            calling_hours=read_day_window(
                f"{data['calling_hours']['start']}-{data['calling_hours']['end']}"
            ),
            registry_max_age_days=int(data["national_list_age"]["max_age_days"]),
            min_ring_ms=int(data["ring"]["minimum_s"]) * 1_000,
            drop_ceiling=float(data["drops"]["ceiling"]),
            rules={name: _rule(data[name]) for name in _RULES},
        )
        too_old = _version(TZDATA_VERSION) < _version(needed)
    except (UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise OperatorError(
            Problem(
                where, None, f"the ruleset cannot be read: {error!r}", remedy="Restore the file."
            )
        ) from error
    if too_old:
        raise OperatorError(
            Problem(
                "tzdata",
                None,
                f"the time zone data is older than {ruleset.id} allows ({needed})",
                TZDATA_VERSION,
                "Install a newer release of the tzdata package.",
            )
        )
    return ruleset


def _rule(table: Mapping[str, Any]) -> Rule:
    return Rule(str(table["citation"]), _midnight(table["effective_from"]))


def _midnight(day: object) -> Instant:
    if not isinstance(day, date):
        raise TypeError(f"not a date: {day!r}")
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
