"""Any flipped bit of any entry is found. Here: every bit of some entries, and one bit somewhere in
each of 10,000; `make tamper` flips every bit of 10,000."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bench.audit.entries import calls
from bench.audit.tamper import flips_of_line, flips_of_row
from dialer.audit.bundle import fault_of_line, line_of
from dialer.audit.chain import ChainedRow, Head, chain, fault, verify
from dialer.audit.personal import PersonalKey

SAMPLE = 10_000


@pytest.fixture(scope="module")
def rows() -> list[ChainedRow]:
    head, key = Head(), PersonalKey(bytes(32))
    made: list[ChainedRow] = []
    for entry in calls(SAMPLE):
        made.append(chain(head, entry, 0, key)[0])
        head = Head(len(made), made[-1].hash)
    return made


def followed(rows: list[ChainedRow]) -> Iterator[tuple[ChainedRow, Head]]:
    """Each row with the head before it."""
    before = Head()
    for row in rows:
        yield row, before
        before = Head(row.seq, row.hash)


def test_every_bit_of_an_entry_matters(rows: list[ChainedRow]) -> None:
    for row, before in list(followed(rows))[:12]:
        assert flips_of_row(row, before) > 1_000
        assert flips_of_line(row, before) > 1_000


def test_a_bit_anywhere_in_ten_thousand_entries(rows: list[ChainedRow]) -> None:
    chance = random.Random(1)
    for row, before in followed(rows):
        line = bytearray(line_of(row).encode())
        assert not fault(row, before)
        assert not fault_of_line(bytes(line), before)
        line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
        assert fault_of_line(bytes(line), before)
        place = chance.choice([index for index, value in enumerate(row) if isinstance(value, str)])
        text = str(row[place]) or "x"
        at = chance.randrange(len(text))
        other = chr(ord(text[at]) ^ 1 << chance.randrange(7))
        changed = list(row)
        changed[place] = text[:at] + other + text[at + 1 :]
        assert fault(tuple(changed), before)


def test_deletions_and_swaps_among_ten_thousand(rows: list[ChainedRow]) -> None:
    chance = random.Random(2)
    head = Head(len(rows), rows[-1].hash)
    assert verify(rows, head).verified
    for _ in range(3):
        first, second = sorted(chance.sample(range(SAMPLE), 2))
        swapped = list(rows)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        assert verify(swapped, head).first_bad_seq == first + 1
        without = [*rows[:first], *rows[first + 1 :]]
        assert verify(without, head).first_bad_seq == first + 1
        assert verify(rows[:second], head).first_bad_seq == second + 1


@pytest.mark.parametrize("value", [1.5, "x", b"\x05", None])
@pytest.mark.parametrize("column", ChainedRow._fields)
def test_whatever_a_database_may_hold_instead(
    rows: list[ChainedRow], column: str, value: object
) -> None:
    """Columns of SQLite hold any type, whatever they were declared."""
    row = rows[0]
    kinds = "INTEGER" if isinstance(getattr(row, column), int) else "TEXT"
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE journal (held {kinds})")
        database.execute("INSERT INTO journal VALUES (?)", [value])
        (held,) = database.execute("SELECT held FROM journal").fetchone()
    if held == getattr(row, column) and type(held) is type(getattr(row, column)):
        return
    place = ChainedRow._fields.index(column)
    changed = (*row[:place], held, *row[place + 1 :])
    assert fault(changed, Head())
    assert not verify([changed]).verified
