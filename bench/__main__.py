"""`python -m bench`: what each small thing costs, one JSON line a figure.

Machines are noisy: every figure is a median of repeats and stands beside `yardstick`, the median of
a fixed piece of Python on the same machine in the same run; compare ratios, not times.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import click
import numpy as np

import dialer
from dialer.amd.analyzer import CallAnalyzer
from dialer.compliance.facts import Facts, ListKind, ListVersion, OwnCap
from dialer.compliance.law_files import load_law
from dialer.compliance.location import locate
from dialer.compliance.numbering import read_number
from dialer.compliance.screening import decide
from dialer.compliance.suppression import NumberList, Suppressions
from dialer.intake.lead_csv import read_leads
from dialer.model.campaigns import CallingHours, ListSource
from dialer.model.instant import DAY_MS, HOUR_MS, Instant, instant_of
from dialer.model.numbers import PhoneNumber
from dialer.model.records import Consent, ConsentType, PastAttempt
from dialer.model.screening import CallMode
from dialer.pacing.controller import PacingView
from dialer.pacing.predictive import PredictiveController
from dialer.simulator.lists import empty_lists

SEED = 1
NOON = instant_of(datetime(2026, 12, 2, 17, 0, tzinfo=UTC))


def _median_us(do: Callable[[], object], per: int, repeats: int = 7) -> float:
    """Median time of `do` in µs, divided by the `per` things it does."""
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        do()
        took.append((time.perf_counter() - started) / per)
    return statistics.median(took) * 1e6


def _yardstick() -> None:
    sum(number * number for number in range(100_000))


def _screening() -> Callable[[], object]:
    """Florida, in two zones, with consent, an earlier call and the operator's own limits: every
    kind of rule is looked at."""
    number = read_number("(850) 555-0123")
    assert isinstance(number, PhoneNumber)
    law = load_law()
    facts = Facts(
        place=locate(number),
        seller="Sample Seller",
        subject="windows",
        mode=CallMode.PREDICTIVE,
        hours=CallingHours(tuple((540, 1200) for _ in range(7))),
        end_guard_ms=22_000,
        lists=tuple(each.version for each in empty_lists(law, NOON)),
        consents=(Consent(ConsentType.PEWC, "Sample Seller", Instant(NOON - 30 * DAY_MS)),),
        attempts=(PastAttempt(Instant(NOON - 2 * HOUR_MS), "Sample Seller", "windows"),),
        own_caps=(OwnCap("attempts_per_day", 3, DAY_MS),),
        min_gap_ms=HOUR_MS,
    )
    return lambda: [decide(facts, law, Instant(NOON + n)) for n in range(100)]


def _list_lookup() -> Callable[[], object]:
    numbers = np.arange(12_000_000_000, 12_005_000_000, dtype=np.uint64)
    version = ListVersion("n", ListKind.NATIONAL, NOON)
    book = Suppressions([NumberList(version, numbers)])
    return lambda: [book.on_lists(f"+{12_000_000_000 + 997 * n}") for n in range(1_000)]


def _lead_rows() -> Callable[[], object]:
    rows = "".join(f"Ann,(212) {200 + n // 10_000}-{n % 10_000:04d}\n" for n in range(10_000))
    content = f"Name,Phone\n{rows}".encode()
    source = ListSource("leads.csv", "Phone", {"name": "Name"})
    return lambda: read_leads("leads.csv", content, source)


def _decision() -> Callable[[], object]:
    controller = PredictiveController()
    views = [
        PacingView(
            now=Instant(NOON + 250 * tick),
            ready=2,
            talk_ages_ms=tuple(range(0, 210_000, 5_000)),
            wrapup_ages_ms=(1_000, 5_000, 9_000, 13_000, 17_000, 21_000),
            ring_ages_ms=tuple(range(0, 25_000, 500)),
            detect_ages_ms=(200, 600, 900),
            waiting=0,
            live=1_000,
            dropped=28,
            drop_ceiling=0.03,
        )
        for tick in range(200)
    ]
    return lambda: [controller.propose(view) for view in views]


def _frames() -> Callable[[], object]:
    noise = np.random.default_rng(SEED).normal(0, 800, (300, 160)).astype(np.int16)

    def analyse() -> None:
        analyzer = CallAnalyzer()
        analyzer.answered()
        for frame in noise:
            analyzer.feed(frame)

    return analyse


FIGURES: tuple[tuple[str, Callable[[], Callable[[], object]], int], ...] = (
    ("screening decision", _screening, 100),
    ("number looked up in a list of 5 million", _list_lookup, 1_000),
    ("lead row read and normalised", _lead_rows, 10_000),
    ("predictive decision at 50 agents", _decision, 200),
    ("audio frame of 20 ms analysed", _frames, 300),
)


def main() -> None:
    versions = {
        "dialer": dialer.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    for name, prepare, per in FIGURES:
        do = prepare()
        yardstick = _median_us(_yardstick, 1)
        click.echo(
            json.dumps(
                {
                    "figure": name,
                    "value": round(_median_us(do, per), 3),
                    "unit": "us",
                    "yardstick_us": round(yardstick, 1),
                    "per_run": per,
                    "seed": SEED,
                    "versions": versions,
                }
            )
        )


if __name__ == "__main__":
    main()
