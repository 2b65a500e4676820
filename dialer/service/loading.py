"""Operator data, loaded and checked as a whole: what `check` reports and `serve` insists on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dialer.compliance.law import Ruleset
from dialer.compliance.law_files import NamedFile, load_law
from dialer.compliance.suppression import Suppressions
from dialer.dnc.shelf import ListShelf
from dialer.intake.campaign_files import load_campaigns
from dialer.intake.overlay_files import read_overlays
from dialer.intake.toml_lines import KeyPath, read_toml
from dialer.model.campaigns import Campaign
from dialer.model.errors import OperatorError, Problem
from dialer.service.clock import now_of
from dialer.service.list_shelf import SHELF, put_in_force, shelve, shelve_aside
from dialer.settings import Settings


class Shelf(Enum):
    """Where lists come from. KEPT: files not on the shelf yet are imported, for good. STANDING:
    what the shelf holds, or the files where there is none yet. ASIDE: the files as they are now;
    nothing is kept."""

    KEPT = "kept"
    STANDING = "standing"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class OperatorData:
    """Everything read from the operator's files, and everything wrong with them."""

    campaigns: Mapping[str, Campaign]
    shelf: ListShelf | None
    """The lists in force; None where they cannot all be read, which is then among the problems."""
    ruleset: Ruleset
    enabled: frozenset[str]
    problems: tuple[Problem, ...]
    overlays: tuple[NamedFile, ...] = ()
    """What the ruleset was changed by, in the order applied."""


def load(settings: Settings, lists: Shelf = Shelf.STANDING) -> OperatorData:
    """Read all campaigns, rules and lists. Problems are collected, not raised."""
    campaigns, problems = load_campaigns(settings.campaigns)
    shelf: ListShelf | None = None
    now = now_of(settings)
    try:
        folder = settings.data / SHELF
        if lists is Shelf.KEPT:
            shelf = shelve(settings.dnc_lists, folder, now)
        elif lists is Shelf.STANDING and folder.is_dir():
            shelf = ListShelf(folder, lambda: now)
        else:
            shelf = shelve_aside(settings.dnc_lists, now)
    except OperatorError as error:
        problems += error.problems
    problems += _misfits(settings, campaigns)
    ruleset = load_law()
    overlays: tuple[NamedFile, ...] = ()
    try:
        overlays = read_overlays(settings.rules)
        ruleset = load_law(overlays)
    except OperatorError as error:
        problems += error.problems
    return OperatorData(campaigns, shelf, ruleset, settings.enabled, tuple(problems), overlays)


def suppressions_of(data: OperatorData) -> Suppressions:
    """What is in force before any person has asked: the lists. Raises OperatorError for a list
    that is not whole."""
    suppressions = Suppressions()
    if data.shelf is not None:
        put_in_force(data.shelf, suppressions)
    return suppressions


def _misfits(settings: Settings, campaigns: Mapping[str, Campaign]) -> list[Problem]:
    """What is wrong between files that are each right."""
    problems: list[Problem] = []
    trunks = {trunk.name for trunk in settings.trunks}
    agents: dict[str, str] = {}
    for name, campaign in campaigns.items():
        file = settings.campaigns / name / "campaign.toml"
        if campaign.trunk not in trunks:
            problems.append(
                Problem(
                    str(file),
                    _line(file, ("trunk",)),
                    "the settings have no trunk of this name",
                    campaign.trunk,
                    f"Use one of: {', '.join(sorted(trunks))}.",
                )
            )
        for place, agent in enumerate(campaign.agents):
            other = agents.setdefault(agent.name, name)
            if other != name:
                problems.append(
                    Problem(
                        str(file),
                        _line(file, ("agents", place, "name")),
                        f"this agent is in campaign {other} already",
                        agent.name,
                        "An agent works for one campaign: remove one of the two.",
                    )
                )
    return problems


def _line(file: Path, path: KeyPath) -> int | None:
    try:
        return read_toml(file).line(path)
    except OperatorError:
        return None
