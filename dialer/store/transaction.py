"""One transaction of the writer: entries chained, what they move carried out, all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, bindparam, delete, insert, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from dialer.audit.chain import ChainedRow, Head, chain
from dialer.audit.personal import PersonalKey, PersonalValue
from dialer.compliance.slots import gives_back
from dialer.model.calls import AttemptId
from dialer.model.journal import JournalEntry
from dialer.store.projections import Change, Insert, Keep, Put, Remove, Reopen, Update, project
from dialer.store.reopening import reopen
from dialer.store.reservations import release
from dialer.store.tables import JOURNAL, JOURNAL_HEAD, METADATA, PERSONAL, SCREENING_COUNT
from dialer.store.tallies import Tally, tally_of


class Transaction:
    """Entries being written in one transaction of the database."""

    def __init__(
        self,
        connection: Connection,
        head: Head,
        clock_shift_ms: int,
        key: PersonalKey,
        known: frozenset[str] | set[str] = frozenset(),
        slotless: Collection[AttemptId] = (),
    ) -> None:
        self.connection = connection
        self.key = key
        self._head = head
        self._clock_shift_ms = clock_shift_ms
        self._known = known
        self._slotless = slotless
        self.given_back: list[AttemptId] = []
        """Attempts whose slots are free again, in this database; in a shared book they are once
        this is committed."""
        self._rows: list[ChainedRow] = []
        self._personal: dict[str, PersonalValue] = {}
        self._tallies: Counter[Tally] = Counter()

    def write(self, entry: JournalEntry) -> None:
        """Chain the entry and carry out its changes."""
        row, values = chain(self._head, entry, self._clock_shift_ms, self.key)
        self._head = Head(row.seq, row.hash)
        self._rows.append(row)
        tally = tally_of(entry)
        if tally is not None:
            self._tallies[tally] += 1
        for value in values:
            if value.key not in self._known:
                self._personal[value.key] = value
        for change in project(entry, intended=entry.attempt_id not in self._slotless):
            self.apply(change)
        if entry.attempt_id is not None and gives_back(entry):
            self.given_back.append(entry.attempt_id)
            release(self.connection, [entry.attempt_id])

    def apply(self, change: Change) -> None:
        """Carry out one change of a projection."""
        match change:
            case Insert():
                self.connection.execute(_inserting(change.table), change.row)
            case Keep():
                self.connection.execute(_keeping(change.table), change.row)
            case Put():
                self.connection.execute(_putting(change.table), change.row)
            case Update():
                self.connection.execute(
                    _updating(change.table, tuple(change.values), tuple(change.add)),
                    {
                        "the_key": change.key,
                        **{f"to_{name}": value for name, value in change.values.items()},
                        **{f"by_{name}": amount for name, amount in change.add.items()},
                    },
                )
            case Reopen():
                reopen(self.connection, change)
            case Remove():
                table = METADATA.tables[change.table]
                columns = zip(table.primary_key, change.key, strict=True)
                gone = delete(table).where(*(column == value for column, value in columns))
                self.connection.execute(gone)

    @property
    def hashes(self) -> list[str]:
        """Hashes of the entries written, in order."""
        return [row.hash for row in self._rows]

    @property
    def hidden(self) -> Iterable[str]:
        """Keys of the personal values that stand in the look-up table once this is committed."""
        return self._personal.keys()

    def close(self) -> Head:
        """Write what is gathered, with the journal's new head, just before the commit."""
        if self._personal:
            self.connection.execute(
                sqlite_insert(PERSONAL).on_conflict_do_nothing(),
                [value._asdict() for value in self._personal.values()],
            )
        if self._tallies:
            counted = sqlite_insert(SCREENING_COUNT)
            more = SCREENING_COUNT.c.screenings + counted.excluded.screenings
            self.connection.execute(
                counted.on_conflict_do_update(set_={"screenings": more}),
                [{**tally._asdict(), "screenings": n} for tally, n in self._tallies.items()],
            )
        if self._rows:
            self.connection.execute(_inserting(JOURNAL.name), [row._asdict() for row in self._rows])
            self.connection.execute(
                insert(JOURNAL_HEAD).prefix_with("OR REPLACE"),
                {"head_id": 1, "entries": self._head.entries, "hash": self._head.hash},
            )
        return self._head


# Statements are built once: building one takes longer than carrying it out.


@cache
def _inserting(table: str) -> Executable:
    return insert(METADATA.tables[table])


@cache
def _keeping(table: str) -> Executable:
    return sqlite_insert(METADATA.tables[table]).on_conflict_do_nothing()


@cache
def _putting(table: str) -> Executable:
    return insert(METADATA.tables[table]).prefix_with("OR REPLACE")


@cache
def _updating(name: str, values: tuple[str, ...], added: tuple[str, ...]) -> Executable:
    table = METADATA.tables[name]
    key = next(iter(table.primary_key))
    changed: dict[str, ColumnElement[Any]] = {each: bindparam(f"to_{each}") for each in values}
    for each in added:
        changed[each] = table.c[each] + bindparam(f"by_{each}", type_=table.c[each].type)
    return update(table).where(key == bindparam("the_key")).values(**changed)
