"""Every bit of 10,000 entries flipped, one at a time, and every flip found.

Two ways: as the store keeps an entry (each column's bytes: texts in UTF-8, whole numbers as the
eight bytes they are), and as a bundle does (each byte of the entry's line). If an entry is good
depends on itself and on the head before it alone, so a flip is looked for where it is: the chain's
own check of one entry, 50 million times. A flip that leaves a text that is no UTF-8 cannot even
be read, which the store and the bundle both call changed.
"""

from __future__ import annotations

import json
import struct
import time
from typing import Any

import click

from bench.audit.entries import calls
from dialer.audit.bundle import fault_of_line, line_of
from dialer.audit.chain import ChainedRow, Head, chain, fault
from dialer.audit.personal import PersonalKey

ENTRIES = 10_000
_WHOLE = struct.Struct(">q")


def flip_everything(entries: int = ENTRIES) -> None:
    """One JSON line each for rows and for lines; raises AssertionError at a flip nobody noticed."""
    head, key = Head(), PersonalKey(bytes(32))
    rows: list[ChainedRow] = []
    for entry in calls(entries):
        rows.append(chain(head, entry, 0, key)[0])
        head = Head(len(rows), rows[-1].hash)
    for name, flips in (("columns of rows", flips_of_row), ("lines of a bundle", flips_of_line)):
        started = time.perf_counter()
        before, flipped = Head(), 0
        for row in rows:
            flipped += flips(row, before)
            before = Head(row.seq, row.hash)
        click.echo(
            json.dumps(
                {
                    "figure": f"bits flipped in the {name}, every flip found",
                    "value": flipped,
                    "unit": "flips",
                    "entries": entries,
                    "seconds": round(time.perf_counter() - started, 1),
                }
            )
        )


def flips_of_row(row: ChainedRow, before: Head) -> int:
    """Flip every bit of every column; how many there were."""
    flipped = 0
    columns: list[Any] = list(row)
    for place, value in enumerate(row):
        if value is None:
            continue
        whole = isinstance(value, int)
        raw = bytearray(_WHOLE.pack(value) if isinstance(value, int) else value.encode())
        for byte in range(len(raw)):
            for bit in range(8):
                raw[byte] ^= 1 << bit
                try:
                    columns[place] = _WHOLE.unpack(raw)[0] if whole else raw.decode()
                except UnicodeDecodeError:
                    pass  # it cannot be read: found
                else:
                    assert fault(tuple(columns), before), (row.seq, place, byte, bit)
                raw[byte] ^= 1 << bit
                flipped += 1
        columns[place] = value
    return flipped


def flips_of_line(row: ChainedRow, before: Head) -> int:
    """Flip every bit of the line; how many there were."""
    raw = bytearray(line_of(row).encode())
    for byte in range(len(raw)):
        for bit in range(8):
            raw[byte] ^= 1 << bit
            assert fault_of_line(bytes(raw), before), (row.seq, byte, bit)
            raw[byte] ^= 1 << bit
    return 8 * len(raw)
