"""`python -m bench.pacing`: one JSON line per cell (mode, team size, share of live answers).

The world is the reference world of `dialer.simulator.population.Outlook`, the floor is the real one
with its governor. `--history` gives the drop account a month behind it, as in a campaign that has
been running; without it the governor allows nothing until enough people have answered.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from dataclasses import replace

import click
import numpy as np

import dialer
from dialer.model.campaigns import DialMode
from dialer.simulator.population import Outlook
from dialer.simulator.scenario import MOST_LEADS, Outcome, Scenario, rehearse

_DIALS_PER_AGENT_HOUR = 300
"""More than any cell needs."""


@click.command()
@click.option("--agents", multiple=True, type=int, default=(10,), show_default=True)
@click.option("--live", multiple=True, type=float, default=(0.2,), show_default=True)
@click.option("--hours", type=float, default=2.0, show_default=True)
@click.option("--seed", "seeds", multiple=True, type=int, default=(1000, 1001), show_default=True)
@click.option(
    "--history",
    nargs=2,
    type=int,
    default=(5_000, 100),
    show_default=True,
    help="Live answers and drops of the month before.",
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice([mode.value for mode in DialMode]),
    default=(DialMode.PROGRESSIVE.value, DialMode.PREDICTIVE.value),
)
def main(
    agents: tuple[int, ...],
    live: tuple[float, ...],
    hours: float,
    seeds: tuple[int, ...],
    history: tuple[int, int],
    modes: tuple[str, ...],
) -> None:
    """Rehearse shifts and print what came of them."""
    for team in agents:
        for share in live:
            for mode in modes:
                scenario = Scenario(
                    DialMode(mode),
                    team,
                    hours,
                    seeds[0],
                    outlook=Outlook(live=share),
                    leads=min(MOST_LEADS, round(team * hours * _DIALS_PER_AGENT_HOUR) + 500),
                    history=history,
                )
                started = time.perf_counter()
                outcomes = [rehearse(replace(scenario, seed=seed)) for seed in seeds]
                took_s = time.perf_counter() - started
                click.echo(json.dumps(_cell(scenario, seeds, outcomes, took_s)))


def _cell(
    scenario: Scenario, seeds: tuple[int, ...], outcomes: list[Outcome], took_s: float
) -> dict[str, object]:
    live = sum(outcome.live for outcome in outcomes)
    return {
        "mode": scenario.mode.value,
        "agents": scenario.agents,
        "live_share": scenario.outlook.live,
        "hours": scenario.hours,
        "history": scenario.history,
        "seeds": seeds,
        "utilisation": round(statistics.mean(o.utilisation for o in outcomes), 4),
        "utilisations": [round(outcome.utilisation, 4) for outcome in outcomes],
        "drop_rate": round(sum(o.drops for o in outcomes) / live, 5) if live else 0.0,
        "drop_rates": [round(outcome.drop_rate, 5) for outcome in outcomes],
        "live": live,
        "dials": sum(outcome.dials for outcome in outcomes),
        "took_s": round(took_s, 1),
        "versions": {
            "dialer": dialer.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
    }


if __name__ == "__main__":
    main()
