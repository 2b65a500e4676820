"""The gate against the law as it was written down by hand, case by case."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.intake.case_lines import screen_line
from tests.golden import GoldenCase, differences, golden_cases

CASES = golden_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_golden_case(case: GoldenCase) -> None:
    wrong = differences(case, screen_line(case.line))
    assert not wrong, "\n".join([f"{case.rule}: {case.why}", *wrong, case.line])


def test_there_are_many_and_each_is_told_apart() -> None:
    assert len(CASES) >= 150
    assert len({case.id for case in CASES}) == len(CASES)


def test_each_names_its_rule_and_its_reason() -> None:
    assert [case.id for case in CASES if not (case.rule.strip() and case.why.strip())] == []


EVERY_CASE = """
from dialer.intake.case_lines import screen_line
from tests.golden import differences, golden_cases
for case in golden_cases():
    for wrong in differences(case, screen_line(case.line)):
        raise SystemExit(f"{case.id}: {wrong}")
"""


def test_the_machines_zone_and_zone_files_play_no_part() -> None:
    """All again on a machine set to India, with no zone files of its own."""
    machine = {**os.environ, "TZ": "Asia/Kolkata", "PYTHONTZPATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", EVERY_CASE],
        cwd=Path(__file__).parents[3],
        env=machine,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
