"""A journal on the disk that was kept for a while, with checkpoints, and ways to tamper with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import trio

from dialer.audit.chain import ChainedRow, Head, chain
from dialer.audit.checkpoints import Signer
from dialer.model.instant import SECOND_MS, Instant
from dialer.model.journal import JournalEntry
from dialer.model.leads import LeadState
from dialer.store import checkpointing
from dialer.store.keys import personal_key, signer
from dialer.store.sqlite import SqlStore
from tests.contracts.journal_entries import NOW, alarm, dial, disposed, ended, moved

BATCH = 20


def entries(count: int) -> list[JournalEntry]:
    """Entries of some kinds, in an order they may come in, one a second from `NOW` on."""
    made: list[JournalEntry] = []
    attempt = 0
    while len(made) < count:
        attempt += 1
        made += [
            dial(attempt, attempt),
            ended(attempt, attempt, "CONNECTED", verdict="HUMAN", answered_at=1),
            disposed(attempt, attempt, "SALE", moved(LeadState.DONE, None)),
            alarm(f"alarm {attempt}"),
        ]
    return [
        replace(entry, at=Instant(NOW + SECOND_MS * place))
        for place, entry in enumerate(made[:count])
    ]


def kept_journal(folder: Path, count: int) -> tuple[SqlStore, list[str]]:
    """A store that has ended, with `count` entries, and the notes it published: one for every
    `BATCH` entries and one for the end."""
    notes: list[str] = []
    store = SqlStore(folder / "dialer.db", lambda event: None, publish=notes.append)

    async def keep() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            made = entries(count)
            for start in range(0, count, BATCH):
                await store.append(made[start : start + BATCH])
            nursery.cancel_scope.cancel()

    before, checkpointing.EVERY_ENTRIES = checkpointing.EVERY_ENTRIES, BATCH
    try:
        trio.run(keep)
    finally:
        checkpointing.EVERY_ENTRIES = before
    return store, notes


def tamper(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "dialer.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def rows_of(folder: Path) -> list[ChainedRow]:
    columns = ", ".join(ChainedRow._fields)
    with closing(sqlite3.connect(folder / "dialer.db")) as connection:
        found = connection.execute(f"SELECT {columns} FROM journal ORDER BY seq")
        return [ChainedRow._make(row) for row in found]


def rewrite(folder: Path, written: Sequence[JournalEntry]) -> None:
    """What an insider with every key can do: another past, chained and headed as it should be, with
    no checkpoint that contradicts it."""
    key, head = personal_key(folder), Head()
    rows: list[ChainedRow] = []
    for entry in written:
        rows.append(chain(head, entry, 0, key)[0])
        head = Head(len(rows), rows[-1].hash)
    places = ", ".join("?" * len(ChainedRow._fields))
    with closing(sqlite3.connect(folder / "dialer.db")) as connection:
        connection.execute("DELETE FROM journal")
        connection.execute("DELETE FROM checkpoint")
        connection.executemany(f"INSERT INTO journal VALUES ({places})", rows)
        connection.execute("UPDATE journal_head SET entries = ?, hash = ?", (len(rows), head.hash))
        connection.commit()


def key_of(folder: Path) -> Signer:
    return signer(folder)
