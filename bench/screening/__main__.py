"""`python -m bench.screening`: what the gate costs, one JSON line a figure, medians of repeats.

`decisions_...` are decisions a second on one processor, by its own time, so that a busy machine
changes them little; `yardstick_us` is a fixed piece of Python measured beside each. `scrub` is
`dialer screen LEADS.csv` end to end in processes of its own, by the wall: settings, lists, law and
database opened, every row read, placed, asked of all lists, decided and written. Baselines: a dict
look-up in a loop, and Python's csv reading the same file and nothing else.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np

import dialer
from bench.screening.world import NIGHT, NOON, all_rules, golden_mixture, operator_folder
from dialer.compliance.calling_window import TZDATA_VERSION
from dialer.compliance.facts import Facts
from dialer.compliance.law import Ruleset
from dialer.compliance.law_files import load_law
from dialer.compliance.screening import decide
from dialer.model.instant import Instant, rfc3339
from dialer.model.screening import Allowed

_DECISIONS = 4_000
_SAMPLED_EVERY_S = 0.1

Question = tuple[Facts, Instant]


@click.command()
@click.option("--leads", type=click.IntRange(1), default=50_000, show_default=True)
@click.option(
    "--listed",
    type=click.IntRange(1),
    default=500_000,
    show_default=True,
    help="Numbers on the national list.",
)
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where to work; emptied after.")
def main(leads: int, listed: int, repeats: int, seed: int, folder: Path | None) -> None:
    """Print the figures."""
    _decisions(load_law(), seed)
    with tempfile.TemporaryDirectory(prefix="bench-screening-", dir=folder) as work:
        _scrubs(Path(work), leads, listed, repeats, seed)


def _put(figure: str, value: float, unit: str, seed: int, **more: object) -> None:
    line = {
        "figure": figure,
        "value": float(f"{value:.4g}"),
        "unit": unit,
        **more,
        "seed": seed,
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "versions": {
            "dialer": dialer.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "tzdata": TZDATA_VERSION,
        },
    }
    click.echo(json.dumps(line))


# --- single decisions -----------------------------------------------------------------------------


def _decisions(law: Ruleset, seed: int) -> None:
    passing = all_rules(law)
    golden = golden_mixture(law)
    rounds = -(-_DECISIONS // len(golden))
    questions: dict[str, Sequence[Question]] = {
        "decisions_allowed": [(passing, Instant(NOON + n)) for n in range(_DECISIONS)],
        "decisions_golden_mixture": golden * rounds,
        "decisions_refused_by_hours": [(passing, Instant(NIGHT + n)) for n in range(_DECISIONS)],
    }
    for figure, asked in questions.items():
        allowed = sum(isinstance(decide(facts, law, at), Allowed) for facts, at in asked)
        rate = _rate(partial(_decide_all, law, asked), len(asked))
        _put(
            figure,
            rate,
            "decisions/s of a processor",
            seed,
            allowed_share=round(allowed / len(asked), 3),
            checks=round(statistics.mean(len(decide(f, law, at).checks) for f, at in asked), 1),
            ruleset=law.label,
            yardstick_us=round(1e6 / _rate(_yardstick, 1), 1),
        )
    table = {number: number for number in range(100_000)}
    keys = list(table)
    rate = _rate(lambda: [table[key] for key in keys], len(keys))
    _put("baseline_dict_look_up", rate, "look-ups/s of a processor", seed, entries=len(keys))


def _decide_all(law: Ruleset, asked: Sequence[Question]) -> None:
    for facts, at in asked:
        decide(facts, law, at)


def _yardstick() -> None:
    sum(number * number for number in range(100_000))


def _rate(do: Callable[[], object], count: int, repeats: int = 9) -> float:
    """Median of how many a second of processor time."""
    took = []
    for _ in range(repeats):
        started = time.process_time()
        do()
        took.append(time.process_time() - started)
    return count / statistics.median(took)


# --- a whole file ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """One command: its time, its processes' own time, and the most memory they had at once."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def _scrubs(work: Path, leads: int, listed: int, repeats: int, seed: int) -> None:
    config, file = operator_folder(work, leads, listed, seed)
    command = (
        *(sys.executable, "-m", "dialer", "screen", str(file)),
        *("--campaign", "demo", "--config", str(config), "--at", rfc3339(NOON)),
        *("--out", str(work / "decisions.csv"), "--json"),
    )
    runs, summary = [], {}
    for _ in range(repeats):
        run, said = _timed(command)
        runs.append(run)
        summary = json.loads(said)
    wall_s = statistics.median(run.wall_s for run in runs)
    about = {
        "leads": leads,
        "listed": sum(each["entries"] for each in summary["lists"]),
        "lists": len(summary["lists"]),
        "allowed_share": round(summary["allowed"] / leads, 3),
        "wall_s": [round(run.wall_s, 2) for run in runs],
        "cpu_s": [round(run.cpu_s, 2) for run in runs],
    }
    _put("scrub", leads / wall_s, "leads/s", seed, **about)
    _put("scrub_of_a_million", wall_s * 1_000_000 / leads, "s", seed, measured=leads == 1_000_000)
    peak_mb = statistics.median(run.peak_mb for run in runs)
    _put("scrub_peak_memory", peak_mb, "MB of all its processes together", seed, leads=leads)
    rate = leads / statistics.median(_bare_read_s(file) for _ in range(repeats))
    _put("baseline_csv_read", rate, "rows/s", seed, leads=leads)


def _bare_read_s(file: Path) -> float:
    started = time.perf_counter()
    with file.open(encoding="utf-8", newline="") as stream:
        for _ in csv.reader(stream):
            pass
    return time.perf_counter() - started


def _timed(command: Sequence[str]) -> tuple[_Run, str]:
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    most = 0.0
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(_SAMPLED_EVERY_S):
            most = max(most, _memory_mb(process.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    said, _ = process.communicate()
    wall_s = time.perf_counter() - started
    over.set()
    watching.join()
    after = os.times()
    if process.returncode:
        raise AssertionError(f"the command ended with status {process.returncode}")
    spent = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return _Run(wall_s, spent, most), said


def _memory_mb(pid: int) -> float:
    """What a process and its children hold, pages they share counted once (proportional set)."""
    held = 0.0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                held += int(line.split()[1]) / 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has just ended
        return held
    return held + sum(_memory_mb(int(child)) for child in children)


if __name__ == "__main__":
    main()
