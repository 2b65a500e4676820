"""The journal in SQL: its rows read as they are stored, and the personal values beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select
from sqlalchemy.exc import DatabaseError

from dialer.audit.chain import (
    ChainedRow,
    Head,
    Unreadable,
    keys_of,
    stored_entry,
)
from dialer.audit.checkpoints import NoCheckpoint, Witness
from dialer.audit.personal import EVIDENCE, PersonalKey, PersonalValue
from dialer.audit.verification import sworn_outside, verify_journal
from dialer.model.journal import StoredEntry, Verification
from dialer.store.checkpointing import own_checkpoints
from dialer.store.tables import JOURNAL, JOURNAL_HEAD, PERSONAL

_COLUMNS = [JOURNAL.c[name] for name in ChainedRow._fields]
_READ = f"SELECT {', '.join(ChainedRow._fields)} FROM journal"
_AT_A_TIME = 500
"""Keys asked for in one question: below every database's limit of parameters."""


def chained_rows(
    connection: Connection, after: int | None = None, until: int | None = None
) -> Iterator[tuple[Any, ...] | Unreadable]:
    """Rows in the order of `seq`, as tuples of `ChainedRow`'s columns, `after` and `until` (each
    None: no bound; `until` is included). A row that is not even text is Unreadable."""
    while True:
        bounds = [f"seq > {after:d}"] if after is not None else []
        bounds += [f"seq <= {until:d}"] if until is not None else []
        where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
        cursor: Any = connection.connection.cursor()
        try:
            cursor.execute(f"{_READ}{where} ORDER BY seq")
            for row in cursor:
                after = row[0]
                yield row
            return
        except sqlite3.OperationalError as error:
            if "UTF-8" not in str(error):
                raise DatabaseError("reading the journal", None, error) from error
            further = "" if after is None else f" WHERE seq > {after:d}"
            cursor.execute(f"SELECT min(seq) FROM journal{further}")
            after = int(cursor.fetchone()[0])
            yield Unreadable(after, f"entry {after} was changed: it is not UTF-8")
        except sqlite3.DatabaseError as error:
            raise DatabaseError("reading the journal", None, error) from error
        finally:
            cursor.close()


def read_head(connection: Connection) -> Head:
    """The head the store keeps beside the entries."""
    row = connection.execute(select(JOURNAL_HEAD.c.entries, JOURNAL_HEAD.c.hash)).one_or_none()
    return Head() if row is None else Head(row.entries, row.hash)


def journal_page(
    connection: Connection, before: int | None, limit: int, number_key: str, kind: str
) -> tuple[StoredEntry | Unreadable, ...]:
    """Entries newest first; see `Store.journal`."""
    question = select(*_COLUMNS).order_by(JOURNAL.c.seq.desc()).limit(limit)
    if before is not None:
        question = question.where(JOURNAL.c.seq < before)
    if number_key:
        question = question.where(JOURNAL.c.number_key == number_key)
    if kind:
        question = question.where(JOURNAL.c.kind == kind)
    rows = [tuple(row) for row in connection.execute(question)]
    values = values_of(connection, (key for row in rows for key in keys_of(row)))
    return tuple(stored_entry(row, values) for row in rows)


def values_of(connection: Connection, keys: Iterable[str]) -> dict[str, str]:
    """The personal values still there, by their key."""
    wanted = sorted(set(keys))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_A_TIME):
        question = select(PERSONAL.c.key, PERSONAL.c.value).where(
            PERSONAL.c.key.in_(wanted[start : start + _AT_A_TIME])
        )
        found.update((row.key, row.value) for row in connection.execute(question))
    return found


def verification(
    connection: Connection,
    key: PersonalKey,
    witness: Witness,
    outside: Mapping[str, Sequence[str]],
) -> Verification:
    """Recompute the whole chain, compare it with the head, with its own checkpoints and with those
    kept outside (notes, by where they were kept), and check that what the look-up table says is
    what was hidden."""
    head = read_head(connection)
    try:
        sworn = own_checkpoints(connection, witness) + sworn_outside(witness, outside)
    except NoCheckpoint as error:
        return Verification(False, head.entries, None, str(error))
    found = verify_journal(chained_rows(connection), head, sworn)
    if not found.verified:
        return found
    for row in connection.execute(select(*(PERSONAL.c[name] for name in PersonalValue._fields))):
        value = PersonalValue._make(row)
        if not key.fits(value):
            return _falsified(connection, found.entries, value)
    return found


def _falsified(connection: Connection, entries: int, value: PersonalValue) -> Verification:
    """A look-up value that is not what was hidden, and the first entry that shows it."""
    known_by = value.subject or value.key
    first = connection.scalar(
        select(JOURNAL.c.seq)
        .where(or_(JOURNAL.c.number_key == known_by, JOURNAL.c.personal_json.contains(value.key)))
        .order_by(JOURNAL.c.seq)
        .limit(1)
    )
    why = f"the look-up table was changed: {value.name} of key {value.key} is not what was hidden"
    return Verification(False, entries, first, why)


def erase(connection: Connection, number_key: str, evidence_too: bool) -> int:
    """Forget a number and every value about it; how many values went. Evidence stays unless it is
    to go too."""
    known = PERSONAL.c
    about = known.subject == number_key
    if not evidence_too:
        about = and_(about, known.name.not_in(EVIDENCE))
    gone = connection.execute(delete(PERSONAL).where(or_(known.key == number_key, about)))
    return gone.rowcount
