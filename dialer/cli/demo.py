"""`dialer demo`: the main job on this machine."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click
import trio

from dialer.cli.base import console, json_option, plain_errors, put
from dialer.demo.run import DemoStuck, run_demo
from dialer.demo.text import print_report
from dialer.telemetry.logs import set_up_logging


@click.command()
@click.option("--leads", type=click.IntRange(1), help="Only so many rows of the demo's list.")
@click.option("--agents", type=click.IntRange(1, 40), default=10, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the robots' behaviour.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Work in this folder, keep it."
)
@click.option(
    "--recordings",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave WAV files of every bridge there: what each side was sent.",
)
@json_option
def demo(
    leads: int | None,
    agents: int,
    seed: int,
    keep: Path | None,
    recordings: Path | None,
    as_json: bool,
) -> None:
    """Run the main job on this machine: real SIP on loopback, robot agents, a report."""
    set_up_logging("WARNING")
    with plain_errors(DemoStuck):
        report = trio.run(partial(run_demo, console, leads, agents, seed, keep, recordings))
        print_report(console, report)
        if as_json:
            put(report.figures)
        if not report.went_right:
            sys.exit(1)
