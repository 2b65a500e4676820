"""`python -m bench.location`: what reading a number and finding its place costs, one JSON line a
figure, medians of repeats; `library` is phonenumbers alone on the same numbers in the same run.

Leads are as files have them: an area code of the United States, any prefix, and a ZIP of the area
code's state; one in ten has a ZIP of anywhere (moved), one in ten has none.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Sequence

import click
import phonenumbers
from phonenumbers import timezone

from dialer.compliance.area_codes import area_codes
from dialer.compliance.location import locate
from dialer.compliance.numbering import read_number
from dialer.compliance.zip_zones import zip_place
from dialer.model.numbers import PhoneNumber

SEED = 1
REPEATS = 5
Lead = tuple[str, str, str]


def leads(count: int) -> list[Lead]:
    """(number, state, ZIP) as written in a file."""
    dice = random.Random(SEED)
    areas = {code: area.states[0] for code, area in area_codes().items() if area.country == "US"}
    places = [place for number in range(100_000) if (place := zip_place(f"{number:05d}"))]
    by_state: dict[str, list[str]] = {}
    for place in places:
        by_state.setdefault(place.states[0], []).append(place.code)
    made = []
    for index in range(count):
        area, state = dice.choice(list(areas.items()))
        postcode = dice.choice(by_state[state])
        if index % 10 == 0:
            place = dice.choice(places)
            state, postcode = place.states[0], place.code
        elif index % 10 == 1:
            postcode = ""
        prefix, line = dice.randint(200, 999), dice.randint(0, 9_999)
        made.append((f"({area}) {prefix}-{line:04d}", state, postcode))
    return made


def _ours(rows: Sequence[Lead]) -> None:
    for raw, state, postcode in rows:
        number = read_number(raw)
        if isinstance(number, PhoneNumber):
            locate(number, state=state, postcode=postcode)


def _library(rows: Sequence[Lead]) -> None:
    for raw, _, _ in rows:
        number = phonenumbers.parse(raw, "US")
        if phonenumbers.is_valid_number(number):
            timezone.time_zones_for_geographical_number(number)


def _median_us(do: Callable[[Sequence[Lead]], None], rows: Sequence[Lead]) -> float:
    """Each repeat has rows of its own, so that nothing is in a cache that would not be."""
    share = len(rows) // REPEATS
    took = []
    for repeat in range(REPEATS):
        part = rows[repeat * share : (repeat + 1) * share]
        started = time.perf_counter()
        do(part)
        took.append((time.perf_counter() - started) / share)
    return statistics.median(took) * 1e6


@click.command()
@click.option("--leads", "count", default=200_000, show_default=True, help="How many rows.")
def main(count: int) -> None:
    """Print the figures."""
    rows = leads(count)
    _ours(rows[:1])
    for name, do in (("read and locate", _ours), ("library", _library)):
        figure = round(_median_us(do, rows), 2)
        click.echo(json.dumps({"bench": "location", "what": name, "leads": count, "us": figure}))


if __name__ == "__main__":
    main()
