"""`dialer rules lint` and `rules show`: the law as data, checked, and read in plain words."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

import dialer
from dialer.cli.base import json_option, plain_errors, put, say
from dialer.compliance.law import Ruleset
from dialer.compliance.law_files import load_law
from dialer.compliance.law_lint import lint
from dialer.compliance.law_words import jurisdiction_named, place_words
from dialer.intake.golden_cases import judge
from dialer.intake.overlay_files import read_overlays
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of
from dialer.service.clock import now_of
from dialer.settings import Settings, read_settings

GOLDEN_CASES = Path(dialer.__file__).parents[1] / "tests" / "data" / "golden_cases"
"""Where a checkout keeps them; an installed program has none and must be told."""

DEFAULT_CONFIG = Path("dialer.toml")

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file, which says where overlays are. dialer.toml, if there is one.",
)


def _moment(context: click.Context, param: click.Parameter, value: str | None) -> Instant | None:
    """An instant as RFC 3339 writes it; the zone is not optional."""
    if value is None:
        return None
    try:
        return instant_of(datetime.fromisoformat(value))
    except ValueError as error:
        raise click.BadParameter(
            f"{error}: write 2026-12-02T17:00:00Z or ...-05:00", context, param
        ) from error


def _settings(config: Path | None) -> Settings | None:
    """The settings; None where no file was named and there is none here."""
    if config is None and not DEFAULT_CONFIG.exists():
        return None
    return read_settings(config or DEFAULT_CONFIG)


def _law(settings: Settings | None) -> Ruleset:
    return load_law(read_overlays(settings.rules if settings else None))


def _now(settings: Settings | None) -> Instant:
    return now_of(settings) if settings else instant_of(datetime.now().astimezone())


@click.command("lint")
@config_option
@click.option(
    "--golden",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of golden cases; a checkout's own if not given.",
)
@click.option("--at", callback=_moment, metavar="TIME", help="As of this time instead of now.")
@json_option
def lint_(config: Path | None, golden: Path | None, at: Instant | None, as_json: bool) -> None:
    """Find gaps, overlaps, uncited rows, unexplained codes, holidays that run out, and golden cases
    that are answered wrong. Status 1 if there is anything."""
    with plain_errors():
        settings = _settings(config)
        ruleset = _law(settings)
        problems = lint(ruleset, _now(settings) if at is None else at)
        if golden is None and not GOLDEN_CASES.is_dir():
            raise OperatorError(
                Problem(str(GOLDEN_CASES), None, "no golden cases here", "", "Give --golden.")
            )
        cases, wrong = judge(golden or GOLDEN_CASES)
        problems += wrong
        rows = sum(len(each.rules) for each in ruleset.jurisdictions.values())
        for problem in problems:
            say(problem, "red")
        say(
            f"ruleset {ruleset.label}: {len(ruleset.jurisdictions)} jurisdictions, {rows} rows, "
            f"{len(ruleset.overlays)} overlays, {cases} golden cases, {len(problems)} problems",
            "red" if problems else "green",
        )
        if as_json:
            put(
                {
                    "ruleset": ruleset.label,
                    "jurisdictions": len(ruleset.jurisdictions),
                    "rows": rows,
                    "overlays": ruleset.overlays,
                    "golden_cases": cases,
                    "problems": [asdict(problem) for problem in problems],
                }
            )
        if problems:
            sys.exit(1)


@click.command()
@click.argument("state")
@click.option(
    "--at", callback=_moment, metavar="TIME", help="When, with its zone; now if not given."
)
@click.option("--country", is_flag=True, help="STATE is a country: DE is Germany, not Delaware.")
@config_option
@json_option
def show(state: str, at: Instant | None, country: bool, config: Path | None, as_json: bool) -> None:
    """Every rule that binds a call to STATE (FL, US-FL, GB), with that day's hours, what lifts it,
    and where it is written."""
    with plain_errors():
        settings = _settings(config)
        ruleset = _law(settings)
        place = jurisdiction_named(ruleset, state, country)
        words = place_words(ruleset, place, _now(settings) if at is None else at)
        for line in words.lines():
            say(line)
        say(f"\nruleset {ruleset.label}, tzdata {ruleset.min_tzdata} or newer")
        for name in ruleset.overlays:
            say(f"changed by overlay {name}")
        if as_json:
            put({"ruleset": ruleset.label, "overlays": ruleset.overlays} | asdict(words))
