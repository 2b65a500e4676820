"""Operator data, loaded and checked as a whole: what `check` reports and `serve` insists on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dialer.compliance.law import Ruleset
from dialer.compliance.law_files import NamedFile, load_law
from dialer.compliance.suppression import NumberList
from dialer.intake.campaign_files import load_campaigns
from dialer.intake.dnc_lists import load_lists
from dialer.intake.overlay_files import read_overlays
from dialer.intake.toml_lines import KeyPath, read_toml
from dialer.model.campaigns import Campaign
from dialer.model.errors import OperatorError, Problem
from dialer.settings import Settings


@dataclass(frozen=True, slots=True)
class OperatorData:
    """Everything read from the operator's files, and everything wrong with them."""

    campaigns: Mapping[str, Campaign]
    lists: tuple[NumberList, ...]
    ruleset: Ruleset
    problems: tuple[Problem, ...]
    overlays: tuple[NamedFile, ...] = ()
    """What the ruleset was changed by, in the order applied."""


def load(settings: Settings) -> OperatorData:
    """Read all campaigns and lists. Problems are collected, not raised."""
    campaigns, problems = load_campaigns(settings.campaigns)
    lists: tuple[NumberList, ...] = ()
    try:
        lists = load_lists(settings.dnc_lists)
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
    return OperatorData(campaigns, lists, ruleset, tuple(problems), overlays)


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
