"""What is known of numbers, in SQL: taken in from a file, read with the leads it is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from itertools import groupby

from sqlalchemy import Connection, insert, text

from dialer.audit.chain import writable
from dialer.model.events import StoreEvent
from dialer.model.instant import Instant
from dialer.model.journal import JournalEntry
from dialer.model.record_files import RecordFile
from dialer.model.records import NumberRecords
from dialer.store.number_records import Key, TakenIn, records_from, taken_in
from dialer.store.projections import Reopen
from dialer.store.reopening import reopen
from dialer.store.tables import NUMBER_RECORD

CHUNK = 5_000
"""Numbers asked about in one statement."""

# A list of any length is one parameter, and the statement is always the same.
_THERE = text(
    "SELECT e164, identity, value_json FROM number_record"
    " WHERE kind = :kind AND e164 IN (SELECT value FROM json_each(:numbers))"
)
_OF = text(
    "SELECT e164, kind, value_json FROM number_record"
    " WHERE e164 IN (SELECT value FROM json_each(:numbers))"
    " ORDER BY e164, kind, at, identity"
)


def store_piece(
    connection: Connection,
    write: Callable[[JournalEntry], None],
    piece: RecordFile,
    now: Instant,
    by: str,
) -> tuple[TakenIn, list[StoreEvent]]:
    """Store a part of a file, and have the entries about its records written; what it came to, and
    what a running floor is told once it is committed."""
    found = taken_in(piece, _there(connection, piece), now, by)
    if found.rows:
        connection.execute(insert(NUMBER_RECORD).prefix_with("OR REPLACE"), list(found.rows))
        if found.may_free:
            reopen(connection, Reopen(numbers=found.numbers))
    for entry in found.entries:
        write(writable(entry))
    return found, list(found.events(records_of(connection, found.numbers)))


def _there(connection: Connection, file: RecordFile) -> dict[Key, str]:
    """The values of the file's kind that its numbers have already."""
    there: dict[Key, str] = {}
    for numbers in _chunks(dict.fromkeys(record.e164 for record in file.records)):
        rows = connection.execute(_THERE, {"kind": file.kind, "numbers": json.dumps(numbers)})
        there.update(((row.e164, row.identity), row.value_json) for row in rows)
    return there


def records_of(connection: Connection, numbers: Collection[str]) -> dict[str, NumberRecords]:
    """What is known of each number (E.164) of which something is."""
    found: dict[str, NumberRecords] = {}
    for chunk in _chunks(numbers):
        rows = connection.execute(_OF, {"numbers": json.dumps(chunk)})
        for e164, facts in groupby(rows, key=lambda row: str(row.e164)):
            found[e164] = records_from((row.kind, row.value_json) for row in facts)
    return found


def _chunks(numbers: Collection[str]) -> Iterator[list[str]]:
    every = list(numbers)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
