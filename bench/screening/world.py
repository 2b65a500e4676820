"""What is screened: facts of single decisions, and an operator's folder with a lead file and a
national list of any size; one lead in eight is on it."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import trio

from bench.location.__main__ import Lead, leads
from dialer.compliance.facts import Facts, OwnCap
from dialer.compliance.law import Ruleset
from dialer.compliance.location import locate
from dialer.compliance.numbering import read_number
from dialer.demo.world import Ports, build_world
from dialer.intake.case_lines import decide_case
from dialer.intake.golden_cases import golden_cases
from dialer.model.campaigns import CallingHours
from dialer.model.errors import OperatorError
from dialer.model.instant import DAY_MS, HOUR_MS, Instant, instant_of
from dialer.model.numbers import PhoneNumber
from dialer.model.record_files import RecordKind
from dialer.model.records import Consent, ConsentType, PastAttempt
from dialer.model.screening import CallMode
from dialer.service.clock import now_of
from dialer.service.loading import Shelf, load
from dialer.service.offline import writing
from dialer.service.records import read_record_file, store_records
from dialer.settings import read_settings
from dialer.simulator.lists import empty_lists

GOLDEN_CASES = Path(__file__).parents[2] / "tests" / "data" / "golden_cases"
NOON = instant_of(datetime(2026, 12, 2, 17, 0, tzinfo=UTC))
"""A Wednesday, noon in New York."""
NIGHT = instant_of(datetime(2026, 12, 3, 3, 0, tzinfo=UTC))
"""Ten in the evening there."""
ONE_IN_LISTED, ONE_IN_KNOWN = 8, 50
"""How many leads there are to one on the national list, and to one that has given consent."""

_AREA_SIZE = 8_000_000


def all_rules(law: Ruleset) -> Facts:
    """Florida, in two zones, with consent, an earlier call and the operator's own limits: every
    kind of rule is looked at, and at `NOON` passes."""
    number = read_number("(850) 555-0123")
    assert isinstance(number, PhoneNumber)
    return Facts(
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


def golden_mixture(law: Ruleset) -> list[tuple[Facts, Instant]]:
    """The facts of every golden case that is decided by the rules as shipped."""
    found = []
    for case in golden_cases(GOLDEN_CASES):
        if case.expect is None:
            continue
        try:
            facts, _, at = decide_case(json.loads(case.line), law)
        except OperatorError:  # it brings rules of its own
            continue
        found.append((facts, at))
    return found


def operator_folder(folder: Path, count: int, listed: int, seed: int) -> tuple[Path, Path]:
    """The demo's folder with a national list of `listed` numbers on its shelf, and consents of some
    leads in its database; the settings file, and a lead file of `count` rows."""
    config = build_world(folder, 30, 2, Ports(5060, 5090))
    rows = leads(count)
    file = folder / "leads.csv"
    _write_leads(file, rows)
    _write_list(folder / "dnc_lists" / "national.txt", rows, listed, seed)
    settings = read_settings(config)
    data = load(settings, Shelf.KEPT)
    if data.problems:
        raise OperatorError(*data.problems)
    consents = folder / "consents.csv"
    _write_consents(consents, rows)
    now = now_of(settings)
    seller = data.campaigns["demo"].seller

    async def store() -> None:
        read = read_record_file(consents, RecordKind.CONSENTS, now, seller, None)
        async with writing(settings) as opened:
            await store_records(opened, read, [seller], now, "bench", settings.data)

    trio.run(store)
    return config, file


def _write_leads(path: Path, rows: Sequence[Lead]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ("Lead ID", "First Name", "Last Name", "City", "State", "ZIP", "Phone", "Notes")
        )
        for place, (number, state, postcode) in enumerate(rows):
            name = f"L{place:07}"
            writer.writerow(
                (name, "Sample", f"Person {place}", "Town", state, postcode, number, "")
            )


def _write_list(path: Path, rows: Sequence[Lead], listed: int, seed: int) -> None:
    """Every eighth lead, and as many other numbers of the same area codes as are still wanted."""
    texts = [number for number, _, _ in rows[::ONE_IN_LISTED]]
    ours = np.array([int("".join(filter(str.isdigit, text))) for text in texts], dtype=np.int64)
    chance = np.random.default_rng(seed)
    areas = np.unique(ours // 10_000_000)
    wanted = max(listed - len(ours), 0)
    others = (
        chance.choice(areas, wanted) * 10_000_000
        + 2_000_000
        + chance.integers(0, _AREA_SIZE, wanted)
    )
    numbers = np.unique(np.concatenate((ours, others)))
    with path.open("w", encoding="ascii") as stream:
        for area, line in zip(
            (numbers // 10_000_000).tolist(), (numbers % 10_000_000).tolist(), strict=True
        ):
            stream.write(f"{area},{line:07}\n")


def _write_consents(path: Path, rows: Sequence[Lead]) -> None:
    dice = random.Random(len(rows))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("number", "type", "granted_at_utc"))
        for number, _, _ in rows[::ONE_IN_KNOWN]:
            writer.writerow((number, dice.choice(("pec", "pewc")), "2026-06-01T12:00:00Z"))
