"""`tests/REQUIREMENTS.md`: every requirement of the gate has a row, and its tests exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.golden import FOLDER as GOLDEN

TESTS = Path(__file__).resolve().parents[1]
REQUIREMENTS = [f"R{number:02d}" for number in range(1, 51)]
OPEN: list[str] = []
"""Those that nothing holds to yet: their row says `open` and why."""


class Row(NamedTuple):
    """A line of the table: its number, what it asks, the cell of its tests, the cell of notes."""

    number: str
    asks: str
    tests: str
    note: str


def rows() -> list[Row]:
    text = (TESTS / "REQUIREMENTS.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    return [
        Row(*(cell.strip() for cell in line.strip("|").split("|")))
        for line in lines
        if re.match(r"\|\s*R\d\d\s*\|", line)
    ]


@cache
def functions(file: str) -> frozenset[str]:
    """Names of the test functions of a file below `tests/`, those of classes among them."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def test_each_has_one_row_in_order() -> None:
    assert [row.number for row in rows()] == REQUIREMENTS


def test_the_open_ones_are_known_and_say_why() -> None:
    found = [row for row in rows() if row.tests == "open"]
    assert [row.number for row in found] == OPEN
    assert all(row.note for row in found)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_its_tests_exist(row: Row) -> None:
    """`file::test` names a function; `golden: topic` a file of golden cases."""
    assert row.asks
    if row.tests == "open":
        return
    named = re.findall(r"`([^`]+)`", row.tests)
    assert named, f"{row.number} has no test"
    for test in named:
        if test.startswith("golden: "):
            assert (GOLDEN / f"{test.removeprefix('golden: ')}.jsonl").exists(), test
            continue
        file, name = test.split("::")
        assert (TESTS / file).exists(), f"{row.number}: no file {file}"
        assert name in functions(file), f"{row.number}: no test {name} in {file}"
